// Package query reads the queries of search requests and finds the documents that they match, segment by segment.
//
// There is no relevance: every document that matches has the score of its query, 1, or 0 when the query only filters.
package query

import (
	"context"
	"time"

	"github.com/millrace/millrace/internal/searchindex/column"
	"github.com/millrace/millrace/internal/searchindex/mapping"
	"github.com/millrace/millrace/internal/searchindex/wire"
)

// Query is a query as it was asked, before any index is looked at.
type Query interface {
	// Compile fits the query to an index. An error is about this index: a text where its field wants a number.
	Compile(*Index) (Matcher, *wire.Error)
	// Score is what matching documents get.
	Score() float64
}

// Index is what a query has to know about the index it searches.
type Index struct {
	Name    string
	UUID    string
	Mapping *mapping.Mapping
	Now     time.Time
	Place   func(id string) (place int64, found bool, err error) // where the document of that id lies
}

// Segment is a part of an index.
type Segment interface {
	Number() int
	Live() *column.Bitmap
	// Column returns nil when no document of the segment has a value.
	Column(ctx context.Context, path string) (*column.Column, error)
}

// Matcher marks documents of a segment, deleted ones perhaps among them.
type Matcher interface {
	Match(context.Context, Segment) (*column.Bitmap, error)
}

// Documents lists the living documents of a segment that match.
func Documents(ctx context.Context, m Matcher, s Segment, into []int32) ([]int32, error) {
	live := s.Live()
	if _, all := m.(all); all {
		return live.AppendDocs(into), nil
	}
	marked, err := m.Match(ctx, s)
	if err != nil {
		return nil, err
	}
	marked.And(live)
	return marked.AppendDocs(into), nil
}

// MatchAll matches every document.
type MatchAll struct{}

func (MatchAll) Score() float64                        { return 1 }
func (MatchAll) Compile(*Index) (Matcher, *wire.Error) { return all{}, nil }

// MatchNone matches none.
type MatchNone struct{}

func (MatchNone) Score() float64                        { return 1 }
func (MatchNone) Compile(*Index) (Matcher, *wire.Error) { return none{}, nil }

type all struct{}

func (all) Match(_ context.Context, s Segment) (*column.Bitmap, error) {
	b := *s.Live()
	return &b, nil
}

type none struct{}

func (none) Match(context.Context, Segment) (*column.Bitmap, error) { return &column.Bitmap{}, nil }

// failed wraps why a query does not fit an index.
func failed(x *Index, cause *wire.Error) *wire.Error {
	e := wire.Errorf("query_shard_exception", "failed to create query: %s", cause.Reason)
	e.Extra = wire.Object{{Name: "index", Value: x.Name}, {Name: "index_uuid", Value: x.UUID}}
	e.CausedBy = cause
	return e
}
