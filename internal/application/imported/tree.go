package imported

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"

	"go.yaml.in/yaml/v4"
)

// kind is what a value is.
type kind uint8

const (
	null kind = iota
	text
	number
	boolean
	list
	object
)

// value is a node of a JSON or YAML text.
type value struct {
	kind    kind
	text    string // of a scalar
	items   []*value
	members []member
	at      Place
}

type member struct {
	name  string
	value *value
	at    Place
}

// Place is where something stands in a file, counted from 1.
type Place struct {
	File         string
	Line, Column int
}

func (p Place) String() string { return fmt.Sprintf("%s:%d:%d", p.File, p.Line, p.Column) }

// get returns the member at a path, nil if it is not there or is null.
func (v *value) get(path ...string) *value {
	for _, name := range path {
		if v == nil {
			return nil
		}
		i := slices.IndexFunc(v.members, func(m member) bool { return m.name == name })
		if i < 0 {
			return nil
		}
		v = v.members[i].value
	}
	if v != nil && v.kind == null {
		return nil
	}
	return v
}

// str is the text of the member at a path, "" if it is not there.
func (v *value) str(path ...string) string {
	if v = v.get(path...); v == nil {
		return ""
	}
	return v.text
}

// set gives the object a member in the place of one of the same name.
func (v *value) set(name string, to *value) {
	for i := range v.members {
		if v.members[i].name == name {
			v.members[i].value = to
			return
		}
	}
	v.members = append(v.members, member{name, to, to.at})
}

// drop takes a member away.
func (v *value) drop(name string) {
	v.members = slices.DeleteFunc(v.members, func(m member) bool { return m.name == name })
}

func newText(s string, at Place) *value { return &value{kind: text, text: s, at: at} }

// any is the value as encoding/json takes it.
func (v *value) any() any {
	switch v.kind {
	case text:
		return v.text
	case number:
		return json.Number(v.text)
	case boolean:
		return v.text == "true"
	case list:
		all := []any{}
		for _, item := range v.items {
			all = append(all, item.any())
		}
		return all
	case object:
		all := map[string]any{}
		for _, m := range v.members {
			if m.value.kind != null {
				all[m.name] = m.value.any()
			}
		}
		return all
	}
	return nil
}

const (
	// maxDepth is how deep values may be in each other.
	maxDepth = 200
	// maxValues is how many there may be: aliases of YAML repeat others.
	maxValues = 1 << 20
)

// read reads a text of JSON or YAML.
func read(file string, src []byte) (*value, error) {
	if json.Valid(src) {
		r := &jsonReader{file: file, src: src, decoder: json.NewDecoder(bytes.NewReader(src)), place: Place{file, 1, 1}}
		r.decoder.UseNumber()
		return r.value(0)
	}
	if c := bytes.TrimLeft(src, " \t\r\n"); len(c) > 0 && (c[0] == '{' || c[0] == '[') {
		var any json.RawMessage
		var syntax *json.SyntaxError
		if err := json.Unmarshal(src, &any); errors.As(err, &syntax) {
			before := string(src[:min(int(syntax.Offset), len(src))])
			line := strings.Count(before, "\n") + 1
			return nil, fmt.Errorf("%v: %w", Place{file, line, len(before) - strings.LastIndexByte(before, '\n') - 1}, err)
		}
	}
	var node yaml.Node
	if err := yaml.Unmarshal(src, &node); err != nil {
		return nil, fmt.Errorf("%s: %w", file, err)
	}
	return (&yamlReader{file: file}).value(&node, 0)
}

// jsonReader reads valid JSON, token by token, for the places that encoding/json
// does not tell.
type jsonReader struct {
	file    string
	src     []byte
	decoder *json.Decoder
	seen    int // bytes that place stands behind
	place   Place
}

// next returns a token and its place.
func (r *jsonReader) next() (json.Token, Place, error) {
	start := int(r.decoder.InputOffset())
	for start < len(r.src) && strings.IndexByte(" \t\r\n,:", r.src[start]) >= 0 {
		start++
	}
	for _, c := range string(r.src[r.seen:start]) {
		r.place.Column++
		if c == '\n' {
			r.place.Line, r.place.Column = r.place.Line+1, 1
		}
	}
	r.seen = start
	token, err := r.decoder.Token()
	return token, r.place, err
}

