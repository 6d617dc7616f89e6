package exec

import (
	"fmt"
	"sort"

	"github.com/millrace/millrace/internal/sql/dialect"
	"github.com/millrace/millrace/internal/sql/plan"
	"github.com/millrace/millrace/internal/sql/types"
)

// Sink gets the rows of created streams and the error rows. A batch is valid during the call.
type Sink interface {
	Rows(stream string, b *types.Batch)
	Error(e types.ErrorRow)
}

// Engine drives the pumps of an application in rounds. A round is either a bound, at which windows close, or rows of one
// input between two such times. Streams take their turn in an order in which none comes before what it is made of:
//
//	time ──▶   bound 10:00  │ rows 10:00:03 … 10:00:09 │ bound 10:00:10 │ rows …
//	round         1         │            2             │       3        │  4
//
// Since every deadline is a round of its own, and rows that meet in a stream are ordered by the row that caused them and then
// by their pump, the outputs do not depend on how rows were batched.
type Engine struct {
	ctx  *context
	sink Sink
	// fingerprint is the plan's.
	fingerprint [32]byte
	streams     []*stream
	inputs      map[string]*input
	pumps       []*pump
	pace        pace
	// clock is the greatest ROWTIME or bound so far.
	clock int64
	// horizon is the least deadline that a row from horizonFrom on could set.
	horizonFrom, horizon int64
}

// input is an input stream with what is read of a batch, and the slice of that which a round takes.
type input struct {
	stream *stream
	cols   []types.Column
	needed []bool
	read   types.Batch
	round  types.Batch
}

// take makes read the columns of a batch that some pump needs. What the others hold is nobody's business.
func (in *input) take(b *types.Batch) *types.Batch {
	in.read.N, in.read.Rowtime = b.N, b.Rowtime
	in.read.Cols = in.read.Cols[:0]
	for i, needed := range in.needed {
		v := b.Cols[i]
		if !needed {
			v = nil
		}
		in.read.Cols = append(in.read.Cols, v)
	}
	return &in.read
}

const beginning = -1 << 62

// NewEngine builds the operators of a plan.
func NewEngine(app *plan.Application, sink Sink, limits Limits) *Engine {
	e := &Engine{ctx: &context{limits: limits}, sink: sink, fingerprint: app.Fingerprint(), inputs: map[string]*input{}, clock: beginning}
	for _, t := range app.Tables {
		e.ctx.tables = append(e.ctx.tables, newRelation(t))
	}
	promoted := app.Promoted()
	for i, p := range app.Pumps {
		e.pumps = append(e.pumps, newPump(e.ctx, i, p, promoted))
	}
	e.streams = newStreams(app, e.pumps, promoted)
	e.pace = newPace(roundSize(app))
	for _, in := range app.Inputs {
		for _, s := range e.streams {
			if s.name == in.Name && !s.created {
				e.inputs[in.Name] = &input{stream: s, cols: in.Columns, needed: app.Needed(in.Name, len(in.Columns))}
			}
		}
	}
	return e
}

// Load makes rows the content of a reference table, before any row of an input.
func (e *Engine) Load(name string, b *types.Batch) {
	for _, t := range e.ctx.tables {
		if t.name == name {
			t.load(b)
			return
		}
	}
	panic(fmt.Sprintf("BUG: rows of %q, which is no reference table of the application", name))
}

// Push takes rows of an input.
func (e *Engine) Push(name string, b *types.Batch) {
	in, ok := e.inputs[name]
	if !ok {
		panic(fmt.Sprintf("BUG: rows of %q, which is no input of the application", name))
	}
	b = in.take(b)
	for lo := 0; lo < b.N; {
		t := b.Rowtime[lo]
		if t < e.clock {
			e.late(in, b, lo)
			lo++
			continue
		}
		e.advance(t)
		limit := min(e.horizonOf(t), e.deadline())
		hi := lo + 1
		for hi < b.N && hi-lo < e.pace.rows && b.Rowtime[hi] >= b.Rowtime[hi-1] && b.Rowtime[hi] < limit {
			hi++
		}
		e.clock = b.Rowtime[hi-1]
		b.Slice(&in.round, lo, hi)
		e.pace.took(hi-lo, e.round(in.stream, &in.round, 0, false))
		lo = hi
	}
}

// Bound says that no row with ROWTIME < t will come.
func (e *Engine) Bound(t int64) { e.advance(t) }

// advance runs every deadline up to t, each in its own round.
func (e *Engine) advance(t int64) {
	for {
		d := e.deadline()
		if d > t {
			break
		}
		e.clock = max(e.clock, d)
		e.round(nil, nil, d, true)
	}
	e.clock = max(e.clock, t)
}

