package bind

import (
	"github.com/millrace/millrace/internal/sql/ast"
	"github.com/millrace/millrace/internal/sql/types"
)

// promote makes an expression AS ROWTIME the ROWTIME of the query's rows. It is no item.
func (b *exprBinder) promote(it ast.Item, x Expr) {
	switch {
	case b.promotion == nil:
		fail(it.Alias.Pos, "AS ROWTIME cannot stand here")
	case *b.promotion != nil:
		fail(it.Alias.Pos, "ROWTIME is there twice")
	case x.Type().Kind != types.Timestamp:
		fail(it.Alias.Pos, "ROWTIME is a TIMESTAMP, found %s; CAST it", x.Type())
	}
	*b.promotion = x
}

// checkPromotion refuses what has no meaning beside a new ROWTIME.
func checkPromotion(s *ast.Select, q *Query) {
	switch {
	case q.Promote == nil:
	case s.Distinct != nil:
		fail(*s.Distinct, "DISTINCT cannot stand beside an expression AS ROWTIME; use a sub-query")
	case q.Sort != nil:
		fail(s.OrderBy[0].Expr.Position(), "ORDER BY cannot stand beside an expression AS ROWTIME; use a sub-query")
	}
}

// behind are the items of a query as columns of the one around it: what they are of the ROWTIME that its rows have then.
func behind(q *Query) []scopeColumn {
	columns := make([]scopeColumn, len(q.Items))
	for i, it := range q.Items {
		c := scopeColumn{name: it.Name, t: it.Expr.Type(), fields: fieldsOf(it.Expr)}
		switch {
		case q.Promote != nil:
			// The rows keep their order, so what rose with the old ROWTIME still rises.
			if c.motion = moving(it.Expr); it.Expr.String() == q.Promote.String() {
				c.pure = &Rowtime{}
			}
		case q.Sort != nil && !q.Sort.AtOnce:
			if it.Expr.String() == q.Sort.First.Expr.String() {
				c.pure, c.motion = releasedBy(q.Sort), moving(it.Expr)
			}
		default:
			c.pure, c.motion = outside(it.Expr), asserted(it.Expr)
		}
		columns[i] = c
	}
	return columns
}

// releasedBy is the first term of ORDER BY as a function of the ROWTIME at which its rows went on: the end of the time in
// which it had its value.
func releasedBy(s *Sort) Expr {
	if s.Window == nil {
		return nil
	}
	return outside(shift(s.Window))
}

// moving is MotionOf without constants.
func moving(e Expr) Motion {
	if m := MotionOf(e); m == Ascending || m == Descending {
		return m
	}
	return Unknown
}
