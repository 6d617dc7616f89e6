package plan

import (
	"fmt"
	"strings"

	"github.com/millrace/millrace/internal/sql/bind"
	"github.com/millrace/millrace/internal/sql/types"
)

type (
	// Join pairs the rows of two sides. Its columns are those of the left side, then those of the right one.
	Join struct {
		Left, Right JoinSide
		On          bind.Expr
		// Wanted are the columns that it hands on or reads in On.
		Wanted []bool
	}

	// JoinSide is a side of a join.
	JoinSide struct {
		bind.Side
		Input Node
	}

	// Lookup finds for each row of its input the rows of a reference table. Its columns are the input's, then the table's.
	Lookup struct {
		Input Node
		Table string
		Cols  []types.Column
		// Keys are over the input's columns, TableKeys over the table's.
		Keys, TableKeys []bind.Expr
		On              bind.Expr
		// Outer: a row that finds none is handed on beside NULLs.
		Outer  bool
		Wanted []bool
	}

	// Union merges two inputs by ROWTIME.
	Union struct {
		Left, Right Node
		Wanted      []bool
	}
)

func join(j *bind.Join) Node {
	if t := j.Right.Table; t != nil {
		return &Lookup{Input: source(j.Left.Source), Table: t.Name, Cols: append(j.Left.Columns(), j.Right.Columns()...),
			Keys: j.Left.Keys, TableKeys: j.Right.Keys, On: j.On, Outer: j.Left.Outer}
	}
	return &Join{Left: JoinSide{j.Left, source(j.Left.Source)}, Right: JoinSide{j.Right, source(j.Right.Source)}, On: j.On}
}

func (n *Join) Columns() []types.Column {
	return append(append([]types.Column{}, n.Left.Side.Columns()...), n.Right.Side.Columns()...)
}
func (n *Lookup) Columns() []types.Column { return n.Cols }
func (n *Union) Columns() []types.Column  { return n.Left.Columns() }

func (n *Join) Inputs() []Node   { return []Node{n.Left.Input, n.Right.Input} }
func (n *Lookup) Inputs() []Node { return []Node{n.Input} }
func (n *Union) Inputs() []Node  { return []Node{n.Left, n.Right} }

func (n *Join) Need(wanted []bool) {
	if n.On != nil {
		mark(wanted, n.On)
	}
	n.Wanted = wanted
	width := len(n.Left.Side.Columns())
	n.Left.need(wanted[:width])
	n.Right.need(wanted[width:])
}

func (s *JoinSide) need(wanted []bool) {
	below := make([]bool, len(s.Input.Columns()))
	copy(below, wanted)
	for _, k := range s.Keys {
		mark(below, k)
	}
	s.Input.Need(below)
}

func (n *Lookup) Need(wanted []bool) {
	if n.On != nil {
		mark(wanted, n.On)
	}
	n.Wanted = wanted
	below := make([]bool, len(n.Input.Columns()))
	copy(below, wanted)
	for _, k := range n.Keys {
		mark(below, k)
	}
	n.Input.Need(below)
}

func (n *Union) Need(wanted []bool) {
	n.Wanted = wanted
	n.Left.Need(append([]bool{}, wanted...))
	n.Right.Need(append([]bool{}, wanted...))
}

func (n *Join) Describe() string {
	kind := "inner"
	switch {
	case n.Left.Outer && n.Right.Outer:
		kind = "full"
	case n.Left.Outer:
		kind = "left"
	case n.Right.Outer:
		kind = "right"
	}
	return fmt.Sprintf("join %s left [%s] right [%s] keys [%s]%s columns %s", kind, n.Left.window(), n.Right.window(), keys(n.Left.Keys, n.Right.Keys), on(n.On), wanted(n.Columns(), n.Wanted))
}

func (s *JoinSide) window() string {
	switch {
	case s.Rows > 0:
		return fmt.Sprintf("%d rows", s.Rows)
	case s.Range == bind.Unbounded:
		return "unbounded"
	case s.Range > 0:
		return fmt.Sprintf("%d ms", s.Range)
	}
	return "current row"
}

func (n *Lookup) Describe() string {
	kind := "inner"
	if n.Outer {
		kind = "left"
	}
	return fmt.Sprintf("lookup %s table %s keys [%s]%s columns %s", kind, bind.Show(n.Table), keys(n.Keys, n.TableKeys), on(n.On), wanted(n.Cols, n.Wanted))
}

func (n *Union) Describe() string { return "union all columns " + wanted(n.Columns(), n.Wanted) }

func keys(left, right []bind.Expr) string {
	parts := make([]string, len(left))
	for i := range left {
		parts[i] = fmt.Sprintf("%s = %s", left[i], right[i])
	}
	return strings.Join(parts, ", ")
}

func on(e bind.Expr) string {
	if e == nil {
		return ""
	}
	return " on " + e.String()
}

// wanted lists the columns that are handed on.
func wanted(cols []types.Column, which []bool) string {
	var names []string
	for i, c := range cols {
		if which[i] {
			names = append(names, bind.Show(c.Name))
		}
	}
	return "[" + strings.Join(names, ", ") + "]"
}
