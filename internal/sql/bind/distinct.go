package bind

import (
	"github.com/millrace/millrace/internal/sql/ast"
	"github.com/millrace/millrace/internal/sql/dialect"
)

// DistinctRows is SELECT DISTINCT: a row goes on when it is the first of its kind while the monotonic items keep their value.
// ROWTIME is not compared.
type DistinctRows struct {
	// Compared are the items that tell rows apart, by number.
	Compared []int
	// Windows are the items that are monotonic functions of ROWTIME alone, as such, and Moving those that are monotonic by
	// themselves, by number.
	Windows []Expr
	Moving  []Mover
}

// Mover is a column, by number, that moves by itself.
type Mover struct {
	Column int
	Motion Motion
}

// distinct resolves SELECT DISTINCT over the items of a query.
func distinct(s *ast.Select, items []Item) *DistinctRows {
	d := &DistinctRows{}
	bare := false
	for i, it := range items {
		if _, is := it.Expr.(*Rowtime); is {
			if bare = true; dialect.DistinctIgnoresRowtime {
				continue
			}
		}
		d.Compared = append(d.Compared, i)
		if p := pure(it.Expr); p != nil && isWindow(p) {
			d.Windows = append(d.Windows, p)
		} else if m := MotionOf(it.Expr); m == Ascending || m == Descending {
			d.Moving = append(d.Moving, Mover{i, m})
		}
	}
	if len(d.Windows)+len(d.Moving) > 0 {
		return d
	}
	if !bare {
		fail(*s.Distinct, "SELECT DISTINCT needs an item that rises with ROWTIME, or it would have to remember every row; add one as STEP(ROWTIME BY INTERVAL '1' MINUTE)")
	}
	d.Windows = []Expr{&Rowtime{}}
	return d
}
