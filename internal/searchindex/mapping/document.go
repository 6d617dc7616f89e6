package mapping

import (
	"math"
	"strings"

	"github.com/millrace/millrace/internal/searchindex/jsontree"
	"github.com/millrace/millrace/internal/searchindex/wire"
)

// Cell is one typed value of a document. Int, Float or Text holds it, by the class of the field's type.
// Text shares memory with the document.
type Cell struct {
	Field *Field
	Int   int64
	Float float64
	Text  string
}

// Document is a document as an index takes it in.
type Document struct {
	ID     string
	Source string // the JSON text
	Tree   jsontree.Value
}

// ParseDocument reads the source of a document; only one JSON object is one.
func ParseDocument(id, source string) (Document, *wire.Error) {
	d := Document{ID: id, Source: source}
	trimmed := strings.TrimLeft(source, " \t\r\n")
	if trimmed == "" {
		return d, wire.Errorf("mapper_parsing_exception", "failed to parse, document is empty")
	}
	if trimmed[0] != '{' {
		return d, unparsable(wire.Errorf("not_x_content_exception", "Compressor detection can only be called on some xcontent bytes or compressed xcontent bytes"))
	}
	tree, end, err := jsontree.ParsePrefix(source)
	if err != nil {
		return d, unparsable(wire.Syntax(source, err))
	}
	if rest := strings.TrimLeft(source[end:], " \t\r\n"); rest != "" {
		return d, unparsable(wire.IllegalArgument("Malformed content, found extra data after parsing: %s", TokenName(rest)))
	}
	d.Tree = tree
	return d, nil
}

func unparsable(cause *wire.Error) *wire.Error {
	e := wire.Errorf("mapper_parsing_exception", "failed to parse")
	e.CausedBy = cause
	return e
}

// TokenName names the token that a text begins with.
func TokenName(text string) string {
	v, _, err := jsontree.ParsePrefix(text)
	switch {
	case text[0] == '{':
		return "START_OBJECT"
	case text[0] == '[':
		return "START_ARRAY"
	case err != nil:
		return "content that is no JSON"
	}
	return Token(v)
}

// Token names the token that a value begins with, in the words of the real server's messages.
func Token(v jsontree.Value) string {
	switch v.Kind {
	case jsontree.Object:
		return "START_OBJECT"
	case jsontree.Array:
		return "START_ARRAY"
	case jsontree.String:
		return "VALUE_STRING"
	case jsontree.Number:
		return "VALUE_NUMBER"
	case jsontree.Bool:
		return "VALUE_BOOLEAN"
	}
	return "VALUE_NULL"
}

// Cells types the document. The mapping returned has the fields that the document brought; it is the receiver when
// there were none, and is to be kept only when the document is. An error is about this document alone.
func (m *Mapping) Cells(d Document, cells []Cell) ([]Cell, *Mapping, *wire.Error) {
	w := walker{doc: d, mapping: m, cells: cells}
	err := w.object("", d.Tree)
	return w.cells, w.mapping, err
}

// KnownCells types again a document that the index holds. Fields without mapping, which were left out when it came,
// stay out, whatever the mapping says of new ones by now.
func (m *Mapping) KnownCells(d Document, cells []Cell) []Cell {
	w := walker{doc: d, mapping: m, cells: cells, known: true}
	_ = w.object("", d.Tree) // a value that its field refuses has no cell
	return w.cells
}

type walker struct {
	doc     Document
	mapping *Mapping
	cells   []Cell
	known   bool // no field is added, none refused for being new
}

func (w *walker) rule(object string) Dynamic {
	if w.known {
		return DynamicFalse
	}
	return w.mapping.dynamicAt(object)
}

func (w *walker) object(path string, v jsontree.Value) *wire.Error {
	for i := range v.Members {
		if err := w.member(path, v.Members[i].Name, v.Members[i].Value); err != nil {
			return err
		}
	}
	return nil
}

