package bind

import (
	"github.com/millrace/millrace/internal/sql/ast"
	"github.com/millrace/millrace/internal/sql/function"
	"github.com/millrace/millrace/internal/sql/types"
)

// Union is UNION ALL: the rows of both queries in the order of their ROWTIME, which they keep. The items of both have the
// same types, and the names of the left one count.
type Union struct{ Left, Right *Query }

func (u *Union) sources() []Source { return []Source{u.Left, u.Right} }

// setOperation resolves left UNION ALL right as a query of its own.
func (b *binder) setOperation(set *ast.SetOperation) *Query {
	if set.Op != "UNION ALL" {
		fail(set.Pos, "%s has no end on streams; only UNION ALL joins two of them", set.Op)
	}
	u := &Union{}
	left := b.try(func() { u.Left = b.query(set.Left) })
	right := b.try(func() { u.Right = b.query(set.Right) })
	if !left || !right {
		panic(&fault{})
	}
	if l, r := len(u.Left.Items), len(u.Right.Items); l != r {
		fail(set.Pos, "UNION ALL needs the same number of columns on both sides, found %d and %d", l, r)
	}
	out := &Query{From: u}
	lefts, rights := behind(u.Left), behind(u.Right)
	for i := range u.Left.Items {
		l, r := &u.Left.Items[i], &u.Right.Items[i]
		t, err := function.Common([]types.Type{l.Expr.Type(), r.Expr.Type()})
		if err != nil {
			fail(set.Pos, "column %d of UNION ALL (%s): %s", i+1, show(l.Name), err)
		}
		c := &Column{Index: i, Name: l.Name, T: t}
		// Equal functions of ROWTIME on both sides are one of the union.
		if p, q := lefts[i].pure, rights[i].pure; p != nil && q != nil && p.String() == q.String() {
			c.Pure = p
		}
		l.Expr, r.Expr = coerce(l.Expr, t, set.Pos), coerce(r.Expr, t, set.Pos)
		out.Items = append(out.Items, Item{Expr: c, Name: l.Name})
	}
	return out
}
