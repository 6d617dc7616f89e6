package aggregate

import (
	"context"
	"math"

	"github.com/millrace/millrace/internal/searchindex/mapping"
	"github.com/millrace/millrace/internal/searchindex/query"
	"github.com/millrace/millrace/internal/searchindex/wire"
)

// terms makes a bucket of every different value.
type terms struct {
	bucketed
	keys    keys
	buckets buckets
}

func newTerms(s *spec, b *budget) collector { return &terms{bucketed: newBucketed(s, b)} }

func (c *terms) kind() string {
	switch {
	case c.keys.class() == mapping.Strings: // as that of a field without mapping
		return "sterms"
	case c.keys.class() == mapping.Floats:
		return "dterms"
	}
	return "lterms"
}

func (c *terms) enter(x *query.Index) *wire.Error {
	field, err := c.spec.fieldOf(x, anyType)
	if err != nil {
		return err
	}
	if err := c.keys.enter(c.spec, field); err != nil {
		return err
	}
	c.keys.accepts = nil
	if c.spec.include != nil || c.spec.exclude != nil {
		if field != nil && field.Type.Class() == mapping.Strings {
			c.keys.accepts = c.spec.acceptsText
		} else if err := c.spec.checkChoice(field); err != nil {
			return err
		}
	}
	if err := c.enterMissing(); err != nil {
		return err
	}
	return enterAll(c.subs, x)
}

// enterMissing finds the key of documents without value.
func (c *terms) enterMissing() *wire.Error {
	if c.spec.missing == nil || c.keys.missing != nil {
		return nil
	}
	v := *c.spec.missing
	var key int64
	switch c.keys.class() {
	case mapping.Strings:
		key = c.keys.keyOf(v.Text)
	default:
		n, err := c.spec.number(v, c.keys.shown)
		if err != nil {
			return err
		}
		key = int64(n)
		if c.keys.class() == mapping.Floats {
			key = int64(math.Float64bits(n))
		}
	}
	c.keys.missing = &key
	return nil
}

func (c *terms) collect(ctx context.Context, s query.Segment, docs, owners []int32) error {
	c.reset()
	numbers := c.keys.class() != mapping.Strings && (c.spec.include != nil || c.spec.exclude != nil)
	err := c.keys.each(ctx, s, docs, false, func(i int, key int64) error {
		if numbers && !c.spec.acceptsText(c.keys.numberText(key)) {
			return nil
		}
		id, err := c.buckets.id(bucketKey{owners[i], key}, c.budget)
		if err != nil {
			return err
		}
		c.buckets.counts[id]++
		c.hand(docs[i], id)
		return nil
	})
	if err != nil {
		return err
	}
	return c.collectSubs(ctx, s)
}

func (c *terms) result(owner int32) wire.Object {
	ids := c.buckets.of(owner)
	c.sortBuckets(ids, &c.buckets, c.keys.compare, c.spec.order)
	var other int64
	list := []any{}
	for _, id := range ids {
		count := c.buckets.counts[id]
		if count < c.spec.minDocCount {
			continue
		}
		if len(list) >= c.spec.size {
			other += count
			continue
		}
		if !c.budget.take(1) {
			break
		}
		list = append(list, c.subResults(append(c.keys.members(c.buckets.keys[id].key), wire.Member{Name: "doc_count", Value: count}), id))
	}
	return wire.Object{{Name: "doc_count_error_upper_bound", Value: 0}, {Name: "sum_other_doc_count", Value: other}, {Name: "buckets", Value: list}}
}
