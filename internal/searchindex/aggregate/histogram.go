package aggregate

import (
	"context"
	"maps"
	"math"
	"slices"
	"time"

	"github.com/millrace/millrace/internal/searchindex/column"
	"github.com/millrace/millrace/internal/searchindex/date"
	"github.com/millrace/millrace/internal/searchindex/mapping"
	"github.com/millrace/millrace/internal/searchindex/query"
	"github.com/millrace/millrace/internal/searchindex/wire"
)

// grid cuts the number line into buckets. Keys count milliseconds for dates, and steps for numbers.
type grid struct {
	fixed    int64   // milliseconds; 0 when calendar is set
	calendar byte    // a unit of date.Floor
	step     float64 // of a numeric histogram
	offset   float64 // milliseconds, or in the field's unit

	zone *time.Location // nil: UTC

	start, end int64 // the bucket that the last date fell into
	zoned      zoned
}

// zoned is the time that the zone's clocks go without being set, around the last date.
type zoned struct{ start, end, shift int64 }

func (g *grid) ofDate(ms int64) int64 {
	offset := int64(g.offset)
	shifted := ms - offset
	if shifted >= g.start && shifted < g.end {
		return g.start + offset
	}
	switch {
	case g.calendar == 0 && g.zone == nil:
		g.start = floorTo(shifted, g.fixed)
		g.end = g.start + g.fixed
	case g.calendar == 0:
		return g.ofZone(shifted) + offset
	default:
		first, last, _ := date.FloorIn(shifted, g.calendar, g.zone)
		g.start, g.end = first, last+1
	}
	return g.start + offset
}

func floorTo(ms, step int64) int64 {
	floor := ms - ms%step
	if ms%step < 0 {
		floor -= step
	}
	return floor
}

// ofZone cuts what the zone's clocks show. A bucket that would begin before they were set begins where the zone's
// clocks then showed its beginning.
func (g *grid) ofZone(ms int64) int64 {
	if z := &g.zoned; ms < z.start || ms >= z.end {
		t := time.UnixMilli(ms).In(g.zone)
		from, to := t.ZoneBounds()
		_, seconds := t.Zone()
		*z = zoned{math.MinInt64, math.MaxInt64, int64(seconds) * 1000}
		if !from.IsZero() {
			z.start = from.UnixMilli()
		}
		if !to.IsZero() {
			z.end = to.UnixMilli()
		}
	}
	wall := floorTo(ms+g.zoned.shift, g.fixed)
	if begin := wall - g.zoned.shift; begin >= g.zoned.start {
		return begin
	}
	return date.Shift(wall, g.zone)
}

func (g *grid) ofNumber(v float64) int64 { return int64(math.Floor((v - g.offset) / g.step)) }

// next is the bucket after a bucket.
func (g *grid) next(key int64, dates bool) int64 {
	switch {
	case !dates:
		return key + 1
	case g.calendar == 0 && g.zone == nil:
		return key + g.fixed
	}
	offset := int64(g.offset)
	if g.calendar == 0 {
		return max(date.Shift(date.Wall(key-offset, g.zone)+g.fixed, g.zone)+offset, key+1)
	}
	_, last, _ := date.FloorIn(key-offset, g.calendar, g.zone)
	return last + 1 + offset
}

// histogram is date_histogram and histogram.
type histogram struct {
	bucketed
	grid    grid
	field   *mapping.Field
	shown   *mapping.Field
	buckets buckets
}

func newHistogram(s *spec, b *budget) collector {
	return &histogram{bucketed: newBucketed(s, b), grid: s.grid}
}

func (c *histogram) kind() string { return c.spec.kind }

func (c *histogram) dates() bool { return c.spec.kind == "date_histogram" }

func (c *histogram) enter(x *query.Index) (err *wire.Error) {
	allowed := isNumeric
	if c.dates() {
		allowed = isWholeTime
	}
	if c.field, err = c.spec.fieldOf(x, allowed); err != nil {
		return err
	}
	if c.shown == nil {
		c.shown = c.field
	}
	return enterAll(c.subs, x)
}

func (c *histogram) collect(ctx context.Context, s query.Segment, docs, owners []int32) error {
	c.reset()
	if c.field == nil {
		return nil
	}
	col, err := s.Column(ctx, c.field.Column)
	if col == nil || err != nil {
		return err
	}
	switch {
	case c.dates():
		err = collectHistogram(c, col, docs, owners, col.Ints, col.MoreInts, c.grid.ofDate)
	case col.Class == mapping.Ints:
		err = collectHistogram(c, col, docs, owners, col.Ints, col.MoreInts, func(v int64) int64 { return c.grid.ofNumber(float64(v)) })
	default:
		err = collectHistogram(c, col, docs, owners, col.Floats, col.MoreFloats, c.grid.ofNumber)
	}
	if err != nil {
		return err
	}
	return c.collectSubs(ctx, s)
}

