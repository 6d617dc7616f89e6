package plan

import (
	"fmt"
	"strings"

	"github.com/millrace/millrace/internal/sql/bind"
	"github.com/millrace/millrace/internal/sql/types"
)

// Analytic computes functions over sliding windows: one row out for each row in. Its columns are those of its input, then
// one a function. Used says which of the functions anybody wants.
type Analytic struct {
	Input     Node
	Windows   []bind.Window
	Functions []bind.Analytic
	Used      []bool
	Cols      []types.Column
}

func analytic(input Node, o *bind.Over) *Analytic {
	n := &Analytic{Input: input, Windows: o.Windows, Functions: o.Functions, Used: make([]bool, len(o.Functions))}
	n.Cols = append(n.Cols, input.Columns()...)
	for _, f := range o.Functions {
		n.Cols = append(n.Cols, types.Column{Name: f.Label, Type: f.T})
	}
	return n
}

func (n *Analytic) Columns() []types.Column { return n.Cols }
func (n *Analytic) Inputs() []Node          { return []Node{n.Input} }

func (n *Analytic) Need(wanted []bool) {
	width := len(n.Input.Columns())
	below := append([]bool(nil), wanted[:width]...)
	for i, f := range n.Functions {
		if n.Used[i] = wanted[width+i]; !n.Used[i] {
			continue
		}
		for _, e := range n.Windows[f.Window].Partition {
			mark(below, e)
		}
		if f.Arg != nil {
			mark(below, f.Arg)
		}
		if f.Default != nil {
			mark(below, f.Default)
		}
	}
	n.Input.Need(below)
}

func (n *Analytic) Describe() string {
	var parts []string
	for w, window := range n.Windows {
		var functions []string
		for i, f := range n.Functions {
			if f.Window == w && n.Used[i] {
				functions = append(functions, f.String())
			}
		}
		if len(functions) > 0 {
			parts = append(parts, fmt.Sprintf("[%s] over %s", strings.Join(functions, ", "), window))
		}
	}
	return "sliding window " + strings.Join(parts, ", ")
}
