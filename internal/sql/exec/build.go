package exec

import (
	"fmt"

	"github.com/millrace/millrace/internal/sql/bind"
	"github.com/millrace/millrace/internal/sql/plan"
)

// pump is a running pump: its operators, the lowest first, and what it collects for its target.
type pump struct {
	entry    Operator
	stateful []Stateful
	insert   *insert
	target   int
}

// newPump builds the operators of a plan from the top down.
func newPump(ctx *context, number int, n *plan.Insert) *pump {
	p := &pump{insert: &insert{
		ctx: ctx, at: place{n.Pump, number, n.Input.Columns()}, target: n.Cols,
		values: compileAll(n.Values), out: newOutbox(n.Cols),
	}}
	p.entry = p.build(ctx, number, n.Pump, n.Input, p.insert)
	return p
}

func (p *pump) build(ctx *context, number int, name string, n plan.Node, next Operator) Operator {
	var op Operator
	switch n := n.(type) {
	case *plan.Scan:
		return next
	case *plan.Filter:
		op = &filter{ctx: ctx, at: place{name, number, n.Columns()}, cond: compile(n.Cond), next: next}
	case *plan.Project:
		op = &project{ctx: ctx, at: place{name, number, n.Input.Columns()}, exprs: compileAll(n.Exprs), next: next}
	case *plan.Aggregate:
		a := newAggregate(ctx, place{name, number, n.Input.Columns()}, n, next)
		p.stateful = append(p.stateful, a)
		op = a
	default:
		panic(fmt.Sprintf("BUG: no operator for %T", n))
	}
	return p.build(ctx, number, name, n.Inputs()[0], op)
}

// stream is a stream while it runs. Streams stand in an order in which every one comes behind those it is made of.
type stream struct {
	name string
	// readers and writers are pumps by number, ascending.
	readers, writers []int
	created          bool
	merged           outbox
	heads            []int
	batch            Batch
}

// newStreams sorts inputs and created streams: a stream stands behind all streams that its pumps read.
func newStreams(app *plan.Application) []*stream {
	byName := map[string]*stream{}
	var waiting []*stream
	for _, in := range app.Inputs {
		s := &stream{name: in.Name}
		byName[in.Name] = s
		waiting = append(waiting, s)
	}
	columns := map[string]bind.Stream{}
	for _, c := range app.Streams {
		s := &stream{name: c.Name, created: true, merged: newOutbox(c.Columns)}
		byName[c.Name], columns[c.Name] = s, c
		waiting = append(waiting, s)
	}
	for i, p := range app.Pumps {
		from, to := byName[plan.Reads(p).Stream], byName[p.Target]
		from.readers = append(from.readers, i)
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
			put(byName[plan.Reads(app.Pumps[w]).Stream])
		}
		sorted = append(sorted, s)
	}
	for _, s := range waiting {
		put(s)
	}
	return sorted
}
