package plan

import (
	"fmt"
	"slices"
	"strings"

	"github.com/millrace/millrace/internal/sql/bind"
	"github.com/millrace/millrace/internal/sql/types"
)

type (
	// Distinct passes the first row of each kind while its windows last.
	Distinct struct {
		Input Node
		*bind.DistinctRows
	}

	// Sort keeps rows while its first term has the same value and hands them on in the order of the others. Its columns are
	// the first ones of its input; those behind them are terms that the list has not.
	Sort struct {
		Input Node
		// Window is the first term as a function of ROWTIME; where it is nil, First is the column that holds it.
		Window bind.Expr
		First  int
		Motion bind.Motion
		// AtOnce sorts the rows of each closing window of the group below.
		AtOnce bool
		Terms  []SortTerm
		Cols   []types.Column
		// Wanted are the columns of the input that rows are kept with.
		Wanted []bool
	}

	// SortTerm is a column by which rows are sorted.
	SortTerm struct {
		Column int
		Desc   bool
	}

	// Promote gives rows the ROWTIME that a column of its input holds. Its columns are the first ones of its input.
	Promote struct {
		Input  Node
		Column int
		Cols   []types.Column
	}
)

// list plans what follows the list of a query: DISTINCT, ORDER BY and AS ROWTIME.
func list(p *Project, q *bind.Query) Node {
	cols := slices.Clone(p.Cols)
	if q.Promote != nil {
		return &Promote{Input: p, Column: p.add(q.Promote, "ROWTIME"), Cols: cols}
	}
	var n Node = p
	if q.Distinct != nil {
		n = &Distinct{Input: n, DistinctRows: q.Distinct}
	}
	if q.Sort == nil {
		return n
	}
	s := &Sort{Input: n, Window: q.Sort.Window, Motion: q.Sort.Motion, AtOnce: q.Sort.AtOnce, First: -1, Cols: cols}
	for _, t := range q.Sort.Terms {
		s.Terms = append(s.Terms, SortTerm{p.add(t.Expr, t.Label), t.Desc})
	}
	if s.Window == nil && !s.AtOnce {
		s.First = p.add(q.Sort.First.Expr, q.Sort.First.Label)
	}
	return s
}

// add returns the column of a projection that holds an expression, which becomes a further one where there is none.
func (n *Project) add(x bind.Expr, name string) int {
	text := x.String()
	for i, e := range n.Exprs {
		if e.String() == text {
			return i
		}
	}
	n.Exprs = append(n.Exprs, x)
	n.Cols = append(n.Cols, types.Column{Name: name, Type: x.Type()})
	return len(n.Exprs) - 1
}

func (n *Distinct) Columns() []types.Column { return n.Input.Columns() }
func (n *Sort) Columns() []types.Column     { return n.Cols }
func (n *Promote) Columns() []types.Column  { return n.Cols }

func (n *Distinct) Inputs() []Node { return []Node{n.Input} }
func (n *Sort) Inputs() []Node     { return []Node{n.Input} }
func (n *Promote) Inputs() []Node  { return []Node{n.Input} }

func (n *Distinct) Need(wanted []bool) {
	for _, i := range n.Compared {
		wanted[i] = true
	}
	n.Input.Need(wanted)
}

func (n *Sort) Need(wanted []bool) {
	below := make([]bool, len(n.Input.Columns()))
	copy(below, wanted)
	for _, t := range n.Terms {
		below[t.Column] = true
	}
	if n.First >= 0 {
		below[n.First] = true
	}
	n.Wanted = slices.Clone(below)
	n.Input.Need(below)
}

func (n *Promote) Need(wanted []bool) {
	below := make([]bool, len(n.Input.Columns()))
	copy(below, wanted)
	below[n.Column] = true
	n.Input.Need(below)
}

func (n *Distinct) Describe() string {
	var columns, moving []string
	for _, i := range n.Compared {
		columns = append(columns, bind.Show(n.Columns()[i].Name))
	}
	for _, m := range n.Moving {
		moving = append(moving, bind.Show(n.Columns()[m.Column].Name))
	}
	return fmt.Sprintf("distinct [%s] while %s", strings.Join(columns, ", "), strings.Join(append(moving, exprs(n.Windows)...), ", "))
}

func exprs(all []bind.Expr) []string {
	texts := make([]string, len(all))
	for i, e := range all {
		texts[i] = e.String()
	}
	return texts
}

func (n *Sort) Describe() string {
	cols := n.Input.Columns()
	var terms []string
	for _, t := range n.Terms {
		text := bind.Show(cols[t.Column].Name)
		if t.Desc {
			text += " DESC"
		}
		terms = append(terms, text)
	}
	by := "sort by [" + strings.Join(terms, ", ") + "]"
	switch {
	case n.AtOnce:
		return by + " when a window closes"
	case n.Window != nil:
		return by + " while " + n.Window.String()
	}
	return by + " while " + bind.Show(cols[n.First].Name)
}

func (n *Promote) Describe() string {
	return "promote " + bind.Show(n.Input.Columns()[n.Column].Name)
}
