package local

import (
	"bytes"
	"strings"

	"github.com/millrace/millrace/internal/application/input/jsonscan"
)

// span is where a record is in its block.
type span struct{ start, end int }

// splitter finds the records of a file.
type splitter interface {
	// split takes the whole records at the beginning of data into b and returns
	// where the first that may not be whole begins. final: nothing follows data.
	split(b *block, data []byte, final bool) int
}

func newSplitter(f Format, s records) splitter {
	switch {
	case f.log != nil:
		return lineSplitter{}
	case f.csv:
		return &rowSplitter{row: []byte(s.rowDelimiter), column: []byte(s.columnDelimiter)}
	case len(s.array) > 0:
		return &elementSplitter{jsonscan.New([]jsonscan.Path{s.array})}
	}
	return documentSplitter{peel: s.peel}
}

// lineSplitter takes whole lines; the workers tell them apart.
type lineSplitter struct{}

func (lineSplitter) split(b *block, data []byte, final bool) int {
	n := len(data)
	if !final {
		n = bytes.LastIndexByte(data, '\n') + 1
	}
	b.raw = data[:n]
	return n
}

// documentSplitter takes JSON documents, each on a line or on several. peel: they
// are the elements of an array that is the whole file.
type documentSplitter struct{ peel bool }

func (s documentSplitter) split(b *block, data []byte, final bool) int {
	b.raw = data
	for at := 0; ; {
		for s.peel && at < len(data) && strings.IndexByte(" \t\r\n,[]", data[at]) >= 0 {
			at++
		}
		start, end, whole := jsonscan.Document(data, at)
		if start == len(data) || !whole && !final {
			b.raw = data[:start]
			return start
		}
		b.spans = append(b.spans, span{start, end})
		at = end
	}
}

// elementSplitter takes the elements of an array that is in each document. A
// document without it is a record by itself, and will be refused as one.
type elementSplitter struct{ array *jsonscan.Scanner }

func (s *elementSplitter) split(b *block, data []byte, final bool) int {
	found := make([]jsonscan.Value, 1)
	for at := 0; ; {
		start, end, whole := jsonscan.Document(data, at)
		if start == len(data) || !whole && !final {
			return start
		}
		_, err := s.array.Scan(data, start, end, found)
		if err == nil && found[0].Kind == jsonscan.Array {
			documentSplitter{peel: true}.inside(b, found[0].Text)
		} else {
			b.add(data[start:end])
		}
		s.array.Reset()
		at = end
	}
}

// inside takes the elements of an array's text.
func (s documentSplitter) inside(b *block, array string) {
	from, spans := len(b.raw), len(b.spans)
	b.raw = append(b.raw, array...)
	part := block{spans: b.spans}
	s.split(&part, b.raw[from:], true)
	b.spans = part.spans
	for i := spans; i < len(b.spans); i++ {
		b.spans[i].start += from
		b.spans[i].end += from
	}
}

// add takes a copy of a record.
func (b *block) add(record []byte) {
	from := len(b.raw)
	b.raw = append(b.raw, record...)
	b.spans = append(b.spans, span{from, len(b.raw)})
}

// rowSplitter takes rows of CSV. A row may go on behind a delimiter that is in
// quotes; a quote counts as one where a field begins.
type rowSplitter struct{ row, column []byte }

func (s *rowSplitter) split(b *block, data []byte, final bool) int {
	b.raw = data
	for at := 0; at < len(data); {
		end, next, whole := s.end(data, at, final)
		if !whole && !final {
			b.raw = data[:at]
			return at
		}
		if len(bytes.TrimRight(data[at:end], "\r")) > 0 {
			b.spans = append(b.spans, span{at, end})
		}
		at = next
	}
	return len(data)
}

// end is where the row at p ends, and where the next one begins. A row with a
// quote that nothing closes ends as if it were none.
func (s *rowSplitter) end(data []byte, p int, final bool) (end, next int, whole bool) {
	i := bytes.Index(data[p:], s.row)
	if i < 0 && bytes.IndexByte(data[p:], '"') < 0 {
		return len(data), len(data), false
	}
	if i >= 0 && bytes.IndexByte(data[p:p+i], '"') < 0 {
		return p + i, p + i + len(s.row), true
	}
	plain := p + i // if no delimiter is quoted
	for q := p; ; {
		if q < len(data) && data[q] == '"' {
			if q = closing(data, q+1); q == len(data) {
				break
			}
		}
		row, column := bytes.Index(data[q:], s.row), bytes.Index(data[q:], s.column)
		if row >= 0 && (column < 0 || row <= column) {
			return q + row, q + row + len(s.row), true
		}
		if column < 0 {
			return len(data), len(data), false
		}
		q += column + len(s.column)
	}
	if i >= 0 && (final || len(data)-p > maxQuotedRow) {
		return plain, plain + len(s.row), true
	}
	return len(data), len(data), false
}

// maxQuotedRow is how far the closing quote of a field is looked for, at most.
const maxQuotedRow = 1 << 20

// closing is behind the quote that closes the field whose text begins at q.
func closing(data []byte, q int) int {
	for {
		i := bytes.IndexByte(data[q:], '"')
		if i < 0 {
			return len(data)
		}
		if q += i + 1; q == len(data) || data[q] != '"' {
			return q
		}
		q++
	}
}
