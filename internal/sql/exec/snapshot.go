package exec

import (
	"encoding/binary"
	"errors"
	"fmt"
	"math"
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
