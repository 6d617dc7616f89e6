package exec

import (
	"math"

	"github.com/millrace/millrace/internal/sql/types"
)

// Operator is one step of a pump. Rows and bounds come in from below and go on to the operator above, in order:
//
//	scan ─▶ filter ─▶ aggregate ─▶ filter ─▶ project ─▶ sort ─▶ insert
//
// All rows of one call carry ROWTIMEs below the Horizon of the first, so that no window ends between them. A row is itself
// a bound: rows with ROWTIME t say that nothing before t will come.
type Operator interface {
	// Rows takes rows. The batch is valid during the call.
	Rows(b *Batch)
	// Bound says that no row with ROWTIME < t will come. The operator emits what is complete, then passes the bound on.
	Bound(t int64)
}

// Stateful is an operator that keeps something from one call to the next.
type Stateful interface {
	Operator
	// Deadline is the least t for which Bound would emit; Never when nothing waits.
	Deadline() int64
	// Horizon is the least deadline that a row with ROWTIME t could set; it is greater than t.
	Horizon(t int64) int64
	// Snapshot appends the state, free of pointers.
	Snapshot(dst []byte) []byte
	// Restore takes the state of a snapshot.
	Restore(d *decoder)
}

// gatherer is an operator of several inputs. What they bring in a round gathers, for it comes input by input; Gathered says
// that all of it is there, so that the operator takes it in the order of its ROWTIME and origin and hands on its rows and
// the round's bound.
type gatherer interface{ Gathered() }

// Limits is how much one operator may hold; 0 is no limit. What would go beyond becomes an error row.
type Limits struct {
	// Groups of a window, and Rows of a window, a join or a sort.
	Groups, Rows int
}

// Never is the deadline of an operator that waits for nothing.
const Never = int64(math.MaxInt64)

// filter keeps the rows for which cond is true.
type filter struct {
	ctx  *context
	at   place
	cond evaluator
	next Operator
	sel  []int32
	good []int32
	out  Batch
}

func (f *filter) Rows(b *Batch) {
	v := f.cond.eval(f.ctx, b, b.Sel)
	sel := f.ctx.settle(&f.at, b, b.Sel, f.good)
	f.sel = f.sel[:0]
	if len(v.Null) == 0 {
		for _, i := range sel {
			if v.Int[i] != 0 {
				f.sel = append(f.sel, i)
			}
		}
	} else {
		for _, i := range sel {
			if !v.Null[i] && v.Int[i] != 0 {
				f.sel = append(f.sel, i)
			}
		}
	}
	if len(f.sel) == 0 {
		return
	}
	f.out = *b
	f.out.Sel = f.sel
	f.next.Rows(&f.out)
}

func (f *filter) Bound(t int64) { f.next.Bound(t) }

// project computes a select list. A nil expression is one that nobody needs.
type project struct {
	ctx   *context
	at    place
	exprs []evaluator
	next  Operator
	good  []int32
	cols  []*types.Vector
	out   Batch
}

func (p *project) Rows(b *Batch) {
	p.cols = grow(p.cols, len(p.exprs))
	for i, e := range p.exprs {
		p.cols[i] = nil
		if e != nil {
			p.cols[i] = e.eval(p.ctx, b, b.Sel)
		}
	}
	sel := p.ctx.settle(&p.at, b, b.Sel, p.good)
	if len(sel) == 0 {
		return
	}
	p.out = *b
	p.out.Cols, p.out.Sel = p.cols, sel
	p.next.Rows(&p.out)
}

func (p *project) Bound(t int64) { p.next.Bound(t) }
