package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"math"
	"slices"
	"sync"

	"github.com/millrace/millrace/internal/searchindex/column"
	"github.com/millrace/millrace/internal/searchindex/mapping"
)

// Segment is 4096 places of an index. Its columns are
//
//	absent     nothing in memory: the state after opening and after eviction
//	whole      every column in memory: the segment being filled, and one that was built from its sources
//	partly     a full segment whose blobs are in the database: columns in memory as searches asked for them
//
// A commit changes segments under the store's write lock; mu is for searches that load at the same time.
type Segment struct {
	mu      sync.Mutex
	live    *column.Bitmap // nil while absent
	columns map[string]*cachedColumn
	whole   bool
	saved   bool // the blobs are in the database
}

// cachedColumn is a column in memory: open while its segment is filled, packed once that is full. Neither: no document
// of the segment has the field.
type cachedColumn struct {
	open   *column.Column
	packed *column.Packed
	bytes  int
	used   int64
}

// Live returns the places of the segment that hold a document.
func (v *View) Live(ctx context.Context, x *Index, segment int) (*column.Bitmap, error) {
	s := x.segments[segment]
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.live, v.load(ctx, x, segment, s)
}

// Column returns the column of that path, or nil when no document of the segment has a value. It is good until the
// column of that path of another segment is asked for.
func (v *View) Column(ctx context.Context, x *Index, segment int, path string) (*column.Column, error) {
	s := x.segments[segment]
	s.mu.Lock()
	defer s.mu.Unlock()
	if err := v.load(ctx, x, segment, s); err != nil {
		return nil, err
	}
	c, ok := s.columns[path]
	if !ok && !s.whole {
		loaded, err := v.loadColumn(ctx, x, segment, path)
		if err != nil {
			v.store.logger.Warn("search column is damaged, building it from the documents", "index", x.Name, "segment", segment, "field", path, "error", err)
			if err := v.build(ctx, x, segment, s); err != nil {
				return nil, err
			}
			c, ok = s.columns[path]
		} else {
			c, ok = v.store.cache(loaded), true
			s.columns[path] = c
		}
	}
	if !ok {
		return nil, nil
	}
	c.used = v.store.clock.Add(1)
	if c.packed == nil {
		return c.open, nil
	}
	return v.unpack(path, c.packed), nil
}

// unpackedColumn is the column of a path that was asked for last.
type unpackedColumn struct {
	column.Column
	of *column.Packed
}

// unpack uses one column a path for all segments.
func (v *View) unpack(path string, p *column.Packed) *column.Column {
	into := v.unpacked[path]
	if into == nil {
		into = &unpackedColumn{}
		v.unpacked[path] = into
	}
	if into.of != p {
		into.of = p
		p.Unpack(&into.Column)
	}
	return &into.Column
}

// load makes sure that live is there, from the blob or from the sources. Without it, no column is looked for.
func (v *View) load(ctx context.Context, x *Index, segment int, s *Segment) error {
	if s.live != nil {
		return nil
	}
	var data []byte
	err := v.store.db.QueryRowContext(ctx, "SELECT data FROM columns WHERE index_id = ? AND segment = ? AND field = ''", x.ID, segment).Scan(&data)
	if errors.Is(err, sql.ErrNoRows) {
		return v.build(ctx, x, segment, s)
	}
	if err != nil {
		return fmt.Errorf("read segment %d of index %q: %w", segment, x.Name, err)
	}
	live, err := column.DecodeBitmap(data)
	if err != nil {
		v.store.logger.Warn("search segment is damaged, building it from the documents", "index", x.Name, "segment", segment, "error", err)
		return v.build(ctx, x, segment, s)
	}
	s.live, s.columns, s.whole, s.saved = live, map[string]*cachedColumn{}, false, true
	return nil
}

func (v *View) loadColumn(ctx context.Context, x *Index, segment int, path string) (*column.Column, error) {
	var data []byte
	err := v.store.db.QueryRowContext(ctx, "SELECT data FROM columns WHERE index_id = ? AND segment = ? AND field = ?", x.ID, segment, path).Scan(&data)
	if errors.Is(err, sql.ErrNoRows) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	return column.Decode(data)
}

