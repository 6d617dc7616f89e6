package forest

import (
	"encoding/binary"
	"errors"
	"math"
	"math/bits"
)

// A snapshot is
//
//	random:8 weight:number records:uvarint points:uvarint { number of the shingle } { tree }
//
// A tree that has points is its nodes from the root, each before its children and the left one first:
//
//	node   dim*2+1:uvarint cut:number     leaf   mass*2:uvarint { number of its value }
//
// with integers little-endian. A number is its IEEE bits with the bytes turned round, as uvarint, so that whole numbers are
// short. Boxes and lengths follow from the leaves.

// Snapshot appends all state.
func (f *Forest) Snapshot(dst []byte) []byte {
	dst = binary.LittleEndian.AppendUint64(dst, f.random.state)
	dst = appendNumber(dst, f.weight)
	dst = binary.AppendUvarint(dst, uint64(f.records))
	dst = binary.AppendUvarint(dst, uint64(f.points))
	dst = appendNumbers(dst, f.shingle)
	if f.points == 0 {
		return dst
	}
	for i := range f.trees {
		dst = f.trees[i].snapshot(dst, f.trees[i].root)
	}
	return dst
}

func (t *tree) snapshot(dst []byte, r ref) []byte {
	if r < 0 {
		dst = binary.AppendUvarint(dst, uint64(t.masses[^r])<<1)
		return appendNumbers(dst, t.box(r).lo)
	}
	n := &t.nodes[r]
	dst = binary.AppendUvarint(dst, uint64(n.dim)<<1|1)
	dst = appendNumber(dst, n.cut)
	return t.snapshot(t.snapshot(dst, n.below[0]), n.below[1])
}

func appendNumber(dst []byte, v float64) []byte {
	return binary.AppendUvarint(dst, bits.ReverseBytes64(math.Float64bits(v)))
}

func appendNumbers(dst []byte, all []float64) []byte {
	for _, v := range all {
		dst = appendNumber(dst, v)
	}
	return dst
}

var errDamaged = errors.New("it is damaged or of a forest with other parameters")

// Restore takes the state of a snapshot of a forest with the same options. After an error the forest must not be used.
func (f *Forest) Restore(snapshot []byte) error {
	d := &decoder{src: snapshot}
	f.random.state = d.fixed()
	f.weight = d.number()
	f.records = d.count(f.o.ShingleSize)
	f.points = d.count(f.o.SampleSize)
	for i := range f.shingle {
		f.shingle[i] = d.number()
	}
	for i := range f.trees {
		t := newTree(f.o.dims(), f.o.SampleSize)
		if f.points > 0 {
			t.root = t.restore(d)
			t.size = f.points
		}
		if d.bad || t.size > 0 && int(t.mass(t.root)) != t.size {
			return errDamaged
		}
		f.trees[i] = t
	}
	d.check(len(d.src) == 0)
	if d.bad {
		return errDamaged
	}
	return nil
}

// restore reads a node or leaf and all below it. Once something is wrong what it returns means nothing.
func (t *tree) restore(d *decoder) ref {
	head := d.uvarint()
	if head&1 == 0 {
		d.check(head > 0 && head>>1 <= maxSample && len(t.masses) < cap(t.masses))
		if d.bad {
			return -1
		}
		t.masses = append(t.masses, uint16(head>>1))
		for range t.dims {
			t.values = append(t.values, d.number())
		}
		return ^ref(len(t.masses) - 1)
	}
	d.check(head>>1 < uint64(t.dims) && len(t.nodes) < cap(t.nodes))
	if d.bad {
		return -1
	}
	n := node{dim: uint16(head >> 1), cut: d.number()}
	at := t.newNode(n)
	mass := 0
	for side := range n.below {
		n.below[side] = t.restore(d)
		if d.bad {
			return -1
		}
		mass += int(t.mass(n.below[side]))
	}
	d.check(mass <= maxSample && t.box(n.below[0]).hi[n.dim] <= n.cut && n.cut < t.box(n.below[1]).lo[n.dim])
	n.mass = uint16(mass)
	t.nodes[at] = n
	t.bound(at)
	return at
}

// decoder reads a snapshot. After a fault it is bad and every read is zero.
type decoder struct {
	src []byte
	bad bool
}

func (d *decoder) check(ok bool) {
	if !ok {
		d.bad, d.src = true, nil
	}
}

func (d *decoder) fixed() uint64 {
	d.check(len(d.src) >= 8)
	if d.bad {
		return 0
	}
	v := binary.LittleEndian.Uint64(d.src)
	d.src = d.src[8:]
	return v
}

func (d *decoder) uvarint() uint64 {
	v, n := binary.Uvarint(d.src)
	d.check(n > 0)
	if d.bad {
		return 0
	}
	d.src = d.src[n:]
	return v
}

func (d *decoder) count(most int) int {
	v := d.uvarint()
	d.check(v <= uint64(most))
	if d.bad {
		return 0
	}
	return int(v)
}

func (d *decoder) number() float64 {
	v := math.Float64frombits(bits.ReverseBytes64(d.uvarint()))
	d.check(math.Abs(v) <= maxValue)
	if d.bad {
		return 0
	}
	return v
}
