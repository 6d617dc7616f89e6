package jsonscan

import (
	"fmt"
	"slices"
	"strings"
)

// Kind is what a member's value is.
type Kind uint8

const (
	// Missing: the object has no such member.
	Missing Kind = iota
	Null
	False
	True
	Number
	String
	Object
	Array
)

var kindNames = [...]string{"missing", "null", "false", "true", "number", "string", "object", "array"}

func (k Kind) String() string { return kindNames[k] }

// Value is a member's value. Text is a string's characters without quotes and
// escapes, and the source text of anything else that is there. It points into
// the scanned bytes or into the scanner, and is valid until Reset.
type Value struct {
	Kind Kind
	Text string
}

// Path names a member by the names on the way to it: $.a.b is {"a", "b"}.
type Path []string

// String writes the path as JSONPath does.
func (p Path) String() string { return strings.Join(append([]string{"$"}, p...), ".") }

// Equal tells whether both name the same member.
func (p Path) Equal(q Path) bool { return slices.Equal(p, q) }

// SyntaxError says what makes a record no JSON object.
type SyntaxError struct {
	Offset int // in the record
	Text   string
}

func (e *SyntaxError) Error() string { return fmt.Sprintf("byte %d: %s", e.Offset, e.Text) }

// node is a step of the wanted paths.
type node struct {
	name     string
	want     int // index of the path that ends here, or -1
	children []*node
}

func (n *node) child(name string) *node {
	for _, c := range n.children {
		if c.name == name {
			return c
		}
	}
	return nil
}

// tree gathers paths; equal ones share a node, whose want is the first's.
func tree(paths []Path) (root *node, alias []int) {
	root = &node{want: -1}
	alias = make([]int, len(paths))
	for i, path := range paths {
		at := root
		for _, name := range path {
			next := at.child(name)
			if next == nil {
				next = &node{name: name, want: -1}
				at.children = append(at.children, next)
			}
			at = next
		}
		if at.want < 0 {
			at.want = i
		}
		alias[i] = at.want
	}
	return root, alias
}
