package input

import (
	"bytes"
	"fmt"
	"strings"
	"unsafe"

	"github.com/millrace/millrace/internal/application/input/jsonscan"
)

// What AWS's pages do not say about CSV:
//
//   - A field may be quoted as RFC 4180 has it: "a,b" and "say ""so""". Delimiters
//     in quotes delimit nothing. A quote inside a field that does not begin with
//     one is a character like others.
//   - Rows without a character are skipped: records often end with a delimiter.
//   - Where rows end with a line feed, a carriage return before it belongs to it.
//   - A row with more fields than the schema has columns is read all the same.
const (
	// csvShortRowIsNull: columns that a row has no field for are NULL. Otherwise
	// the row is refused.
	csvShortRowIsNull = true
	// csvEmptyIsNull: an empty field is NULL, but in a column of CHAR or VARCHAR,
	// where it is the empty text. Otherwise it fits no other column.
	csvEmptyIsNull = true
)

// csvFormat reads the needed fields of rows.
type csvFormat struct {
	row, column []byte // delimiters
	crlf        bool   // a carriage return before a row's end belongs to it
	fields      []int  // needed, ascending
	texts       []bool // of fields: the column takes an empty text
	arena       []byte // characters of fields with doubled quotes
}

func newCSVFormat(l *Layout, fields []int) *csvFormat {
	f := &csvFormat{row: []byte(l.schema.RowDelimiter), column: []byte(l.schema.ColumnDelimiter), fields: fields}
	f.crlf = l.schema.RowDelimiter == "\n" && !strings.Contains(l.schema.ColumnDelimiter, "\r")
	for _, i := range fields {
		f.texts = append(f.texts, l.columns[i].Type.Kind.IsText())
	}
	return f
}

func (f *csvFormat) reset() { f.arena = f.arena[:0] }

func (f *csvFormat) read(r *Reader, data []byte, start, end int) { f.rows(r, data[:end], start, true) }

// part implements format.
func (f *csvFormat) part(r *Reader, data []byte, final bool) int { return f.rows(r, data, 0, final) }

// rows reads the rows from at on. If data is not the final part of what there
// is, it stops at the first row that may go on behind data.
func (f *csvFormat) rows(r *Reader, data []byte, at int, final bool) int {
	for at < len(data) {
		stop, next := f.rowEnd(data, at)
		if !final && stop == len(data) {
			return at
		}
		line := f.trim(data[at:stop])
		switch {
		case len(line) == 0:
		case bytes.IndexByte(line, '"') < 0:
			f.plain(r, line)
		default:
			if !final && !f.ends(data, at) {
				return at
			}
			next = f.quoted(r, data, at)
		}
		at = next
	}
	return at
}

// ends tells whether the row at p, which has quotes, ends before the data does.
func (f *csvFormat) ends(data []byte, p int) bool {
	stop := -1
	for {
		stop = f.stopAt(data, p, stop)
		_, q, fault := f.field(data, p, stop)
		switch {
		case q == len(data):
			return false
		case fault != "":
			return bytes.Contains(data[q:], f.row)
		case bytes.HasPrefix(data[q:], f.row) || f.crlf && data[q] == '\r' && bytes.HasPrefix(data[q+1:], f.row):
			return true
		case !bytes.HasPrefix(data[q:], f.column):
			return false
		}
		p = q + len(f.column)
	}
}

// rowEnd is where the row at p ends if no delimiter is quoted, and where the
// next one begins.
func (f *csvFormat) rowEnd(data []byte, p int) (stop, next int) {
	if i := bytes.Index(data[p:], f.row); i >= 0 {
		return p + i, p + i + len(f.row)
	}
	return len(data), len(data)
}

// stopAt is where the first row delimiter at or after p is, when the last one
// that was looked for is at stop: fields beside each other look once.
func (f *csvFormat) stopAt(data []byte, p, stop int) int {
	if stop < p {
		stop, _ = f.rowEnd(data, p)
	}
	return stop
}

// trim leaves out the carriage return of a row's end.
func (f *csvFormat) trim(line []byte) []byte {
	if n := len(line); f.crlf && n > 0 && line[n-1] == '\r' {
		return line[:n-1]
	}
	return line
}

