package agent

import (
	"encoding/json"
)

// A node is a JSON value with the place where it begins. agent.json is read as Jackson reads it for the Kinesis Agent: // and /* */ comments are
// allowed, what follows the root value is not looked at, of a repeated key the last one counts.
type node struct {
	kind    nodeKind
	line    int // from 1
	col     int // from 1, in characters
	text    string
	members []member // of an object
	items   []node   // of an array
}

type member struct {
	key       string
	line, col int
	value     node
}

type nodeKind uint8

const (
	nullNode nodeKind = iota
	boolNode
	numberNode // text is the number as written
	stringNode
	arrayNode
	objectNode
)

func (k nodeKind) String() string {
	return [...]string{"null", "a boolean", "a number", "a string", "a list", "an object"}[k]
}

// member returns the value of a key.
func (n *node) member(key string) (node, bool) {
	for i := len(n.members) - 1; i >= 0; i-- {
		if n.members[i].key == key {
			return n.members[i].value, true
		}
	}
	return node{}, false
}

// appendJSON writes the value without comments; of a repeated key the last one.
func (n node) appendJSON(dst []byte) []byte {
	switch n.kind {
	case stringNode:
		return appendJSONString(dst, n.text)
	case arrayNode:
		dst = append(dst, '[')
		for i, item := range n.items {
			if i > 0 {
				dst = append(dst, ',')
			}
			dst = item.appendJSON(dst)
		}
		return append(dst, ']')
	case objectNode:
		dst = append(dst, '{')
		first := true
		for i, m := range n.members {
			if _, again := (&node{members: n.members[i+1:]}).member(m.key); again {
				continue
			}
			if !first {
				dst = append(dst, ',')
			}
			first = false
			dst = append(appendJSONString(dst, m.key), ':')
			dst = m.value.appendJSON(dst)
		}
		return append(dst, '}')
	case nullNode:
		return append(dst, "null"...)
	}
	return append(dst, n.text...)
}

func appendJSONString(dst []byte, text string) []byte {
	quoted, err := json.Marshal(text)
	if err != nil {
		panic("BUG: a string that is no JSON: " + err.Error())
	}
	return append(dst, quoted...)
}
