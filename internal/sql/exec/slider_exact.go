package exec

import "github.com/millrace/millrace/internal/sql/types"

// slidingCount is COUNT.
type slidingCount struct {
	slide  *slide
	arg    *slideArg // nil for COUNT(*)
	counts []int64
	out    *types.Vector
}

func (c *slidingCount) grow(partitions, _ int) { c.counts = extend(c.counts, partitions) }
func (c *slidingCount) reset()                 { c.counts = nil }

func (c *slidingCount) enter(p, slot uint32, _ int32) {
	if c.arg == nil || !c.arg.cells.null[slot] {
		c.counts[p]++
	}
}

func (c *slidingCount) leave(p, slot uint32) {
	if c.arg == nil || !c.arg.cells.null[slot] {
		c.counts[p]--
	}
}

func (c *slidingCount) put(p uint32, i int32) { c.out.Null[i], c.out.Int[i] = false, c.counts[p] }

// slidingSum is SUM and AVG of exact numbers: what was added is taken back.
type slidingSum struct {
	slide *slide
	arg   *slideArg
	sum   intSum
	out   *types.Vector
}

func (s *slidingSum) grow(partitions, _ int) { s.sum.grow(partitions) }
func (s *slidingSum) reset()                 { s.sum.reset() }

func (s *slidingSum) enter(p, slot uint32, _ int32) {
	if !s.arg.cells.null[slot] {
		v := s.arg.cells.ints[slot]
		s.sum.plus(p, v, v>>63, 1)
	}
}

func (s *slidingSum) leave(p, slot uint32) {
	if !s.arg.cells.null[slot] {
		s.sum.minus(p, s.arg.cells.ints[slot])
	}
}

func (s *slidingSum) put(p uint32, i int32) { s.sum.put(int(p), s.out, i, &s.slide.ctx.eval) }

// slidingTruth is ANY and EVERY.
type slidingTruth struct {
	slide *slide
	arg   *slideArg
	truth truth
	out   *types.Vector
}

func (s *slidingTruth) grow(partitions, _ int)        { s.truth.grow(partitions) }
func (s *slidingTruth) reset()                        { s.truth.reset() }
func (s *slidingTruth) enter(p, slot uint32, _ int32) { s.move(p, slot, 1) }
func (s *slidingTruth) leave(p, slot uint32)          { s.move(p, slot, -1) }
func (s *slidingTruth) put(p uint32, i int32)         { s.truth.put(int(p), s.out, i, &s.slide.ctx.eval) }
func (s *slidingTruth) move(p, slot uint32, by int64) {
	if !s.arg.cells.null[slot] {
		s.truth.counts[p] += by
		s.truth.trues[p] += by * s.arg.cells.ints[slot]
	}
}
