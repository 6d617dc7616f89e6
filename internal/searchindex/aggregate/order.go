package aggregate

import (
	"cmp"
	"math"
	"slices"
	"strings"

	"github.com/millrace/millrace/internal/searchindex/jsontree"
	"github.com/millrace/millrace/internal/searchindex/wire"
)

// order is one criterion: _count, _key, or a metric among the sub-aggregations.
type order struct {
	by         string // "_count", "_key" or the name of a sub-aggregation
	value      string // of stats: min, max, avg, sum, count
	descending bool
}

// parseOrder = {path: "asc" | "desc"} or a list of them.
func parseOrder(v jsontree.Value) ([]order, *wire.Error) {
	list := []jsontree.Value{v}
	if v.Kind == jsontree.Array {
		list = v.Elems
	}
	var out []order
	for _, one := range list {
		if len(one.Members) != 1 {
			return nil, wire.Errorf("parsing_exception", "Must specify exactly one order per object")
		}
		m := one.Members[0]
		o := order{by: m.Name}
		switch direction := strings.ToLower(m.Value.Text); direction {
		case "desc":
			o.descending = true
		case "asc":
		default:
			return nil, wire.Errorf("parsing_exception", "Unknown order direction [%s]", m.Value.Text)
		}
		switch {
		case m.Name == "_term" || m.Name == "_time":
			return nil, wire.Unsupported("order by [" + m.Name + "], the old name of [_key],")
		case m.Name != "_count" && m.Name != "_key":
			o.by, o.value, _ = strings.Cut(m.Name, ".")
			if name, value, ok := strings.Cut(strings.TrimSuffix(m.Name, "]"), "["); ok {
				o.by, o.value = name, value
			}
		}
		out = append(out, o)
	}
	return out, nil
}

// checkOrder makes sure that the metrics named are there.
func (s *spec) checkOrder() *wire.Error {
	for _, o := range s.order {
		if o.by == "_count" || o.by == "_key" {
			continue
		}
		i := slices.IndexFunc(s.subs, func(sub *spec) bool { return sub.name == o.by })
		reason := ""
		if i < 0 {
			reason = "The provided aggregation [" + o.by + "] either does not exist, or is a pipeline aggregation and cannot be used to sort the buckets."
		} else if _, ok := newCollectors(s.subs[i:i+1], &budget{})[0].(metric); !ok {
			reason = "Buckets can only be sorted on a sub-aggregator path that is built out of zero or more single-bucket aggregations within the path and a final single-bucket or a metrics aggregation at the path end."
		}
		if reason != "" {
			e := wire.Errorf("aggregation_execution_exception", "Invalid aggregation order path [%s]. %s", o.by, reason)
			e.CausedBy = wire.IllegalArgument("%s", reason)
			e.Status = 500
			return e
		}
	}
	return nil
}

// sortBuckets sorts bucket numbers; ties go by key, upwards.
func (c *bucketed) sortBuckets(ids []int32, b *buckets, byKey func(a, b int64) int, orders []order) {
	slices.SortFunc(ids, func(x, y int32) int {
		for _, o := range orders {
			if d := c.compareBy(o, x, y, b, byKey); d != 0 {
				return d
			}
		}
		return byKey(b.keys[x].key, b.keys[y].key)
	})
}

func (c *bucketed) compareBy(o order, x, y int32, b *buckets, byKey func(a, b int64) int) (d int) {
	switch o.by {
	case "_count":
		d = cmp.Compare(b.counts[x], b.counts[y])
	case "_key":
		d = byKey(b.keys[x].key, b.keys[y].key)
	default:
		i := slices.IndexFunc(c.spec.subs, func(sub *spec) bool { return sub.name == o.by })
		m := c.subs[i].(metric)
		vx, _ := m.value(x, o.value)
		vy, _ := m.value(y, o.value)
		if math.IsNaN(vx) || math.IsNaN(vy) { // buckets without value come last either way
			return cmp.Compare(boolInt(math.IsNaN(vx)), boolInt(math.IsNaN(vy)))
		}
		d = cmp.Compare(vx, vy)
	}
	if o.descending {
		return -d
	}
	return d
}

func boolInt(b bool) int {
	if b {
		return 1
	}
	return 0
}
