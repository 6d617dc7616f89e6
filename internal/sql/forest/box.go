package forest

import "math"

// box is a part of the space: the least and the greatest value in each dimension.
type box struct{ lo, hi []float64 }

// cut is a place on an axis: what is not above it is on the left.
type cut struct {
	dim int
	at  float64
}

// length is the sum of the lengths of the sides.
func (b box) length() float64 {
	sum := 0.0
	for d, lo := range b.lo {
		sum += b.hi[d] - lo
	}
	return sum
}

// gap is how far a point lies outside the box, as the sum over the dimensions: what the box would grow by to hold it.
func (b box) gap(point []float64) float64 {
	lo, hi := b.lo, b.hi
	lo, hi = lo[:len(point)], hi[:len(point)]
	twice := 0.0
	for d, x := range point {
		// d+|d| is twice what of d is positive, without a branch that nobody can foresee.
		above, below := x-hi[d], lo[d]-x
		twice += above + math.Abs(above) + (below + math.Abs(below))
	}
	return twice / 2
}

// extend makes the box hold a point.
func (b box) extend(point []float64) {
	for d, x := range point {
		b.lo[d], b.hi[d] = min(b.lo[d], x), max(b.hi[d], x)
	}
}

// set makes the box a copy of another.
func (b box) set(other box) {
	copy(b.lo, other.lo)
	copy(b.hi, other.hi)
}

// join makes the box hold another.
func (b box) join(other box) {
	for d := range b.lo {
		b.lo[d], b.hi[d] = min(b.lo[d], other.lo[d]), max(b.hi[d], other.hi[d])
	}
}

// touches reports whether a point within the box lies on its surface, so that the box may shrink without it.
func (b box) touches(point []float64) bool {
	for d, x := range point {
		if x == b.lo[d] || x == b.hi[d] {
			return true
		}
	}
	return false
}

// draw makes a random cut of the box grown by a point, each place on the sides being as likely, and returns it when it parts
// the two. length is the box's, gap the point's, which is not 0.
func (b box) draw(r *random, point []float64, length, gap float64) (cut, bool) {
	at := r.float()*(length+gap) - length
	if at < 0 {
		return cut{}, false
	}
	last := cut{}
	for d, x := range point {
		from, to := b.hi[d], x
		if x < b.lo[d] {
			from, to = x, b.lo[d]
		}
		if from >= to {
			continue
		}
		last = cut{d, place(from, to, at)}
		if at -= to - from; at < 0 {
			break
		}
	}
	// Where rounding left something of at, the last cut is the one.
	return last, true
}

// place returns a place in [from, to), at behind from. It has the digits of a float32 where that is precise enough, which
// makes snapshots smaller.
func place(from, to, at float64) float64 {
	c := from + at
	if short := float64(float32(c)); short >= from && short < to {
		return short
	}
	if c < to {
		return c
	}
	return from
}
