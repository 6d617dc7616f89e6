package bind

import (
	"strconv"

	"github.com/millrace/millrace/internal/sql/ast"
	"github.com/millrace/millrace/internal/sql/dialect"
	"github.com/millrace/millrace/internal/sql/types"
)

// rangeOf is the size of RANGE … PRECEDING in milliseconds.
func rangeOf(size ast.Expr) int64 {
	c, ok := (&exprBinder{scope: &scope{}}).expr(size).(*Const)
	switch {
	case !ok || c.T.Kind != types.Interval:
		fail(size.Position(), "RANGE needs a day-time interval, as in RANGE INTERVAL '1' MINUTE PRECEDING")
	case c.Value.Int <= 0:
		fail(size.Position(), "the range of a window has to be above 0")
	}
	return c.Value.Int
}

// rowsOf is how many rows before the current one ROWS … PRECEDING holds.
func rowsOf(size ast.Expr) int {
	n, ok := size.(*ast.Number)
	if !ok {
		fail(size.Position(), "ROWS needs a number, as in ROWS 10 PRECEDING")
	}
	v, err := strconv.Atoi(n.Text)
	if err != nil || v < 1 || v > 1<<24 {
		fail(size.Position(), "ROWS needs a whole number from 1 to %d, found %s", 1<<24, n.Text)
	}
	if !dialect.RowsAddsCurrent {
		v--
	}
	return v
}
