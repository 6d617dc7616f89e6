package bind

import (
	"strconv"

	"github.com/millrace/millrace/internal/sql/ast"
)

// Sort is ORDER BY. Rows wait while its first term keeps its value and go on in the order of the others. Behind a Group
// they do not wait: the rows of each closing window are sorted.
type Sort struct {
	// First is the first term: Window is it as a function of ROWTIME alone, or nil where it moves by itself.
	First  Term
	Window Expr
	Motion Motion
	// AtOnce is set behind a Group.
	AtOnce bool
	Terms  []Term
}

// Term is a further term. The first one is among them behind a Group.
type Term struct {
	Expr Expr
	Desc bool
	// Label is the term as the text has it.
	Label string
}

// orderBy resolves ORDER BY. It returns nil where that asks for the order in which rows come anyway.
func (e *exprBinder) orderBy(s *ast.Select, q *Query) *Sort {
	var terms []Term
	for _, o := range s.OrderBy {
		terms = append(terms, Term{e.orderTerm(o.Expr, q), o.Desc, label(o.Expr)})
	}
	first := terms[0].Expr
	at := s.OrderBy[0].Expr.Position()
	m := MotionOf(first)
	switch {
	case m != Ascending && m != Descending:
		fail(at, "the first term of ORDER BY has to rise with ROWTIME, or rows would wait for ever; begin with ROWTIME or FLOOR(ROWTIME TO SECOND)")
	case terms[0].Desc != (m == Descending):
		fail(at, "the first term of ORDER BY comes in the other order; leave DESC away, or add it where the term falls")
	}
	if q.Distinct != nil {
		e.inList(s, terms, q)
	}
	if q.Group != nil && q.Group.Range == 0 {
		return &Sort{First: terms[0], AtOnce: true, Terms: terms}
	}
	if len(terms) == 1 && pure(first) != nil {
		// Rows come in this order. They would only wait.
		return nil
	}
	return &Sort{First: terms[0], Window: pure(first), Motion: m, Terms: terms[1:]}
}

// inList refuses terms that DISTINCT leaves no value for.
func (e *exprBinder) inList(s *ast.Select, terms []Term, q *Query) {
	for i, t := range terms {
		if itemOf(t.Expr, q.Items) < 0 {
			fail(s.OrderBy[i].Expr.Position(), "ORDER BY in a query with DISTINCT can only name what stands in its list")
		}
	}
}

// itemOf returns the number of the item that is an expression, or -1.
func itemOf(x Expr, items []Item) int {
	text := x.String()
	for i, it := range items {
		if it.Expr.String() == text {
			return i
		}
	}
	return -1
}

// orderTerm resolves a term: the number of an item, the alias of one, or an expression.
func (e *exprBinder) orderTerm(x ast.Expr, q *Query) Expr {
	switch x := x.(type) {
	case *ast.Number:
		n, err := strconv.Atoi(x.Text)
		if err != nil || n < 1 || n > len(q.Items) {
			fail(x.Pos, "ORDER BY %s: the list has %d items", x.Text, len(q.Items))
		}
		return q.Items[n-1].Expr
	case *ast.Name:
		if len(x.Parts) == 1 {
			for _, it := range q.Items {
				if it.Alias && it.Name == x.Parts[0].Name {
					return it.Expr
				}
			}
		}
	}
	return e.expr(x)
}
