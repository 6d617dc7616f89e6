// Package aggregate computes the aggregations of search requests over columns.
//
// A collector takes documents with the bucket each is counted in, and hands those that fall into buckets of its own on
// to its sub-aggregations. Everything is exact: there is one shard, and no sketch.
package aggregate

import (
	"context"
	"encoding/json"
	"fmt"

	"github.com/millrace/millrace/internal/searchindex/column"
	"github.com/millrace/millrace/internal/searchindex/mapping"
	"github.com/millrace/millrace/internal/searchindex/query"
	"github.com/millrace/millrace/internal/searchindex/wire"
)

// MaxBuckets is how many buckets an answer may have, maxCollected how many there may be on the way to it.
const (
	MaxBuckets   = 65535
	maxCollected = 4 << 20
)

// Aggregations are those of one request.
type Aggregations struct {
	specs      []*spec
	collectors []collector
	budget     *budget
}

// New makes the collectors for one search. With typed, names carry their kind: sterms#status.
func (p *Parsed) New(typed bool) *Aggregations {
	a := &Aggregations{specs: p.specs, budget: &budget{typed: typed}}
	a.collectors = newCollectors(p.specs, a.budget)
	return a
}

// Enter tells the collectors which index the next segments belong to.
func (a *Aggregations) Enter(x *query.Index) *wire.Error { return enterAll(a.collectors, x) }

// Collect counts documents of a segment.
func (a *Aggregations) Collect(ctx context.Context, s query.Segment, docs []int32) error {
	owners := a.budget.zeros(len(docs))
	for _, c := range a.collectors {
		if err := c.collect(ctx, s, docs, owners); err != nil {
			return err
		}
	}
	return nil
}

// Result returns the member "aggregations" of the answer.
func (a *Aggregations) Result() (wire.Object, *wire.Error) {
	o := results(nil, a.specs, a.collectors, 0, a.budget)
	if a.budget.buckets > MaxBuckets {
		return nil, tooManyBuckets()
	}
	return o, nil
}

func tooManyBuckets() *wire.Error {
	cause := wire.Errorf("too_many_buckets_exception", "Trying to create too many buckets. Must be less than or equal to: [%d] but was [%d]. "+
		"This limit can be set by changing the [search.max_buckets] cluster level setting.", MaxBuckets, MaxBuckets+1)
	cause.Extra = wire.Object{{Name: "max_buckets", Value: MaxBuckets}}
	cause.Status = 503
	return cause.InReduce()
}

// collector gathers one aggregation.
type collector interface {
	// enter resolves fields and filters for the index whose segments come next.
	enter(*query.Index) *wire.Error
	// collect counts docs[i] in the bucket owners[i] of the parent. Both slices are the caller's again afterwards.
	collect(ctx context.Context, s query.Segment, docs, owners []int32) error
	// result is the aggregation's body for one bucket of the parent.
	result(owner int32) wire.Object
	// kind is the name of the result's type, for typed keys.
	kind() string
}

// metric is a collector whose value buckets can be ordered by.
type metric interface {
	value(owner int32, name string) (float64, bool)
}

// budget is what the collectors of a request share.
type budget struct {
	typed     bool
	buckets   int // in the answer
	collected int
	zero      []int32
}

func (b *budget) zeros(n int) []int32 {
	if len(b.zero) < n {
		b.zero = make([]int32, max(n, column.SegmentSize))
	}
	return b.zero[:n]
}

// take counts buckets of the answer; it is false when there are too many already.
func (b *budget) take(n int) bool {
	b.buckets += n
	return b.buckets <= MaxBuckets
}

// collect counts n buckets more on the way to the answer.
func (b *budget) collect(n int) error {
	if b.collected += n; b.collected > maxCollected {
		e := wire.Errorf("circuit_breaking_exception", "[request] Data too large: the aggregations of this request need more than [%d] buckets while collecting", maxCollected)
		e.Status = 429
		return e
	}
	return nil
}

