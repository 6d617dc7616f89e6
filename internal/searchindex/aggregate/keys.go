package aggregate

import (
	"context"
	"math"
	"slices"

	"github.com/millrace/millrace/internal/searchindex/column"
	"github.com/millrace/millrace/internal/searchindex/mapping"
	"github.com/millrace/millrace/internal/searchindex/query"
	"github.com/millrace/millrace/internal/searchindex/wire"
)

// keys turns the values of a field, of whatever class, into whole numbers that stand for them across all segments:
// whole numbers themselves, the bits of floats, and for strings their place in a dictionary of this request.
type keys struct {
	field *mapping.Field // of the index being read; nil: unmapped
	shown *mapping.Field // of the first index that has it

	texts []string
	ids   map[string]int64
	codes []int64 // of the segment being read: code to key, -1 for strings that the field does not index

	accepts func(string) bool // nil: every string counts
	missing *int64            // the key of documents without a value; nil: they have none
}

func (k *keys) enter(s *spec, field *mapping.Field) *wire.Error {
	k.field = field
	if k.shown == nil {
		k.shown = field
	}
	if field != nil && (k.shown.Type.Class() != field.Type.Class() || (k.shown.Type == mapping.Date) != (field.Type == mapping.Date)) {
		return mixedTypes(s, k.shown.Type, field.Type)
	}
	return nil
}

// each calls fn for every value of every document; for different values only, unless all are asked for.
func (k *keys) each(ctx context.Context, s query.Segment, docs []int32, all bool, fn func(i int, key int64) error) error {
	var col *column.Column
	if k.field != nil {
		var err error
		if col, err = s.Column(ctx, k.field.Column); err != nil {
			return err
		}
	}
	if col == nil {
		return k.eachMissing(docs, nil, fn)
	}
	if k.missing != nil {
		if err := k.eachMissing(docs, &col.Has, fn); err != nil {
			return err
		}
	}
	switch col.Class {
	case mapping.Ints:
		return eachKey(col, docs, all, col.Ints, col.MoreInts, func(v int64) int64 { return v }, fn)
	case mapping.Floats:
		return eachKey(col, docs, all, col.Floats, col.MoreFloats, func(v float64) int64 { return int64(math.Float64bits(v + 0)) }, fn)
	}
	k.translate(col)
	return eachKey(col, docs, all, col.Codes, col.MoreCodes, func(code uint32) int64 { return k.codes[code] }, func(i int, key int64) error {
		if key < 0 {
			return nil
		}
		return fn(i, key)
	})
}

// eachMissing calls fn with the key that stands for none, for documents without value.
func (k *keys) eachMissing(docs []int32, has *column.Bitmap, fn func(i int, key int64) error) error {
	if k.missing == nil {
		return nil
	}
	for i, doc := range docs {
		if has != nil && has.Has(int(doc)) {
			continue
		}
		if err := fn(i, *k.missing); err != nil {
			return err
		}
	}
	return nil
}

func eachKey[T comparable](col *column.Column, docs []int32, all bool, values []T, more map[int32][]T, key func(T) int64, fn func(int, int64) error) error {
	for i, doc := range docs {
		if !col.Has.Has(int(doc)) {
			continue
		}
		if err := fn(i, key(values[doc])); err != nil {
			return err
		}
		if len(more) == 0 {
			continue
		}
		for n, v := range more[doc] {
			if !all && (v == values[doc] || slices.Contains(more[doc][:n], v)) {
				continue
			}
			if err := fn(i, key(v)); err != nil {
				return err
			}
		}
	}
	return nil
}

func (k *keys) translate(col *column.Column) {
	k.codes = k.codes[:0]
	for _, text := range col.Dict {
		if !k.field.Accepts(text) || k.accepts != nil && !k.accepts(text) {
			k.codes = append(k.codes, -1)
			continue
		}
		k.codes = append(k.codes, k.keyOf(text))
	}
}