// member adds one member; a dotted name is a path of its own.
func (w *walker) member(path, name string, v jsontree.Value) *wire.Error {
	if name == "" {
		return unparsable(wire.IllegalArgument("field name cannot be an empty string"))
	}
	for strings.Contains(name, ".") {
		first, rest, _ := strings.Cut(name, ".")
		if strings.TrimSpace(first) == "" || strings.TrimSpace(rest) == "" {
			return unparsable(wire.IllegalArgument("object field starting or ending with a [.] makes object resolution ambiguous: [%s]", name))
		}
		child := join(path, first)
		if w.mapping.Field(child) != nil {
			break
		}
		if known, err := w.enter(path, child, first); err != nil || !known {
			return err
		}
		path, name = child, rest
	}
	return w.value(path, join(path, name), name, v)
}

func join(path, name string) string {
	if path == "" {
		return name
	}
	return path + "." + name
}

// enter makes sure that the object exists; known is false when its content is left out of the index.
func (w *walker) enter(parent, path, name string) (known bool, err *wire.Error) {
	if w.mapping.HasObject(path) {
		return true, nil
	}
	switch w.rule(parent) {
	case DynamicFalse:
		return false, nil
	case DynamicStrict:
		return false, strict(parent, name)
	}
	w.mapping, err = w.mapping.withObject(path, "")
	return err == nil, err
}

func strict(parent, name string) *wire.Error {
	if parent == "" {
		parent = "_doc"
	}
	return wire.Errorf("strict_dynamic_mapping_exception", "mapping set to strict, dynamic introduction of [%s] within [%s] is not allowed", name, parent)
}

func (w *walker) value(parent, path, name string, v jsontree.Value) *wire.Error {
	if v.Kind == jsontree.Null {
		return nil
	}
	if f := w.mapping.Field(path); f != nil {
		return w.leaf(f, v)
	}
	if v.Kind == jsontree.Array {
		for _, e := range v.Elems {
			if err := w.value(parent, path, name, e); err != nil {
				return err
			}
		}
		return nil
	}
	if v.Kind == jsontree.Object {
		if known, err := w.enter(parent, path, name); err != nil || !known {
			return err
		}
		return w.object(path, v)
	}
	if w.mapping.HasObject(path) {
		return wire.Errorf("mapper_parsing_exception", "object mapping for [%s] tried to parse field [%s] as object, but found a concrete value", path, name)
	}
	return w.dynamic(parent, path, name, v)
}

func (w *walker) dynamic(parent, path, name string, v jsontree.Value) (err *wire.Error) {
	switch w.rule(parent) {
	case DynamicFalse:
		return nil
	case DynamicStrict:
		return strict(parent, name)
	}
	f := w.mapping.guess(strings.Clone(path), v)
	if w.mapping, err = w.mapping.with(f); err != nil {
		return err
	}
	return w.leaf(f, v)
}

func (w *walker) leaf(f *Field, v jsontree.Value) *wire.Error {
	switch v.Kind {
	case jsontree.Null:
		return nil
	case jsontree.Array:
		for _, e := range v.Elems {
			if err := w.leaf(f, e); err != nil {
				return err
			}
		}
		return nil
	}
	if f.Column != f.Path {
		return w.refuse(f, v, wire.IllegalArgument("a multi-field takes its values from its parent"))
	}
	cell, keep, cause := coerce(f, v, w.doc.Source)
	if cause != nil {
		return w.refuse(f, v, cause)
	}
	if keep {
		w.cells = append(w.cells, cell)
	}
	return nil
}

// preview shows a value as Java prints it after reading it for the field.
func preview(f *Field, v jsontree.Value) string {
	if v.Kind != jsontree.Number || v.IsInteger() {
		return v.Plain()
	}
	n, _ := decimal(v.Text)
	if f.Type == Float && math.IsInf(float64(float32(n)), 0) {
		n = float64(float32(n))
	}
	return wire.DoubleText(n)
}

func (w *walker) refuse(f *Field, v jsontree.Value, cause *wire.Error) *wire.Error {
	e := wire.Errorf("mapper_parsing_exception", "failed to parse field [%s] of type [%s] in document with id '%s'. Preview of field's value: '%s'",
		f.Path, f.Type, w.doc.ID, preview(f, v))
	e.CausedBy = cause
	return e
}
