package local

import "math"

// held are the blocks that records are still in, as a heap: the one with the
// earliest record is first, of several the one that came first.
//
// Files are nearly in order: blocks follow each other, and overlap with few.
type held struct{ heap []*block }

// least is the earliest time.
func (h *held) least() (int64, bool) {
	if len(h.heap) == 0 {
		return 0, false
	}
	return h.heap[0].headTime(), true
}

// headTime is that of the record that is next; a block without one is never held.
func (b *block) headTime() int64 {
	i, _ := b.head()
	return b.times[i]
}

func (h *held) before(i, k int) bool {
	x, y := h.heap[i], h.heap[k]
	tx, ty := x.headTime(), y.headTime()
	return tx < ty || tx == ty && x.seq < y.seq
}

// stop is the greatest time up to which the first block goes on alone, at most
// until.
func (h *held) stop(until int64) int64 {
	stop := int64(math.MaxInt64)
	for i := 1; i <= 2 && i < len(h.heap); i++ {
		t := h.heap[i].headTime()
		if h.heap[i].seq < h.heap[0].seq {
			t--
		}
		stop = min(stop, t)
	}
	return min(stop, until)
}

func (h *held) push(b *block) {
	h.heap = append(h.heap, b)
	for i := len(h.heap) - 1; i > 0; {
		parent := (i - 1) / 2
		if !h.before(i, parent) {
			return
		}
		h.heap[i], h.heap[parent] = h.heap[parent], h.heap[i]
		i = parent
	}
}

// pop removes the first block.
func (h *held) pop() {
	last := len(h.heap) - 1
	h.heap[0], h.heap[last] = h.heap[last], nil
	h.heap = h.heap[:last]
	h.fix()
}

// fix puts the first block where it belongs, after records of it were released.
func (h *held) fix() {
	for i := 0; ; {
		child := 2*i + 1
		if child+1 < len(h.heap) && h.before(child+1, child) {
			child++
		}
		if child >= len(h.heap) || !h.before(child, i) {
			return
		}
		h.heap[i], h.heap[child] = h.heap[child], h.heap[i]
		i = child
	}
}
