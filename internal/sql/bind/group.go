package bind

import (
	"strconv"

	"github.com/millrace/millrace/internal/sql/ast"
	"github.com/millrace/millrace/internal/sql/dialect"
	"github.com/millrace/millrace/internal/sql/function"
	"github.com/millrace/millrace/internal/sql/types"
)

// group is a Group while its query is resolved. sizes has the number of nodes of each expression met so far, and keySizes
// those of the keys: only an expression as large as a key can equal it, which saves resolving every part of a long one.
type group struct {
	*Group
	sizes    map[ast.Expr]int
	keySizes map[int]bool
}

func newGroup() *group {
	return &group{&Group{}, map[ast.Expr]int{}, map[int]bool{}}
}

func (g *group) add(k Key, term ast.Expr) {
	g.Keys = append(g.Keys, k)
	g.keySizes[g.size(term)] = true
}

func (g *group) size(e ast.Expr) int {
	n, known := g.sizes[e]
	if known {
		return n
	}
	n = 1
	for _, child := range children(e) {
		if child != nil {
			n += g.size(child)
		}
	}
	g.sizes[e] = n
	return n
}

// key returns the key that an expression equals once its names are resolved, as a column, or nil.
func (g *group) key(b *exprBinder, e ast.Expr) Expr {
	if !g.keySizes[g.size(e)] {
		return nil
	}
	switch e := e.(type) {
	case *ast.Number, *ast.Text, *ast.Word, *ast.Datetime, *ast.Interval, *ast.Star:
		return nil
	case *ast.Call:
		if isAggregateCall(e) {
			return nil
		}
	}
	x := tryExpr(&exprBinder{scope: b.scope, strictCeil: true}, e)
	if x == nil {
		return nil
	}
	text := x.String()
	for i, k := range g.Keys {
		if k.Expr.String() == text {
			return &Column{Index: i, Name: k.Label, T: k.Expr.Type(), Pure: g.fromWindowEnd(i)}
		}
	}
	return nil
}

// fromWindowEnd is a window's key as a function of the ROWTIME of the rows behind the group. They carry the window's end,
// which no longer belongs to it; the key had its value until a millisecond before.
func (g *group) fromWindowEnd(i int) Expr {
	if g.Keys[i].Window == nil {
		return nil
	}
	return shift(g.Keys[i].Window)
}

func shift(e Expr) Expr {
	switch e := e.(type) {
	case *Rowtime:
		ms := &Const{Value: function.Value{Int: 1}, T: types.IntervalOf(types.Second, types.Second)}
		res, err := function.Arithmetic("-", argOf(e), argOf(ms))
		return apply(zeroPosition, "(%s - %s)", res, err, e, ms)
	case *Call:
		again := *e
		again.Args = make([]Expr, len(e.Args))
		for i, a := range e.Args {
			again.Args[i] = shift(a)
		}
		return &again
	}
	return e
}

// tryExpr resolves an expression or returns nil where it cannot be.
func tryExpr(b *exprBinder, e ast.Expr) (x Expr) {
	defer func() {
		switch r := recover().(type) {
		case nil, *fault:
		default:
			panic(r)
		}
	}()
	return b.expr(e)
}

func isAggregateCall(e *ast.Call) bool {
	if e.Over != nil {
		return false
	}
	switch e.Name.Name {
	case "COUNT", "SUM", "AVG", "MIN", "MAX":
		return true
	}
	return false
}

// aggregate resolves an aggregate function to the column behind the keys that holds it.
func (b *exprBinder) aggregate(e *ast.Call) Expr {
	name := e.Name.Name
	if b.group == nil {
		fail(e.Name.Pos, "%s cannot stand here; it needs GROUP BY", name)
	}
	if e.Distinct {
		fail(e.Name.Pos, "%s(DISTINCT …) is not in the language; use COUNT_DISTINCT_ITEMS_TUMBLING or a DISTINCT sub-query", name)
	}
	if len(e.Args) != 1 {
		fail(e.Name.Pos, "%s: expected 1 argument, found %d", name, len(e.Args))
	}
	a := Aggregate{Func: name, Label: e.String()}
	if star, ok := e.Args[0].(*ast.Star); ok {
		if name != "COUNT" || star.Qualifier.Name != "" {
			fail(star.Pos, "* stands only in a select list and in COUNT(*)")
		}
	} else {
		if inner := findCall(e.Args[0], isAggregateCall); inner != nil {
			fail(inner.Name.Pos, "%s cannot stand within %s", inner.Name.Name, name)
		}
		a.Arg = (&exprBinder{scope: b.scope}).expr(e.Args[0])
	}
	a.T = aggregateType(e, a.Arg)
	if a.Arg != nil && a.Arg.Type().Kind == types.Null {
		a.Arg = coerce(a.Arg, a.T, e.Name.Pos)
	}
	text := a.String()
	at := len(b.group.Aggregates)
	for i, other := range b.group.Aggregates {
		if other.String() == text {
			at = i
		}
	}
	if at == len(b.group.Aggregates) {
		b.group.Aggregates = append(b.group.Aggregates, a)
	}
	return &Column{Index: len(b.group.Keys) + at, Name: a.Label, T: a.T}
}

func aggregateType(e *ast.Call, arg Expr) types.Type {
	name := e.Name.Name
	if name == "COUNT" {
		return types.Type{Kind: types.Bigint}
	}
	t := arg.Type()
	if t.Kind == types.Null {
		t = types.Of(types.Integer)
	}
	t.Nullable = true
	if name == "MIN" || name == "MAX" {
		return t
	}
	if !t.Kind.IsNumeric() && t.Kind != types.Interval {
		fail(e.Name.Pos, "%s needs numbers, found %s", name, t)
	}
	if name == "SUM" {
		switch {
		case t.Kind.IsInteger() && dialect.SumOfIntegersIsBigint:
			return types.Of(types.Bigint)
		case t.Kind == types.Decimal:
			return types.DecimalOf(types.MaxPrecision, t.Scale)
		case t.Kind == types.Real:
			return types.Of(types.Double)
		}
	}
	return t
}

// item resolves an item of the select list, which * makes several. n items stand before it.
func (b *exprBinder) item(it ast.Item, n int) []Item {
	if star, ok := it.Expr.(*ast.Star); ok {
		return b.star(star)
	}
	x := b.expr(it.Expr)
	name := it.Alias.Name
	if name == "ROWTIME" {
		if _, same := x.(*Rowtime); same {
			return nil
		}
		fail(it.Alias.Pos, "an expression AS ROWTIME (promotion) is not supported yet")
	}
	if name == "" {
		name = "EXPR$" + strconv.Itoa(n)
		if column, ok := it.Expr.(*ast.Name); ok {
			name = column.Parts[len(column.Parts)-1].Name
		}
	}
	if x.Type().Kind == types.Null {
		x = &Const{Value: function.Value{Null: true}, T: types.Of(types.Null)}
	}
	return []Item{{Expr: x, Name: name}}
}

func (b *exprBinder) star(star *ast.Star) []Item {
	if b.group != nil {
		fail(star.Pos, "* cannot stand in the list of a query with GROUP BY")
	}
	relations := b.scope.relations
	if star.Qualifier.Name != "" {
		relations = []relation{*b.scope.qualified(star.Qualifier)}
	}
	var items []Item
	for _, r := range relations {
		for i := r.from; i < r.to-r.hidden; i++ {
			if b.scope.columns[i].merged && star.Qualifier.Name == "" {
				continue
			}
			items = append(items, Item{Expr: b.scope.column(i), Name: b.scope.columns[i].name})
		}
	}
	return items
}
