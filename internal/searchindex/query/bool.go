package query

import (
	"context"

	"github.com/millrace/millrace/internal/searchindex/column"
	"github.com/millrace/millrace/internal/searchindex/wire"
)

// Bool combines queries. Without Must and Filter, at least one of Should has to match, unless MinimumShould says else.
type Bool struct {
	Must, Filter, Should, MustNot []Query
	MinimumShould                 int // -1: the default
}

func (q Bool) Score() float64 {
	if len(q.Must)+len(q.Should) == 0 {
		return 0
	}
	return 1
}

func (q Bool) Compile(x *Index) (Matcher, *wire.Error) {
	m := combined{minimum: q.MinimumShould}
	if m.minimum < 0 {
		m.minimum = 0
		if len(q.Must)+len(q.Filter) == 0 && len(q.Should) > 0 {
			m.minimum = 1
		}
	}
	for _, part := range []struct {
		queries  []Query
		matchers *[]Matcher
	}{{q.Must, &m.required}, {q.Filter, &m.required}, {q.Should, &m.optional}, {q.MustNot, &m.forbidden}} {
		for _, sub := range part.queries {
			matcher, err := sub.Compile(x)
			if err != nil {
				return nil, err
			}
			*part.matchers = append(*part.matchers, matcher)
		}
	}
	return m, nil
}

type combined struct {
	required, optional, forbidden []Matcher
	minimum                       int
}

func (m combined) Match(ctx context.Context, s Segment) (*column.Bitmap, error) {
	result := *s.Live()
	for _, part := range m.required {
		b, err := part.Match(ctx, s)
		if err != nil {
			return nil, err
		}
		result.And(b)
	}
	if m.minimum > 0 {
		b, err := m.atLeast(ctx, s)
		if err != nil {
			return nil, err
		}
		result.And(b)
	}
	for _, part := range m.forbidden {
		b, err := part.Match(ctx, s)
		if err != nil {
			return nil, err
		}
		result.AndNot(b)
	}
	return &result, nil
}

// atLeast marks what at least minimum of the optional parts match.
func (m combined) atLeast(ctx context.Context, s Segment) (*column.Bitmap, error) {
	if m.minimum > len(m.optional) {
		return &column.Bitmap{}, nil
	}
	reached := make([]column.Bitmap, m.minimum) // reached[i]: i+1 parts or more matched so far
	for _, part := range m.optional {
		b, err := part.Match(ctx, s)
		if err != nil {
			return nil, err
		}
		for i := m.minimum - 1; i >= 0; i-- {
			step := *b
			if i > 0 {
				step.And(&reached[i-1])
			}
			reached[i].Or(&step)
		}
	}
	return &reached[m.minimum-1], nil
}

// IDs matches documents by their ids.
type IDs struct{ Values []string }

func (IDs) Score() float64 { return 1 }

func (q IDs) Compile(x *Index) (Matcher, *wire.Error) {
	m := places{}
	for _, id := range q.Values {
		place, found, err := x.Place(id)
		if err != nil {
			e := wire.Errorf("exception", "%s", err.Error())
			e.Status = 500
			return nil, e
		}
		if found {
			segment := int(place / column.SegmentSize)
			m[segment] = append(m[segment], int(place%column.SegmentSize))
		}
	}
	return m, nil
}

type places map[int][]int

func (m places) Match(_ context.Context, s Segment) (*column.Bitmap, error) {
	var b column.Bitmap
	for _, doc := range m[s.Number()] {
		b.Set(doc)
	}
	return &b, nil
}

// Exists matches documents with a value in a field, or in any field of an object.
type Exists struct{ Field string }

func (Exists) Score() float64 { return 1 }

func (q Exists) Compile(x *Index) (Matcher, *wire.Error) {
	if f := x.Mapping.Field(q.Field); f != nil {
		if f.IgnoreAbove > 0 {
			return stringPredicate{f, func(string) bool { return true }}, nil
		}
		return has{f.Column}, nil
	}
	m := combined{minimum: 1}
	for _, f := range x.Mapping.Under(q.Field) {
		m.optional = append(m.optional, has{f.Column})
	}
	return m, nil
}

type has struct{ column string }

func (m has) Match(ctx context.Context, s Segment) (*column.Bitmap, error) {
	c, err := s.Column(ctx, m.column)
	if c == nil || err != nil {
		return &column.Bitmap{}, err
	}
	b := c.Has
	return &b, nil
}
