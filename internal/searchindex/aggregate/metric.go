package aggregate

import (
	"context"
	"math"
	"strings"

	"github.com/millrace/millrace/internal/searchindex/column"
	"github.com/millrace/millrace/internal/searchindex/mapping"
	"github.com/millrace/millrace/internal/searchindex/query"
	"github.com/millrace/millrace/internal/searchindex/wire"
)

// summary is sum, avg, min, max, stats, extended_stats and value_count: all come from the same few numbers a bucket.
type summary struct {
	spec    *spec
	field   *mapping.Field // of the index being read; nil: unmapped
	shown   *mapping.Field // of the first index that has it: how values are written
	buckets []tally
}

type tally struct {
	count           int64
	sum, correction float64 // Kahan's summation
	min, max        float64
	squares         float64 // of extended_stats
}

func newSummary(s *spec, _ *budget) collector { return &summary{spec: s} }

func (c *summary) kind() string { return c.spec.kind }

func (c *summary) enter(x *query.Index) (err *wire.Error) {
	allowed := isNumeric
	if c.spec.kind == "value_count" {
		allowed = anyType
	}
	c.field, err = c.spec.fieldOf(x, allowed)
	if c.shown == nil {
		c.shown = c.field
	}
	return err
}

func (c *summary) at(owner int32) *tally {
	if int(owner) >= len(c.buckets) {
		c.grow(int(owner))
	}
	return &c.buckets[owner]
}

func (c *summary) grow(owner int) {
	for owner >= len(c.buckets) {
		c.buckets = append(c.buckets, tally{min: math.Inf(1), max: math.Inf(-1)})
	}
}

func (t *tally) add(v float64) {
	t.count++
	y := v - t.correction
	sum := t.sum + y
	t.correction = sum - t.sum - y
	t.sum = sum
	t.min = min(t.min, v)
	t.max = max(t.max, v)
}

func (c *summary) collect(ctx context.Context, s query.Segment, docs, owners []int32) error {
	if c.field == nil {
		return nil
	}
	col, err := s.Column(ctx, c.field.Column)
	if col == nil || err != nil {
		return err
	}
	if col.Class == mapping.Strings {
		return c.count(col, docs, owners)
	}
	if c.spec.kind == "extended_stats" {
		c.square(col, docs, owners)
	}
	for i, doc := range docs {
		if !col.Has.Has(int(doc)) {
			continue
		}
		t := c.at(owners[i])
		if col.Class == mapping.Ints {
			t.add(float64(col.Ints[doc]))
			for _, v := range col.MoreInts[doc] {
				t.add(float64(v))
			}
			continue
		}
		t.add(col.Floats[doc])
		for _, v := range col.MoreFloats[doc] {
			t.add(v)
		}
	}
	return nil
}

func (c *summary) square(col *column.Column, docs, owners []int32) {
	for i, doc := range docs {
		if !col.Has.Has(int(doc)) {
			continue
		}
		t := c.at(owners[i])
		if col.Class == mapping.Ints {
			t.squares += float64(col.Ints[doc]) * float64(col.Ints[doc])
			for _, v := range col.MoreInts[doc] {
				t.squares += float64(v) * float64(v)
			}
			continue
		}
		t.squares += col.Floats[doc] * col.Floats[doc]
		for _, v := range col.MoreFloats[doc] {
			t.squares += v * v
		}
	}
}

func (c *summary) count(col *column.Column, docs, owners []int32) error {
	for i, doc := range docs {
		if !col.Has.Has(int(doc)) {
			continue
		}
		t := c.at(owners[i])
		if c.field.Accepts(col.Dict[col.Codes[doc]]) {
			t.count++
		}
		for _, code := range col.MoreCodes[doc] {
			if c.field.Accepts(col.Dict[code]) {
				t.count++
			}
		}
	}
	return nil
}

func (c *summary) value(owner int32, name string) (float64, bool) {
	t := c.at(owner)
	if name == "" {
		name = c.spec.kind
	} else if c.spec.kind != "stats" && c.spec.kind != "extended_stats" && name != "value" {
		return 0, false
	} else if name == "value" {
		name = c.spec.kind
	}
	switch name {
	case "sum":
		return t.sum, true
	case "avg":
		if t.count == 0 {
			return math.NaN(), true
		}
		return t.sum / float64(t.count), true
	case "min":
		return t.min, true
	case "max":
		return t.max, true
	case "value_count", "count":
		return float64(t.count), true
	case "sum_of_squares":
		return t.squares, true
	case "variance", "std_deviation", "variance_population", "std_deviation_population":
		v, _ := t.variances()
		if strings.HasPrefix(name, "std") {
			v = math.Sqrt(v)
		}
		return v, true
	}
	return 0, false
}

func (c *summary) result(owner int32) wire.Object {
	t := c.at(owner)
	switch c.spec.kind {
	case "value_count":
		return wire.Object{{Name: "value", Value: t.count}}
	case "stats":
		return c.stats(owner, t)
	case "extended_stats":
		return append(c.stats(owner, t), c.extended(t)...)
	}
	v, _ := c.value(owner, "")
	if t.count == 0 && c.spec.kind != "sum" {
		return wire.Object{{Name: "value", Value: nil}}
	}
	o := wire.Object{{Name: "value", Value: v}}
	if text, ok := formatValue(c.shown, v); ok {
		o = append(o, wire.Member{Name: "value_as_string", Value: text})
	}
	return o
}

func (c *summary) stats(owner int32, t *tally) wire.Object {
	if t.count == 0 {
		return wire.Object{{Name: "count", Value: 0}, {Name: "min", Value: nil}, {Name: "max", Value: nil}, {Name: "avg", Value: nil}, {Name: "sum", Value: 0.0}}
	}
	o := wire.Object{{Name: "count", Value: t.count}}
	names := []string{"min", "max", "avg", "sum"}
	for _, name := range names {
		v, _ := c.value(owner, name)
		o = append(o, wire.Member{Name: name, Value: v})
	}
	for _, name := range names {
		v, _ := c.value(owner, name)
		if text, ok := formatValue(c.shown, v); ok {
			o = append(o, wire.Member{Name: name + "_as_string", Value: text})
		}
	}
	return o
}

// cardinality counts different values, exactly.
type cardinality struct {
	spec   *spec
	budget *budget
	keys   keys
	seen   map[bucketKey]struct{}
	counts map[int32]int64
}

func newCardinality(s *spec, b *budget) collector {
	return &cardinality{spec: s, budget: b, seen: map[bucketKey]struct{}{}, counts: map[int32]int64{}}
}

func (c *cardinality) kind() string { return "cardinality" }

func (c *cardinality) enter(x *query.Index) (err *wire.Error) {
	field, err := c.spec.fieldOf(x, anyType)
	if err != nil {
		return err
	}
	return c.keys.enter(c.spec, field)
}

func (c *cardinality) collect(ctx context.Context, s query.Segment, docs, owners []int32) error {
	return c.keys.each(ctx, s, docs, false, func(i int, key int64) error {
		k := bucketKey{owners[i], key}
		if _, known := c.seen[k]; known {
			return nil
		}
		c.seen[k] = struct{}{}
		c.counts[owners[i]]++
		return c.budget.collect(1)
	})
}

func (c *cardinality) value(owner int32, name string) (float64, bool) {
	return float64(c.counts[owner]), name == "" || name == "value"
}

func (c *cardinality) result(owner int32) wire.Object {
	return wire.Object{{Name: "value", Value: c.counts[owner]}}
}
