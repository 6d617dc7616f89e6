package bind

import (
	"slices"
	"strings"

	"github.com/millrace/millrace/internal/sql/ast"
	"github.com/millrace/millrace/internal/sql/dialect"
	"github.com/millrace/millrace/internal/sql/types"
)

// aggregateNames are the functions over several rows that stand in a query with GROUP BY, or before OVER.
func aggregateNames() []string {
	return []string{"COUNT", "SUM", "AVG", "MIN", "MAX", "STDDEV_SAMP", "STDDEV_POP", "STD_DEV", "VAR_SAMP", "VAR_POP",
		"FIRST_VALUE", "LAST_VALUE", "ANY", "EVERY"}
}

// overNames are those that stand only before OVER.
func overNames() []string { return []string{"LAG", "NTH_VALUE", "EXP_AVG"} }

func isAggregateCall(e *ast.Call) bool {
	return e.Over == nil && slices.Contains(aggregateNames(), e.Name.Name)
}

// aggregate resolves an aggregate function to the column behind the keys that holds it.
func (b *exprBinder) aggregate(e *ast.Call) Expr {
	if b.group == nil {
		fail(e.Name.Pos, "%s cannot stand here; it needs GROUP BY", e.Name.Name)
	}
	a := b.aggregateFunction(e)
	at, first := b.group.aggregateAt.of(a.String())
	if first {
		b.group.Aggregates = append(b.group.Aggregates, a)
	}
	return &Column{Index: len(b.group.Keys) + at, Name: a.Label, T: a.T}
}

// aggregateFunction resolves the call of an aggregate function over the rows of the scope.
func (b *exprBinder) aggregateFunction(e *ast.Call) Aggregate {
	name := e.Name.Name
	if e.Distinct {
		fail(e.Name.Pos, "%s(DISTINCT …) is not in the language; use COUNT_DISTINCT_ITEMS_TUMBLING or a DISTINCT sub-query", name)
	}
	values := name == "FIRST_VALUE" || name == "LAST_VALUE"
	if e.Nulls != "" && !values {
		fail(e.Name.Pos, "%s NULLS has no meaning in %s, which skips NULL", e.Nulls, name)
	}
	if len(e.Args) != 1 {
		fail(e.Name.Pos, "%s: expected 1 argument, found %d", name, len(e.Args))
	}
	a := Aggregate{Func: name, Label: e.String(), IgnoreNulls: e.Nulls == "IGNORE"}
	switch name {
	case "STD_DEV":
		a.Func = "STDDEV_SAMP"
	case "FIRST_VALUE":
		a.N = 1
	}
	if star, ok := e.Args[0].(*ast.Star); ok {
		if name != "COUNT" || star.Qualifier.Name != "" {
			fail(star.Pos, "* stands only in a select list and in COUNT(*)")
		}
	} else {
		a.Arg = b.argument(e, e.Args[0])
	}
	a.T = aggregateType(e, a.Arg)
	if a.Arg != nil && a.Arg.Type().Kind == types.Null {
		a.Arg = coerce(a.Arg, a.T, e.Name.Pos)
	}
	return a
}

// argument resolves an argument of a function over several rows, in which no other such function can stand.
func (b *exprBinder) argument(e *ast.Call, arg ast.Expr) Expr {
	inner := findCall(arg, func(c *ast.Call) bool { return c.Over != nil || isAggregateCall(c) })
	if inner != nil {
		fail(inner.Name.Pos, "%s cannot stand within %s", inner.Name.Name, e.Name.Name)
	}
	return (&exprBinder{scope: b.scope}).expr(arg)
}

func aggregateType(e *ast.Call, arg Expr) types.Type {
	name := e.Name.Name
	if name == "COUNT" {
		return types.Type{Kind: types.Bigint}
	}
	t := arg.Type()
	switch {
	case name == "ANY" || name == "EVERY":
		if t.Kind != types.Boolean && t.Kind != types.Null {
			fail(e.Name.Pos, "%s needs a condition, found %s", name, t)
		}
		return types.Of(types.Boolean)
	case t.Kind == types.Null:
		t = types.Of(types.Integer)
	}
	t.Nullable = true
	switch name {
	case "MIN", "MAX", "FIRST_VALUE", "LAST_VALUE":
		return t
	}
	spread := strings.HasPrefix(name, "STD") || strings.HasPrefix(name, "VAR")
	if !t.Kind.IsNumeric() && (t.Kind != types.Interval || spread) {
		fail(e.Name.Pos, "%s needs numbers, found %s", name, t)
	}
	switch {
	case spread:
		return types.Of(types.Double)
	case name == "AVG":
		return t
	case t.Kind.IsInteger() && dialect.SumOfIntegersIsBigint:
		return types.Of(types.Bigint)
	case t.Kind == types.Decimal:
		return types.DecimalOf(types.MaxPrecision, t.Scale)
	case t.Kind == types.Real:
		return types.Of(types.Double)
	}
	return t
}
