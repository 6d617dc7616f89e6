package exec

import (
	"encoding/binary"
	"errors"
	"fmt"
	"math"

	"github.com/millrace/millrace/internal/sql/types"
)

// decoder reads a snapshot. After the first fault it yields zeros, and err says what was wrong.
type decoder struct {
	src []byte
	err error
}

func (d *decoder) fail(text string) {
	if d.err == nil {
		d.err = errors.New(text)
	}
	d.src = nil
}

func (d *decoder) uvarint() uint64 {
	v, n := binary.Uvarint(d.src)
	if n <= 0 {
		d.fail("snapshot ends early")
		return 0
	}
	d.src = d.src[n:]
	return v
}

func (d *decoder) varint() int64 {
	v, n := binary.Varint(d.src)
	if n <= 0 {
		d.fail("snapshot ends early")
		return 0
	}
	d.src = d.src[n:]
	return v
}

// count reads a number of things that take at least size bytes each, so that damage cannot ask for all memory.
func (d *decoder) count(size int) int {
	v := d.uvarint()
	if size > 0 && v > uint64(len(d.src)/size) || v > math.MaxInt32 {
		d.fail(fmt.Sprintf("snapshot holds fewer than %d things", v))
		return 0
	}
	return int(v)
}

func (d *decoder) text() string { return string(d.bytes()) }

// bytes returns a length-prefixed part of the snapshot itself.
func (d *decoder) bytes() []byte {
	n := d.count(1)
	b := d.src[:n]
	d.src = d.src[n:]
	return b
}

// ints appends a list of integers to dst.
func (d *decoder) ints(dst []int64) []int64 {
	for range d.count(8) {
		dst = append(dst, int64(binary.LittleEndian.Uint64(d.src)))
		d.src = d.src[8:]
	}
	return dst
}

func (d *decoder) floats(dst []float64) []float64 {
	for range d.count(8) {
		dst = append(dst, math.Float64frombits(binary.LittleEndian.Uint64(d.src)))
		d.src = d.src[8:]
	}
	return dst
}

func (d *decoder) texts(dst []string) []string {
	for range d.count(1) {
		dst = append(dst, d.text())
	}
	return dst
}

func appendInts(dst []byte, all []int64) []byte {
	dst = binary.AppendUvarint(dst, uint64(len(all)))
	for _, v := range all {
		dst = binary.LittleEndian.AppendUint64(dst, uint64(v))
	}
	return dst
}

func appendFloats(dst []byte, all []float64) []byte {
	dst = binary.AppendUvarint(dst, uint64(len(all)))
	for _, v := range all {
		dst = binary.LittleEndian.AppendUint64(dst, math.Float64bits(v))
	}
	return dst
}

func appendTexts(dst []byte, all []string) []byte {
	dst = binary.AppendUvarint(dst, uint64(len(all)))
	for _, s := range all {
		dst = binary.AppendUvarint(dst, uint64(len(s)))
		dst = append(dst, s...)
	}
	return dst
}

// part gives a length-prefixed part of the snapshot to restore, which must read all of it.
func (d *decoder) part(restore func(*decoder)) error {
	state := &decoder{src: d.bytes()}
	restore(state)
	if state.err == nil && len(state.src) > 0 {
		state.fail(fmt.Sprintf("%d bytes are left over", len(state.src)))
	}
	return state.err
}

// appendVector appends a column: its values and, where there are NULLs, which they are.
func appendVector(dst []byte, v *types.Vector) []byte {
	switch v.Kind.Physical() {
	case types.IntValues:
		dst = appendInts(dst, v.Int)
	case types.FloatValues:
		dst = appendFloats(dst, v.Float)
	case types.StrValues:
		dst = appendTexts(dst, v.Str)
	}
	dst = binary.AppendUvarint(dst, uint64(len(v.Null)))
	for _, null := range v.Null {
		mark := byte(0)
		if null {
			mark = 1
		}
		dst = append(dst, mark)
	}
	return dst
}

// vector reads what appendVector wrote into an empty vector.
func (d *decoder) vector(v *types.Vector) {
	switch v.Kind.Physical() {
	case types.IntValues:
		v.Int = d.ints(v.Int[:0])
	case types.FloatValues:
		v.Float = d.floats(v.Float[:0])
	case types.StrValues:
		v.Str = d.texts(v.Str[:0])
	}
	marks := d.bytes()
	if len(marks) > 0 && len(marks) != vectorLen(v) {
		d.fail("a column has another number of NULL marks than values")
		return
	}
	for _, m := range marks {
		v.Null = append(v.Null, m != 0)
	}
}

func vectorLen(v *types.Vector) int {
	switch v.Kind.Physical() {
	case types.FloatValues:
		return len(v.Float)
	case types.StrValues:
		return len(v.Str)
	}
	return len(v.Int)
}
