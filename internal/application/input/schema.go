package input

import (
	"errors"
	"fmt"

	"github.com/millrace/millrace/internal/application/input/jsonscan"
	"github.com/millrace/millrace/internal/sql/types"
)

// Format is how records are written.
type Format uint8

const (
	// JSON: a record holds one or more objects.
	JSON Format = iota
	// CSV: a record holds one or more rows.
	CSV
)

func (f Format) String() string {
	if f == CSV {
		return "CSV"
	}
	return "JSON"
}

// Schema makes columns of records.
type Schema struct {
	Format Format
	// RowPath, of JSON, leads to what the columns are in: "$", the path of an
	// object, or that of an array whose elements are rows: "$.items[0:]".
	RowPath string
	// RowDelimiter and ColumnDelimiter are those of CSV: any texts; "" stands
	// for a line feed and a comma.
	RowDelimiter, ColumnDelimiter string
	Columns                       []Column
}

// Column is one column of a schema.
type Column struct {
	Name    string
	SQLType string // "VARCHAR(16)"
	// Mapping, of JSON, is the path of a member from the row on: "$.a.b", the
	// text of a whole array: "$.list[0:]", or a member of an array's elements:
	// "$.list[0:].x". CSV has its fields in the order of the columns.
	Mapping string
}

// Layout is a schema that has been checked. It is not changed afterwards: many
// readers share one.
type Layout struct {
	schema  Schema
	columns []types.Column // of the schema, then metadata
	own     int            // columns of the schema
	fields  []field        // of the schema's columns; JSON alone
	// fanOut: the elements of the array at this path are rows. rowsAreElements:
	// the row path says so, not a mapping.
	fanOut, rowsAreElements bool
	array                   jsonscan.Path
}

// field is where a JSON column's value is.
type field struct {
	path    jsonscan.Path
	element bool // path begins at an element of the array, not at the document
}

// Layout checks the whole schema. Errors name the column or the path.
func (s Schema) Layout() (*Layout, error) {
	if len(s.Columns) == 0 {
		return nil, errors.New("the schema has no RecordColumns")
	}
	l := &Layout{schema: s, own: len(s.Columns)}
	if err := l.addColumns(); err != nil {
		return nil, err
	}
	if s.Format == CSV {
		return l, l.checkCSV()
	}
	return l, l.addPaths()
}

// Columns are those of the schema, and after them the metadata columns, which
// "SELECT *" leaves out: see Hidden.
func (l *Layout) Columns() []types.Column { return l.columns }

// Hidden is how many metadata columns are at the end of Columns.
func (l *Layout) Hidden() int { return len(l.columns) - l.own }

func (l *Layout) addColumns() error {
	seen := map[string]bool{}
	for _, c := range l.schema.Columns {
		t, err := types.ParseType(c.SQLType)
		switch {
		case c.Name == "":
			return fmt.Errorf("column %d has no name", len(seen)+1)
		case err != nil:
			return fmt.Errorf("column %q: %w", c.Name, err)
		case t.Kind.IsInterval():
			return fmt.Errorf("column %q: %s is a type of expressions, not of columns", c.Name, t)
		case seen[c.Name]:
			return fmt.Errorf("column %q is there twice", c.Name)
		}
		seen[c.Name] = true
		l.columns = append(l.columns, types.Column{Name: c.Name, Type: t})
	}
	for _, c := range metadataColumns() {
		if !seen[c.Name] { // a column of the schema hides the metadata
			l.columns = append(l.columns, c)
		}
	}
	return nil
}

func (l *Layout) checkCSV() error {
	if l.schema.RowDelimiter == "" {
		l.schema.RowDelimiter = "\n"
	}
	if l.schema.ColumnDelimiter == "" {
		l.schema.ColumnDelimiter = ","
	}
	row, column := l.schema.RowDelimiter, l.schema.ColumnDelimiter
	switch {
	case row == column:
		return fmt.Errorf("RecordRowDelimiter and RecordColumnDelimiter are both %q", row)
	case row[0] == '"' || column[0] == '"':
		return errors.New("a delimiter cannot begin with the quote that fields are quoted with")
	}
	return nil
}

// addPaths settles where the columns are. There may be one array whose elements
// are rows, in the row path or in mappings.
func (l *Layout) addPaths() error {
	row, err := parsePath(l.schema.RowPath)
	switch {
	case err != nil:
		return fmt.Errorf("RecordRowPath: %w", err)
	case row.more():
		return fmt.Errorf("RecordRowPath: path %q leads below an array's elements, which is not supported: name the array here and the members in the mappings", l.schema.RowPath)
	case row.array:
		l.fanOut, l.rowsAreElements, l.array = true, true, row.names
	}
	for _, c := range l.schema.Columns {
		f, err := l.field(c, row.names)
		if err != nil {
			return fmt.Errorf("column %q: %w", c.Name, err)
		}
		l.fields = append(l.fields, f)
	}
	return l.checkRoot()
}

func (l *Layout) field(c Column, row jsonscan.Path) (field, error) {
	p, err := parsePath(c.Mapping)
	switch {
	case err != nil:
		return field{}, err
	case len(p.names)+len(p.below) == 0:
		return field{}, fmt.Errorf("Mapping is %q, want the path of a member such as $.status", c.Mapping)
	case l.rowsAreElements && p.more():
		return field{}, fmt.Errorf("path %q: arrays in arrays are not supported, the rows are elements of one already", c.Mapping)
	case l.rowsAreElements:
		return field{p.names, true}, nil
	}
	names := append(row[:len(row):len(row)], p.names...)
	switch {
	case !p.more():
		return field{names, false}, nil
	case l.fanOut && !names.Equal(l.array):
		return field{}, fmt.Errorf("path %q: only one array can become rows, and another column has %s%s", c.Mapping, l.array, wholeArray)
	}
	l.fanOut, l.array = true, names
	return field{p.below, true}, nil
}

// checkRoot refuses members beside an array that is the whole document.
func (l *Layout) checkRoot() error {
	for i, f := range l.fields {
		if l.fanOut && len(l.array) == 0 && !f.element {
			return fmt.Errorf("column %q: path %s is beside the elements of an array that is the whole record", l.columns[i].Name, f.path)
		}
	}
	return nil
}
