package bind

import (
	"github.com/millrace/millrace/internal/sql/ast"
	"github.com/millrace/millrace/internal/sql/types"
)

// period is a period (start, end), which contains its start and not its end. A time alone has no end.
type period struct{ start, end Expr }

// periods resolves a predicate of two periods, or a chain of them, which stands for its links joined by AND.
func (b *exprBinder) periods(e *ast.PeriodPredicate) Expr {
	x, _ := b.periodChain(e)
	return x
}

// periodChain also returns the period on the right, from which a chain goes on.
func (b *exprBinder) periodChain(e *ast.PeriodPredicate) (Expr, period) {
	var before Expr
	var l period
	if left, chain := e.L.(*ast.PeriodPredicate); chain {
		before, l = b.periodChain(left)
	} else {
		l = b.period(e.L)
	}
	r := b.period(e.R)
	for _, x := range []Expr{l.start, l.end, r.start, r.end} {
		if x != nil {
			b.repeat(e.Pos, x, 1)
		}
	}
	x := b.periodPredicate(e, l, r)
	if before != nil {
		x = &Logic{L: before, R: x}
	}
	return x, r
}

func (b *exprBinder) period(e ast.Expr) period {
	if p, ok := e.(*ast.Period); ok {
		return period{b.time(p.Start), b.time(p.End)}
	}
	return period{start: b.time(e)}
}

// time resolves a side of a period.
func (b *exprBinder) time(e ast.Expr) Expr {
	x := b.expr(e)
	if k := x.Type().Kind; !k.IsDatetime() && k != types.Null {
		fail(e.Position(), "a period needs times, found %s", x.Type())
	}
	return x
}

func (b *exprBinder) periodPredicate(e *ast.PeriodPredicate, l, r period) Expr {
	both := func(first, second Expr) Expr { return &Logic{L: first, R: second} }
	is := func(x Expr, op string, y Expr) Expr { return b.compare(e.Pos, op, x, y) }
	switch op := e.Op; {
	case op == "CONTAINS" && r.end == nil:
		return both(is(l.start, "<=", r.start), is(r.start, "<", l.end))
	case op == "STRICTLY CONTAINS" && r.end == nil:
		return both(is(l.start, "<", r.start), is(r.start, "<", l.end))
	case op == "CONTAINS":
		return both(is(l.start, "<=", r.start), is(r.end, "<=", l.end))
	case op == "STRICTLY CONTAINS":
		return both(is(l.start, "<", r.start), is(r.end, "<", l.end))
	case op == "OVERLAPS":
		return both(is(l.start, "<", r.end), is(r.start, "<", l.end))
	case op == "EQUALS":
		return both(is(l.start, "=", r.start), is(l.end, "=", r.end))
	case op == "PRECEDES":
		return is(l.end, "<=", r.start)
	case op == "STRICTLY PRECEDES":
		return is(l.end, "<", r.start)
	case op == "IMMEDIATELY PRECEDES":
		return is(l.end, "=", r.start)
	case op == "SUCCEEDS":
		return is(r.end, "<=", l.start)
	case op == "STRICTLY SUCCEEDS":
		return is(r.end, "<", l.start)
	case op == "IMMEDIATELY SUCCEEDS":
		return is(r.end, "=", l.start)
	}
	fail(e.Pos, "%s is not supported: its meaning is not documented; compare the starts and ends of the periods", e.Op)
	return nil
}