func (r *jsonReader) value(depth int) (*value, error) {
	token, at, err := r.next()
	if err != nil {
		return nil, err
	}
	return r.after(token, at, depth)
}

func (r *jsonReader) after(token json.Token, at Place, depth int) (*value, error) {
	if depth > maxDepth {
		return nil, fmt.Errorf("%v: values are more than %d deep in each other", at, maxDepth)
	}
	v := &value{at: at}
	switch token := token.(type) {
	case string:
		v.kind, v.text = text, token
	case json.Number:
		v.kind, v.text = number, token.String()
	case bool:
		v.kind, v.text = boolean, fmt.Sprint(token)
	case json.Delim:
		if token == '[' {
			return v, r.list(v, depth)
		}
		return v, r.object(v, depth)
	}
	return v, nil
}

func (r *jsonReader) list(v *value, depth int) error {
	v.kind = list
	for {
		token, at, err := r.next()
		if err != nil || token == json.Delim(']') {
			return err
		}
		item, err := r.after(token, at, depth+1)
		if err != nil {
			return err
		}
		v.items = append(v.items, item)
	}
}

func (r *jsonReader) object(v *value, depth int) error {
	v.kind = object
	for {
		token, at, err := r.next()
		if err != nil || token == json.Delim('}') {
			return err
		}
		item, err := r.value(depth + 1)
		if err != nil {
			return err
		}
		v.members = append(v.members, member{token.(string), item, at})
	}
}

// yamlReader takes the nodes of a YAML text.
type yamlReader struct {
	file   string
	values int
}

// value takes a node; the short forms of CloudFormation's functions get their
// long ones: !Ref x is {Ref: x}.
func (r *yamlReader) value(n *yaml.Node, depth int) (*value, error) {
	v := &value{at: Place{r.file, n.Line, n.Column}}
	if r.values++; r.values > maxValues {
		return nil, fmt.Errorf("%v: the text has more than %d values", v.at, maxValues)
	}
	if depth > maxDepth {
		return nil, fmt.Errorf("%v: values are more than %d deep in each other", v.at, maxDepth)
	}
	switch n.Kind {
	case yaml.DocumentNode:
		if len(n.Content) == 0 {
			return v, nil
		}
		return r.value(n.Content[0], depth+1)
	case yaml.AliasNode:
		return r.value(n.Alias, depth+1)
	case yaml.ScalarNode:
		v.kind, v.text = scalarKind(n.Tag), n.Value
	case yaml.SequenceNode:
		v.kind = list
		for _, c := range n.Content {
			item, err := r.value(c, depth+1)
			if err != nil {
				return nil, err
			}
			v.items = append(v.items, item)
		}
	case yaml.MappingNode:
		v.kind = object
		for i := 0; i+1 < len(n.Content); i += 2 {
			item, err := r.value(n.Content[i+1], depth+1)
			if err != nil {
				return nil, err
			}
			key := n.Content[i]
			v.members = append(v.members, member{key.Value, item, Place{r.file, key.Line, key.Column}})
		}
	}
	if strings.HasPrefix(n.Tag, "!") && !strings.HasPrefix(n.Tag, "!!") {
		return call(n.Tag[1:], v), nil
	}
	return v, nil
}

func scalarKind(tag string) kind {
	switch tag {
	case "!!null":
		return null
	case "!!bool":
		return boolean
	case "!!int", "!!float":
		return number
	}
	return text
}

// call is the long form of a short one.
func call(name string, argument *value) *value {
	if name == "GetAtt" && argument.kind == text {
		id, attribute, _ := strings.Cut(argument.text, ".")
		argument = &value{kind: list, at: argument.at, items: []*value{newText(id, argument.at), newText(attribute, argument.at)}}
	}
	if name != "Ref" && name != "Condition" {
		name = "Fn::" + name
	}
	return &value{kind: object, at: argument.at, members: []member{{name, argument, argument.at}}}
}
