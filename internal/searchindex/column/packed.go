package column

import (
	"math"

	"github.com/millrace/millrace/internal/searchindex/mapping"
)

// Packed is a column that no document is added to any more, as it waits in memory for the next search: whole numbers as
// multiples of a step above the lowest, in as few bytes as they all need; floats as 32 bits where nothing is lost; codes
// in as few bytes as the dictionary needs. It never changes.
type Packed struct {
	class      mapping.Class
	has        Bitmap
	base, step int64

	// The values are in one of these.
	bytes  []uint8
	shorts []uint16
	words  []uint32
	longs  []uint64

	dict       []string
	moreInts   map[int32][]int64
	moreFloats map[int32][]float64
	moreCodes  map[int32][]uint32
}

// Pack makes the packed form of the column. They share dictionary and further values.
func (c *Column) Pack() *Packed {
	p := &Packed{class: c.Class, has: c.Has, dict: c.Dict, moreInts: c.MoreInts, moreFloats: c.MoreFloats, moreCodes: c.MoreCodes}
	switch c.Class {
	case mapping.Ints:
		p.packInts(c)
	case mapping.Floats:
		p.packFloats(c.Floats)
	default:
		p.pack(len(c.Codes), uint64(max(len(c.Dict), 1)-1), func(i int) uint64 { return uint64(c.Codes[i]) })
	}
	return p
}

func (p *Packed) packInts(c *Column) {
	low, high := int64(math.MaxInt64), int64(math.MinInt64)
	for doc, v := range c.Ints {
		if c.Has.Has(doc) {
			low, high = min(low, v), max(high, v)
		}
	}
	if low > high {
		low, high = 0, 0
	}
	var step uint64
	for doc, v := range c.Ints {
		if c.Has.Has(doc) && step != 1 {
			step = divisor(step, uint64(v)-uint64(low))
		}
	}
	step = max(step, 1)
	if step > math.MaxInt64 {
		step = 1
	}
	p.base, p.step = low, int64(step)
	p.pack(len(c.Ints), (uint64(high)-uint64(low))/step, func(doc int) uint64 {
		if !c.Has.Has(doc) {
			return 0
		}
		return (uint64(c.Ints[doc]) - uint64(low)) / step
	})
}

// divisor is the greatest common one; that of nothing and n is n.
func divisor(a, b uint64) uint64 {
	for b != 0 {
		a, b = b, a%b
	}
	return a
}

func (p *Packed) packFloats(values []float64) {
	for _, v := range values {
		if float64(float32(v)) != v {
			p.pack(len(values), math.MaxUint64, func(i int) uint64 { return math.Float64bits(values[i]) })
			return
		}
	}
	p.pack(len(values), math.MaxUint32, func(i int) uint64 { return uint64(math.Float32bits(float32(values[i]))) })
}

// pack takes n values up to the highest into the narrowest slice that holds them.
func (p *Packed) pack(n int, highest uint64, value func(int) uint64) {
	switch {
	case highest <= math.MaxUint8:
		p.bytes = packed[uint8](n, value)
	case highest <= math.MaxUint16:
		p.shorts = packed[uint16](n, value)
	case highest <= math.MaxUint32:
		p.words = packed[uint32](n, value)
	default:
		p.longs = packed[uint64](n, value)
	}
}

type unsigned interface {
	uint8 | uint16 | uint32 | uint64
}

func packed[W unsigned](n int, value func(int) uint64) []W {
	out := make([]W, n)
	for i := range out {
		out[i] = W(value(i))
	}
	return out
}

// Unpack makes into the column that was packed; its slices are used again.
func (p *Packed) Unpack(into *Column) {
	into.Class, into.Has = p.class, p.has
	into.Dict, into.MoreInts, into.MoreFloats, into.MoreCodes = p.dict, p.moreInts, p.moreFloats, p.moreCodes
	switch p.class {
	case mapping.Ints:
		into.Ints = unpackInts(p, into.Ints[:0])
	case mapping.Floats:
		into.Floats = into.Floats[:0]
		for _, v := range p.words {
			into.Floats = append(into.Floats, float64(math.Float32frombits(v)))
		}
		for _, v := range p.longs {
			into.Floats = append(into.Floats, math.Float64frombits(v))
		}
	default:
		into.Codes = into.Codes[:0]
		for _, v := range p.bytes {
			into.Codes = append(into.Codes, uint32(v))
		}
		for _, v := range p.shorts {
			into.Codes = append(into.Codes, uint32(v))
		}
		into.Codes = append(into.Codes, p.words...)
	}
}

func unpackInts(p *Packed, out []int64) []int64 {
	switch {
	case p.bytes != nil:
		return widen(p, p.bytes, out)
	case p.shorts != nil:
		return widen(p, p.shorts, out)
	case p.words != nil:
		return widen(p, p.words, out)
	}
	return widen(p, p.longs, out)
}

func widen[W unsigned](p *Packed, values []W, out []int64) []int64 {
	if cap(out) < len(values) {
		out = make([]int64, 0, SegmentSize)
	}
	out = out[:len(values)]
	for i, v := range values {
		out[i] = p.base + int64(v)*p.step
	}
	return out
}

// Bytes estimates the memory that the packed column takes.
func (p *Packed) Bytes() int {
	n := 256 + len(p.has)*8 + len(p.bytes) + 2*len(p.shorts) + 4*len(p.words) + 8*len(p.longs) + 64*(len(p.moreInts)+len(p.moreFloats)+len(p.moreCodes))
	for _, s := range p.dict {
		n += 16 + len(s)
	}
	return n
}
