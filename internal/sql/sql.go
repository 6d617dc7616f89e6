package sql

import (
	"github.com/millrace/millrace/internal/sql/bind"
	"github.com/millrace/millrace/internal/sql/exec"
	"github.com/millrace/millrace/internal/sql/token"
	"github.com/millrace/millrace/internal/sql/types"
)

// Stream is a named stream of rows: an input of an application, or an in-application stream that its text creates. It has
// the fields Name string and Columns []types.Column.
type Stream = bind.Stream

// Schema is what the text of an application may read besides the streams it creates: the input streams and the reference
// tables, whose Hidden columns * leaves out.
type Schema struct{ Inputs, Tables []Stream }

// Limits is how much one operator may hold: Groups of a window, Rows of a window, a join or a sort; 0 is no limit. A row that
// would go beyond becomes an error row.
type Limits = exec.Limits

// Diagnostics is the error that Compile returns: every fault found, as file:line:col: text.
type Diagnostics = token.Diagnostics

// Sink gets every row that enters an in-application stream which the text creates, and every error row. It is called
// while Push or Bound runs; the batch is valid during the call only.
type Sink interface {
	Rows(stream string, b *types.Batch)
	Error(e types.ErrorRow)
}
