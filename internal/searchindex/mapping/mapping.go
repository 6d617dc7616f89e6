// Package mapping says which type each field of an index has, types the fields that documents bring along the way
// OpenSearch does, and turns a document into the typed cells that columns hold.
package mapping

import (
	"maps"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/millrace/millrace/internal/searchindex/date"
	"github.com/millrace/millrace/internal/searchindex/wire"
)

// Type is a field's type by OpenSearch's name.
type Type string

const (
	Long    Type = "long"
	Integer Type = "integer"
	Short   Type = "short"
	Byte    Type = "byte"
	Double  Type = "double"
	Float   Type = "float"
	Boolean Type = "boolean"
	Date    Type = "date"
	Keyword Type = "keyword"
	Text    Type = "text"
)

// Class is how a type's values are kept.
type Class byte

const (
	Ints    Class = iota // long and its smaller kin, date in milliseconds, boolean as 0 and 1
	Floats               // double; float rounded to its 32 bits
	Strings              // keyword and text
)

// Class returns how values of the type are kept.
func (t Type) Class() Class {
	switch t {
	case Double, Float:
		return Floats
	case Keyword, Text:
		return Strings
	}
	return Ints
}

// Limits of an index, as OpenSearch sets them.
const (
	MaxFields = 1000
	MaxDepth  = 20
)

// Field is one leaf of a mapping. It never changes once it is part of a Mapping.
type Field struct {
	Path        string
	Type        Type
	Column      string      // the path whose values it reads: its own, or its parent's for a multi-field
	IgnoreAbove int         // of a keyword: longer values are not indexed; 0 = no limit
	Format      date.Format // of a date
	Multi       []*Field    // further ways to index the same value: verb.keyword
}

// Accepts reports whether the field indexes that string.
func (f *Field) Accepts(s string) bool {
	return f.IgnoreAbove == 0 || len(s) <= f.IgnoreAbove || utf8.RuneCountInString(s) <= f.IgnoreAbove
}

// Dynamic says what happens to a field that no mapping names.
type Dynamic string

const (
	DynamicTrue   Dynamic = "true"   // it is added
	DynamicFalse  Dynamic = "false"  // it stays in the source only
	DynamicStrict Dynamic = "strict" // its document is refused
)

// Mapping is immutable: a document that brings new fields makes a new one.
type Mapping struct {
	dateDetection bool
	objects       map[string]Dynamic // paths of objects, "" is the root; an empty value inherits
	fields        map[string]*Field  // by path, multi-fields included
}

// New returns the mapping of an index that was created without one.
func New() *Mapping {
	return &Mapping{dateDetection: true, objects: map[string]Dynamic{"": DynamicTrue}, fields: map[string]*Field{}}
}

// Field returns the field of that path, or nil.
func (m *Mapping) Field(path string) *Field { return m.fields[path] }

// HasObject reports whether the path is an object.
func (m *Mapping) HasObject(path string) bool {
	_, ok := m.objects[path]
	return ok
}

// Fields returns all fields in the order of their paths.
func (m *Mapping) Fields() []*Field {
	out := make([]*Field, 0, len(m.fields))
	for _, path := range slices.Sorted(maps.Keys(m.fields)) {
		out = append(out, m.fields[path])
	}
	return out
}

// Objects returns the paths of all objects but the root, in order.
func (m *Mapping) Objects() []string {
	return slices.DeleteFunc(slices.Sorted(maps.Keys(m.objects)), func(path string) bool { return path == "" })
}

// Under returns the fields inside the object of that path.
func (m *Mapping) Under(path string) []*Field {
	return slices.DeleteFunc(m.Fields(), func(f *Field) bool { return !strings.HasPrefix(f.Path, path+".") || f.Column != f.Path })
}

// dynamicAt is the rule of the nearest object above a path that has one.
func (m *Mapping) dynamicAt(object string) Dynamic {
	for {
		if d := m.objects[object]; d != "" {
			return d
		}
		object = parent(object)
	}
}

func parent(path string) string {
	if i := strings.LastIndexByte(path, '.'); i >= 0 {
		return path[:i]
	}
	return ""
}

// with returns the mapping with one more field.
func (m *Mapping) with(f *Field) (*Mapping, *wire.Error) {
	next := *m
	next.fields = maps.Clone(m.fields)
	next.fields[f.Path] = f
	for _, sub := range f.Multi {
		next.fields[sub.Path] = sub
	}
	return &next, next.check(f.Path)
}

// withObject returns the mapping with one more object.
func (m *Mapping) withObject(path string, dynamic Dynamic) (*Mapping, *wire.Error) {
	next := *m
	next.objects = maps.Clone(m.objects)
	next.objects[path] = dynamic
	return &next, next.check(path)
}

func (m *Mapping) check(added string) *wire.Error {
	if len(m.fields)+len(m.objects)-1 > MaxFields {
		return wire.IllegalArgument("Limit of total fields [%d] has been exceeded", MaxFields)
	}
	if object := parent(added); strings.Count(added, ".")+1 > MaxDepth {
		return wire.IllegalArgument("Limit of mapping depth [%d] has been exceeded due to object field [%s]", MaxDepth, object)
	}
	return nil
}
