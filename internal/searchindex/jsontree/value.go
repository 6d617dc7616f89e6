// Package jsontree reads JSON into trees that keep what a search server has to know about a document: the order of the
// members, the literal of every number and the place of every value.
package jsontree

import (
	"strconv"
	"strings"
)

// Kind says what a Value is.
type Kind byte

const (
	Null Kind = iota
	Bool
	Number
	String
	Array
	Object
)

// Value is one JSON value. Text shares memory with the text that was parsed: clone it before keeping it for long.
type Value struct {
	Kind    Kind
	Text    string   // a string's content, a number's literal, "true" or "false"
	Elems   []Value  // of an Array
	Members []Member // of an Object, in the order written; names are unique
	Offset  int      // of the first byte in the text parsed
	Raw     string   // the value exactly as written
}

// Member is one name and value of an Object.
type Member struct {
	Name   string
	Value  Value
	Offset int // of the name
}

// Get returns the member of that name.
func (v Value) Get(name string) (Value, bool) {
	for i := range v.Members {
		if v.Members[i].Name == name {
			return v.Members[i].Value, true
		}
	}
	return Value{}, false
}

// IsInteger reports whether a number was written without fraction and exponent.
func (v Value) IsInteger() bool {
	return v.Kind == Number && !strings.ContainsAny(v.Text, ".eE")
}

// Int returns the number as an int64 when it is written as an integer in that range.
func (v Value) Int() (int64, bool) {
	if !v.IsInteger() {
		return 0, false
	}
	n, err := strconv.ParseInt(v.Text, 10, 64)
	return n, err == nil
}

// Plain renders the value the way error messages of search servers preview one: strings bare, {a=1, b=[x, y]}.
func (v Value) Plain() string {
	var b strings.Builder
	v.plain(&b)
	return b.String()
}

func (v Value) plain(b *strings.Builder) {
	switch v.Kind {
	case Null:
		b.WriteString("null")
	case Array:
		b.WriteByte('[')
		for i, e := range v.Elems {
			if i > 0 {
				b.WriteString(", ")
			}
			e.plain(b)
		}
		b.WriteByte(']')
	case Object:
		b.WriteByte('{')
		for i, m := range v.Members {
			if i > 0 {
				b.WriteString(", ")
			}
			b.WriteString(m.Name)
			b.WriteByte('=')
			m.Value.plain(b)
		}
		b.WriteByte('}')
	default:
		b.WriteString(v.Text)
	}
}
