package jsonscan

import "unsafe"

// ReadArray reads the document at or after start in data[start:end], which has to
// be an array, and returns its text. next is where the following document
// begins, or end. Errors are as those of Scan.
func ReadArray(data []byte, start, end int) (array string, next int, err error) {
	t := text{data, start, end}
	p := skipSpace(data, start, end)
	if p >= end || data[p] != '[' {
		return "", end, t.unexpected(p, "a JSON array")
	}
	q, err := t.array(p, 0)
	if err != nil {
		return "", end, err
	}
	return t.slice(p, q), skipSpace(data, q, end), nil
}

// Elements walks over the elements of an array.
type Elements struct {
	t        text
	p        int // at an element or the closing bracket
	from, to int // the last element
}

// NewElements begins before the first element. array is the text of a Value of
// that kind, or one that ReadArray returned: it has been read already.
func NewElements(array string) Elements {
	t := text{unsafe.Slice(unsafe.StringData(array), len(array)), 0, len(array)}
	return Elements{t: t, p: skipSpace(t.data, 1, t.end)}
}

// Next reads the members that s wants of the next element; one that is no
// object has none of them. It is false after the last element.
func (e *Elements) Next(s *Scanner, values []Value) (bool, error) {
	if e.t.data[e.p] == ']' {
		return false, nil
	}
	var err error
	e.from = e.p
	if e.t.data[e.p] == '{' {
		e.p, err = s.Scan(e.t.data, e.p, e.t.end, values)
	} else {
		clear(values)
		_, e.p, err = e.t.value(e.p, 0)
	}
	if err != nil {
		return false, err
	}
	e.to = e.p
	e.p = skipSpace(e.t.data, e.p, e.t.end)
	if e.t.data[e.p] == ',' {
		e.p = skipSpace(e.t.data, e.p+1, e.t.end)
	}
	return true, nil
}

// Raw is the text of the element that Next read last, with blanks behind it.
func (e *Elements) Raw() []byte { return e.t.data[e.from:e.to] }
