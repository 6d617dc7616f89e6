package jsonrpc

import (
	"encoding/json"
	"reflect"
	"strconv"
	"strings"

	"github.com/millrace/millrace/internal/aws/awserr"
)

// names goes over JSON that has been decoded already and compares its members'
// names with the shape's: encoding/json itself takes any case and any number.
type names struct {
	d      *json.Decoder
	shapes map[reflect.Type]map[string]reflect.Type // members of those met so far
	path   []step                                   // to the value under way
}

// step is a member's name, or an element's index if that is not negative.
type step struct {
	name  string
	index int
}

// maxPath bounds what of a hostile name comes back in an error.
const maxPath = 200

// place writes the path as clients write it, "Records[0].Data", only when
// there is something to say about it.
func (n *names) place() string {
	var b []byte
	for i, s := range n.path {
		switch {
		case s.index >= 0:
			b = append(strconv.AppendInt(append(b, '['), int64(s.index), 10), ']')
		case i > 0:
			b = append(append(b, '.'), s.name[:min(len(s.name), maxPath)]...)
		default:
			b = append(b, s.name[:min(len(s.name), maxPath)]...)
		}
		if len(b) > maxPath {
			return string(b[:maxPath])
		}
	}
	return string(b)
}

// value checks the next value. t is nil where anything may stand.
func (n *names) value(t reflect.Type) error {
	for t != nil && t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	token, err := n.d.Token()
	if err != nil {
		return unreadable(err)
	}
	switch token {
	case json.Delim('{'):
		return n.object(t)
	case json.Delim('['):
		return n.list(t)
	}
	return nil
}

func (n *names) object(t reflect.Type) error {
	var known map[string]reflect.Type
	var element reflect.Type
	switch {
	case t == nil:
	case t.Kind() == reflect.Struct:
		known = n.members(t)
	case t.Kind() == reflect.Map:
		element = t.Elem()
	}
	seen := map[string]bool{}
	n.path = append(n.path, step{index: -1})
	here := len(n.path) - 1
	for n.d.More() {
		token, err := n.d.Token()
		if err != nil {
			return unreadable(err)
		}
		name, _ := token.(string)
		n.path[here].name = name
		member := element
		if known != nil {
			var ok bool
			if member, ok = known[name]; !ok {
				return awserr.New("SerializationException", "unknown member %s", n.place())
			}
		}
		if seen[name] {
			return awserr.New("SerializationException", "the member %s is given twice", n.place())
		}
		seen[name] = true
		if err := n.value(member); err != nil {
			return err
		}
	}
	n.path = n.path[:here]
	_, err := n.d.Token()
	return err
}

func (n *names) list(t reflect.Type) error {
	var element reflect.Type
	if t != nil && t.Kind() == reflect.Slice && t != rawMessage {
		element = t.Elem()
	}
	n.path = append(n.path, step{})
	here := len(n.path) - 1
	for i := 0; n.d.More(); i++ {
		n.path[here].index = i
		if err := n.value(element); err != nil {
			return err
		}
	}
	n.path = n.path[:here]
	_, err := n.d.Token()
	return err
}

var rawMessage = reflect.TypeFor[json.RawMessage]()

// members returns the wire names of a struct's members with their types, those
// of embedded structs among them.
func (n *names) members(t reflect.Type) map[string]reflect.Type {
	if known := n.shapes[t]; known != nil {
		return known
	}
	known := map[string]reflect.Type{}
	for i := range t.NumField() {
		field := t.Field(i)
		name, _, _ := strings.Cut(field.Tag.Get("json"), ",")
		switch {
		case name == "-":
		case field.Anonymous && name == "":
			for name, member := range n.members(field.Type) {
				known[name] = member
			}
		case !field.IsExported():
		case name == "":
			known[field.Name] = field.Type
		default:
			known[name] = field.Type
		}
	}
	n.shapes[t] = known
	return known
}
