package exec

import (
	"encoding/binary"
	"hash/maphash"
	"unsafe"
)

// table numbers distinct byte strings by first arrival. It is open addressing with linear probing over slots that hold half
// a hash and a number; the keys lie one behind the other in an arena. Nothing in it is a pointer to a key, so the collector
// has nothing to scan and a snapshot is a copy. The hash is seeded anew in each process; it never shows in an output.
type table struct {
	seed  maphash.Seed
	slots []slot
	arena []byte
	// ends has, for each key, where it ends in the arena.
	ends []int
	// hidden is the number of a key that no lookup finds, which stands for NULL; -1 when there is none.
	hidden int
	// limit is how many keys there may be; full tells that one was asked for beyond it.
	limit int
	full  bool
}

// slot holds the upper half of a key's hash and its number plus one; 0 is empty.
type slot struct{ tag, id uint32 }

const minSlots = 64

func newTable() *table {
	return &table{seed: maphash.MakeSeed(), slots: make([]slot, minSlots), hidden: -1, limit: noGroup}
}

// wasFull reports whether a lookup since the last call found no room for its key.
func (t *table) wasFull() bool {
	full := t.full
	t.full = false
	return full
}

func (t *table) len() int { return len(t.ends) }

// key returns key g. It lies in the arena and must be copied before the table is reset.
func (t *table) key(g int) string {
	start := 0
	if g > 0 {
		start = t.ends[g-1]
	}
	return view(t.arena[start:t.ends[g]])
}

func view(b []byte) string { return unsafe.String(unsafe.SliceData(b), len(b)) }

// lookupBlock is how many keys lookupAll looks up at once.
const lookupBlock = 64

// lookupAll is lookup of many keys. What a table does is to wait for memory: a slot, then where its key ends, then the key. The
// keys of a block wait together, each step for all of them before the next.
func (t *table) lookupAll(keys []string, sel []int32, ids []uint32) {
	var hashes [lookupBlock]uint64
	var slots [lookupBlock]slot
	var stored [lookupBlock]string
	for len(sel) > 0 {
		block := sel[:min(lookupBlock, len(sel))]
		mask := uint64(len(t.slots) - 1)
		for n, i := range block {
			hashes[n] = maphash.String(t.seed, keys[i])
			slots[n] = t.slots[hashes[n]&mask]
		}
		for n := range block {
			if stored[n] = ""; slots[n].id != 0 && slots[n].tag == uint32(hashes[n]>>32) {
				stored[n] = t.key(int(slots[n].id - 1))
			}
		}
		for n, i := range block {
			if stored[n] == keys[i] && slots[n].id != 0 && slots[n].tag == uint32(hashes[n]>>32) {
				ids[n] = slots[n].id - 1
			} else {
				ids[n] = t.lookupHashed(keys[i], hashes[n])
			}
		}
		sel, ids = sel[len(block):], ids[len(block):]
	}
}

func (t *table) lookup(key string) uint32 { return t.lookupHashed(key, maphash.String(t.seed, key)) }

func (t *table) lookupHashed(key string, hash uint64) uint32 {
	tag := uint32(hash >> 32)
	mask := uint64(len(t.slots) - 1)
	for at := hash & mask; ; at = (at + 1) & mask {
		s := t.slots[at]
		if s.id == 0 {
			return t.add(key, hash)
		}
		if s.tag == tag && t.key(int(s.id-1)) == key {
			return s.id - 1
		}
	}
}

// find returns the number of a key, if it is there.
func (t *table) find(key string) (uint32, bool) {
	hash := maphash.String(t.seed, key)
	tag := uint32(hash >> 32)
	mask := uint64(len(t.slots) - 1)
	for at := hash & mask; t.slots[at].id != 0; at = (at + 1) & mask {
		if s := t.slots[at]; s.tag == tag && t.key(int(s.id-1)) == key {
			return s.id - 1, true
		}
	}
	return 0, false
}

// add appends a key that is not there yet.
func (t *table) add(key string, hash uint64) uint32 {
	id := t.number(key)
	if id == noGroup {
		return noGroup
	}
	if 2*len(t.ends) > len(t.slots) {
		t.resize(2 * len(t.slots))
	} else {
		t.put(hash, id+1)
	}
	return id
}

func (t *table) number(key string) uint32 {
	if len(t.ends) >= t.limit {
		t.full = true
		return noGroup
	}
	t.arena = append(t.arena, key...)
	t.ends = append(t.ends, len(t.arena))
	return uint32(len(t.ends) - 1)
}

// null returns the number of NULL.
func (t *table) null() uint32 {
	if t.hidden < 0 {
		id := t.number("")
		if id == noGroup {
			return noGroup
		}
		t.hidden = int(id)
	}
	return uint32(t.hidden)
}

func (t *table) put(hash uint64, id uint32) {
	mask := uint64(len(t.slots) - 1)
	at := hash & mask
	for t.slots[at].id != 0 {
		at = (at + 1) & mask
	}
	t.slots[at] = slot{uint32(hash >> 32), id}
}

// resize fills a new slot array. The keys' hashes are computed again, which costs less than keeping them.
func (t *table) resize(n int) {
	t.slots = make([]slot, n)
	for g := range t.ends {
		if g != t.hidden {
			t.put(maphash.String(t.seed, t.key(g)), uint32(g+1))
		}
	}
}

// reset forgets all keys. A slot array that was hardly used shrinks, so that one large window does not make all later ones
// clear its slots.
func (t *table) reset() {
	if len(t.slots) > minSlots && len(t.ends) < len(t.slots)/32 {
		t.slots = make([]slot, len(t.slots)/2)
	} else {
		clear(t.slots)
	}
	t.arena, t.ends, t.hidden = t.arena[:0], t.ends[:0], -1
}

func (t *table) snapshot(dst []byte) []byte {
	dst = binary.AppendVarint(dst, int64(t.hidden))
	dst = binary.AppendUvarint(dst, uint64(len(t.ends)))
	for g := range t.ends {
		key := t.key(g)
		dst = binary.AppendUvarint(dst, uint64(len(key)))
		dst = append(dst, key...)
	}
	return dst
}

// restore reads the keys back in their order, even more than the limit, which may have been lowered since.
func (t *table) restore(d *decoder) {
	t.reset()
	limit := t.limit
	t.limit = noGroup
	hidden := int(d.varint())
	n := d.count(1)
	for g := range n {
		if key := d.text(); g == hidden {
			t.null()
		} else {
			t.lookup(key)
		}
	}
	t.limit = limit
	if t.len() != n {
		d.fail("keys are not distinct")
	}
}
