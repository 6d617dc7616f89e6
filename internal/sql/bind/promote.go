package bind

import (
	"slices"

	"github.com/millrace/millrace/internal/sql/ast"
	"github.com/millrace/millrace/internal/sql/token"
	"github.com/millrace/millrace/internal/sql/types"
)

// promote makes an expression AS ROWTIME the ROWTIME of the query's rows. It is no item.
func (b *exprBinder) promote(it ast.Item, x Expr) {
	if b.promotion == nil {
		fail(it.Alias.Pos, "AS ROWTIME cannot stand here")
	}
	setPromotion(b.promotion, x, it.Alias.Pos)
}

func setPromotion(to *Expr, x Expr, pos token.Position) {
	switch {
	case *to != nil:
		fail(pos, "ROWTIME is there twice")
	case x.Type().Kind != types.Timestamp:
		fail(pos, "ROWTIME is a TIMESTAMP, found %s; CAST it", x.Type())
	}
	*to = x
}

// promoteColumn takes ROWTIME out of the columns that INSERT names and makes the item in its place the ROWTIME of the rows:
// INSERT INTO s (ROWTIME, a) SELECT STREAM t, a is SELECT STREAM t AS ROWTIME, a.
func promoteColumn(s *ast.CreatePump, target *Stream, q *Query) *ast.CreatePump {
	at := slices.IndexFunc(s.Columns, func(c ast.Ident) bool { return c.Name == "ROWTIME" })
	declared := slices.ContainsFunc(target.Columns, func(c types.Column) bool { return c.Name == "ROWTIME" })
	if at < 0 || declared || at >= len(q.Items) {
		return s
	}
	pos, x := s.Columns[at].Pos, q.Items[at].Expr
	if q.Distinct != nil || q.Sort != nil {
		fail(pos, "ROWTIME cannot be inserted from a query with DISTINCT or ORDER BY; use a sub-query")
	}
	if _, same := x.(*Rowtime); !same {
		setPromotion(&q.Promote, x, pos)
	}
	q.Items = slices.Delete(slices.Clone(q.Items), at, at+1)
	without := *s
	without.Columns = slices.Delete(slices.Clone(s.Columns), at, at+1)
	return &without
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

// checkTimes refuses what would bring rows of different times together: a join or a union whose sides have a ROWTIME that a
// query gave them, for each side would have to wait for the other's time. Which streams have one is known when all pumps are.
func (b *binder) checkTimes() {
	own := map[string]bool{}
	for again := true; again; {
		again = false
		for _, p := range b.app.Pumps {
			if !own[p.Target] && hasOwnTime(p.Query, own) {
				own[p.Target], again = true, true
			}
		}
	}
	for _, p := range b.app.Pumps {
		b.try(func() { checkSides(p.Query, own, p.pos) })
	}
}

func hasOwnTime(s Source, own map[string]bool) bool {
	switch s := s.(type) {
	case *Stream:
		return own[s.Name]
	case *Query:
		if s.Promote != nil {
			return true
		}
	}
	return slices.ContainsFunc(s.sources(), func(from Source) bool { return hasOwnTime(from, own) })
}

func checkSides(s Source, own map[string]bool, pos token.Position) {
	sides := s.sources()
	for _, from := range sides {
		if len(sides) > 1 && hasOwnTime(from, own) {
			fail(pos, "a join or union of rows whose ROWTIME comes from an expression AS ROWTIME is not supported: join first, and give the rows their ROWTIME behind it")
		}
		checkSides(from, own, pos)
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
