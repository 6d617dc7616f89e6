package bind

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/millrace/millrace/internal/sql/ast"
	"github.com/millrace/millrace/internal/sql/dialect"
	"github.com/millrace/millrace/internal/sql/function"
	"github.com/millrace/millrace/internal/sql/token"
	"github.com/millrace/millrace/internal/sql/types"
)

// exprBinder resolves expressions in a scope. With a group, names mean its keys and aggregates.
type exprBinder struct {
	scope *scope
	group *group
	// over is set in a select list, where functions with OVER may stand, and promotion where an item may be AS ROWTIME.
	over      *over
	promotion *Expr
	// strictCeil is set for the terms of GROUP BY, where CEIL of a boundary is the next one.
	strictCeil bool
}

// condition resolves an expression that must be a condition.
func (b *exprBinder) condition(e ast.Expr, clause string) Expr {
	x := b.expr(e)
	if k := x.Type().Kind; k != types.Boolean && k != types.Null {
		fail(e.Position(), "%s needs a condition, found %s", clause, x.Type())
	}
	return asBoolean(x)
}

func asBoolean(x Expr) Expr {
	if x.Type().Kind == types.Null {
		return &Const{Value: function.Value{Null: true}, T: types.Of(types.Boolean)}
	}
	return x
}

// expr resolves an expression.
func (b *exprBinder) expr(e ast.Expr) Expr {
	if b.group != nil {
		if x := b.group.key(b, e); x != nil {
			return x
		}
	}
	switch e := e.(type) {
	case *ast.Name:
		return b.name(e)
	case *ast.Number:
		return number(e)
	case *ast.Text:
		return text(e.Value)
	case *ast.Word:
		return word(e)
	case *ast.Datetime:
		return datetime(e)
	case *ast.Interval:
		return interval(e)
	case *ast.Unary:
		return b.unary(e)
	case *ast.Binary:
		return b.binary(e)
	case *ast.Is:
		return b.is(e)
	case *ast.IsDistinct:
		return &Distinct{Equal: b.compare(e.Pos, "=", b.expr(e.L), b.expr(e.R)), Not: e.Not}
	case *ast.Between:
		return b.between(e)
	case *ast.Like:
		return b.like(e)
	case *ast.In:
		return b.in(e)
	case *ast.Case:
		return b.caseExpr(e)
	case *ast.Cast:
		return b.cast(e)
	case *ast.FloorTo:
		return b.floorTo(e)
	case *ast.Step:
		return b.step(e)
	case *ast.Position:
		return b.resolve(e.Pos, "POSITION(%s IN %s)", "POSITION", b.expr(e.X), b.expr(e.Y))
	case *ast.Trim:
		return b.resolve(e.Pos, "TRIM(%s %s FROM %s)", "TRIM", text(e.Where), b.expr(e.Chars), b.expr(e.X))
	case *ast.Qualified:
		return b.qualified(e)
	case *ast.Call:
		return b.call(e)
	case *ast.Star:
		fail(e.Pos, "* stands only in a select list and in COUNT(*)")
	case *ast.Extract:
		x := b.expr(e.X)
		res, err := function.Extract(argOf(x), e.Unit)
		return apply(e.Pos, "EXTRACT("+e.Unit.String()+" FROM %s)", res, err, x)
	case *ast.Exists:
		fail(e.Pos, "EXISTS is not supported: join the stream or the table instead")
	case *ast.Period:
		fail(e.Pos, "a period (start, end) stands only beside a predicate of periods, such as OVERLAPS")
	case *ast.PeriodPredicate:
		return b.periods(e)
	case *ast.Similar:
		return b.substringSimilar(e)
	case *ast.Cursor:
		fail(e.Pos, "CURSOR stands only in a table function")
	}
	panic("BUG: expression " + e.String())
}

// name resolves a column or ROWTIME.
func (b *exprBinder) name(e *ast.Name) Expr {
	if x := b.field(e); x != nil {
		return x
	}
	last := e.Parts[len(e.Parts)-1]
	if len(e.Parts) > 2 {
		fail(e.Position(), "%s has too many parts, expected a column, stream.column or stream.row.column", e)
	}
	lo, hi := 0, len(b.scope.columns)
	var where fmt.Stringer = b.scope
	var r *relation
	if len(e.Parts) == 2 {
		r = b.scope.qualified(e.Parts[0])
		lo, hi, where = r.from, r.to, r
	}
	if last.Name == "ROWTIME" {
		return b.rowtime(e, r)
	}
	found := b.scope.find(e, lo, hi, where)
	if b.group != nil {
		fail(last.Pos, "column %s stands neither in GROUP BY nor in an aggregate", show(last.Name))
	}
	return b.scope.column(found)
}

