package input

import (
	"fmt"
	"slices"

	"github.com/millrace/millrace/internal/application/input/jsonscan"
)

// elementsFormat reads a row of each element of an array: the document is read
// for what is beside the array and for the array's text, and each element for
// what is in it.
//
//	{"id":1,"items":[{"p":5},{"p":6}]}     $.id  $.items[0:].p
//	      │         └───5────────6──── element
//	      └─1────────── beside ──────────▶ (1,5) (1,6)
type elementsFormat struct {
	document *jsonscan.Scanner // nil: the array is the document
	path     jsonscan.Path     // of the array, for messages
	beside   []int             // columns, in the order of document's paths
	found    []value           // what document reads, the array last

	element  *jsonscan.Scanner
	inside   []int // columns, in the order of element's paths
	elements []value
}

func newElementsFormat(l *Layout, fields []int) *elementsFormat {
	f := &elementsFormat{path: l.array}
	var beside, inside []jsonscan.Path
	for i, n := range fields {
		if at := l.fields[n]; at.element {
			f.inside, inside = append(f.inside, i), append(inside, at.path)
		} else {
			f.beside, beside = append(f.beside, i), append(beside, at.path)
		}
	}
	if len(l.array) > 0 {
		beside = append(beside, l.array)
		f.document, f.found = jsonscan.New(beside), make([]value, len(beside))
	}
	f.element, f.elements = jsonscan.New(inside), make([]value, len(inside))
	return f
}

func (f *elementsFormat) reset() {
	if f.document != nil {
		f.document.Reset()
	}
	f.element.Reset()
}

func (f *elementsFormat) read(r *Reader, data []byte, start, end int) {
	for at := start; ; {
		array, next, err := f.find(data, at, end)
		if err != nil {
			r.refuseJSON(data, start, at, end, err)
			return
		}
		for i, c := range f.beside {
			r.values[c] = f.found[i]
		}
		f.rows(r, array, data[at:next])
		if next == end {
			return
		}
		at = next
	}
}

// part implements format.
func (f *elementsFormat) part(r *Reader, data []byte, final bool) int {
	return eachDocument(data, final, func(start, end int) { f.read(r, data, start, end) })
}

// find reads the document for everything but the elements.
func (f *elementsFormat) find(data []byte, at, end int) (array value, next int, err error) {
	if f.document == nil {
		array.Kind = jsonscan.Array
		array.Text, next, err = jsonscan.ReadArray(data, at, end)
		return array, next, err
	}
	next, err = f.document.Scan(data, at, end, f.found)
	return f.found[len(f.found)-1], next, err
}

// rows makes a row of each element, at least one, of the document raw.
func (f *elementsFormat) rows(r *Reader, array value, raw []byte) {
	switch array.Kind {
	case jsonscan.Array:
	case jsonscan.Missing, jsonscan.Null:
		f.noElement(r, raw)
		return
	default:
		r.refuse(ErrorInvalidValue, fmt.Sprintf("the %s at %s is no array", array.Kind, f.path), raw)
		return
	}
	e := jsonscan.NewElements(array.Text)
	for n := 0; ; n++ {
		ok, err := e.Next(f.element, f.elements)
		switch {
		case err != nil:
			panic(fmt.Sprintf("BUG: array %.200q was read, but not its elements: %v", array.Text, err))
		case !ok && n == 0:
			if emptyArrayIsAllNull {
				clear(r.values)
			}
			f.noElement(r, raw)
			return
		case !ok:
			return
		}
		for i, c := range f.inside {
			r.values[c] = f.elements[i]
		}
		switch bad := r.fill(); {
		case bad < 0:
		case f.isBeside(bad):
			r.misfit(bad, raw) // and it would not fit beside the other elements either
			return
		default:
			r.misfit(bad, e.Raw())
		}
	}
}

// noElement makes the row of a document that has no elements.
func (f *elementsFormat) noElement(r *Reader, raw []byte) {
	for _, c := range f.inside {
		r.values[c] = value{}
	}
	r.row(raw)
}

func (f *elementsFormat) isBeside(column int) bool { return slices.Contains(f.beside, column) }
