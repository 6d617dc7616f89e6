package searchindex

import (
	"cmp"
	"container/heap"
	"context"
	"math"
	"slices"
	"strings"

	"github.com/millrace/millrace/internal/searchindex/aggregate"
	"github.com/millrace/millrace/internal/searchindex/column"
	"github.com/millrace/millrace/internal/searchindex/jsontree"
	"github.com/millrace/millrace/internal/searchindex/mapping"
	"github.com/millrace/millrace/internal/searchindex/query"
	"github.com/millrace/millrace/internal/searchindex/store"
	"github.com/millrace/millrace/internal/searchindex/wire"
)

// sortKey orders hits by a field, by _doc (the order of indexing) or by _score. Documents without value come last.
type sortKey struct {
	field        string
	descending   bool
	missingFirst bool
	unmapped     bool // unmapped_type was given: indices without the field are no error
}

type sortKeys []sortKey

// byField reports whether something else than the score decides.
func (k sortKeys) byField() bool {
	return slices.ContainsFunc(k, func(key sortKey) bool { return key.field != "_score" })
}

// parseSort = key | [ key, … ]; key = field | {field: "asc" | "desc"} | {field: {order, missing, unmapped_type}}
func parseSort(body string, v jsontree.Value) (sortKeys, *wire.Error) {
	list := []jsontree.Value{v}
	if v.Kind == jsontree.Array {
		list = v.Elems
	}
	var keys sortKeys
	for _, one := range list {
		if one.Kind == jsontree.String {
			key, err := newSortKey(one.Text, "")
			if err != nil {
				return nil, err
			}
			keys = append(keys, key)
			continue
		}
		for _, m := range one.Members {
			key, err := parseSortKey(body, m)
			if err != nil {
				return nil, err
			}
			keys = append(keys, key)
		}
	}
	return keys, nil
}

func parseSortKey(body string, m jsontree.Member) (sortKey, *wire.Error) {
	if m.Value.Kind != jsontree.Object {
		return newSortKey(m.Name, m.Value.Text)
	}
	order, _ := m.Value.Get("order")
	key, err := newSortKey(m.Name, order.Text)
	if err != nil {
		return key, err
	}
	for _, p := range m.Value.Members {
		switch p.Name {
		case "order":
		case "mode": // the lowest upwards and the highest downwards is what is done
			if mode := map[bool]string{true: "max", false: "min"}[key.descending]; p.Value.Text != mode {
				return key, wire.Unsupported("sort with [mode: " + p.Value.Text + "] in this direction")
			}
		case "unmapped_type":
			key.unmapped = true
		case "missing":
			if p.Value.Text != "_last" && p.Value.Text != "_first" {
				return key, wire.Unsupported("sort with [missing: " + p.Value.Text + "]")
			}
			key.missingFirst = p.Value.Text == "_first"
		case "nested", "nested_path", "nested_filter", "numeric_type":
			return key, wire.Unsupported("sort with [" + p.Name + "]")
		default:
			line, col := wire.Position(body, p.Offset)
			return key, wire.Errorf("x_content_parse_exception", "[%d:%d] [field_sort] unknown field [%s]", line, col, p.Name)
		}
	}
	return key, nil
}

func newSortKey(field, direction string) (sortKey, *wire.Error) {
	key := sortKey{field: field, descending: field == "_score"}
	switch strings.ToLower(direction) {
	case "":
	case "asc":
		key.descending = false
	case "desc":
		key.descending = true
	default:
		return key, wire.IllegalArgument("Unknown SortOrder [%s]", direction)
	}
	switch {
	case field == "_script" || field == "_geo_distance" || field == "_id" || field == "_index":
		return key, wire.Unsupported("sort by [" + field + "]")
	}
	return key, nil
}

// sortValue is one value that a hit is sorted by.
type sortValue struct {
	missing bool
	class   mapping.Class
	number  float64
	whole   int64
	text    string
}

type hit struct {
	index  *store.Index
	rank   int64 // of the index in the search, for ties
	place  int64
	values []sortValue
}

// topHits keeps the first hits in the order of the sort; ties go by index and place.
type topHits struct {
	sort  sortKeys
	keep  int
	after []jsontree.Value // search_after: only hits behind these values

	fields []*mapping.Field // of the index being read, by sort key
	border []sortValue      // after, as values of these fields
	rank   int64
	hits   []hit // a heap with the last hit on top, once it is full
}

func (t *topHits) enter(x *query.Index) *wire.Error {
	t.rank++
	t.fields = t.fields[:0]
	for _, key := range t.sort {
		f := x.Mapping.Field(key.field)
		switch {
		case key.field == "_doc" || key.field == "_score":
		case f == nil && !key.unmapped:
			e := wire.Errorf("query_shard_exception", "No mapping found for [%s] in order to sort on", key.field)
			e.Extra = wire.Object{{Name: "index", Value: x.Name}, {Name: "index_uuid", Value: x.UUID}}
			return e
		case f != nil && f.Type == mapping.Text:
			return aggregate.NeedsKeyword(key.field)
		}
		t.fields = append(t.fields, f)
	}
	return t.enterAfter()
}

