package bind

import (
	"github.com/millrace/millrace/internal/sql/ast"
	"github.com/millrace/millrace/internal/sql/dialect"
	"github.com/millrace/millrace/internal/sql/function"
	"github.com/millrace/millrace/internal/sql/types"
)

func (b *exprBinder) is(e *ast.Is) Expr {
	x := b.expr(e.X)
	if e.What == "NULL" {
		return &Test{X: x, What: "NULL", Not: e.Not}
	}
	if k := x.Type().Kind; k != types.Boolean && k != types.Null {
		fail(e.Pos, "IS %s needs a condition, found %s", e.What, x.Type())
	}
	what := e.What
	if what == "UNKNOWN" {
		what = "NULL"
	}
	return &Test{X: asBoolean(x), What: what, Not: e.Not}
}

// between is x >= lo AND x <= hi.
func (b *exprBinder) between(e *ast.Between) Expr {
	x, lo, hi := b.expr(e.X), b.expr(e.Lo), b.expr(e.Hi)
	b.repeat(e.Pos, x, 1)
	both := &Logic{L: b.compare(e.Pos, ">=", x, lo), R: b.compare(e.Pos, "<=", x, hi)}
	if !e.Not {
		return both
	}
	r, err := function.Not(argOf(both))
	return apply(e.Pos, "(NOT %s)", r, err, both)
}

func (b *exprBinder) like(e *ast.Like) Expr {
	args := []Expr{b.expr(e.X), b.expr(e.Pattern)}
	op, resolve := "LIKE", function.Like
	if e.Similar {
		op, resolve = "SIMILAR TO", function.Similar
	}
	format := "(%s " + op + " %s)"
	if e.Escape != nil {
		args = append(args, b.expr(e.Escape))
		format = "(%s " + op + " %s ESCAPE %s)"
	}
	res, err := resolve(argsOf(args))
	like := apply(e.Pos, format, res, err, args...)
	if !e.Not {
		return like
	}
	res, err = function.Not(argOf(like))
	return apply(e.Pos, "(NOT %s)", res, err, like)
}

// substringSimilar is SUBSTRING(x SIMILAR pattern ESCAPE escape).
func (b *exprBinder) substringSimilar(e *ast.Similar) Expr {
	args := []Expr{b.expr(e.X), b.expr(e.Pattern), b.expr(e.Escape)}
	res, err := function.SubstringSimilar(argsOf(args))
	return apply(e.Pos, "SUBSTRING(%s SIMILAR %s ESCAPE %s)", res, err, args...)
}

func (b *exprBinder) in(e *ast.In) Expr {
	if e.Query != nil {
		fail(e.Pos, "IN with a sub-query is not supported: join the stream or the table instead")
	}
	in := &In{X: b.expr(e.X), Not: e.Not}
	for _, item := range e.List {
		equal := b.compare(item.Position(), "=", in.X, b.expr(item))
		if equal.Args[0] != in.X {
			b.repeat(item.Position(), in.X, 1)
		}
		in.Equal = append(in.Equal, equal)
	}
	return in
}

func (b *exprBinder) caseExpr(e *ast.Case) Expr {
	c := &Case{}
	var results []Expr
	var operand Expr
	if e.Operand != nil {
		operand = b.expr(e.Operand)
		b.repeat(e.Pos, operand, len(e.Whens)-1)
	}
	for _, w := range e.Whens {
		var cond Expr
		if operand != nil {
			cond = b.compare(w.When.Position(), "=", operand, b.expr(w.When))
		} else {
			cond = b.condition(w.When, "WHEN")
		}
		c.Whens = append(c.Whens, When{Cond: cond, Then: b.expr(w.Then)})
		results = append(results, c.Whens[len(c.Whens)-1].Then)
	}
	if e.Else != nil {
		c.Else = b.expr(e.Else)
		results = append(results, c.Else)
	}
	c.T = b.common(e, results)
	for i := range c.Whens {
		c.Whens[i].Then = coerce(c.Whens[i].Then, c.T, e.Pos)
	}
	if c.Else != nil {
		c.Else = coerce(c.Else, c.T, e.Pos)
	} else {
		c.T.Nullable = true
	}
	return c
}

func (b *exprBinder) common(at ast.Expr, all []Expr) types.Type {
	each := make([]types.Type, len(all))
	for i, x := range all {
		each[i] = x.Type()
	}
	t, err := function.Common(each)
	if err != nil {
		fail(at.Position(), "the results of this expression differ: %s", err)
	}
	return t
}

