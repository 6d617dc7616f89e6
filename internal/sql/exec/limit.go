package exec

import (
	"fmt"

	"github.com/millrace/millrace/internal/sql/dialect"
	"github.com/millrace/millrace/internal/sql/types"
)

// refuse makes an error row of a row that finds no room in an operator's state: what says which limit is full, and instead
// what else would help than raising it.
func (c *context) refuse(at *place, b *Batch, row int, limit int, what, setting, instead string) {
	c.errors = append(c.errors, rowError{b.Origin[row], at.number, types.ErrorRow{
		Time: b.Rowtime[row], Name: dialect.ErrLimit,
		Message:     fmt.Sprintf("there is room for %d %s (sql.limits.%s in millrace.yaml); raise it, or use %s", limit, what, setting, instead),
		DataRowtime: b.Rowtime[row], DataRow: appendRow(nil, at.cols, b, row), Pump: at.pump,
	}})
}
