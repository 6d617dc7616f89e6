package bind

import "github.com/millrace/millrace/internal/sql/types"

// addKeys makes keys of the conditions that say that something of the left side equals something of the right one, and
// returns the others. A condition that only the sides of a join below read goes down to it.
func (j *Join) addKeys(conditions []Expr) (rest []Expr) {
	for _, c := range conditions {
		if !j.addKey(c) {
			rest = append(rest, c)
		}
	}
	return rest
}

func (j *Join) addKey(condition Expr) bool {
	width := len(j.Left.cols)
	if below, ok := j.Left.Source.(*Join); ok && !j.Left.Outer && !j.Right.Outer && below.inner() {
		if _, hi := reach(condition); hi < len(below.Left.cols)+len(below.Right.cols) {
			return below.addKey(condition)
		}
	}
	call, ok := condition.(*Call)
	if !ok || call.Format != "(%s = %s)" || !sameBytes(call.Args[0].Type(), call.Args[1].Type()) {
		return false
	}
	l, r := call.Args[0], call.Args[1]
	if lo, _ := reach(l); lo >= width {
		l, r = r, l
	}
	_, last := reach(l)
	first, _ := reach(r)
	if last >= width || first < width || last < 0 || first == none {
		return false
	}
	l, r = moved(l, 0), moved(r, -width)
	if l == nil || r == nil {
		return false
	}
	j.Left.Keys, j.Right.Keys = append(j.Left.Keys, l), append(j.Right.Keys, r)
	return true
}

func (j *Join) inner() bool { return !j.Left.Outer && !j.Right.Outer }

// pushDown makes keys of what WHERE says of an inner join, and returns the rest of it.
func pushDown(from Source, where Expr) Expr {
	if j, ok := from.(*Join); ok && j.inner() && where != nil {
		return conjunction(j.addKeys(conjuncts(where)))
	}
	return where
}

// sameBytes reports whether values of two types are equal exactly when their bytes are.
func sameBytes(a, b types.Type) bool {
	switch {
	case a.Kind.IsInteger() && b.Kind.IsInteger():
		return true
	case a.Kind == types.Decimal && b.Kind == types.Decimal:
		return a.Scale == b.Scale
	case a.Kind == types.Char || a.Kind.IsApprox():
		return false
	}
	return a.Kind == b.Kind
}

const none = int(^uint(0) >> 1)

// reach returns the least and the greatest number of the columns that an expression reads; none and -1 when it reads none.
func reach(e Expr) (lo, hi int) {
	lo, hi = none, -1
	if c, ok := e.(*Column); ok {
		return c.Index, c.Index
	}
	for _, child := range Children(e) {
		l, h := reach(child)
		lo, hi = min(lo, l), max(hi, h)
	}
	return lo, hi
}

// moved is an expression of columns, constants and calls with other numbers of columns, or nil when it is made of more.
func moved(e Expr, by int) Expr {
	switch e := e.(type) {
	case *Const:
		return e
	case *Column:
		c := *e
		c.Index, c.Pure = c.Index+by, nil
		return &c
	case *Call:
		again := *e
		again.Args = make([]Expr, len(e.Args))
		for i, a := range e.Args {
			if again.Args[i] = moved(a, by); again.Args[i] == nil {
				return nil
			}
		}
		return &again
	}
	return nil
}
