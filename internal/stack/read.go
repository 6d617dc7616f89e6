package stack

import (
	"errors"
	"fmt"
	"strings"

	yaml "go.yaml.in/yaml/v4"
)

// Limits of a template's text. The size is that of CreateStack's TemplateBody.
const (
	maxTemplateBytes = 51200
	maxDepth         = 64
)

// read turns a template's text, YAML with the short forms of functions or
// JSON, into a tree of values. What YAML can say and CloudFormation does not
// take (aliases, merges, foreign tags, repeated names) is refused.
func read(f *findings, src []byte) *Value {
	if len(src) > maxTemplateBytes {
		f.add(Position{1, 1}, "the template has %d bytes; the most is %d", len(src), maxTemplateBytes)
		return nil
	}
	if v := readJSON(f, src); v != nil || len(f.list) > 0 {
		return v
	}
	var document yaml.Node
	if err := yaml.Load(src, &document); err != nil {
		f.syntax(err)
		return nil
	}
	if document.Kind != yaml.DocumentNode || len(document.Content) != 1 {
		f.add(Position{1, 1}, "expected a template, found nothing")
		return nil
	}
	return (&reader{f}).value(document.Content[0], 0)
}

// syntax reports what the YAML parser said, without its own phrases around it.
func (f *findings) syntax(err error) {
	var several *yaml.LoadErrors
	if errors.As(err, &several) {
		for _, e := range several.Errors {
			f.syntaxAt(e)
		}
		return
	}
	var one *yaml.LoadError
	if errors.As(err, &one) {
		f.syntaxAt(one)
		return
	}
	f.add(Position{1, 1}, "%v", err)
}

func (f *findings) syntaxAt(e *yaml.LoadError) {
	at := Position{max(e.Mark.Line, 1), max(e.Mark.Column, 1)}
	message := strings.TrimPrefix(e.Message, "yaml: ")
	if e.ContextMsg != "" {
		message += " " + e.ContextMsg
	}
	f.add(at, "%s", message)
}

// reader converts nodes. It answers a value for every node, so that one
// mistake does not hide the next.
type reader struct{ *findings }

func (r *reader) value(n *yaml.Node, depth int) *Value {
	at := Position{n.Line, n.Column}
	if depth > maxDepth {
		r.add(at, "nested more than %d deep", maxDepth)
		return &Value{At: at}
	}
	if n.Anchor != "" || n.Kind == yaml.AliasNode {
		r.add(at, "YAML anchors and aliases are not part of CloudFormation templates")
		return &Value{At: at}
	}
	if name, ok := shortForm(n.Tag); ok {
		return r.short(n, name, at, depth)
	}
	return r.plain(n, at, depth)
}

// shortForm maps the tag "!Sub" to "Fn::Sub".
func shortForm(tag string) (string, bool) {
	if !strings.HasPrefix(tag, "!") || strings.HasPrefix(tag, "!!") {
		return "", false
	}
	name := tag[1:]
	if name != "Ref" && name != "Condition" {
		name = "Fn::" + name
	}
	return name, true
}

// short reads a tagged value as a function's argument.
func (r *reader) short(n *yaml.Node, name string, at Position, depth int) *Value {
	if !isFunction(name) {
		r.add(at, "unknown tag %s%s", n.Tag, didYouMean(name, honoured))
		return &Value{At: at}
	}
	argument := *n
	argument.Tag = ""
	v := r.plain(&argument, at, depth+1)
	if v.Kind == Null && n.Kind == yaml.ScalarNode {
		v = text(n.Value, at)
	}
	return &Value{Kind: Call, Text: name, Items: []*Value{v}, At: at}
}

func (r *reader) plain(n *yaml.Node, at Position, depth int) *Value {
	switch n.Kind {
	case yaml.ScalarNode:
		return r.scalar(n, at)
	case yaml.SequenceNode:
		v := &Value{Kind: List, At: at}
		for _, item := range n.Content {
			v.Items = append(v.Items, r.value(item, depth+1))
		}
		return v
	case yaml.MappingNode:
		return r.mapping(n, at, depth)
	}
	r.add(at, "expected a value")
	return &Value{At: at}
}

func (r *reader) scalar(n *yaml.Node, at Position) *Value {
	v := &Value{Kind: Text, Text: n.Value, At: at}
	switch n.ShortTag() {
	case "!!null":
		return &Value{At: at}
	case "!!int", "!!float":
		v.Kind = Number
	case "!!bool":
		v.Kind = Boolean
	case "!!binary":
		r.add(at, "the tag !!binary is not part of CloudFormation templates")
	}
	return v
}

// mapping reads a map; one that holds nothing but a function's name is a call.
func (r *reader) mapping(n *yaml.Node, at Position, depth int) *Value {
	v := &Value{Kind: Map, At: at}
	seen := map[string]bool{}
	for i := 0; i+1 < len(n.Content); i += 2 {
		key := n.Content[i]
		keyAt := Position{key.Line, key.Column}
		value := r.value(n.Content[i+1], depth+1)
		switch {
		case key.Kind != yaml.ScalarNode || strings.HasPrefix(key.Tag, "!") && !strings.HasPrefix(key.Tag, "!!"):
			r.add(keyAt, "expected a name")
		case key.ShortTag() == "!!merge":
			r.add(keyAt, "YAML merges (<<) are not part of CloudFormation templates")
		case seen[key.Value]:
			r.add(keyAt, "%q is given twice", key.Value)
		default:
			seen[key.Value] = true
			v.Members = append(v.Members, &Member{key.Value, keyAt, value})
		}
	}
	return r.call(v)
}

// call turns {"Fn::Sub": x} into the call that it means. "Condition" stays a
// member: policies have one, and the function has no long form of its own.
func (r *reader) call(v *Value) *Value {
	for _, m := range v.Members {
		if m.Name != "Ref" && !strings.HasPrefix(m.Name, "Fn::") {
			continue
		}
		switch {
		case !isFunction(m.Name) && !strings.HasPrefix(m.Name, "Fn::ForEach::"):
			r.add(m.At, "unknown function %s%s", m.Name, didYouMean(m.Name, honoured))
			return &Value{At: v.At}
		case len(v.Members) != 1:
			r.add(m.At, "%s must stand alone, found it beside %s", m.Name, beside(v, m))
			return &Value{At: v.At}
		}
		return &Value{Kind: Call, Text: m.Name, Items: []*Value{m.Value}, At: v.At}
	}
	return v
}

func beside(v *Value, m *Member) string {
	for _, other := range v.Members {
		if other != m {
			return fmt.Sprintf("%q", other.Name)
		}
	}
	panic("BUG: a member beside none: " + m.Name)
}
