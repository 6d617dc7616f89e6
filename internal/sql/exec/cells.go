package exec

import (
	"encoding/binary"
	"math"

	"github.com/millrace/millrace/internal/sql/function"
	"github.com/millrace/millrace/internal/sql/types"
)

// cells is a column whose values are set and cleared one by one, by number: an argument of the rows that a window holds, or a
// value of each of its groups. Texts lie in one arena, so nothing in it is a pointer to a value.
type cells struct {
	kind   types.Kind
	null   []bool
	ints   []int64
	floats []float64
	// starts and sizes are where texts lie in arena, of which dead bytes belong to no text any more.
	starts []uint64
	sizes  []uint32
	arena  []byte
	dead   int
}

func (c *cells) len() int { return len(c.null) }

// grow makes room for n values.
func (c *cells) grow(n int) {
	c.null = extend(c.null, n)
	switch c.kind.Physical() {
	case types.IntValues:
		c.ints = extend(c.ints, n)
	case types.FloatValues:
		c.floats = extend(c.floats, n)
	case types.StrValues:
		c.starts, c.sizes = extend(c.starts, n), extend(c.sizes, n)
	}
}

func (c *cells) reset() {
	c.null, c.ints, c.floats = c.null[:0], c.ints[:0], c.floats[:0]
	c.starts, c.sizes, c.dead = c.starts[:0], c.sizes[:0], 0
	c.arena = c.arena[:0]
}

// set makes value n that of row i of a vector.
func (c *cells) set(n uint32, v *types.Vector, i int) {
	if c.null[n] = v.IsNull(i); c.null[n] {
		c.clear(n)
		c.null[n] = true
		return
	}
	switch c.kind.Physical() {
	case types.IntValues:
		c.ints[n] = v.Int[i]
	case types.FloatValues:
		c.floats[n] = v.Float[i]
	case types.StrValues:
		c.setText(n, v.Str[i])
	}
}

func (c *cells) copyFrom(n uint32, src *cells, g uint32) {
	c.clear(n)
	if c.null[n] = src.null[g]; c.null[n] {
		return
	}
	switch c.kind.Physical() {
	case types.IntValues:
		c.ints[n] = src.ints[g]
	case types.FloatValues:
		c.floats[n] = src.floats[g]
	case types.StrValues:
		c.setText(n, src.text(g))
	}
}

// clear forgets value n.
func (c *cells) clear(n uint32) {
	c.null[n] = false
	if c.kind.Physical() == types.StrValues {
		c.dead += int(c.sizes[n])
		c.sizes[n] = 0
	}
}

func (c *cells) setText(n uint32, s string) {
	c.dead += int(c.sizes[n])
	c.sizes[n] = 0
	if c.dead > minDead && 2*c.dead > len(c.arena) {
		c.compact()
	}
	c.starts[n], c.sizes[n] = uint64(len(c.arena)), uint32(len(s))
	c.arena = append(c.arena, s...)
}

// minDead is how many bytes of an arena may be lost before it is looked at.
const minDead = 64 << 10

// compact moves the texts to memory of their own; what was read from the old one stays.
func (c *cells) compact() {
	arena := make([]byte, 0, 2*(len(c.arena)-c.dead)+minDead)
	for n, size := range c.sizes {
		if size > 0 {
			at := uint64(len(arena))
			arena = append(arena, c.text(uint32(n))...)
			c.starts[n] = at
		}
	}
	c.arena, c.dead = arena, 0
}

// text returns text n, which lies in the arena.
func (c *cells) text(n uint32) string {
	at := c.starts[n]
	return view(c.arena[at : at+uint64(c.sizes[n])])
}

// put writes value n at a row of out, which has room and marks of NULL.
func (c *cells) put(n uint32, out *types.Vector, row int32, e *function.Eval) {
	if out.Null[row] = c.null[n]; c.null[n] {
		return
	}
	switch c.kind.Physical() {
	case types.IntValues:
		out.Int[row] = c.ints[n]
	case types.FloatValues:
		out.Float[row] = c.floats[n]
	case types.StrValues:
		out.Str[row] = e.Copy(c.text(n))
	}
}

// less orders two values that are not NULL.
func (c *cells) less(a, b uint32) bool {
	switch c.kind.Physical() {
	case types.FloatValues:
		return c.floats[a] < c.floats[b]
	case types.StrValues:
		return c.text(a) < c.text(b)
	}
	return c.ints[a] < c.ints[b]
}

// number is value n, which is not NULL, as float64; unit is 10 to the scale of a DECIMAL, else 1.
func (c *cells) number(n uint32, unit float64) float64 {
	if c.kind.Physical() == types.FloatValues {
		return c.floats[n]
	}
	return float64(c.ints[n]) / unit
}

// appendValue appends value n to a snapshot.
func (c *cells) appendValue(dst []byte, n uint32) []byte {
	if c.null[n] {
		return append(dst, 0)
	}
	dst = append(dst, 1)
	switch c.kind.Physical() {
	case types.FloatValues:
		return binary.LittleEndian.AppendUint64(dst, math.Float64bits(c.floats[n]))
	case types.StrValues:
		dst = binary.AppendUvarint(dst, uint64(c.sizes[n]))
		return append(dst, c.text(n)...)
	}
	return binary.AppendVarint(dst, c.ints[n])
}

// readValue reads value n, which was cleared or is new.
func (c *cells) readValue(d *decoder, n uint32) {
	if c.null[n] = d.uvarint() == 0; c.null[n] {
		return
	}
	switch c.kind.Physical() {
	case types.FloatValues:
		c.floats[n] = d.float()
	case types.StrValues:
		c.setText(n, view(d.bytes()))
	default:
		c.ints[n] = d.varint()
	}
}

func (c *cells) snapshot(dst []byte) []byte {
	for n := range c.null {
		dst = c.appendValue(dst, uint32(n))
	}
	return dst
}

func (c *cells) restore(d *decoder, n int) {
	c.reset()
	if n > len(d.src) {
		d.fail("snapshot ends early")
		return
	}
	c.grow(n)
	for i := range n {
		c.readValue(d, uint32(i))
	}
}

func (d *decoder) float() float64 {
	if len(d.src) < 8 {
		d.fail("snapshot ends early")
		return 0
	}
	v := math.Float64frombits(binary.LittleEndian.Uint64(d.src))
	d.src = d.src[8:]
	return v
}
