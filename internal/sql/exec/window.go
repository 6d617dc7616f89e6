package exec

import (
	"github.com/millrace/millrace/internal/sql/types"
)

// window finds where tumbling windows end. Its keys are monotonic functions of ROWTIME, whatever they are made of: STEP, FLOOR,
// an interval since the epoch, divided and floored. A window is a longest stretch of ROWTIMEs on which all of them keep their
// values, so its end is the first later millisecond at which one of them differs, found by doubling steps and then halving:
//
//	            at        at+1 +2    +4        +8               +16
//	key  ───────┬─────────┴──┴─────┴──────────┴───────┬─────────┴──
//	            └──────────────── same ───────────────┴ end
type window struct {
	ctx  *context
	keys []evaluator
	// lo and end bound the window found last: all times from lo to before end end there.
	lo, end     int64
	probe       Batch
	left, right []types.Vector
	// failed tells that a key could not be computed at the time that was last tried.
	failed bool
}

func newWindow(ctx *context, keys []evaluator) *window {
	w := &window{ctx: ctx, keys: keys, lo: 1}
	w.probe.N, w.probe.Rowtime, w.probe.Sel, w.probe.Origin = 1, make([]int64, 1), []int32{0}, []int32{0}
	w.left, w.right = make([]types.Vector, len(keys)), make([]types.Vector, len(keys))
	return w
}

// maxWindow is how far an end is looked for. A key that stays the same for longer never changes.
const maxWindow = int64(1) << 45

// endOf returns the end of the window that holds t.
func (w *window) endOf(t int64) int64 {
	if t >= w.lo && t < w.end {
		return w.end
	}
	w.values(t, w.left)
	if w.failed { // a window of its own, for its groups to become error rows soon
		w.lo, w.end = t, t+1
		return w.end
	}
	step := int64(1)
	for !w.differs(t + step) {
		if step *= 2; step > maxWindow {
			w.lo, w.end = t, Never
			return Never
		}
	}
	// The keys are the same at t+step/2 and differ at t+step.
	same, other := t+step/2, t+step
	for other-same > 1 {
		if mid := same + (other-same)/2; w.differs(mid) {
			other = mid
		} else {
			same = mid
		}
	}
	w.lo, w.end = t, other
	return other
}

func (w *window) differs(t int64) bool {
	w.values(t, w.right)
	for i := range w.left {
		if !sameValue(&w.left[i], &w.right[i]) {
			return true
		}
	}
	return false
}

// values computes the keys at a ROWTIME. A key that cannot be computed is NULL here; its error shows when it is printed.
func (w *window) values(t int64, into []types.Vector) {
	w.probe.Rowtime[0], w.failed = t, false
	for i, k := range w.keys {
		v := k.eval(w.ctx, &w.probe, w.probe.Sel)
		into[i].Kind = v.Kind
		prepare(&into[i], 1)
		into[i].Null = append(into[i].Null, false)
		fails := len(w.ctx.eval.Failures) > 0
		w.failed = w.failed || fails
		if into[i].Null[0] = v.IsNull(0) || fails; !into[i].Null[0] {
			copyRows(&into[i], v, w.probe.Sel)
		}
		w.ctx.eval.Failures = w.ctx.eval.Failures[:0]
	}
}

func sameValue(a, b *types.Vector) bool {
	if a.Null[0] || b.Null[0] {
		return a.Null[0] == b.Null[0]
	}
	switch a.Kind.Physical() {
	case types.FloatValues:
		return a.Float[0] == b.Float[0]
	case types.StrValues:
		return a.Str[0] == b.Str[0]
	}
	return a.Int[0] == b.Int[0]
}
