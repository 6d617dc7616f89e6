// Package discover guesses the schema of records from some of them, as DiscoverInputSchema does: the format, the columns
// that JSON members or CSV fields become, their names and their types.
//
//	records ─┬─ JSON ─▶ members, flattened ─┐
//	         └─ CSV ──▶ fields ─────────────┴─▶ columns: a name each, the narrowest type that holds every value ─▶ Schema
package discover

import (
	"errors"

	"github.com/millrace/millrace/internal/application/input"
	"github.com/millrace/millrace/internal/sql/types"
)

// What a guess looks at and makes at most.
const (
	maxColumns = 1000
	maxDepth   = 3   // objects within each other that become columns
	maxName    = 100 // characters that a name keeps
)

// ErrUndetected says that the records have no schema: they are neither JSON objects nor rows of as many fields each.
var ErrUndetected = errors.New("the records are neither JSON objects nor rows that have the same number of fields")

// Options of a guess. The zero value finds everything out by itself.
type Options struct {
	// Format is what the records are, where Known says so.
	Format input.Format
	Known  bool
}

// Result is a guessed schema and the rows that it makes of the records.
type Result struct {
	Schema input.Schema
	// Parsed are the values of each row, as texts; NULL is "null".
	Parsed [][]string
}

// Records guesses the schema of records. The same records give the same schema.
func Records(records [][]byte, o Options) (*Result, error) {
	var schema input.Schema
	var ok bool
	if !o.Known || o.Format == input.JSON {
		schema, ok = fromJSON(records)
	}
	if !ok && (!o.Known || o.Format == input.CSV) {
		schema, ok = fromCSV(records)
	}
	if !ok {
		return nil, ErrUndetected
	}
	parsed, err := parse(records, schema)
	if err != nil {
		return nil, err
	}
	return &Result{schema, parsed}, nil
}

// parse reads the records by the schema.
func parse(records [][]byte, schema input.Schema) ([][]string, error) {
	layout, err := schema.Layout()
	if err != nil {
		return nil, err
	}
	cols := layout.Columns()[:len(schema.Columns)]
	needed := make([]bool, len(cols))
	for i := range needed {
		needed[i] = true
	}
	var rows [][]string
	reader := input.NewReader(layout, needed, func(b *types.Batch) {
		for i := range b.N {
			row := make([]string, len(cols))
			for k, c := range cols {
				if row[k] = "null"; !b.Cols[k].IsNull(i) {
					row[k] = string(types.AppendText(nil, c.Type, b.Cols[k], i))
				}
			}
			rows = append(rows, row)
		}
	}, func(types.ErrorRow) {})
	for _, r := range records {
		reader.Record(r, 0, &input.Metadata{})
		reader.Flush()
	}
	return rows, nil
}