func (t *topHits) collect(ctx context.Context, seg segment, docs []int32) error {
	if t.keep == 0 {
		return nil
	}
	columns := make([]*column.Column, len(t.fields))
	for i, f := range t.fields {
		if f == nil {
			continue
		}
		var err error
		if columns[i], err = seg.Column(ctx, f.Column); err != nil {
			return err
		}
	}
	for _, doc := range docs {
		if len(t.sort) == 0 && len(t.hits) == t.keep {
			return nil // the rest comes later in every order
		}
		h := hit{index: seg.index, rank: t.rank, place: seg.place(doc)}
		for i, key := range t.sort {
			h.values = append(h.values, t.value(key, t.fields[i], columns[i], doc, h.place))
		}
		if len(t.border) > 0 && t.compareValues(h.values, t.border) <= 0 {
			continue
		}
		t.add(h)
	}
	return nil
}

func (t *topHits) value(key sortKey, f *mapping.Field, c *column.Column, doc int32, place int64) sortValue {
	if key.field == "_doc" {
		return sortValue{whole: place}
	}
	if f == nil || c == nil || !c.Has.Has(int(doc)) {
		v := sortValue{missing: true, class: mapping.Strings}
		if f != nil {
			v.class = f.Type.Class()
		}
		return v
	}
	pick := func(a, b bool) bool { return a != b } // the lowest of several values upwards, the highest downwards
	switch c.Class {
	case mapping.Ints:
		v := c.Ints[doc]
		for _, other := range c.MoreInts[doc] {
			if pick(other < v, key.descending) {
				v = other
			}
		}
		return sortValue{class: c.Class, whole: v}
	case mapping.Floats:
		v := c.Floats[doc]
		for _, other := range c.MoreFloats[doc] {
			if pick(other < v, key.descending) {
				v = other
			}
		}
		return sortValue{class: c.Class, number: v}
	}
	v := c.Dict[c.Codes[doc]]
	for _, code := range c.MoreCodes[doc] {
		if other := c.Dict[code]; pick(other < v, key.descending) {
			v = other
		}
	}
	return sortValue{class: c.Class, text: v, missing: !f.Accepts(v)}
}

func (t *topHits) add(h hit) {
	if len(t.hits) < t.keep {
		if t.hits = append(t.hits, h); len(t.hits) == t.keep {
			heap.Init(t)
		}
		return
	}
	if t.compare(h, t.hits[0]) < 0 {
		t.hits[0] = h
		heap.Fix(t, 0)
	}
}

// compare is negative when a comes before b.
func (t *topHits) compare(a, b hit) int {
	if d := t.compareValues(a.values, b.values); d != 0 {
		return d
	}
	if d := cmp.Compare(a.rank, b.rank); d != 0 {
		return d
	}
	return cmp.Compare(a.place, b.place)
}

func (t *topHits) compareValues(a, b []sortValue) int {
	for i, key := range t.sort {
		if d := key.compare(a[i], b[i]); d != 0 {
			return d
		}
	}
	return 0
}

func (k sortKey) compare(a, b sortValue) int {
	if a.missing || b.missing {
		switch {
		case a.missing == b.missing:
			return 0
		case a.missing == k.missingFirst:
			return -1
		}
		return 1
	}
	d := cmp.Or(cmp.Compare(a.class, b.class), cmp.Compare(a.whole, b.whole), cmp.Compare(a.number, b.number), strings.Compare(a.text, b.text))
	if k.descending {
		return -d
	}
	return d
}

// ranked returns the kept hits in order, without the first ones.
func (t *topHits) ranked(from int) []hit {
	slices.SortFunc(t.hits, t.compare)
	return t.hits[min(from, len(t.hits)):]
}

// heap.Interface: the last hit is the smallest element.

func (t *topHits) Len() int           { return len(t.hits) }
func (t *topHits) Less(i, j int) bool { return t.compare(t.hits[i], t.hits[j]) > 0 }
func (t *topHits) Swap(i, j int)      { t.hits[i], t.hits[j] = t.hits[j], t.hits[i] }
func (t *topHits) Push(x any)         { t.hits = append(t.hits, x.(hit)) }
func (t *topHits) Pop() any {
	last := t.hits[len(t.hits)-1]
	t.hits = t.hits[:len(t.hits)-1]
	return last
}

// shown are the values of the member "sort". What is missing shows as the number that puts it where it stands.
func (h hit) shown(keys sortKeys, score float64) []any {
	var out []any
	for i, v := range h.values {
		last := keys[i].descending == keys[i].missingFirst
		switch {
		case keys[i].field == "_score":
			out = append(out, score)
		case v.class == mapping.Strings && v.missing:
			out = append(out, nil)
		case v.class == mapping.Strings:
			out = append(out, v.text)
		case v.class == mapping.Floats && v.missing:
			out = append(out, map[bool]float64{true: math.Inf(1), false: math.Inf(-1)}[last])
		case v.class == mapping.Floats:
			out = append(out, v.number)
		case v.missing:
			out = append(out, map[bool]int64{true: math.MaxInt64, false: math.MinInt64}[last])
		default:
			out = append(out, v.whole)
		}
	}
	return out
}