// keyOf is the place of a string in the dictionary of this request.
func (k *keys) keyOf(text string) int64 {
	if k.ids == nil {
		k.ids = map[string]int64{}
	}
	id, known := k.ids[text]
	if !known {
		id = int64(len(k.texts))
		k.texts = append(k.texts, text)
		k.ids[text] = id
	}
	return id
}

// compare orders two keys as their values are ordered.
func (k *keys) compare(a, b int64) int {
	switch k.class() {
	case mapping.Strings:
		return compare(k.texts[a], k.texts[b])
	case mapping.Floats:
		return compare(math.Float64frombits(uint64(a)), math.Float64frombits(uint64(b)))
	}
	return compare(a, b)
}

func (k *keys) class() mapping.Class {
	if k.shown == nil {
		return mapping.Strings
	}
	return k.shown.Type.Class()
}

// members are key, and key_as_string where the type has one.
func (k *keys) members(key int64) wire.Object {
	switch k.class() {
	case mapping.Strings:
		return wire.Object{{Name: "key", Value: k.texts[key]}}
	case mapping.Floats:
		return wire.Object{{Name: "key", Value: math.Float64frombits(uint64(key))}}
	}
	o := wire.Object{{Name: "key", Value: key}}
	if text, ok := formatValue(k.shown, float64(key)); ok {
		o = append(o, wire.Member{Name: "key_as_string", Value: text})
	}
	return o
}

func compare[T int64 | float64 | string](a, b T) int {
	switch {
	case a < b:
		return -1
	case a > b:
		return 1
	}
	return 0
}

// bucketKey names a bucket: that of a key inside a bucket of the parent.
type bucketKey struct {
	owner int32
	key   int64
}

// buckets numbers them as they come.
type buckets struct {
	keys   []bucketKey
	counts []int64
	slots  []int32 // a hash table of numbers + 1; its size is a power of two, at least twice the number of buckets

	last   bucketKey // most documents fall where the one before fell
	lastID int32

	byOwner map[int32][]int32
}

func (b *buckets) id(k bucketKey, budget *budget) (int32, error) {
	if k == b.last && len(b.keys) > 0 {
		return b.lastID, nil
	}
	if 2*len(b.keys) >= len(b.slots) {
		b.grow()
	}
	mask := uint64(len(b.slots) - 1)
	for at := k.hash() & mask; ; at = (at + 1) & mask {
		id := b.slots[at] - 1
		if id >= 0 && b.keys[id] != k {
			continue
		}
		if id < 0 {
			if err := budget.collect(1); err != nil {
				return 0, err
			}
			id = b.add(k)
			b.slots[at] = id + 1
		}
		b.last, b.lastID = k, id
		return id, nil
	}
}

func (k bucketKey) hash() uint64 {
	h := (uint64(k.key) ^ uint64(k.owner)<<40) * 0x9e3779b97f4a7c15
	return h ^ h>>32
}

// add makes a bucket that the table does not know of.
func (b *buckets) add(k bucketKey) int32 {
	b.keys = append(b.keys, k)
	b.counts = append(b.counts, 0)
	return int32(len(b.keys) - 1)
}

func (b *buckets) grow() {
	b.slots = make([]int32, max(64, 2*len(b.slots)))
	mask := uint64(len(b.slots) - 1)
	for id, k := range b.keys {
		at := k.hash() & mask
		for b.slots[at] != 0 {
			at = (at + 1) & mask
		}
		b.slots[at] = int32(id) + 1
	}
}

// of returns the buckets inside a bucket of the parent; after collecting.
func (b *buckets) of(owner int32) []int32 {
	if b.byOwner == nil {
		b.byOwner = map[int32][]int32{}
		for id, k := range b.keys {
			b.byOwner[k.owner] = append(b.byOwner[k.owner], int32(id))
		}
	}
	return b.byOwner[owner]
}
