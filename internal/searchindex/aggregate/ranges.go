package aggregate

import (
	"cmp"
	"context"
	"math"
	"slices"

	"github.com/millrace/millrace/internal/searchindex/column"
	"github.com/millrace/millrace/internal/searchindex/date"
	"github.com/millrace/millrace/internal/searchindex/mapping"
	"github.com/millrace/millrace/internal/searchindex/query"
	"github.com/millrace/millrace/internal/searchindex/wire"
)

// interval is one bucket of a range aggregation: from is included, to is not.
type interval struct {
	key            string
	from, to       float64
	hasFrom, hasTo bool

	fromText, toText string // as written; dates are read when the field is known
}

func (r interval) holds(v float64) bool { return v >= r.from && v < r.to }

// ranges counts values in given intervals, which may overlap; date_range is the one whose bounds are dates.
type ranges struct {
	bucketed
	field  *mapping.Field
	format date.Format // of the first index that has the field
	ranges []interval
	counts []int64 // by owner and interval
}

func newRanges(s *spec, b *budget) collector {
	return &ranges{bucketed: newBucketed(s, b), ranges: slices.SortedStableFunc(slices.Values(s.ranges), interval.compare)}
}

// compare orders intervals by where they begin, then by where they end.
func (r interval) compare(other interval) int {
	return cmp.Or(cmp.Compare(r.from, other.from), cmp.Compare(r.to, other.to))
}

func (c *ranges) kind() string { return c.spec.kind }

func (c *ranges) enter(x *query.Index) (err *wire.Error) {
	if c.field, err = c.spec.fieldOf(x, isNumeric); err != nil {
		return err
	}
	switch {
	case c.spec.kind == "date_range":
		err = c.enterDates(x)
	case c.field != nil && c.field.Type == mapping.Date:
		err = wire.Unsupported("aggregation [range] on the date field [" + c.spec.field + "]")
	}
	if err != nil {
		return err
	}
	return enterAll(c.subs, x)
}

// enterDates reads the bounds once, in the format given or in that of the field.
func (c *ranges) enterDates(x *query.Index) *wire.Error {
	if c.format.Text != "" {
		return nil
	}
	format := date.Default()
	switch {
	case c.spec.format != nil:
		format = *c.spec.format
	case c.field != nil && c.field.Type == mapping.Date:
		format = c.field.Format
	}
	c.format = format.In(c.spec.grid.zone)
	c.ranges = slices.Clone(c.spec.ranges)
	for i := range c.ranges {
		r := &c.ranges[i]
		for _, bound := range []struct {
			given bool
			text  string
			into  *float64
		}{{r.hasFrom, r.fromText, &r.from}, {r.hasTo, r.toText, &r.to}} {
			if !bound.given {
				continue
			}
			ms, _, ok := c.format.Resolve(bound.text, x.Now)
			if !ok {
				cause := mapping.BadDate(bound.text, &mapping.Field{Format: c.format})
				e := wire.Errorf("parse_exception", "%s: [%s]", cause.Reason, cause.Reason)
				e.CausedBy = cause
				return e
			}
			*bound.into = float64(ms)
		}
		if r.key == "" {
			r.key = c.show(r.hasFrom, r.from) + "-" + c.show(r.hasTo, r.to)
		}
	}
	slices.SortStableFunc(c.ranges, interval.compare)
	return nil
}

func (c *ranges) show(given bool, ms float64) string {
	if !given {
		return "*"
	}
	return c.format.Print(int64(ms))
}

func (c *ranges) bucket(owner int32, i int) int32 {
	id := owner*int32(len(c.spec.ranges)) + int32(i)
	for int(id) >= len(c.counts) {
		c.counts = append(c.counts, make([]int64, len(c.spec.ranges))...)
	}
	return id
}

func (c *ranges) collect(ctx context.Context, s query.Segment, docs, owners []int32) error {
	c.reset()
	if c.field == nil {
		return nil
	}
	col, err := s.Column(ctx, c.field.Column)
	if col == nil || err != nil {
		return err
	}
	for i, doc := range docs {
		if !col.Has.Has(int(doc)) {
			continue
		}
		if err := c.room(owners[i], len(c.counts), len(c.spec.ranges)); err != nil {
			return err
		}
		for n, r := range c.ranges {
			if anyValue(col, doc, r.holds) {
				id := c.bucket(owners[i], n)
				c.counts[id]++
				c.hand(doc, id)
			}
		}
	}
	return c.collectSubs(ctx, s)
}

