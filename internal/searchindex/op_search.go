package searchindex

import (
	"context"
	"slices"
	"time"

	"github.com/millrace/millrace/internal/searchindex/aggregate"
	"github.com/millrace/millrace/internal/searchindex/column"
	"github.com/millrace/millrace/internal/searchindex/query"
	"github.com/millrace/millrace/internal/searchindex/store"
	"github.com/millrace/millrace/internal/searchindex/wire"
)

// node names this server where answers name the node that failed.
const node = "millrace"

func search(r *request) answer {
	asked, err := r.parseSearch()
	if err != nil {
		return refusal(err)
	}
	var a answer
	failed := r.domain.index.store.View(r.domain.name, func(v *store.View) error {
		indices, err := r.searchable(v)
		if err != nil {
			return err
		}
		s := searcher{request: r, asked: asked, view: v, now: time.Now()}
		o, failed := s.run(indices)
		a = answer{object: o}
		return failed
	})
	if failed != nil {
		return failure(failed)
	}
	return a
}

// searchable resolves the path's indices for reading.
func (r *request) searchable(v *store.View) ([]*store.Index, error) {
	indices, err := r.resolve(viewLister{v})
	if err != nil {
		return nil, err
	}
	for _, x := range indices {
		if err := readBlock(x); err != nil {
			return nil, err
		}
	}
	return indices, nil
}

// count answers how many documents match.
func count(r *request) answer {
	asked, err := r.parseCount()
	if err != nil {
		return refusal(err)
	}
	var a answer
	failed := r.domain.index.store.View(r.domain.name, func(v *store.View) error {
		indices, err := r.searchable(v)
		if err != nil {
			return err
		}
		s := searcher{request: r, asked: asked, view: v, now: time.Now()}
		if err := s.collect(indices); err != nil {
			return err
		}
		a = answer{object: wire.Object{{Name: "count", Value: s.total}, {Name: "_shards", Value: shards(len(indices))}}}
		return nil
	})
	if failed != nil {
		return failure(failed)
	}
	return a
}

func shards(n int) wire.Object {
	return wire.Object{{Name: "total", Value: n}, {Name: "successful", Value: n}, {Name: "skipped", Value: 0}, {Name: "failed", Value: 0}}
}

// searcher carries out one search.
type searcher struct {
	request *request
	asked   *searchRequest
	view    *store.View
	now     time.Time

	aggs     *aggregate.Aggregations
	after    query.Matcher // the post_filter, fit to the index being read
	top      topHits
	total    int64
	timedOut bool
	docs     []int32
}

func (s *searcher) run(indices []*store.Index) (wire.Object, error) {
	if s.asked.aggs != nil {
		s.aggs = s.asked.aggs.New(s.asked.typedKeys)
	}
	s.top = topHits{sort: s.asked.sort, keep: s.asked.from + s.asked.size, after: s.asked.after}
	if err := s.collect(indices); err != nil {
		return nil, err
	}
	hits, err := s.hits(len(indices))
	if err != nil {
		return nil, err
	}
	o := wire.Object{{Name: "took", Value: s.request.took()}, {Name: "timed_out", Value: s.timedOut}, {Name: "_shards", Value: shards(len(indices))}, {Name: "hits", Value: hits}}
	if s.aggs == nil || len(indices) == 0 {
		return o, nil
	}
	aggs, refused := s.aggs.Result()
	if refused != nil {
		return nil, refused
	}
	return append(o, wire.Member{Name: "aggregations", Value: aggs}), nil
}

func (s *searcher) collect(indices []*store.Index) error {
	for _, x := range indices {
		if err := s.collectIndex(x); err != nil {
			return err
		}
	}
	return nil
}

func (s *searcher) collectIndex(x *store.Index) error {
	matcher, err := s.enter(s.describe(x))
	if err != nil {
		return err.InShard(x.Name, node)
	}
	for i := range x.Segments() {
		if s.asked.timeout > 0 && time.Since(s.request.start) > s.asked.timeout {
			s.timedOut = true
			return nil
		}
		if err := s.request.Context().Err(); err != nil {
			return err
		}
		if err := s.collectSegment(segment{s.view, x, i, nil}, matcher); err != nil {
			return err
		}
	}
	return nil
}

