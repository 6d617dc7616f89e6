package query

import (
	"bytes"
	"encoding/base64"
	"encoding/xml"
	"fmt"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"time"
)

// TimeFormat is how times are written: UTC, milliseconds, as AWS writes them.
const TimeFormat = "2006-01-02T15:04:05.000Z"

// Append writes a value as an XML element. A struct's fields are its children
// in their order, named as Decode names them; a slice's items are <member>
// elements, a map's <entry> elements with <key> and <value>, by key. Nil
// pointers, slices and maps, empty strings and zero times are left out; so are
// other zero values under the tag `query:",omitempty"`.
func Append(b *bytes.Buffer, name string, v any) { appendElement(b, name, reflect.ValueOf(v)) }

func appendElement(b *bytes.Buffer, name string, v reflect.Value) {
	for v.Kind() == reflect.Pointer || v.Kind() == reflect.Interface {
		if v.IsNil() {
			return
		}
		v = v.Elem()
	}
	b.WriteString("<" + name + ">")
	switch {
	case v.Type() == timeType, v.Type() == bytesType:
		appendScalar(b, v)
	case v.Kind() == reflect.Struct:
		appendFields(b, v)
	case v.Kind() == reflect.Slice:
		for i := range v.Len() {
			appendElement(b, "member", v.Index(i))
		}
	case v.Kind() == reflect.Map:
		keys := v.MapKeys()
		slices.SortFunc(keys, func(x, y reflect.Value) int { return strings.Compare(x.String(), y.String()) })
		for _, key := range keys {
			b.WriteString("<entry>")
			appendElement(b, "key", key)
			appendElement(b, "value", v.MapIndex(key))
			b.WriteString("</entry>")
		}
	default:
		appendScalar(b, v)
	}
	b.WriteString("</" + name + ">")
}

func appendFields(b *bytes.Buffer, v reflect.Value) {
	for i := range v.NumField() {
		name, omitEmpty := fieldName(v.Type().Field(i))
		field := v.Field(i)
		if name == "" || field.IsZero() && (omitEmpty || leftOut(field)) {
			continue
		}
		appendElement(b, name, field)
	}
}

// leftOut tells whether a zero value means "not there".
func leftOut(v reflect.Value) bool {
	switch v.Kind() {
	case reflect.String, reflect.Pointer, reflect.Slice, reflect.Map, reflect.Interface:
		return true
	}
	return v.Type() == timeType
}

func appendScalar(b *bytes.Buffer, v reflect.Value) {
	var text string
	switch {
	case v.Type() == timeType:
		text = v.Interface().(time.Time).UTC().Format(TimeFormat)
	case v.Type() == bytesType:
		text = base64.StdEncoding.EncodeToString(v.Bytes())
	case v.Kind() == reflect.String:
		text = v.String()
	case v.Kind() == reflect.Bool:
		text = strconv.FormatBool(v.Bool())
	case v.CanInt():
		text = strconv.FormatInt(v.Int(), 10)
	case v.CanFloat():
		text = strconv.FormatFloat(v.Float(), 'g', -1, v.Type().Bits())
	default:
		panic(fmt.Sprintf("BUG: no query shape for %s", v.Type()))
	}
	_ = xml.EscapeText(b, []byte(text)) // a Buffer takes every write
}

// fieldName returns the wire name of a struct field, empty for one that is not
// on the wire.
func fieldName(f reflect.StructField) (name string, omitEmpty bool) {
	if !f.IsExported() {
		return "", false
	}
	name, options, _ := strings.Cut(f.Tag.Get("query"), ",")
	if name == "-" {
		return "", false
	}
	if name == "" {
		name = f.Name
	}
	return name, options == "omitempty"
}

func fieldsByName(t reflect.Type) map[string]int {
	fields := make(map[string]int, t.NumField())
	for i := range t.NumField() {
		if name, _ := fieldName(t.Field(i)); name != "" {
			fields[name] = i
		}
	}
	return fields
}
