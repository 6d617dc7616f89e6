package column

import (
	"encoding/binary"
	"fmt"
	"math"
)

// decoder reads a payload; after the first damage it returns zeros, and end tells.
type decoder struct {
	b       []byte
	damaged bool
}

func (d *decoder) take(n int) []byte {
	if n < 0 || n > len(d.b) {
		d.damaged, d.b = true, nil
		return nil
	}
	part := d.b[:n]
	d.b = d.b[n:]
	return part
}

func (d *decoder) byte() byte {
	if b := d.take(1); b != nil {
		return b[0]
	}
	return 0
}

func (d *decoder) bitmap() (m Bitmap) {
	for i := range m {
		if b := d.take(8); b != nil {
			m[i] = binary.LittleEndian.Uint64(b)
		}
	}
	return m
}

func (d *decoder) uvarint() uint64 {
	v, n := binary.Uvarint(d.b)
	if n <= 0 {
		d.damaged, d.b = true, nil
		return 0
	}
	d.b = d.b[n:]
	return v
}

func (d *decoder) varint() int64 {
	v, n := binary.Varint(d.b)
	if n <= 0 {
		d.damaged, d.b = true, nil
		return 0
	}
	d.b = d.b[n:]
	return v
}

func (d *decoder) count(limit int) int {
	v := d.uvarint()
	if v > uint64(limit) {
		d.damaged, d.b = true, nil
		return 0
	}
	return int(v)
}

func (d *decoder) code() uint32 { return uint32(d.count(math.MaxUint32)) }

func (d *decoder) float() float64 {
	if b := d.take(8); b != nil {
		return math.Float64frombits(binary.LittleEndian.Uint64(b))
	}
	return 0
}

func decodeMore[T any](d *decoder, value func() T) map[int32][]T {
	n := d.count(SegmentSize)
	if n == 0 {
		return nil
	}
	more := make(map[int32][]T, n)
	for range n {
		doc := int32(d.count(SegmentSize - 1))
		values := make([]T, d.count(len(d.b)))
		for i := range values {
			values[i] = value()
		}
		more[doc] = values
	}
	return more
}

func (d *decoder) end() error {
	if d.damaged || len(d.b) > 0 {
		return fmt.Errorf("%w: wrong length", errDamaged)
	}
	return nil
}
