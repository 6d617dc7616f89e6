package query

import (
	"context"

	"github.com/millrace/millrace/internal/searchindex/column"
	"github.com/millrace/millrace/internal/searchindex/mapping"
)

// intRange matches whole numbers, dates and booleans between two bounds, both included.
type intRange struct {
	column    string
	low, high int64
}

func (m intRange) Match(ctx context.Context, s Segment) (*column.Bitmap, error) {
	return matchInts(ctx, s, m.column, func(v int64) bool { return v >= m.low && v <= m.high })
}

type intSet struct {
	column string
	set    map[int64]bool
}

func (m intSet) Match(ctx context.Context, s Segment) (*column.Bitmap, error) {
	return matchInts(ctx, s, m.column, func(v int64) bool { return m.set[v] })
}

func matchInts(ctx context.Context, s Segment, path string, matches func(int64) bool) (*column.Bitmap, error) {
	var b column.Bitmap
	c, err := s.Column(ctx, path)
	if c == nil || err != nil {
		return &b, err
	}
	matchValues(&b, c.Ints, c.MoreInts, matches)
	b.And(&c.Has)
	return &b, nil
}

// matchValues marks by first values, and by further ones; a document without value may be marked too.
func matchValues[T any](b *column.Bitmap, values []T, more map[int32][]T, matches func(T) bool) {
	for doc, v := range values {
		if matches(v) {
			b.Set(doc)
		}
	}
	for doc, further := range more {
		for _, v := range further {
			if matches(v) {
				b.Set(int(doc))
			}
		}
	}
}

type floatPredicate struct {
	column  string
	matches func(float64) bool
}

func (m floatPredicate) Match(ctx context.Context, s Segment) (*column.Bitmap, error) {
	var b column.Bitmap
	c, err := s.Column(ctx, m.column)
	if c == nil || err != nil {
		return &b, err
	}
	matchValues(&b, c.Floats, c.MoreFloats, m.matches)
	b.And(&c.Has)
	return &b, nil
}

// stringPredicate asks once for every different string of a segment.
type stringPredicate struct {
	field   *mapping.Field
	matches func(string) bool
}

func (m stringPredicate) Match(ctx context.Context, s Segment) (*column.Bitmap, error) {
	var b column.Bitmap
	c, err := s.Column(ctx, m.field.Column)
	if c == nil || err != nil {
		return &b, err
	}
	matching := make([]bool, len(c.Dict))
	some := false
	for code, text := range c.Dict {
		if m.field.Accepts(text) && m.matches(text) {
			matching[code], some = true, true
		}
	}
	if !some {
		return &b, nil
	}
	matchValues(&b, c.Codes, c.MoreCodes, func(code uint32) bool { return matching[code] })
	b.And(&c.Has)
	return &b, nil
}