// plain reads a row that has no quotes, up to the last needed field.
func (f *csvFormat) plain(r *Reader, line []byte) {
	rest, n := line, 0 // rest begins with field n
	for i, want := range f.fields {
		for ; n < want; n++ {
			at := bytes.Index(rest, f.column)
			if at < 0 {
				f.missing(r, i, n+1, line)
				return
			}
			rest = rest[at+len(f.column):]
		}
		field := rest
		if at := bytes.Index(rest, f.column); at >= 0 {
			field = rest[:at]
		}
		r.values[i] = f.value(i, text(field), false)
	}
	r.row(line)
}

// missing makes a row whose needed fields from the i-th on are not there.
func (f *csvFormat) missing(r *Reader, i, fields int, line []byte) {
	if !csvShortRowIsNull {
		r.refuse(ErrorInvalidCSV, fmt.Sprintf("the row has %d fields", fields), line)
		return
	}
	clear(r.values[i:])
	r.row(line)
}

func (f *csvFormat) value(i int, s string, quoted bool) value {
	if s == "" && csvEmptyIsNull && !quoted && !f.texts[i] {
		return value{Kind: jsonscan.Null}
	}
	return value{Kind: jsonscan.String, Text: s}
}

// quoted reads a row by the whole grammar and returns where the next one begins.
//
//	row   = field { column-delimiter field }
//	field = '"' { character | '""' } '"' | { character }
func (f *csvFormat) quoted(r *Reader, data []byte, at int) (next int) {
	p, i, stop := at, 0, -1
	for n := 0; ; n++ {
		stop = f.stopAt(data, p, stop)
		s, q, fault := f.field(data, p, stop)
		if fault != "" {
			from := q
			if q == len(data) { // no closing quote: the row ends as if there were no quotes
				from = at
			}
			stop, next := f.rowEnd(data, from)
			r.refuse(ErrorInvalidCSV, fmt.Sprintf("field %d %s", n+1, fault), data[at:stop])
			return next
		}
		if i < len(f.fields) && f.fields[i] == n {
			r.values[i] = f.value(i, s, q > p && data[p] == '"')
			i++
		}
		switch {
		case bytes.HasPrefix(data[q:], f.column) && !bytes.HasPrefix(data[q:], f.row):
			p = q + len(f.column)
			continue
		case i < len(f.fields):
			f.missing(r, i, n+1, data[at:q])
		default:
			r.row(data[at:q])
		}
		if f.crlf && q < len(data) && data[q] == '\r' {
			q++
		}
		return min(q+len(f.row), len(data))
	}
}

// field reads the field at p up to its delimiter at q, or says what is wrong. The
// first row delimiter from p on is at stop.
func (f *csvFormat) field(data []byte, p, stop int) (s string, q int, fault string) {
	if p == len(data) || data[p] != '"' {
		if i := bytes.Index(data[p:stop], f.column); i >= 0 {
			return text(data[p : p+i]), p + i, ""
		}
		line := f.trim(data[p:stop])
		return text(line), p + len(line), ""
	}
	from, doubled := p+1, false
	for q = from; ; q += 2 {
		i := bytes.IndexByte(data[q:], '"')
		if i < 0 {
			return "", len(data), "is quoted and has no closing quote"
		}
		if q += i; q+1 == len(data) || data[q+1] != '"' {
			break
		}
		doubled = true
	}
	s = text(data[from:q])
	if doubled {
		s = f.undouble(data[from:q])
	}
	q++
	if rest := data[q:]; len(rest) > 0 && !bytes.HasPrefix(rest, f.row) && !bytes.HasPrefix(rest, f.column) && len(f.trim(untilRow(rest, f.row))) > 0 {
		return "", q, "goes on after its closing quote"
	}
	return s, q, ""
}

func untilRow(data, row []byte) []byte {
	if i := bytes.Index(data, row); i >= 0 {
		return data[:i]
	}
	return data
}

func (f *csvFormat) undouble(raw []byte) string {
	from := len(f.arena)
	for i := 0; i < len(raw); i++ {
		f.arena = append(f.arena, raw[i])
		if raw[i] == '"' {
			i++
		}
	}
	return text(f.arena[from:])
}

// text is the bytes as a string, without a copy.
func text(b []byte) string { return unsafe.String(unsafe.SliceData(b), len(b)) }
