// Package output makes records of the rows that leave an application.
package output

import "github.com/millrace/millrace/internal/sql/types"

// Format is how a row is written.
type Format uint8

const (
	// JSON: an object whose keys are the columns' names, without a line end.
	JSON Format = iota
	// CSV: fields with commas between them and a line feed after the last; NULL
	// is the word null.
	CSV
)

func (f Format) String() string {
	if f == CSV {
		return "CSV"
	}
	return "JSON"
}

// Append appends a row of the batch as one record.
func (f Format) Append(dst []byte, cols []types.Column, b *types.Batch, row int) []byte {
	if f == CSV {
		return types.AppendCSV(dst, cols, b, row)
	}
	return types.AppendJSON(dst, cols, b, row)
}
