package exec

import (
	"fmt"
	"slices"

	"github.com/millrace/millrace/internal/sql/bind"
	"github.com/millrace/millrace/internal/sql/plan"
)

// pump is a running pump: its operators and what it collects for its target.
type pump struct {
	entries  []entry
	stateful []Stateful // the highest first
	// timed are those whose deadlines the engine runs: not those above a splitter.
	timed     []Stateful
	gatherers []gatherer // the lowest first
	insert    *insert
}

// entry is where the rows of a stream come into a pump. Most pumps have one.
type entry struct {
	stream        string
	op            Operator
	before, after Batch
}

// deliver hands rows on, and a bound if there is one: rows before it first, such as those that an outer join gives up.
func (e *entry) deliver(b *Batch, t int64, bound bool) {
	if !bound {
		if b != nil {
			e.op.Rows(b)
		}
		return
	}
	n := 0
	for b != nil && n < b.N && b.Rowtime[n] < t {
		n++
	}
	if n > 0 {
		e.before = *b
		e.before.Sel = b.Sel[:n]
		e.op.Rows(&e.before)
	}
	e.op.Bound(t)
	if b != nil && n < b.N {
		e.after = *b
		e.after.Sel = b.Sel[n:]
		e.op.Rows(&e.after)
	}
}

// builder makes the operators of a pump, each before those below it.
type builder struct {
	*pump
	ctx    *context
	number int
	name   string
	// promoted are the streams whose rows have a ROWTIME of their own.
	promoted map[string]bool
	// closing is an ORDER BY that waits for the group below it.
	closing *sorter
}

// place is where an operator stands that reads the columns of n.
func (b *builder) place(n plan.Node) place { return place{b.name, b.number, n.Columns()} }

// newPump builds the operators of a plan from the top down.
func newPump(ctx *context, number int, n *plan.Insert, promoted map[string]bool) *pump {
	b := &builder{pump: &pump{}, ctx: ctx, number: number, name: n.Pump, promoted: promoted}
	b.insert = &insert{ctx: ctx, at: b.place(n.Input), target: n.Cols, values: compileAll(n.Values), out: newOutbox(n.Cols)}
	b.build(n.Input, b.insert)
	return b.pump
}

// build makes the operator of a node, which hands its rows to next, and those below it.
func (b *builder) build(n plan.Node, next Operator) {
	var op Operator
	switch n := n.(type) {
	case *plan.Scan:
		if b.promoted[n.Stream] {
			next = b.split(next)
		}
		b.entries = append(b.entries, entry{stream: n.Stream, op: next})
		return
	case *plan.Filter:
		op = &filter{ctx: b.ctx, at: b.place(n), cond: compile(n.Cond), next: next}
	case *plan.Project:
		op = &project{ctx: b.ctx, at: b.place(n.Input), exprs: compileAll(n.Exprs), next: next}
	case *plan.Join:
		j := newJoin(b, n, next)
		b.keep(j)
		b.gather(j, n, &j.sides[0], &j.sides[1])
		return
	case *plan.Union:
		u := newUnion(b.ctx, n, next)
		b.gather(u, n, &unionInput{u, 0}, &unionInput{u, 1})
		return
	case *plan.Lookup:
		op = newLookup(b, n, next)
	case *plan.TableFunction:
		op = b.keep(newTableFunction(b, n, next))
	case *plan.Aggregate:
		a := newAggregate(b.ctx, b.place(n.Input), n, next)
		if b.closing != nil {
			a.emitted, b.closing = b.closing.windowClosed, nil
		}
		op = b.keep(a)
	case *plan.Stagger:
		op = b.keep(newStagger(b.ctx, b.place(n.Input), n, next))
	case *plan.Analytic:
		op = b.keep(newAnalytic(b.ctx, b.place(n.Input), n, next))
	case *plan.Distinct:
		op = b.keep(newDistinct(b.ctx, b.place(n.Input), n, next))
	case *plan.Sort:
		op = b.sort(newSorter(b.ctx, b.place(n.Input), n, next))
	case *plan.Promote:
		op = b.keep(&retime{ctx: b.ctx, at: b.place(n.Input), next: b.split(next), column: n.Column, width: len(n.Cols), mark: beginning})
	default:
		panic(fmt.Sprintf("BUG: no operator for %T", n))
	}
	b.build(n.Inputs()[0], op)
}

// gather builds what is below an operator of two inputs, which has to wait for both.
func (b *builder) gather(g gatherer, n plan.Node, left, right Operator) {
	b.gatherers = append([]gatherer{g}, b.gatherers...)
	b.build(n.Inputs()[0], left)
	b.build(n.Inputs()[1], right)
}

// keep notes that an operator has state.
func (b *builder) keep(op Stateful) Stateful {
	b.stateful = append(b.stateful, op)
	b.timed = append(b.timed, op)
	return op
}

// split puts what was built so far above a splitter.
func (b *builder) split(next Operator) Operator {
	s := &splitter{ctx: b.ctx, next: next, above: b.timed}
	b.timed = nil
	return s
}

// sort keeps a sorter that waits for times; the other one waits for the group below it.
func (b *builder) sort(s *sorter) Operator {
	if s.atOnce {
		b.closing = s
		return s
	}
	return b.keep(s)
}

// stream is a stream while it runs. Streams stand in an order in which every one comes behind those it is made of.
type stream struct {
	name string
	// readers are the entries that its rows go to, and writers the pumps they come from, by number, ascending.
	readers []reader
	writers []int
	// gathered are the pumps of several entries that have had all their rows of a round once this stream has had its turn.
	gathered []int
	created  bool
	// promoted tells that its rows have a ROWTIME of their own, and mark is the greatest where several pumps bring them.
	promoted bool
	mark     int64
	good     []int32
	merged   outbox
	heads    []int
	batch    Batch
}

// reader is an entry of a pump.
type reader struct{ pump, entry int }

// newStreams sorts inputs and created streams: a stream stands behind all streams that its pumps read.
func newStreams(app *plan.Application, pumps []*pump, promoted map[string]bool) []*stream {
	byName := map[string]*stream{}
	var waiting []*stream
	for _, in := range app.Inputs {
		s := &stream{name: in.Name}
		byName[in.Name] = s
		waiting = append(waiting, s)
	}
	columns := map[string]bind.Stream{}
	for _, c := range app.Streams {
		s := &stream{name: c.Name, created: true, merged: newOutbox(c.Columns), promoted: promoted[c.Name], mark: beginning}
		byName[c.Name], columns[c.Name] = s, c
		waiting = append(waiting, s)
	}
	for i, p := range app.Pumps {
		for k, e := range pumps[i].entries {
			from := byName[e.stream]
			from.readers = append(from.readers, reader{i, k})
		}
		to := byName[p.Target]
		to.writers = append(to.writers, i)
		to.heads = append(to.heads, 0)
	}
	var sorted []*stream
	placed := map[*stream]bool{}
	var put func(s *stream)
	put = func(s *stream) {
		if placed[s] {
			return
		}
		placed[s] = true
		for _, w := range s.writers {
			for _, e := range pumps[w].entries {
				put(byName[e.stream])
			}
		}
		sorted = append(sorted, s)
	}
	for _, s := range waiting {
		put(s)
	}
	for i, p := range pumps {
		if len(p.gatherers) == 0 {
			continue
		}
		last := 0
		for _, e := range p.entries {
			last = max(last, slices.Index(sorted, byName[e.stream]))
		}
		sorted[last].gathered = append(sorted[last].gathered, i)
	}
	return sorted
}
