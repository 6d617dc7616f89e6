package stack

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// shape declares what a property may be. Tables of shapes are written once and
// only read.
type shape struct {
	kind    shapeKind
	members []property // of an object
	item    *shape     // of a list
	values  []string   // of text: what it may be; empty for any
	// refused are members that CloudFormation knows and this program does not
	// honour yet: they are refused by name and not called unknown.
	refused []string
}

type shapeKind uint8

const (
	shapeText shapeKind = iota
	shapeInteger
	shapeNumber
	shapeBoolean
	shapeDocument // any JSON, such as a policy
	shapeTexts    // texts by names that are the template's own
	shapeList
	shapeObject
)

// property is a member of an object.
type property struct {
	name     string
	shape    shape
	required bool
}

func textShape() shape                     { return shape{kind: shapeText} }
func oneOf(values ...string) shape         { return shape{kind: shapeText, values: values} }
func integerShape() shape                  { return shape{kind: shapeInteger} }
func numberShape() shape                   { return shape{kind: shapeNumber} }
func booleanShape() shape                  { return shape{kind: shapeBoolean} }
func documentShape() shape                 { return shape{kind: shapeDocument} }
func textsShape() shape                    { return shape{kind: shapeTexts} }
func listOf(item shape) shape              { return shape{kind: shapeList, item: &item} }
func object(members ...property) shape     { return shape{kind: shapeObject, members: members} }
func (s shape) refusing(n ...string) shape { s.refused = n; return s }

func optional(name string, s shape) property { return property{name: name, shape: s} }
func required(name string, s shape) property { return property{name: name, shape: s, required: true} }

func (s shape) member(name string) *property {
	for i := range s.members {
		if s.members[i].name == name {
			return &s.members[i]
		}
	}
	return nil
}

func (s shape) names() []string {
	names := make([]string, len(s.members))
	for i, p := range s.members {
		names[i] = p.name
	}
	return names
}

// check reports where the value is not of the shape. A function that is not
// evaluated yet fits everywhere; the resolved value is checked again. Path
// names the value in messages: "AWS::S3::Bucket BucketName".
func (s shape) check(f *findings, path string, v *Value) {
	switch {
	case v.Kind == Call:
		return
	case v.Kind == Null:
		f.add(v.At, "%s must not be null", path)
	case s.kind == shapeDocument:
		s.checkDocument(f, path, v)
	case s.kind == shapeTexts:
		s.checkTexts(f, path, v)
	case s.kind == shapeList:
		s.checkList(f, path, v)
	case s.kind == shapeObject:
		s.checkObject(f, path, v)
	case !v.scalar():
		f.add(v.At, "%s: expected %s, found %v", path, s.expects(), v.Kind)
	default:
		s.checkScalar(f, path, v)
	}
}

func (s shape) expects() string {
	return [...]string{"text", "a whole number", "a number", "true or false", "a document", "a map", "a list", "a map"}[s.kind]
}

func (s shape) checkScalar(f *findings, path string, v *Value) {
	switch s.kind {
	case shapeInteger:
		if _, ok := integer(v.Text); !ok {
			f.add(v.At, "%s: expected a whole number, found %q", path, v.Text)
		}
	case shapeNumber:
		if _, ok := number(v.Text); !ok {
			f.add(v.At, "%s: expected a number, found %q", path, v.Text)
		}
	case shapeBoolean:
		if _, ok := boolean(v.Text); !ok {
			f.add(v.At, "%s: expected true or false, found %q", path, v.Text)
		}
	case shapeText:
		if len(s.values) > 0 && !slices.Contains(s.values, v.Text) {
			f.add(v.At, "%s: %q is not supported, expected %s%s", path, v.Text, alternatives(s.values), didYouMean(v.Text, s.values))
		}
	}
}

func alternatives(values []string) string {
	if len(values) == 1 {
		return values[0]
	}
	return "one of " + strings.Join(values, ", ")
}

func (s shape) checkDocument(f *findings, path string, v *Value) {
	if v.Kind == Map || v.scalar() && strings.HasPrefix(strings.TrimSpace(v.Text), "{") {
		return
	}
	f.add(v.At, "%s: expected a JSON document, found %v", path, v.Kind)
}

func (s shape) checkTexts(f *findings, path string, v *Value) {
	if v.Kind != Map {
		f.add(v.At, "%s: expected a map, found %v", path, v.Kind)
		return
	}
	for _, m := range v.Members {
		textShape().check(f, path+" "+m.Name, m.Value)
	}
}

func (s shape) checkList(f *findings, path string, v *Value) {
	if v.Kind != List {
		f.add(v.At, "%s: expected a list, found %v", path, v.Kind)
		return
	}
	for i, item := range v.Items {
		s.item.check(f, fmt.Sprintf("%s[%d]", path, i), item)
	}
}

func (s shape) checkObject(f *findings, path string, v *Value) {
	if v.Kind != Map {
		f.add(v.At, "%s: expected a map, found %v", path, v.Kind)
		return
	}
	for _, m := range v.Members {
		s.checkMember(f, path, m)
	}
	for _, p := range s.members {
		if p.required && v.Get(p.name) == nil {
			f.add(v.At, "%s: the property %s is missing", path, p.name)
		}
	}
}

func (s shape) checkMember(f *findings, path string, m *Member) {
	switch p := s.member(m.Name); {
	case p != nil:
		p.shape.check(f, path+" "+m.Name, m.Value)
	case slices.Contains(s.refused, m.Name):
		f.add(m.At, "%s: the property %s is not supported", path, m.Name)
	default:
		f.add(m.At, "%s: unknown property %s%s", path, m.Name, didYouMean(m.Name, s.names()))
	}
}

// render makes the JSON-like Go value that an AWS operation takes: integers
// and booleans become such whatever they were written as. The value has been
// resolved and checked.
func (s shape) render(v *Value) any {
	switch s.kind {
	case shapeInteger:
		n, _ := integer(v.Text)
		return n
	case shapeNumber:
		n, _ := number(v.Text)
		return n
	case shapeBoolean:
		b, _ := boolean(v.Text)
		return b
	case shapeDocument, shapeTexts:
		return plain(v)
	case shapeList:
		list := make([]any, len(v.Items))
		for i, item := range v.Items {
			list[i] = s.item.render(item)
		}
		return list
	case shapeObject:
		members := map[string]any{}
		for _, m := range v.Members {
			members[m.Name] = s.member(m.Name).shape.render(m.Value)
		}
		return members
	}
	return v.Text
}

// plain renders a document without a shape. As in CloudFormation, numbers and
// booleans in it become text: `Version: 2012-10-17` needs no quotes.
func plain(v *Value) any {
	switch v.Kind {
	case Null:
		return nil
	case List:
		list := make([]any, len(v.Items))
		for i, item := range v.Items {
			list[i] = plain(item)
		}
		return list
	case Map:
		members := map[string]any{}
		for _, m := range v.Members {
			members[m.Name] = plain(m.Value)
		}
		return members
	}
	return v.Text
}

func integer(s string) (int64, bool) {
	n, err := strconv.ParseInt(strings.TrimSpace(s), 10, 64)
	return n, err == nil
}

func boolean(s string) (value, ok bool) {
	switch strings.ToLower(s) {
	case "true":
		return true, true
	case "false":
		return false, true
	}
	return false, false
}
