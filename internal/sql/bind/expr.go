// Package bind resolves the names of a tree, gives every expression its type and refuses, with its place, what cannot run.
// Its result names columns by number and functions by their loops.
package bind

import (
	"fmt"
	"strings"

	"github.com/millrace/millrace/internal/sql/function"
	"github.com/millrace/millrace/internal/sql/types"
)

// Expr is a typed expression. Two expressions of one scope mean the same when their String is the same.
type Expr interface {
	Type() types.Type
	fmt.Stringer
}

type (
	// Column is a column of the input, by number. Pure is what it is as a function of the row's ROWTIME alone, or nil; Motion
	// is set when it is monotonic by itself, Fields when it is a row.
	Column struct {
		Index  int
		Name   string
		T      types.Type
		Pure   Expr
		Motion Motion
		Fields []types.Column
	}

	// Rowtime is the row's ROWTIME.
	Rowtime struct{}

	// Const is a constant.
	Const struct {
		Value function.Value
		T     types.Type
	}

	// Call computes a kernel over its arguments; it is NULL where one of them is. Format prints it, %s for each argument.
	Call struct {
		Format string
		Args   []Expr
		T      types.Type
		Kernel function.Kernel
		// Time says how the result moves when argument 0 does.
		Time Motion
		// Fields are those of the row that a log parser makes.
		Fields []types.Column
	}

	// Monotonic is MONOTONIC(x): x, and the word of the text that it never falls.
	Monotonic struct{ X Expr }

	// Logic is AND or OR with three-valued logic. The right side is computed only where the left does not decide.
	Logic struct {
		Or   bool
		L, R Expr
	}

	// Test is x IS [NOT] NULL, TRUE or FALSE. It is never NULL.
	Test struct {
		X    Expr
		What string
		Not  bool
	}

	// Distinct is l IS [NOT] DISTINCT FROM r. It is never NULL. Equal compares l and r where neither is NULL.
	Distinct struct {
		Equal *Call
		Not   bool
	}

	// When is a branch of Case.
	When struct{ Cond, Then Expr }

	// Case computes each branch only at the rows that take it. Else may be nil.
	Case struct {
		Whens []When
		Else  Expr
		T     types.Type
	}

	// Coalesce is its first argument that is not NULL; those behind it are not computed.
	Coalesce struct {
		Args []Expr
		T    types.Type
	}

	// In is x IN (…): true where an element equals x, else NULL where x or an element is. Equal compares each one; x is computed
	// once for those that take it as it is.
	In struct {
		X     Expr
		Equal []*Call
		Not   bool
	}
)

func (e *Column) Type() types.Type    { return e.T }
func (e *Rowtime) Type() types.Type   { return types.Type{Kind: types.Timestamp} }
func (e *Const) Type() types.Type     { return e.T }
func (e *Call) Type() types.Type      { return e.T }
func (e *Monotonic) Type() types.Type { return e.X.Type() }
func (e *Logic) Type() types.Type     { return types.Of(types.Boolean) }
func (e *Test) Type() types.Type      { return types.Type{Kind: types.Boolean} }
func (e *Distinct) Type() types.Type  { return types.Type{Kind: types.Boolean} }
func (e *Case) Type() types.Type      { return e.T }
func (e *Coalesce) Type() types.Type  { return e.T }
func (e *In) Type() types.Type        { return types.Of(types.Boolean) }

func (e *Column) String() string  { return fmt.Sprintf("%s#%d", Show(e.Name), e.Index) }
func (e *Rowtime) String() string { return "ROWTIME" }

func (e *Const) String() string {
	if e.Value.Null {
		return "NULL"
	}
	v := &types.Vector{Kind: e.T.Kind, Int: []int64{e.Value.Int}, Float: []float64{e.Value.Float}, Str: []string{e.Value.Str}}
	text := string(types.AppendText(nil, e.T, v, 0))
	switch {
	case e.T.Kind.IsText() || e.T.Kind.IsBytes():
		return "'" + strings.ReplaceAll(text, "'", "''") + "'"
	case e.T.Kind.IsDatetime():
		return e.T.Kind.String() + " '" + text + "'"
	case e.T.Kind == types.Interval:
		return "INTERVAL " + text + " ms"
	case e.T.Kind == types.IntervalMonth:
		return "INTERVAL " + text + " months"
	}
	return text
}

func (e *Call) String() string {
	args := make([]any, len(e.Args))
	for i, a := range e.Args {
		args[i] = a.String()
	}
	return fmt.Sprintf(e.Format, args...)
}

func (e *Monotonic) String() string { return "MONOTONIC(" + e.X.String() + ")" }

func (e *Logic) String() string {
	op := "AND"
	if e.Or {
		op = "OR"
	}
	return fmt.Sprintf("(%s %s %s)", e.L, op, e.R)
}

func not(yes bool) string {
	if yes {
		return "NOT "
	}
	return ""
}

func (e *Test) String() string { return fmt.Sprintf("(%s IS %s%s)", e.X, not(e.Not), e.What) }
func (e *Distinct) String() string {
	return fmt.Sprintf("(%s IS %sDISTINCT FROM %s)", e.Equal.Args[0], not(e.Not), e.Equal.Args[1])
}

func (e *Case) String() string {
	var b strings.Builder
	b.WriteString("CASE")
	for _, w := range e.Whens {
		fmt.Fprintf(&b, " WHEN %s THEN %s", w.Cond, w.Then)
	}
	if e.Else != nil {
		fmt.Fprintf(&b, " ELSE %s", e.Else)
	}
	return b.String() + " END"
}

func (e *Coalesce) String() string { return "COALESCE(" + List(e.Args) + ")" }

func (e *In) String() string {
	items := make([]string, len(e.Equal))
	for i, c := range e.Equal {
		items[i] = c.Args[1].String()
	}
	return fmt.Sprintf("(%s %sIN (%s))", e.X, not(e.Not), strings.Join(items, ", "))
}

// List prints expressions with commas between them.
func List(all []Expr) string {
	parts := make([]string, len(all))
	for i, e := range all {
		parts[i] = e.String()
	}
	return strings.Join(parts, ", ")
}

// Children returns the expressions that an expression is made of.
func Children(e Expr) []Expr {
	switch e := e.(type) {
	case *Call:
		return e.Args
	case *Monotonic:
		return []Expr{e.X}
	case *Logic:
		return []Expr{e.L, e.R}
	case *Test:
		return []Expr{e.X}
	case *Distinct:
		return e.Equal.Args
	case *Case:
		var all []Expr
		for _, w := range e.Whens {
			all = append(all, w.Cond, w.Then)
		}
		if e.Else != nil {
			all = append(all, e.Else)
		}
		return all
	case *Coalesce:
		return e.Args
	case *In:
		all := []Expr{e.X}
		for _, c := range e.Equal {
			all = append(all, c.Args[1])
		}
		return all
	}
	return nil
}