// describe is an index as queries see it.
func (s *searcher) describe(x *store.Index) *query.Index {
	return &query.Index{Name: x.Name, UUID: x.UUID, Mapping: x.Mapping, Now: s.now, Place: func(id string) (int64, bool, error) {
		d, found, err := s.view.Document(s.request.Context(), x, id)
		return d.Place, found, err
	}}
}

// enter fits query, sort and aggregations to an index.
func (s *searcher) enter(x *query.Index) (query.Matcher, *wire.Error) {
	if window := s.asked.from + s.asked.size; window > MaxResultWindow {
		return nil, wire.IllegalArgument("Result window is too large, from + size must be less than or equal to: [%d] but was [%d]. See the scroll api for a more efficient way to request "+
			"large data sets. This limit can be set by changing the [index.max_result_window] index level setting.", MaxResultWindow, window)
	}
	if s.asked.after != nil && s.asked.from > 0 {
		e := wire.Errorf("search_exception", "`from` parameter must be set to 0 when `search_after` is used.")
		e.Status = 500
		return nil, e
	}
	matcher, err := s.asked.query.Compile(x)
	if err != nil {
		return nil, err
	}
	if err := s.top.enter(x); err != nil {
		return nil, err
	}
	if s.asked.postFilter != nil {
		if s.after, err = s.asked.postFilter.Compile(x); err != nil {
			return nil, err
		}
	}
	if s.aggs == nil {
		return matcher, nil
	}
	if err := s.asked.aggs.Check(); err != nil {
		return nil, err
	}
	return matcher, s.aggs.Enter(x)
}

func (s *searcher) collectSegment(seg segment, matcher query.Matcher) (err error) {
	ctx := s.request.Context()
	if seg.live, err = s.view.Live(ctx, seg.index, seg.number); err != nil {
		return err
	}
	if s.docs, err = query.Documents(ctx, matcher, seg, s.docs[:0]); err != nil {
		return err
	}
	if s.aggs != nil && len(s.docs) > 0 {
		if err := s.aggs.Collect(ctx, seg, s.docs); err != nil {
			return err
		}
	}
	if s.after != nil {
		kept, err := s.after.Match(ctx, seg)
		if err != nil {
			return err
		}
		s.docs = slices.DeleteFunc(s.docs, func(doc int32) bool { return !kept.Has(int(doc)) })
	}
	s.total += int64(len(s.docs))
	return s.top.collect(ctx, seg, s.docs)
}

// segment is a segment of the store as queries and aggregations see it.
type segment struct {
	view   *store.View
	index  *store.Index
	number int
	live   *column.Bitmap
}

func (s segment) Number() int          { return s.number }
func (s segment) Live() *column.Bitmap { return s.live }

func (s segment) place(doc int32) int64 { return int64(s.number)*column.SegmentSize + int64(doc) }

func (s segment) Column(ctx context.Context, path string) (*column.Column, error) {
	return s.view.Column(ctx, s.index, s.number, path)
}

// hits is the member of that name.
func (s *searcher) hits(indices int) (wire.Object, error) {
	var o wire.Object
	if total := s.totalHits(); total != nil {
		o = append(o, wire.Member{Name: "total", Value: total})
	}
	ranked := s.top.ranked(s.asked.from)
	list := make([]any, 0, len(ranked))
	for _, h := range ranked {
		shown, err := s.hit(h)
		if err != nil {
			return nil, err
		}
		list = append(list, shown)
	}
	var maxScore any
	if indices == 0 {
		maxScore = 0.0
	}
	if len(list) > 0 && !s.asked.sort.byField() {
		maxScore = s.asked.query.Score()
	}
	return append(o, wire.Member{Name: "max_score", Value: maxScore}, wire.Member{Name: "hits", Value: list}), nil
}

func (s *searcher) totalHits() any {
	value, relation := s.total, "eq"
	switch {
	case s.asked.trackTotal == 0:
		return nil
	case s.asked.trackTotal > 0 && value > s.asked.trackTotal:
		value, relation = s.asked.trackTotal, "gte"
	}
	if s.asked.totalAsInt {
		return value
	}
	return wire.Object{{Name: "value", Value: value}, {Name: "relation", Value: relation}}
}