// monotonic is MONOTONIC(x).
func (b *exprBinder) monotonic(e *ast.Call) Expr {
	if len(e.Args) != 1 {
		fail(e.Name.Pos, "MONOTONIC: expected 1 argument, found %d", len(e.Args))
	}
	return &Monotonic{X: b.expr(e.Args[0])}
}

// coalesce is COALESCE(a, b, …).
func (b *exprBinder) coalesce(e *ast.Call) Expr {
	if len(e.Args) == 0 {
		fail(e.Name.Pos, "COALESCE: expected at least 1 argument, found 0")
	}
	c := &Coalesce{}
	for _, a := range e.Args {
		c.Args = append(c.Args, b.expr(a))
	}
	c.T = b.common(e, c.Args)
	c.T.Nullable = true
	for i, a := range c.Args {
		c.T.Nullable = c.T.Nullable && a.Type().Nullable
		c.Args[i] = coerce(a, c.T, e.Name.Pos)
	}
	return c
}

// nullif is NULLIF(a, b): NULL where both are equal, else a.
func (b *exprBinder) nullif(e *ast.Call) Expr {
	if len(e.Args) != 2 {
		fail(e.Name.Pos, "NULLIF: expected 2 arguments, found %d", len(e.Args))
	}
	l, r := b.expr(e.Args[0]), b.expr(e.Args[1])
	b.repeat(e.Name.Pos, l, 1)
	equal := b.compare(e.Name.Pos, "=", l, r)
	t := l.Type()
	t.Nullable = true
	null := &Const{Value: function.Value{Null: true}, T: t}
	return &Case{Whens: []When{{Cond: equal, Then: null}}, Else: l, T: t}
}

func (b *exprBinder) cast(e *ast.Cast) Expr {
	x := b.expr(e.X)
	if x.Type().Kind == types.Time && e.Type.Kind == types.Timestamp {
		// A time of day belongs to the day of the row.
		day := coerce(coerce(&Rowtime{}, types.Type{Kind: types.Date}, e.Pos), types.Type{Kind: types.Timestamp}, e.Pos)
		t := e.Type
		t.Nullable = x.Type().Nullable
		return &Call{Format: "(%s + %s)", Args: []Expr{day, x}, T: t, Kernel: function.DayAndTime()}
	}
	if x.Type().Kind.IsText() && e.Type.Kind == types.Char && e.Type.Same(x.Type()) {
		return x
	}
	c := coerce(x, e.Type, e.Pos)
	if c == x && !x.Type().Same(e.Type) {
		// The values stay as they are; the name of the type changes all the same.
		c = &Call{Format: "CAST(%s AS " + e.Type.String() + ")", Args: []Expr{x}, T: e.Type, Kernel: function.Same(e.Type), Time: Ascending}
	}
	return c
}

func (b *exprBinder) floorTo(e *ast.FloorTo) Expr {
	x := b.expr(e.X)
	res, err := function.FloorTo(argOf(x), e.Unit, e.Ceil, e.Ceil && b.strictCeil && dialect.CeilWindowEndsOnBoundary)
	name := "FLOOR"
	if e.Ceil {
		name = "CEIL"
	}
	call := apply(e.Pos, name+"(%s TO "+e.Unit.String()+")", res, err, x)
	call.Time = Ascending
	return call
}

func (b *exprBinder) step(e *ast.Step) Expr {
	x, by := b.expr(e.X), b.expr(e.By)
	res, err := function.Step(argOf(x), argOf(by))
	call := apply(e.Pos, "STEP(%s BY %s)", res, err, x, by)
	call.Time = Ascending
	return call
}

// qualified is (a - b) unit: the difference of two times, or an interval named anew.
func (b *exprBinder) qualified(e *ast.Qualified) Expr {
	t := types.IntervalOf(e.Qualifier.From, e.Qualifier.To)
	difference, ok := e.X.(*ast.Binary)
	if !ok || difference.Op != "-" {
		fail(e.Pos, "expected the difference of two times before %s, as in (a - b) %s", e.Qualifier, e.Qualifier)
	}
	l, r := b.expr(difference.L), b.expr(difference.R)
	res, err := function.Difference(argOf(l), argOf(r), t)
	return apply(e.Pos, "((%s - %s) "+t.String()+")", res, err, l, r)
}

// interval is INTERVAL 'text' qualifier.
func interval(e *ast.Interval) Expr {
	q := e.Qualifier
	t := types.IntervalOf(q.From, q.To)
	t.Nullable = false
	v, ok := types.ParseInterval(e.Text, q.From, q.To)
	if !ok || (q.From <= types.Month) != (q.To <= types.Month) {
		fail(e.Pos, "'%s' is no INTERVAL %s", e.Text, q)
	}
	return &Const{Value: function.Value{Int: v}, T: t}
}
