package bind

import (
	"github.com/millrace/millrace/internal/sql/ast"
)

// periods resolves a predicate of two periods (start, end), which contain their start and not their end.
func (b *exprBinder) periods(e *ast.PeriodPredicate) Expr {
	l := e.L.(*ast.Period)
	r, period := e.R.(*ast.Period)
	both := func(first, second Expr) Expr { return &Logic{L: first, R: second} }
	is := func(x ast.Expr, op string, y ast.Expr) Expr { return b.compare(e.Pos, op, b.time(x), b.time(y)) }
	if !period {
		if e.Op == "STRICTLY CONTAINS" {
			return both(is(l.Start, "<", e.R), is(e.R, "<", l.End))
		}
		return both(is(l.Start, "<=", e.R), is(e.R, "<", l.End))
	}
	switch e.Op {
	case "CONTAINS":
		return both(is(l.Start, "<=", r.Start), is(r.End, "<=", l.End))
	case "STRICTLY CONTAINS":
		return both(is(l.Start, "<", r.Start), is(r.End, "<", l.End))
	case "OVERLAPS":
		return both(is(l.Start, "<", r.End), is(r.Start, "<", l.End))
	case "EQUALS":
		return both(is(l.Start, "=", r.Start), is(l.End, "=", r.End))
	case "PRECEDES":
		return is(l.End, "<=", r.Start)
	case "STRICTLY PRECEDES":
		return is(l.End, "<", r.Start)
	case "IMMEDIATELY PRECEDES":
		return is(l.End, "=", r.Start)
	case "SUCCEEDS":
		return is(r.End, "<=", l.Start)
	case "STRICTLY SUCCEEDS":
		return is(r.End, "<", l.Start)
	case "IMMEDIATELY SUCCEEDS":
		return is(r.End, "=", l.Start)
	}
	fail(e.Pos, "%s is not supported: its meaning is not documented; compare the starts and ends of the periods", e.Op)
	return nil
}

// time resolves a side of a period.
func (b *exprBinder) time(e ast.Expr) Expr {
	x := b.expr(e)
	if k := x.Type().Kind; !k.IsDatetime() && k != 0 {
		fail(e.Position(), "a period needs times, found %s", x.Type())
	}
	return x
}
