package discover

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"strings"

	"github.com/millrace/millrace/internal/application/input"
)

// fromJSON guesses the schema of records that hold JSON objects, or arrays of them; less than half may hold something else.
func fromJSON(records [][]byte) (input.Schema, bool) {
	f := &flattener{byPath: map[string]*column{}}
	good, arrays := 0, false
	for _, r := range records {
		rows, list, ok := rowsOf(r)
		if !ok {
			continue
		}
		good++
		arrays = arrays || list
		for _, o := range rows {
			f.object("$", "", o, 1)
		}
	}
	if 2*good <= len(records) || len(f.columns) == 0 {
		return input.Schema{}, false
	}
	schema := input.Schema{Format: input.JSON, RowPath: "$"}
	if arrays {
		schema.RowPath = "$[0:]"
	}
	unique(f.columns)
	for _, c := range f.columns[:min(len(f.columns), maxColumns)] {
		schema.Columns = append(schema.Columns, input.Column{Name: c.name, SQLType: c.sqlType(), Mapping: c.mapping})
	}
	return schema, true
}

// rowsOf reads the objects of a record, which may stand in arrays.
func rowsOf(record []byte) (rows []object, list, ok bool) {
	d := json.NewDecoder(bytes.NewReader(record))
	d.UseNumber()
	for n := 0; ; n++ {
		document, err := value(d)
		if err == io.EOF && n > 0 {
			return rows, list, true
		}
		if err != nil {
			return nil, false, false
		}
		elements, is := document.([]any)
		if list = list || is; !is {
			elements = []any{document}
		}
		for _, e := range elements {
			o, is := e.(object)
			if !is {
				return nil, false, false
			}
			rows = append(rows, o)
		}
	}
}

// object is a JSON object with its members in their order.
type object []member

type member struct {
	name  string
	value any
}

// value reads the next value of a document: an object, a []any, a json.Number, a string, a bool or nil.
func value(d *json.Decoder) (any, error) {
	t, err := d.Token()
	if err != nil {
		return nil, err
	}
	delim, is := t.(json.Delim)
	if !is {
		return t, nil
	}
	var o object
	list := []any{}
	for d.More() {
		name := ""
		if delim == '{' {
			key, err := d.Token()
			if err != nil {
				return nil, err
			}
			name = key.(string)
		}
		v, err := value(d)
		if err != nil {
			return nil, fmt.Errorf("read value: %w", unexpected(err))
		}
		o, list = append(o, member{name, v}), append(list, v)
	}
	if _, err := d.Token(); err != nil {
		return nil, unexpected(err)
	}
	if delim == '{' {
		return o, nil
	}
	return list, nil
}

func unexpected(err error) error {
	if err == io.EOF {
		return io.ErrUnexpectedEOF
	}
	return err
}

// flattener gathers the columns of documents in the order in which they are first seen.
type flattener struct {
	columns []*column
	byPath  map[string]*column
	// elements is the path of the one array whose elements become rows.
	elements string
}

// object takes the members of an object: those of objects in it become columns of their own.
func (f *flattener) object(path, parent string, o object, depth int) {
	for _, m := range o {
		if m.name == "" || strings.ContainsAny(m.name, ".[]") {
			continue // no path leads there
		}
		f.member(path+"."+m.name, parent, m, depth)
	}
}

func (f *flattener) member(path, parent string, m member, depth int) {
	switch v := m.value.(type) {
	case object:
		if len(v) > 0 && depth < maxDepth {
			f.object(path, m.name, v, depth+1)
			return
		}
		f.column(path, parent, m.name).see(text, written(v))
	case []any:
		f.array(path, parent, m.name, v)
	case json.Number:
		f.column(path, parent, m.name).number(v.String())
	case string:
		f.column(path, parent, m.name).word(v, false)
	case bool:
		f.column(path, parent, m.name).see(boolean, fmt.Sprint(v))
	default:
		f.column(path, parent, m.name)
	}
}

// array takes the elements of the first array that holds objects as rows; other arrays become their text.
func (f *flattener) array(path, parent, name string, list []any) {
	all := len(list) > 0 && !strings.Contains(path, "[")
	for _, e := range list {
		o, is := e.(object)
		all = all && is && len(o) > 0
	}
	if whole := f.byPath[path+"[0:]"]; !all || whole != nil || f.elements != "" && f.elements != path {
		if f.elements != path {
			f.column(path+"[0:]", parent, name).see(text, written(list))
		}
		return
	}
	f.elements = path
	for _, e := range list {
		for _, m := range e.(object) {
			if _, nested := m.value.([]any); nested || m.name == "" || strings.ContainsAny(m.name, ".[]") {
				continue
			}
			f.member(path+"[0:]."+m.name, name, m, maxDepth)
		}
	}
}

// column is that of a path. Where another has its name already, the name of the object around it stands before it.
func (f *flattener) column(path, parent, name string) *column {
	if c := f.byPath[path]; c != nil {
		return c
	}
	c := &column{name: columnName(name, len(f.columns)), mapping: path}
	for _, other := range f.columns {
		if other.name == c.name && parent != "" {
			c.name = columnName(parent+"_"+name, len(f.columns))
			break
		}
	}
	f.columns = append(f.columns, c)
	f.byPath[path] = c
	return c
}

// written is about how long a value is as a text; the text itself does not matter.
func written(v any) string {
	switch v := v.(type) {
	case object:
		s := "{"
		for _, m := range v {
			s += fmt.Sprintf("%q:%s,", m.name, written(m.value))
		}
		return s + "}"
	case []any:
		s := "["
		for _, e := range v {
			s += written(e) + ","
		}
		return s + "]"
	case string:
		return fmt.Sprintf("%q", v)
	}
	return fmt.Sprint(v)
}