func anyValue(col *column.Column, doc int32, holds func(float64) bool) bool {
	if col.Class == mapping.Ints {
		if holds(float64(col.Ints[doc])) {
			return true
		}
		for _, v := range col.MoreInts[doc] {
			if holds(float64(v)) {
				return true
			}
		}
		return false
	}
	if holds(col.Floats[doc]) {
		return true
	}
	for _, v := range col.MoreFloats[doc] {
		if holds(v) {
			return true
		}
	}
	return false
}

func (c *ranges) result(owner int32) wire.Object {
	list := []any{}
	keyed := wire.Object{}
	for i, r := range c.ranges {
		id := c.bucket(owner, i)
		c.budget.take(1)
		var o wire.Object
		if !c.spec.keyed {
			o = append(o, wire.Member{Name: "key", Value: r.key})
		}
		if r.hasFrom {
			o = append(o, wire.Member{Name: "from", Value: r.from})
		}
		if r.hasFrom && c.spec.kind == "date_range" {
			o = append(o, wire.Member{Name: "from_as_string", Value: c.show(true, r.from)})
		}
		if r.hasTo {
			o = append(o, wire.Member{Name: "to", Value: r.to})
		}
		if r.hasTo && c.spec.kind == "date_range" {
			o = append(o, wire.Member{Name: "to_as_string", Value: c.show(true, r.to)})
		}
		o = c.subResults(append(o, wire.Member{Name: "doc_count", Value: c.counts[id]}), id)
		list, keyed = append(list, o), append(keyed, wire.Member{Name: r.key, Value: o})
	}
	if c.spec.keyed {
		return wire.Object{{Name: "buckets", Value: keyed}}
	}
	return wire.Object{{Name: "buckets", Value: list}}
}

// rangeKey names an interval that has no name.
func rangeKey(r interval) string {
	from, to := "*", "*"
	if !math.IsInf(r.from, -1) {
		from = wire.DoubleText(r.from)
	}
	if !math.IsInf(r.to, 1) {
		to = wire.DoubleText(r.to)
	}
	return from + "-" + to
}

// filters makes a bucket a query; filter is the one with a single query.
type filters struct {
	bucketed
	matchers []query.Matcher
	counts   []int64
}

func newFilters(s *spec, b *budget) collector { return &filters{bucketed: newBucketed(s, b)} }

func (c *filters) kind() string { return c.spec.kind }

func (c *filters) enter(x *query.Index) *wire.Error {
	c.matchers = c.matchers[:0]
	for _, f := range c.spec.filters {
		m, err := f.query.Compile(x)
		if err != nil {
			return err
		}
		c.matchers = append(c.matchers, m)
	}
	return enterAll(c.subs, x)
}

func (c *filters) bucket(owner int32, i int) int32 {
	id := owner*int32(len(c.spec.filters)) + int32(i)
	for int(id) >= len(c.counts) {
		c.counts = append(c.counts, make([]int64, len(c.spec.filters))...)
	}
	return id
}

func (c *filters) collect(ctx context.Context, s query.Segment, docs, owners []int32) error {
	c.reset()
	for n, m := range c.matchers {
		matching, err := m.Match(ctx, s)
		if err != nil {
			return err
		}
		for i, doc := range docs {
			if matching.Has(int(doc)) {
				if err := c.room(owners[i], len(c.counts), len(c.matchers)); err != nil {
					return err
				}
				id := c.bucket(owners[i], n)
				c.counts[id]++
				c.hand(doc, id)
			}
		}
	}
	return c.collectSubs(ctx, s)
}

func (c *filters) result(owner int32) wire.Object {
	list := []any{}
	keyed := wire.Object{}
	for i, f := range c.spec.filters {
		id := c.bucket(owner, i)
		o := c.subResults(wire.Object{{Name: "doc_count", Value: c.counts[id]}}, id)
		if c.spec.kind == "filter" {
			return o
		}
		c.budget.take(1)
		list, keyed = append(list, o), append(keyed, wire.Member{Name: f.name, Value: o})
	}
	if c.spec.keyed {
		return wire.Object{{Name: "buckets", Value: keyed}}
	}
	return wire.Object{{Name: "buckets", Value: list}}
}

// value lets buckets be ordered by how many documents a filter keeps.
func (c *filters) value(owner int32, name string) (float64, bool) {
	return float64(c.counts[c.bucket(owner, 0)]), c.spec.kind == "filter"
}
