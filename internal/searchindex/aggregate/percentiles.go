package aggregate

import (
	"context"
	"math"
	"slices"
	"strconv"

	"github.com/millrace/millrace/internal/searchindex/jsontree"
	"github.com/millrace/millrace/internal/searchindex/mapping"
	"github.com/millrace/millrace/internal/searchindex/query"
	"github.com/millrace/millrace/internal/searchindex/wire"
)

var defaultPercents = []float64{1, 5, 25, 50, 75, 95, 99}

// percentiles counts how often each value comes and answers exactly: the value at the rank ⌊p·n⌋, as the sketch of the
// real server does while it holds every value. Different values are bounded by the budget.
type percentiles struct {
	spec   *spec
	budget *budget
	keys   keys
	counts map[bucketKey]int64
	sorted map[int32]*distribution // after collecting
}

// distribution holds the different values of a bucket in order, and how many values come up to each.
type distribution struct {
	keys   []int64
	values []float64
	upTo   []int64
}

func newPercentiles(s *spec, b *budget) collector {
	return &percentiles{spec: s, budget: b, counts: map[bucketKey]int64{}}
}

func (c *percentiles) kind() string { return "tdigest_percentiles" }

func (c *percentiles) enter(x *query.Index) *wire.Error {
	field, err := c.spec.fieldOf(x, isNumeric)
	if err != nil {
		return err
	}
	return c.keys.enter(c.spec, field)
}

func (c *percentiles) collect(ctx context.Context, s query.Segment, docs, owners []int32) error {
	return c.keys.each(ctx, s, docs, true, func(i int, key int64) error {
		k := bucketKey{owners[i], key}
		n := c.counts[k]
		c.counts[k] = n + 1
		if n == 0 {
			return c.budget.collect(1)
		}
		return nil
	})
}

// of sorts the values of all buckets once.
func (c *percentiles) of(owner int32) *distribution {
	if c.sorted == nil {
		c.sorted = map[int32]*distribution{}
		for k := range c.counts {
			if c.sorted[k.owner] == nil {
				c.sorted[k.owner] = &distribution{}
			}
			d := c.sorted[k.owner]
			d.keys = append(d.keys, k.key)
		}
		for owner, d := range c.sorted {
			slices.SortFunc(d.keys, c.keys.compare)
			var sum int64
			for _, key := range d.keys {
				sum += c.counts[bucketKey{owner, key}]
				d.values, d.upTo = append(d.values, number(&c.keys, key)), append(d.upTo, sum)
			}
		}
	}
	if d := c.sorted[owner]; d != nil {
		return d
	}
	return &distribution{}
}

// number is the value that a key of a numeric field stands for.
func number(k *keys, key int64) float64 {
	if k.class() == mapping.Floats {
		return math.Float64frombits(uint64(key))
	}
	return float64(key)
}

// at returns the value of a percent; NaN when there are none.
func (d *distribution) at(percent float64) float64 {
	if len(d.values) == 0 {
		return math.NaN()
	}
	n := d.upTo[len(d.upTo)-1]
	rank := min(int64(percent/100*float64(n)), n-1)
	i, _ := slices.BinarySearch(d.upTo, rank+1)
	return d.values[i]
}

// value lets buckets be ordered by one percent: "p.95".
func (c *percentiles) value(owner int32, name string) (float64, bool) {
	percent, err := strconv.ParseFloat(name, 64)
	return c.of(owner).at(percent), err == nil
}

func (c *percentiles) result(owner int32) wire.Object {
	d := c.of(owner)
	keyed := wire.Object{}
	list := []any{}
	for _, percent := range c.spec.percents {
		var shown any
		v := d.at(percent)
		text, formatted := "", false
		if !math.IsNaN(v) {
			shown = v
			text, formatted = formatValue(c.keys.shown, v)
		}
		name := wire.DoubleText(percent)
		o := wire.Object{{Name: "key", Value: percent}, {Name: "value", Value: shown}}
		if keyed = append(keyed, wire.Member{Name: name, Value: shown}); formatted {
			keyed = append(keyed, wire.Member{Name: name + "_as_string", Value: text})
			o = append(o, wire.Member{Name: "value_as_string", Value: text})
		}
		list = append(list, o)
	}
	if c.spec.unkeyed {
		return wire.Object{{Name: "values", Value: list}}
	}
	return wire.Object{{Name: "values", Value: keyed}}
}

func (p parser) percents(s *spec, m jsontree.Member) *wire.Error {
	s.percents = nil
	for _, v := range m.Value.Elems {
		percent, err := strconv.ParseFloat(v.Text, 64)
		if err != nil || percent < 0 || percent > 100 {
			return p.failed(s, m, wire.IllegalArgument("percent must be in [0,100], got [%s]: [%s]", v.Text, s.name))
		}
		s.percents = append(s.percents, percent)
	}
	if len(s.percents) == 0 {
		return p.failed(s, m, wire.IllegalArgument("[percents] must not be empty: [%s]", s.name))
	}
	slices.Sort(s.percents)
	return nil
}