func collectHistogram[T any](c *histogram, col *column.Column, docs, owners []int32, values []T, more map[int32][]T, bucket func(T) int64) error {
	count := func(i int, key int64) error {
		id, err := c.buckets.id(bucketKey{owners[i], key}, c.budget)
		if err == nil {
			c.buckets.counts[id]++
			c.hand(docs[i], id)
		}
		return err
	}
	for i, doc := range docs {
		if !col.Has.Has(int(doc)) {
			continue
		}
		first := bucket(values[doc])
		if err := count(i, first); err != nil {
			return err
		}
		if len(more) == 0 {
			continue
		}
		seen := map[int64]bool{first: true}
		for _, v := range more[doc] {
			if key := bucket(v); !seen[key] {
				seen[key] = true
				if err := count(i, key); err != nil {
					return err
				}
			}
		}
	}
	return nil
}

func (c *histogram) result(owner int32) wire.Object {
	byKey := func(a, b int64) int { return compare(a, b) }
	ids := c.buckets.of(owner)
	c.sortBuckets(ids, &c.buckets, byKey, []order{{by: "_key"}})
	if c.spec.minDocCount == 0 {
		ids = c.filled(owner, ids)
	}
	c.sortBuckets(ids, &c.buckets, byKey, c.spec.order)
	var list []any
	keyed := wire.Object{}
	for _, id := range ids {
		if c.buckets.counts[id] < c.spec.minDocCount {
			continue
		}
		if !c.budget.take(1) {
			break
		}
		name, o := c.members(c.buckets.keys[id].key)
		o = c.subResults(append(o, wire.Member{Name: "doc_count", Value: c.buckets.counts[id]}), id)
		if list = append(list, o); c.spec.keyed {
			keyed = append(keyed, wire.Member{Name: name, Value: o})
		}
	}
	if c.spec.keyed {
		return wire.Object{{Name: "buckets", Value: keyed}}
	}
	if list == nil {
		list = []any{}
	}
	return wire.Object{{Name: "buckets", Value: list}}
}

// filled adds the empty buckets between the first and the last, and those that extended_bounds asks for.
func (c *histogram) filled(owner int32, ids []int32) []int32 {
	have := map[int64]int32{}
	first, last := int64(math.MaxInt64), int64(math.MinInt64)
	for _, id := range ids {
		key := c.buckets.keys[id].key
		have[key] = id
		first, last = min(first, key), max(last, key)
	}
	if low, high, ok := c.bounds(); ok {
		first, last = min(first, low), max(last, high)
	}
	if first > last {
		return ids
	}
	known := slices.Sorted(maps.Keys(have))
	var out []int32
	for key := first; key <= last && len(out) <= MaxBuckets; {
		for len(known) > 0 && known[0] < key { // one that no step from the first reaches, where clocks were set
			out, known = append(out, have[known[0]]), known[1:]
		}
		id, ok := have[key]
		if ok {
			known = known[1:]
		} else {
			id = c.buckets.add(bucketKey{owner, key})
		}
		out = append(out, id)
		key = c.grid.next(key, c.dates())
	}
	for _, key := range known {
		out = append(out, have[key])
	}
	return out
}

func (c *histogram) bounds() (low, high int64, ok bool) {
	if c.spec.bounds == nil {
		return 0, 0, false
	}
	if !c.dates() {
		return c.grid.ofNumber(c.spec.bounds[0]), c.grid.ofNumber(c.spec.bounds[1]), true
	}
	// The real server rounds the bounds without the offset, then moves them by it.
	g, offset := c.grid, int64(c.grid.offset)
	g.offset = 0
	return g.ofDate(int64(c.spec.bounds[0])) + offset, g.ofDate(int64(c.spec.bounds[1])) + offset, true
}

func (c *histogram) members(key int64) (name string, o wire.Object) {
	if !c.dates() {
		v := float64(key)*c.grid.step + c.grid.offset
		return wire.DoubleText(v), wire.Object{{Name: "key", Value: v}}
	}
	format := date.Default()
	switch {
	case c.spec.format != nil:
		format = *c.spec.format
	case c.shown != nil && c.shown.Type == mapping.Date:
		format = c.shown.Format
	}
	name = format.In(c.grid.zone).Print(key)
	return name, wire.Object{{Name: "key_as_string", Value: name}, {Name: "key", Value: key}}
}
