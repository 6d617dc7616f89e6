package plan

import (
	"fmt"
	"strings"

	"github.com/millrace/millrace/internal/sql/bind"
	"github.com/millrace/millrace/internal/sql/types"
)

// Stagger groups rows by its keys, in a window a key that opens with its first row and lasts Range milliseconds. Its columns
// are the keys, then the aggregates.
type Stagger struct {
	Input      Node
	Keys       []bind.Key
	Aggregates []bind.Aggregate
	Range      int64
	Cols       []types.Column
}

func (n *Stagger) Columns() []types.Column { return n.Cols }
func (n *Stagger) Inputs() []Node          { return []Node{n.Input} }

func (n *Stagger) Need([]bool) {
	wanted := make([]bool, len(n.Input.Columns()))
	for _, k := range n.Keys {
		mark(wanted, k.Expr)
	}
	for _, a := range n.Aggregates {
		if a.Arg != nil {
			mark(wanted, a.Arg)
		}
	}
	n.Input.Need(wanted)
}

func (n *Stagger) Describe() string {
	var keys, aggregates []string
	for _, k := range n.Keys {
		keys = append(keys, k.Expr.String())
	}
	for _, a := range n.Aggregates {
		aggregates = append(aggregates, a.String())
	}
	return fmt.Sprintf("aggregate stagger window keys [%s] range %d ms aggregates [%s]", strings.Join(keys, ", "), n.Range, strings.Join(aggregates, ", "))
}
