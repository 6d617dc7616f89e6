package stack

import (
	"slices"
	"strings"
)

// Kind says what a Value is.
type Kind uint8

// The kinds of values. Numbers and booleans keep the text they were written
// in: whether they are text, number or boolean is the property's to say.
const (
	Null Kind = iota
	Text
	Number
	Boolean
	List
	Map
	Call // an intrinsic function
)

func (k Kind) String() string {
	return [...]string{"nothing", "text", "a number", "a boolean", "a list", "a map", "a function"}[k]
}

// Value is a node of a template. It is not changed after reading.
type Value struct {
	Kind    Kind
	Text    string    // of a scalar; the function's name ("Ref", "Fn::Sub") of a Call
	Items   []*Value  // of a List; the single argument of a Call
	Members []*Member // of a Map, as written
	At      Position
}

// Member is a named value of a map.
type Member struct {
	Name  string
	At    Position // of the name
	Value *Value
}

// Get returns the member's value, nil if there is none.
func (v *Value) Get(name string) *Value {
	if v == nil {
		return nil
	}
	for _, m := range v.Members {
		if m.Name == name {
			return m.Value
		}
	}
	return nil
}

// names lists a map's member names as written.
func (v *Value) names() []string {
	names := make([]string, len(v.Members))
	for i, m := range v.Members {
		names[i] = m.Name
	}
	return names
}

// scalar tells whether the value is text, a number or a boolean.
func (v *Value) scalar() bool { return v.Kind == Text || v.Kind == Number || v.Kind == Boolean }

// argument of a Call.
func (v *Value) argument() *Value { return v.Items[0] }

// walk calls f for the value and all within it, outer ones first; f answers
// false to leave out what lies within.
func (v *Value) walk(f func(*Value) bool) {
	if v == nil || !f(v) {
		return
	}
	for _, item := range v.Items {
		item.walk(f)
	}
	for _, m := range v.Members {
		m.Value.walk(f)
	}
}

// moved copies a value that stands somewhere else to the place where it is
// used. It has no members: a parameter's value, or a part of one.
func (v *Value) moved(at Position) *Value {
	m := &Value{Kind: v.Kind, Text: v.Text, At: at}
	for _, item := range v.Items {
		m.Items = append(m.Items, item.moved(at))
	}
	return m
}

// String renders the value in a compact form for messages and tests:
// {Name: [a, Ref(b)]}.
func (v *Value) String() string {
	switch {
	case v == nil || v.Kind == Null:
		return "null"
	case v.scalar():
		return v.Text
	case v.Kind == List:
		return "[" + joined(v.Items) + "]"
	case v.Kind == Call:
		return v.Text + "(" + joined(v.Items) + ")"
	}
	members := make([]string, len(v.Members))
	for i, m := range v.Members {
		members[i] = m.Name + ": " + m.Value.String()
	}
	return "{" + strings.Join(members, ", ") + "}"
}

func joined(items []*Value) string {
	texts := make([]string, len(items))
	for i, item := range items {
		texts[i] = item.String()
	}
	return strings.Join(texts, ", ")
}

// text makes a text value at a place.
func text(s string, at Position) *Value { return &Value{Kind: Text, Text: s, At: at} }

// functions are the intrinsic functions of CloudFormation by their full names.
// Those that are not honoured are known so that they can be refused by name.
var functions = []string{
	"Ref", "Fn::GetAtt", "Fn::Sub", "Fn::Join",
	"Fn::And", "Fn::Base64", "Fn::Cidr", "Fn::Equals", "Fn::FindInMap", "Fn::ForEach", "Fn::GetAZs", "Fn::GetStackOutput", "Fn::If",
	"Fn::ImportValue", "Fn::Length", "Fn::Not", "Fn::Or", "Fn::Select", "Fn::Split", "Fn::ToJsonString", "Fn::Transform", "Condition",
}

// honoured is the part of functions that can be evaluated.
var honoured = functions[:4]

func isFunction(name string) bool { return slices.Contains(functions, name) }
