// Package plan turns a resolved application into operator trees, one a pump, and says what they read.
package plan

import (
	"fmt"
	"strings"

	"github.com/millrace/millrace/internal/sql/bind"
	"github.com/millrace/millrace/internal/sql/types"
)

// Node is an operator of a plan. Those of joins and of the windows that are not tumbling have files of their own.
type Node interface {
	// Columns are the columns of the rows that the operator hands on.
	Columns() []types.Column
	// Inputs are the operators it reads.
	Inputs() []Node
	// Need takes which of its columns are wanted, and tells its inputs which of theirs that takes. A column that nobody
	// wants is not computed.
	Need(wanted []bool)
	// Describe is the operator's line in an explained plan.
	Describe() string
}

type (
	// Scan reads a stream.
	Scan struct {
		Stream string
		Cols   []types.Column
		// Needed says which columns the pump reads.
		Needed []bool
	}

	// Filter keeps the rows for which Cond is true.
	Filter struct {
		Input Node
		Cond  bind.Expr
		// Name is WHERE or HAVING.
		Name string
	}

	// Aggregate groups rows by its keys while the window's keys keep their value. Its columns are the keys, then the
	// aggregates.
	Aggregate struct {
		Input      Node
		Keys       []bind.Key
		Aggregates []bind.Aggregate
		Cols       []types.Column
	}

	// Project computes a select list. An expression that nobody needs is nil.
	Project struct {
		Input Node
		Exprs []bind.Expr
		Cols  []types.Column
	}

	// Insert puts rows into a stream that the application creates.
	Insert struct {
		Input  Node
		Pump   string
		Target string
		Values []bind.Expr
		Cols   []types.Column
	}
)

func (n *Scan) Columns() []types.Column      { return n.Cols }
func (n *Filter) Columns() []types.Column    { return n.Input.Columns() }
func (n *Aggregate) Columns() []types.Column { return n.Cols }
func (n *Project) Columns() []types.Column   { return n.Cols }
func (n *Insert) Columns() []types.Column    { return n.Cols }

func (n *Scan) Inputs() []Node      { return nil }
func (n *Filter) Inputs() []Node    { return []Node{n.Input} }
func (n *Aggregate) Inputs() []Node { return []Node{n.Input} }
func (n *Project) Inputs() []Node   { return []Node{n.Input} }
func (n *Insert) Inputs() []Node    { return []Node{n.Input} }

func (n *Scan) Need(wanted []bool) { n.Needed = wanted }

func (n *Filter) Need(wanted []bool) {
	mark(wanted, n.Cond)
	n.Input.Need(wanted)
}

func (n *Aggregate) Need([]bool) {
	wanted := make([]bool, len(n.Input.Columns()))
	for _, k := range n.Keys {
		if k.Window == nil {
			mark(wanted, k.Expr)
		}
	}
	for _, a := range n.Aggregates {
		if a.Arg != nil {
			mark(wanted, a.Arg)
		}
	}
	n.Input.Need(wanted)
}

func (n *Project) Need(wanted []bool) {
	below := make([]bool, len(n.Input.Columns()))
	for i, e := range n.Exprs {
		if !wanted[i] {
			n.Exprs[i] = nil
			continue
		}
		mark(below, e)
	}
	n.Input.Need(below)
}

func (n *Insert) Need([]bool) {
	below := make([]bool, len(n.Input.Columns()))
	for _, e := range n.Values {
		mark(below, e)
	}
	n.Input.Need(below)
}

// mark sets the columns that an expression reads.
func mark(wanted []bool, e bind.Expr) {
	if c, ok := e.(*bind.Column); ok {
		wanted[c.Index] = true
	}
	for _, child := range bind.Children(e) {
		mark(wanted, child)
	}
}

func (n *Scan) Describe() string {
	var read []string
	for i, c := range n.Cols {
		if n.Needed[i] {
			read = append(read, fmt.Sprintf("%s %s", bind.Show(c.Name), c.Type))
		}
	}
	return fmt.Sprintf("scan %s columns [%s]", bind.Show(n.Stream), strings.Join(read, ", "))
}

func (n *Filter) Describe() string { return fmt.Sprintf("filter %s %s", n.Name, n.Cond) }

func (n *Aggregate) Describe() string {
	var window, moving, keys, aggregates []string
	for _, k := range n.Keys {
		switch {
		case k.Window != nil:
			window = append(window, k.Window.String())
		case k.Motion != bind.Unknown:
			moving = append(moving, k.Expr.String())
		default:
			keys = append(keys, k.Expr.String())
		}
	}
	for _, a := range n.Aggregates {
		aggregates = append(aggregates, a.String())
	}
	text := fmt.Sprintf("aggregate tumbling window [%s]", strings.Join(window, ", "))
	if len(moving) > 0 {
		text += fmt.Sprintf(" moving [%s]", strings.Join(moving, ", "))
	}
	return fmt.Sprintf("%s keys [%s] aggregates [%s]", text, strings.Join(keys, ", "), strings.Join(aggregates, ", "))
}

func (n *Project) Describe() string {
	parts := make([]string, 0, len(n.Exprs))
	for i, e := range n.Exprs {
		if e != nil {
			parts = append(parts, fmt.Sprintf("%s = %s", bind.Show(n.Cols[i].Name), e))
		}
	}
	return "project " + strings.Join(parts, ", ")
}

func (n *Insert) Describe() string {
	parts := make([]string, len(n.Values))
	for i, e := range n.Values {
		null := ""
		if !n.Cols[i].Type.Nullable {
			null = " NOT NULL"
		}
		parts[i] = fmt.Sprintf("%s %s%s = %s", bind.Show(n.Cols[i].Name), n.Cols[i].Type, null, e)
	}
	return fmt.Sprintf("insert %s %s", bind.Show(n.Target), strings.Join(parts, ", "))
}
