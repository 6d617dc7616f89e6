package exec

import (
	"fmt"
	"math"

	"github.com/millrace/millrace/internal/sql/bind"
	"github.com/millrace/millrace/internal/sql/dialect"
	"github.com/millrace/millrace/internal/sql/function"
	"github.com/millrace/millrace/internal/sql/plan"
	"github.com/millrace/millrace/internal/sql/types"
)

// newTableFunction makes the operator of a table function.
func newTableFunction(b *builder, n *plan.TableFunction, next Operator) Stateful {
	switch p := n.Func.Params.(type) {
	case *bind.Forest:
		return newPoints(b, n, newForestModel(n, p), next)
	case *bind.Hotspots:
		return newPoints(b, n, newHotspotModel(n, p), next)
	case *bind.TopK:
		return newItems(b, n, p.Window, newTopItems(p.K), next)
	case *bind.CountDistinct:
		return newItems(b, n, p.Window, &distinctItems{}, next)
	case *bind.GroupRank:
		return newRank(b, n, p, next)
	}
	panic(fmt.Sprintf("BUG: no operator for the table function %s", n.Func.Name))
}

// points passes rows on with further columns, which a model computes from their numbers: from those of the row and of all
// rows before it.
type points struct {
	ctx    *context
	next   Operator
	passed int
	values []int
	model  pointModel
	record []float64
	added  []*types.Vector
	cols   []*types.Vector
	out    Batch
}

// pointModel computes the added columns of one row after the other.
type pointModel interface {
	// push takes the numbers of a row and writes into the added columns.
	push(record []float64, row int32, added []*types.Vector, e *function.Eval)
	snapshot(dst []byte) []byte
	restore(snapshot []byte) error
}

func newPoints(b *builder, n *plan.TableFunction, m pointModel, next Operator) *points {
	p := &points{ctx: b.ctx, next: next, passed: n.Func.Passed, values: n.Func.Values, model: m, record: make([]float64, len(n.Func.Values))}
	for _, c := range n.Func.Added {
		p.added = append(p.added, &types.Vector{Kind: c.Type.Kind})
	}
	return p
}

func (p *points) Rows(b *Batch) {
	for _, v := range p.added {
		prepare(v, b.N)
		nulls(v, b.N, b.Sel)
	}
	for _, i := range b.Sel {
		if p.read(b, i) {
			p.model.push(p.record, i, p.added, &p.ctx.eval)
			continue
		}
		for _, v := range p.added {
			v.Null[i] = true
		}
	}
	p.out = *b
	p.cols = append(append(p.cols[:0], b.Cols[:p.passed]...), p.added...)
	p.out.Cols = p.cols
	p.next.Rows(&p.out)
}

// read takes the numbers of a row and reports whether all of them are some.
func (p *points) read(b *Batch, row int32) bool {
	for n, i := range p.values {
		v := b.Cols[i]
		switch {
		case v.IsNull(int(row)):
			if dialect.ScoreOfNullIsNull {
				return false
			}
			p.record[n] = 0
		case v.Kind.Physical() == types.FloatValues:
			p.record[n] = v.Float[row]
		default:
			p.record[n] = float64(v.Int[row])
		}
		if math.IsNaN(p.record[n]) || math.IsInf(p.record[n], 0) {
			return false
		}
	}
	return true
}

func (p *points) Bound(t int64)              { p.next.Bound(t) }
func (p *points) Deadline() int64            { return Never }
func (p *points) Horizon(int64) int64        { return Never }
func (p *points) Snapshot(dst []byte) []byte { return p.model.snapshot(dst) }

func (p *points) Restore(d *decoder) {
	if err := p.model.restore(d.src); err != nil {
		d.fail(err.Error())
	}
	d.src = nil
}
