package aggregate

import (
	"context"

	"github.com/millrace/millrace/internal/searchindex/query"
	"github.com/millrace/millrace/internal/searchindex/wire"
)

// missing is the one bucket of the documents without a value in a field.
type missing struct {
	bucketed
	has    query.Matcher // of the index being read
	counts []int64
}

func newMissing(s *spec, b *budget) collector { return &missing{bucketed: newBucketed(s, b)} }

func (c *missing) kind() string { return "missing" }

func (c *missing) enter(x *query.Index) (err *wire.Error) {
	if _, err = c.spec.fieldOf(x, anyType); err != nil {
		return err
	}
	if c.has, err = (query.Exists{Field: c.spec.field}).Compile(x); err != nil {
		return err
	}
	return enterAll(c.subs, x)
}

func (c *missing) collect(ctx context.Context, s query.Segment, docs, owners []int32) error {
	c.reset()
	marked, err := c.has.Match(ctx, s)
	if err != nil {
		return err
	}
	for i, doc := range docs {
		if marked.Has(int(doc)) {
			continue
		}
		for int(owners[i]) >= len(c.counts) {
			c.counts = append(c.counts, 0)
		}
		c.counts[owners[i]]++
		c.hand(doc, owners[i])
	}
	return c.collectSubs(ctx, s)
}

func (c *missing) result(owner int32) wire.Object {
	n, _ := c.value(owner, "")
	return c.subResults(wire.Object{{Name: "doc_count", Value: int64(n)}}, owner)
}

func (c *missing) value(owner int32, _ string) (float64, bool) {
	if int(owner) < len(c.counts) {
		return float64(c.counts[owner]), true
	}
	return 0, true
}
