package exec

import (
	"encoding/binary"
	"math"

	"github.com/millrace/millrace/internal/sql/dialect"
	"github.com/millrace/millrace/internal/sql/types"
)

// slidingFloatSum is SUM and AVG of REAL and DOUBLE. What a value leaves behind in a sum cannot be taken back, so it is a pair of
// stacks.
type slidingFloatSum struct {
	slide *slide
	arg   *slideArg
	sum   floatSum // of the back, and the number of all values
	front []float64
	out   *types.Vector
}

func (s *slidingFloatSum) grow(partitions, slots int) {
	s.sum.grow(partitions)
	s.front = extend(s.front, slots)
}

func (s *slidingFloatSum) reset() {
	s.sum.reset()
	s.front = nil
}

func (s *slidingFloatSum) enter(p, slot uint32, _ int32) {
	if !s.arg.cells.null[slot] {
		s.sum.sums[p] += s.arg.cells.floats[slot]
		s.sum.counts[p]++
	}
}

func (s *slidingFloatSum) turn(p uint32) {
	sum := 0.0
	for slot := s.slide.tail[p]; slot != none; slot = s.slide.prev[slot] {
		if !s.arg.cells.null[slot] {
			sum += s.arg.cells.floats[slot]
		}
		s.front[slot] = sum
	}
	s.sum.sums[p] = 0
}

func (s *slidingFloatSum) leave(p, slot uint32) {
	if !s.arg.cells.null[slot] {
		s.sum.counts[p]--
	}
}

func (s *slidingFloatSum) put(p uint32, i int32) {
	sum := s.sum.sums[p]
	if s.slide.front[p] > 0 {
		sum += s.front[s.slide.head[p]]
	}
	s.sum.write(sum, s.sum.counts[p], s.out, i, &s.slide.ctx.eval)
}

// slidingVariance is VAR_POP, VAR_SAMP, STDDEV_POP and STDDEV_SAMP.
type slidingVariance struct {
	slide       *slide
	arg         *slideArg
	unit        float64
	spread      spread
	back, front []moments
	out         *types.Vector
}

func (v *slidingVariance) grow(partitions, slots int) {
	v.back, v.front = extend(v.back, partitions), extend(v.front, slots)
}

func (v *slidingVariance) reset() { v.back, v.front = nil, nil }

func (v *slidingVariance) enter(p, slot uint32, _ int32) {
	if !v.arg.cells.null[slot] {
		v.back[p].add(v.arg.cells.number(slot, v.unit))
	}
}

func (v *slidingVariance) turn(p uint32) {
	m := moments{}
	for slot := v.slide.tail[p]; slot != none; slot = v.slide.prev[slot] {
		if !v.arg.cells.null[slot] {
			m.add(v.arg.cells.number(slot, v.unit))
		}
		v.front[slot] = m
	}
	v.back[p] = moments{}
}

func (v *slidingVariance) leave(_, _ uint32) {}

func (v *slidingVariance) put(p uint32, i int32) {
	m := v.back[p]
	if v.slide.front[p] > 0 {
		m = v.front[v.slide.head[p]].with(m)
	}
	v.spread.put(m, v.out, i, &v.slide.ctx.eval)
}

// expAvg is EXP_AVG: each value weighs 1 when it comes and half as much after each half-life. Weights are kept as of the time of
// the youngest value they are of.
type expAvg struct {
	slide      *slide
	arg        *slideArg
	unit, half float64
	back       []weights // of each partition
	front      []weights // of each slot; its time is that of the partition's turn
	out        *types.Vector
}

// weights is the sum of values by their weights, and that of the weights, as of a time. Without weight there are no values.
type weights struct {
	sum, weight float64
	time        int64
}

// add takes a value that is not older than those before it.
func (w *weights) add(x float64, t int64, half float64) {
	f := 0.0
	if w.weight > 0 {
		f = decay(t-w.time, half)
	}
	w.sum, w.weight, w.time = w.sum*f+x, w.weight*f+1, t
}

func decay(age int64, half float64) float64 { return math.Exp2(-float64(age) / half) }

func (e *expAvg) grow(partitions, slots int) {
	e.back, e.front = extend(e.back, partitions), extend(e.front, slots)
}

func (e *expAvg) reset() { e.back, e.front = nil, nil }

func (e *expAvg) enter(p, slot uint32, i int32) {
	if slot != none {
		if !e.arg.cells.null[slot] {
			e.back[p].add(e.arg.cells.number(slot, e.unit), e.slide.times[slot], e.half)
		}
		return
	}
	// Without a bound nothing is held; the value is that of the batch.
	v := e.arg.values
	switch {
	case v.IsNull(int(i)):
	case v.Kind.Physical() == types.FloatValues:
		e.back[p].add(v.Float[i], e.slide.now, e.half)
	default:
		e.back[p].add(float64(v.Int[i])/e.unit, e.slide.now, e.half)
	}
}

func (e *expAvg) turn(p uint32) {
	w := weights{}
	for slot := e.slide.tail[p]; slot != none; slot = e.slide.prev[slot] {
		if !e.arg.cells.null[slot] {
			t := e.slide.times[slot]
			if w.weight == 0 {
				w.time = t
			}
			f := decay(w.time-t, e.half)
			w.sum, w.weight = w.sum+f*e.arg.cells.number(slot, e.unit), w.weight+f
		}
		e.front[slot] = w
	}
	e.back[p] = weights{}
}

func (e *expAvg) leave(_, _ uint32) {}

func (e *expAvg) put(p uint32, i int32) {
	w := e.back[p]
	if e.slide.front[p] > 0 {
		f := e.front[e.slide.head[p]]
		if w.weight > 0 && f.weight > 0 {
			d := decay(w.time-f.time, e.half)
			w.sum, w.weight = w.sum+f.sum*d, w.weight+f.weight*d
		} else if f.weight > 0 {
			w = f
		}
	}
	if e.out.Null[i] = w.weight == 0; e.out.Null[i] {
		return
	}
	if e.out.Float[i] = w.sum / w.weight; e.out.Float[i]-e.out.Float[i] != 0 {
		e.slide.ctx.eval.Fail(i, dialect.ErrOverflow, "the average does not fit %s", types.Double)
	}
}

func (e *expAvg) snapshot(dst []byte) []byte {
	for _, w := range e.back {
		dst = binary.LittleEndian.AppendUint64(dst, math.Float64bits(w.sum))
		dst = binary.LittleEndian.AppendUint64(dst, math.Float64bits(w.weight))
		dst = binary.AppendVarint(dst, w.time)
	}
	return dst
}

func (e *expAvg) restore(d *decoder, n int) {
	for p := range n {
		e.back[p] = weights{d.float(), d.float(), d.varint()}
	}
}
