package forest

import (
	"math"
	"math/rand/v2"
	"slices"
)

// reference scores by the definition: it draws a sample of all points so far by their weights, makes a tree of it from
// scratch by cutting boxes, and computes the expected value over the cuts. Nothing is kept from point to point, so it is slow.
type reference struct {
	sample, decay int
	random        *rand.Rand
}

// score is the mean over the trees, scaled as Push scales it.
func (r *reference) score(history [][]float64, point []float64, trees int) float64 {
	sum := 0.0
	for range trees {
		sum += expected(without(r.draw(history), point), point, 0, r.random)
	}
	return sum / float64(trees) * math.Log2(float64(r.sample))
}

// draw takes a sample in which the chance of each point is in proportion to its weight: the points stand in random order on
// a line, each as long as its chance, and a comb with teeth at a distance of 1 falls on it.
func (r *reference) draw(history [][]float64) [][]float64 {
	if len(history) <= r.sample {
		return history
	}
	weights, sum := make([]float64, len(history)), 0.0
	for i := range history {
		weights[i] = math.Exp(float64(i-len(history)+1) / float64(r.decay))
		sum += weights[i]
	}
	var sample [][]float64
	line, tooth := 0.0, r.random.Float64()
	for _, i := range r.random.Perm(len(history)) {
		for line += weights[i] * float64(r.sample) / sum; line > tooth; tooth++ {
			sample = append(sample, history[i])
		}
	}
	return sample
}

// without is a sample less one point of a value, unless all of it has that value.
func without(sample [][]float64, value []float64) [][]float64 {
	same := func(p []float64) bool { return slices.Equal(p, value) }
	at := slices.IndexFunc(sample, same)
	if at < 0 || !slices.ContainsFunc(sample, func(p []float64) bool { return !same(p) }) {
		return sample
	}
	return slices.Delete(slices.Clone(sample), at, at+1)
}

// expected is the expected reciprocal depth at which a point is parted from a random cut tree of points, whose root is at a
// depth. Only the part of the tree that the point comes to is made.
func expected(points [][]float64, point []float64, depth int, random *rand.Rand) float64 {
	dims := len(point)
	lo, hi := append([]float64{}, points[0]...), append([]float64{}, points[0]...)
	for _, p := range points {
		for d, v := range p {
			lo[d], hi[d] = math.Min(lo[d], v), math.Max(hi[d], v)
		}
	}
	within, grown := 0.0, 0.0
	for d := range dims {
		within += hi[d] - lo[d]
		grown += math.Max(hi[d], point[d]) - math.Min(lo[d], point[d])
	}
	if within == 0 {
		switch {
		case grown > 0:
			return 1 / float64(depth+1)
		case depth == 0:
			return 1 / float64(1+len(points))
		}
		return 1 / (float64(depth) + math.Log2(1+float64(len(points))))
	}
	parted := (grown - within) / grown
	at := random.Float64() * within
	for d := range dims {
		if side := hi[d] - lo[d]; at >= side {
			at -= side
			continue
		}
		c := lo[d] + at
		var below [][]float64
		for _, p := range points {
			if (p[d] <= c) == (point[d] <= c) {
				below = append(below, p)
			}
		}
		return parted/float64(depth+1) + (1-parted)*expected(below, point, depth+1, random)
	}
	panic("no side was cut")
}
