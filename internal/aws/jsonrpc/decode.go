package jsonrpc

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"reflect"
	"strings"

	"github.com/millrace/millrace/internal/aws/awserr"
)

// Decode reads a request body into a shape. Members have exactly the shape's
// names, and each once: a reader that takes "data" for "Data", or the last of
// two, sees another request than the one before it did. Others are refused by
// name, because a member that is dropped silently is a setting that is not
// honoured.
func Decode(body []byte, in any) error {
	d := json.NewDecoder(bytes.NewReader(body))
	if err := d.Decode(in); err != nil {
		return unreadable(err)
	}
	if _, err := d.Token(); err != io.EOF {
		return awserr.New("SerializationException", "data after the request's JSON object")
	}
	names := names{d: json.NewDecoder(bytes.NewReader(body)), shapes: map[reflect.Type]map[string]reflect.Type{}}
	return names.value(reflect.TypeOf(in), "")
}

func unreadable(err error) error {
	var wrongType *json.UnmarshalTypeError
	switch {
	case errors.Is(err, io.EOF):
		return awserr.New("SerializationException", "the request has no JSON object")
	case !errors.As(err, &wrongType):
		return awserr.New("SerializationException", "%v", err)
	case wrongType.Field == "":
		return awserr.New("SerializationException", "%s can not be converted to a structure", wrongType.Value)
	case wrongType.Type.Kind() == reflect.Struct:
		return awserr.New("SerializationException", "%s can not be converted to a structure at %s", wrongType.Value, wrongType.Field)
	}
	return awserr.New("SerializationException", "%s can not be converted to %s at %s", wrongType.Value, wrongType.Type, wrongType.Field)
}

// names goes over JSON that has been decoded already and compares its members'
// names with the shape's: encoding/json itself takes any case and any number.
type names struct {
	d      *json.Decoder
	shapes map[reflect.Type]map[string]reflect.Type // members of those met so far
}

// value checks the next value. t is nil where anything may stand; path is
// written as clients write it, "Records[0].Data".
func (n *names) value(t reflect.Type, path string) error {
	for t != nil && t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	token, err := n.d.Token()
	if err != nil {
		return unreadable(err)
	}
	switch token {
	case json.Delim('{'):
		return n.object(t, path)
	case json.Delim('['):
		return n.list(t, path)
	}
	return nil
}

func (n *names) object(t reflect.Type, path string) error {
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
	for n.d.More() {
		token, err := n.d.Token()
		if err != nil {
			return unreadable(err)
		}
		name, _ := token.(string)
		member := element
		if known != nil {
			var ok bool
			if member, ok = known[name]; !ok {
				return awserr.New("SerializationException", "unknown member %.200s", path+name)
			}
		}
		if seen[name] {
			return awserr.New("SerializationException", "the member %.200s is given twice", path+name)
		}
		seen[name] = true
		if err := n.value(member, path+name+"."); err != nil {
			return err
		}
	}
	_, err := n.d.Token()
	return err
}

func (n *names) list(t reflect.Type, path string) error {
	var element reflect.Type
	if t != nil && t.Kind() == reflect.Slice && t != rawMessage {
		element = t.Elem()
	}
	path = strings.TrimSuffix(path, ".")
	for i := 0; n.d.More(); i++ {
		if err := n.value(element, fmt.Sprintf("%s[%d].", path, i)); err != nil {
			return err
		}
	}
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