// build fills the segment from the sources of its documents.
func (v *View) build(ctx context.Context, x *Index, segment int, s *Segment) error {
	first := int64(segment) << segmentBits
	rows, err := v.store.db.QueryContext(ctx, "SELECT number, id, version, seq, source, sum FROM documents WHERE number BETWEEN ? AND ? ORDER BY number",
		number(x.ID, first), number(x.ID, first+segmentMask))
	if err != nil {
		return fmt.Errorf("read segment %d of index %q: %w", segment, x.Name, err)
	}
	defer rows.Close()
	s.drop(v.store)
	s.columns, s.whole = map[string]*cachedColumn{}, true
	live := &column.Bitmap{}
	var cells []mapping.Cell
	for rows.Next() {
		var n, sum int64
		var kept Stored
		err := rows.Scan(&n, &kept.ID, &kept.Version, &kept.Seq, &kept.Source, &sum)
		if err == nil {
			err = check(n, sum, kept)
		}
		if err != nil {
			return fmt.Errorf("read segment %d of index %q: %w", segment, x.Name, err)
		}
		d, refused := mapping.ParseDocument(kept.ID, kept.Source)
		if refused != nil {
			return fmt.Errorf("read document %q of index %q: %w", kept.ID, x.Name, refused)
		}
		cells = x.Mapping.KnownCells(d, cells[:0])
		place := int(n & segmentMask)
		live.Set(place)
		s.fill(place, cells)
	}
	if err := rows.Err(); err != nil {
		return fmt.Errorf("read segment %d of index %q: %w", segment, x.Name, err)
	}
	s.live = live
	if v.full(x, segment) {
		v.store.saveSoon(x, segment)
	}
	return nil
}

func (v *View) full(x *Index, segment int) bool { return int64(segment+1)<<segmentBits <= x.nextPlace }

// fill adds the cells of a document to whole columns.
func (s *Segment) fill(place int, cells []mapping.Cell) {
	for i := range cells {
		f := cells[i].Field
		c := s.columns[f.Column]
		if c == nil {
			c = &cachedColumn{open: column.New(f.Type.Class()), used: math.MaxInt64}
			s.columns[f.Column] = c
		}
		c.open.Add(place, &cells[i])
	}
}

// put replaces the document at a place. Of a segment that is not whole, the memory is dropped: its blobs are gone.
func (s *Segment) put(store *Store, place int, cells []mapping.Cell) {
	if !s.remove(store, place) {
		return
	}
	s.live.Set(place)
	s.fill(place, cells)
}

func (s *Segment) remove(store *Store, place int) (whole bool) {
	if !s.whole || s.live == nil {
		s.drop(store)
		return false
	}
	s.saved = false
	if s.live.Has(place) {
		s.live.Clear(place)
		for _, c := range s.columns {
			c.open.Remove(place)
		}
	}
	return true
}

func (s *Segment) drop(store *Store) {
	for _, c := range s.columns {
		store.cached.Add(-int64(c.bytes))
	}
	s.live, s.columns, s.whole, s.saved = nil, nil, false, false
}

// cache counts a column that may be dropped again.
func (s *Store) cache(c *column.Column) *cachedColumn {
	out := &cachedColumn{bytes: 128}
	if c != nil {
		out.packed = c.Pack()
		out.bytes += out.packed.Bytes()
	}
	s.cached.Add(int64(out.bytes))
	return out
}

// evict drops the columns that were not used for longest until the cache is within its bound.
func (s *Store) evict() {
	if s.cached.Load() <= s.cacheBytes {
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	type entry struct {
		segment *Segment
		path    string
		column  *cachedColumn
	}
	var entries []entry
	for _, indices := range s.namespaces {
		for _, x := range indices {
			for _, segment := range x.segments {
				for path, c := range segment.columns {
					if c.bytes > 0 {
						entries = append(entries, entry{segment, path, c})
					}
				}
			}
		}
	}
	slices.SortFunc(entries, func(a, b entry) int { return int(a.column.used - b.column.used) })
	for _, e := range entries {
		if s.cached.Load() <= s.cacheBytes*3/4 {
			return
		}
		delete(e.segment.columns, e.path)
		s.cached.Add(-int64(e.column.bytes))
	}
}