func newCollectors(specs []*spec, b *budget) []collector {
	var out []collector
	for _, s := range specs {
		out = append(out, s.build(s, b))
	}
	return out
}

func enterAll(collectors []collector, x *query.Index) *wire.Error {
	for _, c := range collectors {
		if err := c.enter(x); err != nil {
			return err
		}
	}
	return nil
}

func results(o wire.Object, specs []*spec, collectors []collector, owner int32, b *budget) wire.Object {
	for i, c := range collectors {
		name := specs[i].name
		if b.typed {
			name = c.kind() + "#" + name
		}
		result := c.result(owner)
		if specs[i].meta != "" {
			result = append(wire.Object{{Name: "meta", Value: json.RawMessage(specs[i].meta)}}, result...)
		}
		o = append(o, wire.Member{Name: name, Value: result})
	}
	return o
}

// bucketed is the common part of collectors with buckets: their sub-aggregations and the buffers for them.
type bucketed struct {
	spec   *spec
	budget *budget
	subs   []collector

	docs, owners []int32
}

func newBucketed(s *spec, b *budget) bucketed {
	return bucketed{spec: s, budget: b, subs: newCollectors(s.subs, b)}
}

func (c *bucketed) reset() { c.docs, c.owners = c.docs[:0], c.owners[:0] }

// hand notes that a document falls into a bucket.
func (c *bucketed) hand(doc, bucket int32) {
	if len(c.subs) > 0 {
		c.docs, c.owners = append(c.docs, doc), append(c.owners, bucket)
	}
}

// room makes sure that each buckets for every owner up to this one are not too many.
func (c *bucketed) room(owner int32, have, each int) error {
	if need := (int(owner) + 1) * each; need > have {
		return c.budget.collect(need - have)
	}
	return nil
}

func (c *bucketed) collectSubs(ctx context.Context, s query.Segment) error {
	for _, sub := range c.subs {
		if err := sub.collect(ctx, s, c.docs, c.owners); err != nil {
			return err
		}
	}
	return nil
}

func (c *bucketed) subResults(o wire.Object, bucket int32) wire.Object {
	return results(o, c.spec.subs, c.subs, bucket, c.budget)
}

// field resolves the aggregation's field in an index; nil when the index has none.
func (s *spec) fieldOf(x *query.Index, allowed func(mapping.Type) bool) (*mapping.Field, *wire.Error) {
	f := x.Mapping.Field(s.field)
	switch {
	case f == nil:
		return nil, nil
	case f.Type == mapping.Text:
		return nil, NeedsKeyword(s.field)
	case !allowed(f.Type):
		return nil, wire.IllegalArgument("Field [%s] of type [%s] is not supported for aggregation [%s]", s.field, f.Type, s.kind)
	}
	return f, nil
}

// NeedsKeyword refuses to sort and aggregate by a text field.
func NeedsKeyword(field string) *wire.Error {
	return wire.IllegalArgument("Text fields are not optimised for operations that require per-document field data like aggregations and sorting, "+
		"so these operations are disabled by default. Please use a keyword field instead. Alternatively, set fielddata=true on [%s] in order to load "+
		"field data by uninverting the inverted index. Note that this can use significant memory.", field)
}

func mixedTypes(s *spec, a, b mapping.Type) *wire.Error {
	return wire.IllegalArgument("aggregation [%s]: field [%s] is [%s] in one index and [%s] in another", s.name, s.field, a, b)
}

func isNumeric(t mapping.Type) bool { return t.Class() != mapping.Strings }
func anyType(mapping.Type) bool     { return true }
func isWholeTime(t mapping.Type) bool {
	return t == mapping.Date || t == mapping.Long || t == mapping.Integer
}

// formatValue writes a key or value in the notation of its type, when the type has one beside the number.
func formatValue(f *mapping.Field, v float64) (string, bool) {
	switch {
	case f == nil:
		return "", false
	case f.Type == mapping.Date:
		return f.Format.Print(int64(v)), true
	case f.Type == mapping.Boolean:
		return fmt.Sprint(v != 0), true
	}
	return "", false
}