func (e *Engine) deadline() int64 {
	d := Never
	for _, p := range e.pumps {
		for _, s := range p.timed {
			d = min(d, s.Deadline())
		}
	}
	return d
}

func (e *Engine) horizonOf(t int64) int64 {
	if t >= e.horizonFrom && t < e.horizon {
		return e.horizon
	}
	e.horizonFrom, e.horizon = t, Never
	for _, p := range e.pumps {
		for _, s := range p.timed {
			e.horizon = min(e.horizon, s.Horizon(t))
		}
	}
	return e.horizon
}

// late reports a row that comes behind a later one or behind a bound.
func (e *Engine) late(in *input, b *types.Batch, row int) {
	e.sink.Error(types.ErrorRow{
		Time: e.clock, Name: dialect.ErrLate,
		Message:     fmt.Sprintf("the row of %s is behind ROWTIME %s", in.stream.name, types.AppendTimestamp(nil, e.clock)),
		DataRowtime: b.Rowtime[row], DataRow: appendRow(nil, in.cols, &Batch{Batch: *b}, row), Pump: "null",
	})
}

// round lets every stream take its turn: its new rows go to the sink and to the pumps that read it. It returns how many rows
// the pumps made.
func (e *Engine) round(from *stream, rows *types.Batch, t int64, bound bool) (made int) {
	e.ctx.eval.Reset()
	for _, s := range e.streams {
		b := e.arrivals(s, from, rows)
		if b != nil && s.created {
			e.sink.Rows(s.name, &b.Batch)
		}
		for _, r := range s.readers {
			e.pumps[r.pump].entries[r.entry].deliver(b, t, bound)
		}
		for _, p := range s.gathered {
			for _, g := range e.pumps[p].gatherers {
				g.Gathered()
			}
		}
	}
	for _, p := range e.pumps {
		made += p.insert.out.rows.N
		p.insert.out.reset()
	}
	e.report()
	return made
}

// arrivals returns the rows that a stream gets in this round, or nil.
func (e *Engine) arrivals(s, from *stream, rows *types.Batch) *Batch {
	b := &s.batch
	switch {
	case s == from:
		b.Batch, b.Origin = *rows, e.ctx.all(rows.N)
	case s.created:
		out := e.merge(s)
		if out == nil {
			return nil
		}
		b.Batch, b.Origin = *out.rows, out.origin
	default:
		return nil
	}
	b.Sel = e.ctx.all(b.N)
	return b
}

// merge orders the rows that pumps bring into one stream by ROWTIME, by the row that caused them, then by the pump.
func (e *Engine) merge(s *stream) *outbox {
	if s.shared() {
		return e.mergeByCause(s)
	}
	var only *outbox
	n := 0
	for _, w := range s.writers {
		if out := &e.pumps[w].insert.out; out.rows.N > 0 {
			only = out
			n++
		}
	}
	if n < 2 {
		return only
	}
	s.merged.reset()
	clear(s.heads)
	for {
		best, time, least := -1, int64(0), int32(0)
		for i, w := range s.writers {
			out, at := &e.pumps[w].insert.out, s.heads[i]
			if at == out.rows.N {
				continue
			}
			if t, o := out.rows.Rowtime[at], out.origin[at]; best < 0 || t < time || t == time && o < least {
				best, time, least = i, t, o
			}
		}
		if best < 0 {
			return &s.merged
		}
		// The rows that one row caused in one pump stay together.
		out := &e.pumps[s.writers[best]].insert.out
		lo := s.heads[best]
		hi := lo + 1
		for hi < out.rows.N && out.rows.Rowtime[hi] == time && out.origin[hi] == least {
			hi++
		}
		s.heads[best] = hi
		b := Batch{Batch: *out.rows, Origin: out.origin}
		s.merged.append(out.rows.Cols, &b, e.ctx.all(hi)[lo:])
	}
}

// report hands the error rows of a round to the sink, in the order of the rows that caused them.
func (e *Engine) report() {
	if len(e.ctx.errors) == 0 {
		return
	}
	sort.SliceStable(e.ctx.errors, func(i, j int) bool {
		a, b := &e.ctx.errors[i], &e.ctx.errors[j]
		return a.origin < b.origin || a.origin == b.origin && a.pump < b.pump
	})
	for _, err := range e.ctx.errors {
		e.sink.Error(err.row)
	}
	clear(e.ctx.errors)
	e.ctx.errors = e.ctx.errors[:0]
}
