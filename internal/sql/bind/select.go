package bind

import (
	"fmt"
	"slices"

	"github.com/millrace/millrace/internal/sql/ast"
	"github.com/millrace/millrace/internal/sql/token"
)

func (b *binder) query(q ast.Query) *Query {
	if set, ok := q.(*ast.SetOperation); ok {
		return b.setOperation(set)
	}
	s := q.(*ast.Select)
	out := &Query{}
	scope := b.fromAll(s, out)
	scope.functions = b.functions
	failed := false
	clause := func(f func()) {
		if !b.try(f) {
			failed = true
		}
	}
	clause(func() { out.Where = pushDown(out.From, b.where(s, scope)) })
	e := &exprBinder{scope: scope}
	clause(func() { e.over = newOver(s) })
	clause(func() { e.group = b.group(s, scope) })
	if failed {
		// The list would only repeat what went wrong with the groups.
		panic(&fault{})
	}
	if e.group != nil {
		out.Group = e.group.Group
	}
	e.promotion = &out.Promote
	for _, it := range s.Items {
		clause(func() { out.Items = append(out.Items, e.item(it, len(out.Items))...) })
	}
	e.promotion = nil
	if s.Having != nil {
		clause(func() { out.Having = (&exprBinder{scope: scope, group: e.group}).condition(s.Having, "HAVING") })
	}
	if failed {
		panic(&fault{})
	}
	if s.Distinct != nil {
		out.Distinct = distinct(s, out.Items)
	}
	if len(s.OrderBy) > 0 {
		out.Sort = e.orderBy(s, out)
	}
	checkPromotion(s, out)
	if len(e.over.Functions) > 0 {
		out.Over = e.over.Over
	}
	return out
}

func (b *binder) where(s *ast.Select, scope *scope) Expr {
	if s.Where == nil {
		return nil
	}
	if call := findCall(s.Where, isAggregateCall); call != nil {
		fail(call.Name.Pos, "%s cannot stand in WHERE; use HAVING", call.Name.Name)
	}
	return (&exprBinder{scope: scope}).condition(s.Where, "WHERE")
}

// group resolves what makes the windows of aggregate functions: GROUP BY or WINDOWED BY STAGGER. It returns nil where there are
// neither.
func (b *binder) group(s *ast.Select, scope *scope) *group {
	if s.Stagger != nil {
		return b.stagger(s, scope)
	}
	if len(s.GroupBy) > 0 {
		return b.groupBy(s, scope)
	}
	if call := findAggregate(s); call != nil {
		fail(call.Name.Pos, "%s without GROUP BY would never end; group by a time, as in GROUP BY STEP(%s BY INTERVAL '10' SECOND)",
			call.Name.Name, scope.rowtime())
	}
	if s.Having != nil {
		fail(s.Having.Position(), "HAVING needs GROUP BY")
	}
	return nil
}

// groupBy resolves the terms of GROUP BY. One of them must make windows, or the groups would grow for ever.
func (b *binder) groupBy(s *ast.Select, scope *scope) *group {
	g := newGroup()
	windows := 0
	for _, term := range s.GroupBy {
		key := b.key(term, scope, "GROUP BY")
		if p := pure(key.Expr); p != nil && isWindow(p) {
			key.Window = p
			windows++
		} else if key.Motion = moving(key.Expr); key.Motion != Unknown {
			windows++
		}
		g.add(key, term)
	}
	if windows == 0 {
		fail(s.GroupBy[0].Position(), "GROUP BY needs a term that rises with ROWTIME, or its groups never end; add one as STEP(%s BY INTERVAL '10' SECOND)",
			scope.rowtime())
	}
	return g
}

// key resolves a term by which rows are grouped.
func (b *binder) key(term ast.Expr, scope *scope, clause string) Key {
	if call := findCall(term, isAggregateCall); call != nil {
		fail(call.Name.Pos, "%s cannot stand in %s", call.Name.Name, clause)
	}
	e := &exprBinder{scope: scope, strictCeil: true}
	return Key{Expr: e.expr(term), Label: label(term)}
}

// label prints an expression for people: a column by its bare name.
func label(e ast.Expr) string {
	if n, ok := e.(*ast.Name); ok {
		return n.Parts[len(n.Parts)-1].Name
	}
	return e.String()
}

// from resolves a query or a table function in FROM into out.From and returns its scope.
func (b *binder) from(f ast.From, out *Query) *scope {
	switch f := f.(type) {
	case *ast.Derived:
		inner := b.query(f.Query)
		out.From = inner
		return newScope("", behind(inner), 0).rename(f.Alias, f.Columns)
	case *ast.TableFunction:
		return b.tableFunction(f, out)
	}
	panic(fmt.Sprintf("BUG: FROM item %T", f))
}

// isTable tells a reference table from a stream.
func (b *binder) isTable(s *Stream) bool {
	return slices.ContainsFunc(b.app.Tables, func(t Stream) bool { return t.Name == s.Name })
}

// asserted is the motion of an item that does not follow from ROWTIME, such as MONOTONIC(event).
func asserted(e Expr) Motion {
	if pure(e) != nil {
		return Unknown
	}
	return MotionOf(e)
}

func positionOf(f ast.From) token.Position {
	switch f := f.(type) {
	case *ast.StreamRef:
		return f.Name.Pos
	case *ast.Derived:
		return f.Pos
	case *ast.TableFunction:
		return f.Pos
	case *ast.Join:
		return f.Pos
	}
	panic(fmt.Sprintf("BUG: FROM item %T", f))
}

// maxPure is how many parts a function of ROWTIME may have to be followed through sub-queries. Each level could double it.
const maxPure = 200

// outside is what an item of a sub-query is as a function of the ROWTIME of its rows, or nil when it does not move with it.
func outside(e Expr) Expr {
	if p := pure(e); p != nil && within(p, maxPure) > 0 && isWindow(p) {
		return p
	}
	return nil
}

// within returns what is left of a number of parts behind those of an expression; not above 0 when it has more.
func within(e Expr, parts int) int {
	parts--
	for _, child := range Children(e) {
		if parts > 0 {
			parts = within(child, parts)
		}
	}
	return parts
}
