package bind

import (
	"slices"
	"strconv"

	"github.com/millrace/millrace/internal/sql/ast"
	"github.com/millrace/millrace/internal/sql/function"
	"github.com/millrace/millrace/internal/sql/types"
)

// group is a Group while its query is resolved. sizes has the number of nodes of each expression met so far, and keySizes
// those of the keys: only an expression as large as a key can equal it, which saves resolving every part of a long one.
type group struct {
	*Group
	sizes    map[ast.Expr]int
	keySizes map[int]bool
	// keyAt has the number of each key by its text, the first of equal ones, and aggregateAt that of each aggregate.
	keyAt       map[string]int
	aggregateAt places
}

// places numbers things by their texts, from 0; those with the same text share a number.
type places map[string]int

// of returns the number of a text, and whether it is new.
func (p places) of(text string) (n int, first bool) {
	if n, there := p[text]; there {
		return n, false
	}
	p[text] = len(p)
	return len(p) - 1, true
}

func newGroup() *group {
	return &group{&Group{}, map[ast.Expr]int{}, map[int]bool{}, map[string]int{}, places{}}
}

func (g *group) add(k Key, term ast.Expr) {
	if _, there := g.keyAt[k.Expr.String()]; !there {
		g.keyAt[k.Expr.String()] = len(g.Keys)
	}
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
	i, is := g.keyAt[x.String()]
	if !is {
		return nil
	}
	k := g.Keys[i]
	c := &Column{Index: i, Name: k.Label, T: k.Expr.Type(), Pure: g.fromWindowEnd(i)}
	if c.Pure == nil {
		c.Motion = g.motion(i)
	}
	return c
}

// fromWindowEnd is a window's key as a function of the ROWTIME of the rows behind the group. They carry the window's end,
// which no longer belongs to it; the key had its value until a millisecond before. Where rows can close the window earlier,
// there is no such function.
func (g *group) fromWindowEnd(i int) Expr {
	if g.Keys[i].Window == nil || g.moves() {
		return nil
	}
	return shift(g.Keys[i].Window)
}

// motion is that of a key behind the group: windows follow each other.
func (g *group) motion(i int) Motion {
	if k := g.Keys[i]; k.Window != nil {
		return MotionOf(k.Window)
	}
	return g.Keys[i].Motion
}

// moves reports whether the group has a key that moves by itself.
func (g *group) moves() bool {
	return slices.ContainsFunc(g.Keys, func(k Key) bool { return k.Motion != Unknown })
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

// item resolves an item of the select list, which * makes several. n items stand before it.
func (b *exprBinder) item(it ast.Item, n int) []Item {
	if star, ok := it.Expr.(*ast.Star); ok {
		return b.star(star)
	}
	x := b.expr(it.Expr)
	name := it.Alias.Name
	if name == "ROWTIME" {
		if _, same := x.(*Rowtime); !same {
			b.promote(it, x)
		}
		return nil
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
	return []Item{{Expr: x, Name: name, Alias: it.Alias.Name != ""}}
}

func (b *exprBinder) star(star *ast.Star) []Item {
	if b.group != nil {
		fail(star.Pos, "* cannot stand in the list of a query with GROUP BY")
	}
	if items := b.rowStar(star); items != nil {
		return items
	}
	relations := b.scope.relations
	if star.Qualifier.Name != "" {
		relations = []relation{*b.scope.qualified(star.Qualifier)}
	}
	var first, items []Item
	for _, r := range relations {
		for i := r.from; i < r.to-r.hidden; i++ {
			c := b.scope.columns[i]
			it := Item{Expr: b.scope.column(i), Name: c.name}
			switch {
			case star.Qualifier.Name != "" || !c.merged && !c.shared:
				items = append(items, it)
			case c.shared:
				first = append(first, it)
			}
		}
	}
	return append(first, items...)
}