// rowtime is ROWTIME, or that of a relation, which may be another where rows are joined.
func (b *exprBinder) rowtime(e *ast.Name, r *relation) Expr {
	switch {
	case r == nil:
		return &Rowtime{}
	case b.group != nil:
		fail(e.Position(), "%s.ROWTIME is that of the rows read; behind GROUP BY write ROWTIME for the end of the window, or the grouped term", show(r.name))
	case r.rowtime == noRowtime:
		fail(e.Position(), "%s is a reference table and has no ROWTIME", show(r.name))
	case r.rowtime >= 0:
		return b.scope.column(r.rowtime)
	}
	return &Rowtime{}
}

func text(s string) *Const {
	return &Const{Value: function.Value{Str: s}, T: types.Type{Kind: types.Varchar, Length: max(1, len([]rune(s)))}}
}

// number = an INTEGER or BIGINT, a DECIMAL when it has a point, a DOUBLE when it has an exponent.
func number(e *ast.Number) *Const {
	if strings.ContainsAny(e.Text, "eE") {
		f, err := strconv.ParseFloat(e.Text, 64)
		if err != nil {
			fail(e.Pos, "number %s is out of range", e.Text)
		}
		return &Const{Value: function.Value{Float: f}, T: types.Type{Kind: types.Double}}
	}
	whole, fraction, point := strings.Cut(e.Text, ".")
	if point && fraction != "" {
		digits := len(strings.TrimLeft(whole, "0")) + len(fraction)
		v, ok := types.ParseDecimal(e.Text, types.MaxPrecision, min(len(fraction), types.MaxPrecision))
		if !ok || digits > types.MaxPrecision {
			fail(e.Pos, "number %s has more than %d digits", e.Text, types.MaxPrecision)
		}
		return &Const{Value: function.Value{Int: v}, T: types.Type{Kind: types.Decimal, Precision: max(digits, 1), Scale: len(fraction)}}
	}
	v, err := strconv.ParseInt(whole, 10, 64)
	if err != nil {
		fail(e.Pos, "number %s does not fit BIGINT", e.Text)
	}
	t := types.Type{Kind: types.Bigint}
	if v <= 1<<31-1 {
		t.Kind = types.Integer
	}
	return &Const{Value: function.Value{Int: v}, T: t}
}

// word resolves NULL, TRUE, FALSE and the functions that read a clock elsewhere: here they are the row's ROWTIME.
func word(e *ast.Word) Expr {
	switch e.Word {
	case "TRUE":
		return &Const{Value: function.Value{Int: 1}, T: types.Type{Kind: types.Boolean}}
	case "FALSE":
		return &Const{T: types.Type{Kind: types.Boolean}}
	case "UNKNOWN":
		return asBoolean(&Const{Value: function.Value{Null: true}})
	case "CURRENT_TIMESTAMP", "LOCALTIMESTAMP", "CURRENT_ROW_TIMESTAMP":
		return &Rowtime{}
	case "CURRENT_DATE":
		return coerce(&Rowtime{}, types.Type{Kind: types.Date}, e.Pos)
	case "CURRENT_TIME", "LOCALTIME":
		return coerce(&Rowtime{}, types.Type{Kind: types.Time}, e.Pos)
	}
	return &Const{Value: function.Value{Null: true}, T: types.Of(types.Null)}
}

func datetime(e *ast.Datetime) Expr {
	var ms int64
	var ok bool
	form := "yyyy-MM-dd HH:mm:ss[.fff]"
	switch e.Kind {
	case types.Date:
		ms, ok = types.ParseDate(e.Text)
		form = "yyyy-MM-dd"
	case types.Time:
		ms, ok = types.ParseTimeOfDay(e.Text)
		form = "HH:mm:ss[.fff]"
	default:
		if ms, ok = types.ParseTimestamp(e.Text); strings.ContainsAny(e.Text, "TZ") || len(e.Text) < 19 {
			ok = false
		}
	}
	if !ok {
		fail(e.Pos, "'%s' is no %s, expected %s", e.Text, e.Kind, form)
	}
	return &Const{Value: function.Value{Int: ms}, T: types.Type{Kind: e.Kind}}
}

