package sketch

import (
	"encoding/binary"
	"errors"
	"slices"
	"strings"
)

// minEntries is how many different values TopK counts at least.
const minEntries = 10_000

// TopK finds the most frequent values by the space-saving algorithm (Metwally, Agrawal, El Abbadi 2005): it counts as many
// different values as it has entries, exactly until there are more. Then a new value takes the entry that counts least, and
// its count. So a count is never too low, and too high by at most N/entries after N values; a value that occurs more often
// than that is always among the entries.
type TopK struct {
	k       int
	entries int
	ids     map[string]int32
	items   []Item
	// heap holds the numbers of items, the one to give way first; it is made when the entries are full. places is its inverse.
	heap   []int32
	places []int32
	// next orders items by when they came.
	next uint64
}

// Item is a value with its count. Over is by how much the count may be too high.
type Item struct {
	Value string
	Count int64
	Over  int64
	order uint64
}

// NewTopK returns a counter of the k most frequent values; it has 10 000 entries, or two for each of k if that is more.
func NewTopK(k int) *TopK {
	t := &TopK{k: k, entries: max(minEntries, 2*k)}
	t.Reset()
	return t
}

// Reset forgets everything.
func (t *TopK) Reset() {
	t.ids, t.items, t.heap, t.places, t.next = map[string]int32{}, nil, nil, nil, 0
}

// Add counts a value. It keeps a copy of it where it is new.
func (t *TopK) Add(value []byte) {
	if id, known := t.ids[string(value)]; known {
		t.items[id].Count++
		if t.heap != nil {
			t.down(int(t.places[id]))
		}
		return
	}
	t.next++
	if len(t.items) < t.entries {
		text := string(value)
		t.ids[text] = int32(len(t.items))
		t.items = append(t.items, Item{Value: text, Count: 1, order: t.next})
		return
	}
	if t.heap == nil {
		t.makeHeap()
	}
	id := t.heap[0]
	it := &t.items[id]
	delete(t.ids, it.Value)
	it.Value, it.Over, it.order = string(value), it.Count, t.next
	it.Count++
	t.ids[it.Value] = id
	t.down(0)
}

// Top returns the k most frequent values, those of equal counts by when they came.
func (t *TopK) Top() []Item {
	all := slices.Clone(t.items)
	slices.SortFunc(all, func(a, b Item) int {
		if a.Count != b.Count {
			return int(min(1, max(-1, b.Count-a.Count)))
		}
		return int(int64(a.order) - int64(b.order))
	})
	return all[:min(t.k, len(all))]
}

func (t *TopK) makeHeap() {
	t.heap, t.places = make([]int32, len(t.items)), make([]int32, len(t.items))
	for i := range t.heap {
		t.heap[i], t.places[i] = int32(i), int32(i)
	}
	for at := len(t.heap)/2 - 1; at >= 0; at-- {
		t.down(at)
	}
}

// before reports whether an item gives way before another: by its count, then the one that came last.
func (t *TopK) before(a, b int32) bool {
	x, y := &t.items[a], &t.items[b]
	return x.Count < y.Count || x.Count == y.Count && x.order > y.order
}

// down moves an item whose count has risen to its place in the heap.
func (t *TopK) down(at int) {
	id := t.heap[at]
	for {
		child := 2*at + 1
		if child >= len(t.heap) {
			break
		}
		if child+1 < len(t.heap) && t.before(t.heap[child+1], t.heap[child]) {
			child++
		}
		if t.before(id, t.heap[child]) {
			break
		}
		t.heap[at] = t.heap[child]
		t.places[t.heap[at]] = int32(at)
		at = child
	}
	t.heap[at], t.places[id] = id, int32(at)
}

// Snapshot appends the state: next, the number of items, and the items as count, over, order and value.
func (t *TopK) Snapshot(dst []byte) []byte {
	dst = binary.AppendUvarint(dst, t.next)
	dst = binary.AppendUvarint(dst, uint64(len(t.items)))
	for i := range t.items {
		it := &t.items[i]
		dst = binary.AppendUvarint(dst, uint64(it.Count))
		dst = binary.AppendUvarint(dst, uint64(it.Over))
		dst = binary.AppendUvarint(dst, it.order)
		dst = binary.AppendUvarint(dst, uint64(len(it.Value)))
		dst = append(dst, it.Value...)
	}
	return dst
}

var errTopK = errors.New("the counts of frequent values are damaged")

// Restore takes the state of a snapshot and returns what of src is behind it.
func (t *TopK) Restore(src []byte) ([]byte, error) {
	t.Reset()
	bad := false
	number := func() uint64 {
		v, n := binary.Uvarint(src)
		if n <= 0 || v > 1<<62 {
			bad, src = true, nil
			return 0
		}
		src = src[n:]
		return v
	}
	t.next = number()
	n := number()
	if n > uint64(t.entries) || n > uint64(len(src)) {
		return nil, errTopK
	}
	for range n {
		it := Item{Count: int64(number()), Over: int64(number()), order: number()}
		size := number()
		if bad || size > uint64(len(src)) || it.Count < 1 || it.Over >= it.Count || it.order > t.next {
			return nil, errTopK
		}
		it.Value = strings.Clone(string(src[:size]))
		src = src[size:]
		if _, twice := t.ids[it.Value]; twice {
			return nil, errTopK
		}
		t.ids[it.Value] = int32(len(t.items))
		t.items = append(t.items, it)
	}
	if bad {
		return nil, errTopK
	}
	// Whether there is a heap makes no difference to what it gives.
	return src, nil
}
