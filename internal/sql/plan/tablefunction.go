package plan

import (
	"fmt"
	"strings"

	"github.com/millrace/millrace/internal/sql/bind"
	"github.com/millrace/millrace/internal/sql/types"
)

// TableFunction computes a function over all rows: it adds columns to them, or makes rows of its own. What it computes with
// is always read, since its state is the same whether anybody looks at it or not.
type TableFunction struct {
	Input Node
	Func  *bind.TableFunction
	// Wanted says which of its columns are.
	Wanted []bool
}

func tableFunction(f *bind.TableFunction) Node {
	return &TableFunction{Input: query(f.Input), Func: f}
}

func (n *TableFunction) Columns() []types.Column { return n.Func.Columns() }
func (n *TableFunction) Inputs() []Node          { return []Node{n.Input} }

func (n *TableFunction) Need(wanted []bool) {
	n.Wanted = wanted
	below := make([]bool, len(n.Input.Columns()))
	copy(below, wanted[:n.Func.Passed])
	for _, i := range n.Func.Values {
		below[i] = true
	}
	n.Input.Need(below)
}

func (n *TableFunction) Describe() string {
	var values, kept []string
	cols := n.Input.Columns()
	for _, i := range n.Func.Values {
		values = append(values, bind.Show(cols[i].Name))
	}
	for i, c := range n.Columns() {
		if n.Wanted[i] {
			kept = append(kept, bind.Show(c.Name))
		}
	}
	return fmt.Sprintf("table function %s of [%s] %s columns [%s]", n.Func.Name, strings.Join(values, ", "), n.Func.Params, strings.Join(kept, ", "))
}