func (b *exprBinder) unary(e *ast.Unary) Expr {
	x := b.expr(e.X)
	if e.Op == "NOT" {
		r, err := function.Not(argOf(x))
		return apply(e.Pos, "(NOT %s)", r, err, x)
	}
	if x.Type().Kind == types.Null {
		return x
	}
	if e.Op == "+" {
		if !x.Type().Kind.IsNumeric() && !x.Type().Kind.IsInterval() {
			fail(e.Pos, "+ needs a number or an interval, found %s", x.Type())
		}
		return x
	}
	if c, ok := x.(*Const); ok && (c.T.Kind.IsNumeric() || c.T.Kind.IsInterval()) {
		return &Const{Value: function.Value{Int: -c.Value.Int, Float: -c.Value.Float, Null: c.Value.Null}, T: c.T}
	}
	r, err := function.Negate(argOf(x))
	return apply(e.Pos, "(- %s)", r, err, x)
}

func (b *exprBinder) binary(e *ast.Binary) Expr {
	l, r := b.expr(e.L), b.expr(e.R)
	switch e.Op {
	case "AND", "OR":
		for _, x := range []Expr{l, r} {
			if k := x.Type().Kind; k != types.Boolean && k != types.Null {
				fail(e.Pos, "%s needs conditions, found %s", e.Op, x.Type())
			}
		}
		return &Logic{Or: e.Op == "OR", L: asBoolean(l), R: asBoolean(r)}
	case "||":
		res, err := function.Concat(argOf(l), argOf(r))
		return apply(e.Pos, "(%s || %s)", res, err, l, r)
	case "+", "-", "*", "/":
		res, err := function.Arithmetic(e.Op, argOf(l), argOf(r))
		return apply(e.Pos, "(%s "+e.Op+" %s)", res, err, l, r)
	}
	return b.compare(e.Pos, e.Op, l, r)
}

func (b *exprBinder) compare(pos token.Position, op string, l, r Expr) *Call {
	res, err := function.Compare(op, argOf(l), argOf(r))
	return apply(pos, "(%s "+op+" %s)", res, err, l, r)
}

// resolve fits a function of the table to its arguments. Format prints the call.
func (b *exprBinder) resolve(pos token.Position, format, name string, args ...Expr) Expr {
	res, err := function.Resolve(name, argsOf(args))
	call := apply(pos, format, res, err, args...)
	switch name {
	case "UNIX_TIMESTAMP", "TO_TIMESTAMP", "FLOOR", "CEIL":
		call.Time = Ascending
	case "SUBSTRING":
		// The beginnings of texts in order are in order.
		if from, ok := call.Args[1].(*Const); ok && from.T.Kind.IsInteger() && !from.Value.Null && from.Value.Int <= 1 {
			call.Time = Ascending
		}
	case "TSDIFF":
		if dialect.TSDiffIsFirstMinusSecond {
			call.Time = Ascending
		}
	}
	return call
}

func argOf(x Expr) function.Arg {
	a := function.Arg{Type: x.Type()}
	if c, ok := x.(*Const); ok {
		a.Const = &c.Value
	}
	return a
}

func argsOf(all []Expr) []function.Arg {
	args := make([]function.Arg, len(all))
	for i, x := range all {
		args[i] = argOf(x)
	}
	return args
}

// apply makes the call that a function was resolved to, with its arguments cast.
func apply(pos token.Position, format string, res function.Resolved, err error, args ...Expr) *Call {
	if err != nil {
		fail(pos, "%s", err)
	}
	cast := make([]Expr, len(args))
	for i, a := range args {
		cast[i] = coerce(a, res.Args[i], pos)
	}
	return &Call{Format: format, Args: cast, T: res.Type, Kernel: res.Kernel}
}

// coerce casts an expression where its values are not yet of a type.
func coerce(x Expr, to types.Type, pos token.Position) Expr {
	from := x.Type()
	if from.Kind == types.Null {
		to.Nullable = true
		return &Const{Value: function.Value{Null: true}, T: to}
	}
	if !function.NeedsCast(from, to) {
		return x
	}
	kernel, err := function.Cast(from, to)
	if err != nil {
		fail(pos, "%s", err)
	}
	to.Nullable = from.Nullable
	call := &Call{Format: "CAST(%s AS " + to.String() + ")", Args: []Expr{x}, T: to, Kernel: kernel}
	// A time of day starts again each day; all other numbers and times keep their order, and of texts those of times do.
	inOrder := !to.Kind.IsText() || from.Kind == types.Timestamp || from.Kind == types.Date
	if to.Kind != types.Time && !from.Kind.IsText() && inOrder {
		call.Time = Ascending
	}
	return call
}
