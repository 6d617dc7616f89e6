package query

import (
	"encoding/base64"
	"reflect"
	"sort"
	"strconv"
	"time"

	"github.com/millrace/millrace/internal/aws/awserr"
)

var (
	timeType  = reflect.TypeFor[time.Time]()
	bytesType = reflect.TypeFor[[]byte]()
)

// Decode reads a form into the struct that in points to. A member is named as
// its field, or as the field's tag `query:"name"` says. Shapes are strings,
// booleans, integers, floats, time.Time (ISO 8601), []byte (base64), structs,
// slices (Name.member.1), maps of strings (Name.entry.1.key and .value), and
// pointers to them, which tell a member that was sent from one that was not.
// Parameters that no member takes are refused by name.
func Decode(form []byte, in any) error {
	root, err := parseForm(form)
	if err != nil {
		return err
	}
	return root.intoStruct(reflect.ValueOf(in).Elem())
}

func (n *node) into(v reflect.Value) error {
	switch {
	case v.Kind() == reflect.Pointer:
		v.Set(reflect.New(v.Type().Elem()))
		return n.into(v.Elem())
	case v.Type() == timeType, v.Type() == bytesType:
		return n.intoScalar(v)
	case v.Kind() == reflect.Struct:
		return n.intoStruct(v)
	case v.Kind() == reflect.Slice:
		return n.intoSlice(v)
	case v.Kind() == reflect.Map:
		return n.intoMap(v)
	default:
		return n.intoScalar(v)
	}
}

func (n *node) intoStruct(v reflect.Value) error {
	if n.set {
		return awserr.New("ValidationError", "Parameter %s is a structure: expected %s.<member>", n.path, n.path)
	}
	names := make([]string, 0, len(n.children))
	for name := range n.children {
		names = append(names, name)
	}
	sort.Strings(names) // so that of several mistakes the same one is reported
	fields := fieldsByName(v.Type())
	for _, name := range names {
		i, ok := fields[name]
		if !ok {
			return unknown(n.children[name])
		}
		if err := n.children[name].into(v.Field(i)); err != nil {
			return err
		}
	}
	return nil
}

func (n *node) intoSlice(v reflect.Value) error {
	elements, err := n.elements("member")
	if err != nil {
		return err
	}
	v.Set(reflect.MakeSlice(v.Type(), len(elements), len(elements)))
	for i, e := range elements {
		if err := e.into(v.Index(i)); err != nil {
			return err
		}
	}
	return nil
}

func (n *node) intoMap(v reflect.Value) error {
	entries, err := n.elements("entry")
	if err != nil {
		return err
	}
	v.Set(reflect.MakeMap(v.Type()))
	for _, e := range entries {
		var pair struct {
			Key   string `query:"key"`
			Value string `query:"value"`
		}
		if err := e.intoStruct(reflect.ValueOf(&pair).Elem()); err != nil {
			return err
		}
		v.SetMapIndex(reflect.ValueOf(pair.Key), reflect.ValueOf(pair.Value))
	}
	return nil
}

func (n *node) intoScalar(v reflect.Value) error {
	for _, child := range n.children {
		return unknown(child)
	}
	var err error
	switch {
	case v.Type() == timeType:
		var t time.Time
		t, err = time.Parse(time.RFC3339Nano, n.value)
		v.Set(reflect.ValueOf(t))
	case v.Type() == bytesType:
		var b []byte
		b, err = base64.StdEncoding.DecodeString(n.value)
		v.SetBytes(b)
	case v.Kind() == reflect.String:
		v.SetString(n.value)
	case v.Kind() == reflect.Bool:
		var b bool
		b, err = parseBool(n.value)
		v.SetBool(b)
	case v.CanInt():
		var i int64
		i, err = strconv.ParseInt(n.value, 10, v.Type().Bits())
		v.SetInt(i)
	case v.CanFloat():
		var f float64
		f, err = strconv.ParseFloat(n.value, v.Type().Bits())
		v.SetFloat(f)
	default:
		panic("BUG: no query shape for " + v.Type().String())
	}
	if err != nil {
		return awserr.New("ValidationError", "Value '%s' at '%s' is no %s", n.value, n.path, v.Type())
	}
	return nil
}

// parseBool takes what AWS takes; strconv would let "1" and "T" through.
func parseBool(s string) (bool, error) {
	switch s {
	case "true", "True":
		return true, nil
	case "false", "False":
		return false, nil
	}
	return false, strconv.ErrSyntax
}
