package sketch

import (
	"encoding/binary"
	"errors"
	"math"
	"math/bits"
	"slices"
)

// maxExact is how many different values are counted one by one, as AWS documents it.
const maxExact = 10_000

// HyperLogLog's parameters: 2^precision registers, of which each holds the greatest number of leading zeros, plus one, among
// the hashes that fall to it. The standard error is 1.04/√registers, 0.41 percent.
const (
	precision = 16
	registers = 1 << precision
	maxZeros  = 64 - precision + 1
)

// Distinct counts different values: exactly up to 10 000 of them, by HyperLogLog beyond. Exactly means by 64-bit hashes: that
// two of 10 000 values share one has a chance of 3 in 10¹².
type Distinct struct {
	// hashes is an open table of what has been seen while there are few; 0 is empty, and zero says that a hash of 0 was seen.
	hashes []uint64
	seen   int
	zero   bool
	ranks  []uint8 // nil while exact
}

// Add counts a value. It keeps nothing of it.
func (c *Distinct) Add(value []byte) {
	h := hash(value)
	if c.ranks != nil {
		c.rank(h)
		return
	}
	if !c.insert(h) || c.seen <= maxExact {
		return
	}
	c.ranks = make([]uint8, registers)
	c.each(c.rank)
	c.hashes, c.seen, c.zero = nil, 0, false
}

// insert reports whether a hash is new.
func (c *Distinct) insert(h uint64) bool {
	if h == 0 {
		if c.zero {
			return false
		}
		c.zero = true
		c.seen++
		return true
	}
	if 2*(c.seen+1) > len(c.hashes) {
		old := c.hashes
		c.hashes = make([]uint64, max(16, 2*len(old)))
		for _, other := range old {
			if other != 0 {
				c.hashes[c.slot(other)] = other
			}
		}
	}
	at := c.slot(h)
	if c.hashes[at] == h {
		return false
	}
	c.hashes[at] = h
	c.seen++
	return true
}

// slot is where a hash is or belongs.
func (c *Distinct) slot(h uint64) uint64 {
	mask := uint64(len(c.hashes) - 1)
	at := h & mask
	for c.hashes[at] != 0 && c.hashes[at] != h {
		at = (at + 1) & mask
	}
	return at
}

func (c *Distinct) each(f func(uint64)) {
	if c.zero {
		f(0)
	}
	for _, h := range c.hashes {
		if h != 0 {
			f(h)
		}
	}
}

func (c *Distinct) rank(h uint64) {
	zeros := uint8(bits.LeadingZeros64(h<<precision|1<<(precision-1)) + 1)
	if at := h >> (64 - precision); zeros > c.ranks[at] {
		c.ranks[at] = zeros
	}
}

// Count returns the number of different values, or its estimate.
func (c *Distinct) Count() int64 {
	if c.ranks == nil {
		return int64(c.seen)
	}
	return estimate(c.ranks)
}

// estimate is the estimator of Ertl, New cardinality estimation algorithms for HyperLogLog sketches (2017), algorithm 6: it
// needs neither tables of bias nor another way of counting while many registers are empty.
func estimate(ranks []uint8) int64 {
	var counts [maxZeros + 1]float64
	for _, r := range ranks {
		counts[r]++
	}
	m := float64(len(ranks))
	z := m * tau(1-counts[maxZeros]/m)
	for k := maxZeros - 1; k >= 1; k-- {
		z = (z + counts[k]) / 2
	}
	z += m * sigma(counts[0]/m)
	return int64(math.Round(m * m / (2 * math.Ln2 * z)))
}

// sigma is x + Σ x^(2^k)·2^(k-1) over k ≥ 1.
func sigma(x float64) float64 {
	if x == 1 {
		return math.Inf(1)
	}
	y, z := 1.0, x
	for {
		x *= x
		last := z
		z += x * y
		y += y
		if z == last {
			return z
		}
	}
}

// tau is (1 - x - Σ (1-x^(2^-k))²·2^-k over k ≥ 1) / 3.
func tau(x float64) float64 {
	if x == 0 || x == 1 {
		return 0
	}
	y, z := 1.0, 1-x
	for {
		x = math.Sqrt(x)
		last := z
		y /= 2
		z -= (1 - x) * (1 - x) * y
		if z == last {
			return z / 3
		}
	}
}

// Reset forgets everything.
func (c *Distinct) Reset() { *c = Distinct{} }

// Snapshot appends the state: the hashes in ascending order behind their number plus one, or 0 and the registers.
func (c *Distinct) Snapshot(dst []byte) []byte {
	if c.ranks != nil {
		return append(append(dst, 0), c.ranks...)
	}
	var all []uint64
	c.each(func(h uint64) { all = append(all, h) })
	slices.Sort(all)
	dst = binary.AppendUvarint(dst, uint64(len(all))+1)
	for _, h := range all {
		dst = binary.LittleEndian.AppendUint64(dst, h)
	}
	return dst
}

// Restore takes the state of a snapshot and returns what of src is behind it.
func (c *Distinct) Restore(src []byte) ([]byte, error) {
	c.Reset()
	v, n := binary.Uvarint(src)
	if n <= 0 {
		return nil, errDistinct
	}
	src = src[n:]
	if v == 0 {
		if len(src) < registers {
			return nil, errDistinct
		}
		c.ranks = slices.Clone(src[:registers])
		if slices.Max(c.ranks) > maxZeros {
			return nil, errDistinct
		}
		return src[registers:], nil
	}
	if v--; v > maxExact || uint64(len(src)) < 8*v {
		return nil, errDistinct
	}
	for range v {
		c.insert(binary.LittleEndian.Uint64(src))
		src = src[8:]
	}
	return src, nil
}

var errDistinct = errors.New("the count of different values is damaged")
