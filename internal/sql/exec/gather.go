package exec

import (
	"github.com/millrace/millrace/internal/sql/types"
)

// gathered is what an input of a joining operator has brought in a round. Rows are copied, for their batches are overwritten
// before the other input has had its turn; their texts live until the round ends.
type gathered struct {
	rows outbox
	head int
}

func newGathered(cols []types.Column, wanted []bool) gathered {
	g := gathered{rows: newOutbox(cols)}
	for i, w := range wanted {
		if !w {
			g.rows.rows.Cols[i] = nil
		}
	}
	return g
}

func (g *gathered) add(cols []*types.Vector, b *Batch, sel []int32) {
	for i, dst := range g.rows.rows.Cols {
		if dst != nil {
			appendRows(dst, cols[i], sel, g.rows.rows.N)
		}
	}
	for _, i := range sel {
		g.rows.rows.Rowtime = append(g.rows.rows.Rowtime, b.Rowtime[i])
		g.rows.origin = append(g.rows.origin, b.Origin[i])
	}
	g.rows.rows.N += len(sel)
}

func (g *gathered) reset() {
	g.rows.reset()
	g.head = 0
}

// left reports whether rows are waiting.
func (g *gathered) left() bool { return g.head < g.rows.rows.N }

// time and origin are those of the row that comes next.
func (g *gathered) time() int64   { return g.rows.rows.Rowtime[g.head] }
func (g *gathered) origin() int32 { return g.rows.origin[g.head] }

// before orders the next rows of two inputs: by ROWTIME, by what caused them, the left one first.
func (g *gathered) before(right *gathered) bool {
	switch {
	case !g.left() || !right.left():
		return g.left()
	case g.time() != right.time():
		return g.time() < right.time()
	}
	return g.origin() <= right.origin()
}
