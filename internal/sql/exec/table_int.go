package exec

import (
	"encoding/binary"

	"github.com/millrace/millrace/internal/sql/function"
	"github.com/millrace/millrace/internal/sql/types"
)

// intKeys are keys of one column whose values are int64: numbers, codes, times. null is the group of NULL, or -1.
type intKeys struct {
	slots []intSlot
	keys  []int64
	null  int
	// limit is how many keys there may be; full tells that one was asked for beyond it.
	limit int
	full  bool
}

// intSlot holds a key and its number plus one; 0 is empty.
type intSlot struct {
	key int64
	id  uint32
}

func newIntKeys() *intKeys {
	return &intKeys{slots: make([]intSlot, minSlots), null: -1, limit: noGroup}
}

// mix spreads a key over 64 bits, by the finalizer of splitmix64.
func mix(key int64) uint64 {
	x := uint64(key)
	x = (x ^ x>>30) * 0xbf58476d1ce4e5b9
	x = (x ^ x>>27) * 0x94d049bb133111eb
	return x ^ x>>31
}

func (k *intKeys) lookup(cols []*types.Vector, sel []int32, ids []uint32) bool {
	v := cols[0]
	k.full = false
	ids = ids[:len(sel)]
	for n, i := range sel {
		if len(v.Null) > 0 && v.Null[i] {
			ids[n] = k.findNull()
			continue
		}
		ids[n] = k.find(v.Int[i])
	}
	return k.full
}

func (k *intKeys) findNull() uint32 {
	if k.null < 0 {
		if len(k.keys) >= k.limit {
			k.full = true
			return noGroup
		}
		k.null = len(k.keys)
		k.keys = append(k.keys, 0)
	}
	return uint32(k.null)
}

func (k *intKeys) find(key int64) uint32 {
	mask := uint64(len(k.slots) - 1)
	for at := mix(key) & mask; ; at = (at + 1) & mask {
		s := &k.slots[at]
		if s.id == 0 {
			return k.add(key)
		}
		if s.key == key {
			return s.id - 1
		}
	}
}

func (k *intKeys) add(key int64) uint32 {
	if len(k.keys) >= k.limit {
		k.full = true
		return noGroup
	}
	k.keys = append(k.keys, key)
	if 2*len(k.keys) > len(k.slots) {
		k.slots = make([]intSlot, 2*len(k.slots))
		for g, key := range k.keys {
			if g != k.null {
				k.put(key, uint32(g+1))
			}
		}
	} else {
		k.put(key, uint32(len(k.keys)))
	}
	return uint32(len(k.keys) - 1)
}

func (k *intKeys) put(key int64, id uint32) {
	mask := uint64(len(k.slots) - 1)
	at := mix(key) & mask
	for k.slots[at].id != 0 {
		at = (at + 1) & mask
	}
	k.slots[at] = intSlot{key, id}
}

func (k *intKeys) groups() int { return len(k.keys) }

func (k *intKeys) columns(lo, hi int, out []*types.Vector, _ *function.Eval) {
	v := out[0]
	prepare(v, hi-lo)
	copy(v.Int, k.keys[lo:hi])
	if k.null >= lo && k.null < hi {
		v.Null = grow(v.Null, hi-lo)
		clear(v.Null)
		v.Null[k.null-lo] = true
	}
}

func (k *intKeys) reset() {
	if len(k.slots) > minSlots && len(k.keys) < len(k.slots)/32 {
		k.slots = make([]intSlot, len(k.slots)/2)
	} else {
		clear(k.slots)
	}
	k.keys, k.null = k.keys[:0], -1
}

func (k *intKeys) snapshot(dst []byte) []byte {
	dst = binary.AppendVarint(dst, int64(k.null))
	return appendInts(dst, k.keys)
}

func (k *intKeys) restore(d *decoder) {
	k.reset()
	limit := k.limit
	k.limit = noGroup
	null := int(d.varint())
	keys := d.ints(nil)
	for g, key := range keys {
		if g == null {
			k.null = g
			k.keys = append(k.keys, 0)
			continue
		}
		k.find(key)
	}
	k.limit = limit
	if len(k.keys) != len(keys) {
		d.fail("keys are not distinct")
	}
}
