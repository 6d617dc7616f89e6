package exec

import (
	"hash/maphash"

	"github.com/millrace/millrace/internal/sql/types"
)

// partitions numbers keys that come and go, such as those of a sliding window. The number of a key that went is given to a
// later one. It is open addressing with linear probing, like table, and closes the gap where a key is removed, so that it
// needs no marks of what was there.
type partitions struct {
	seed  maphash.Seed
	slots []slot
	live  int
	// keys and tags are those of each number.
	keys cells
	tags []uint32
	free []uint32
	// buf and tag are the key that was looked for last.
	buf []byte
	tag uint32
}

func newPartitions() *partitions {
	return &partitions{seed: maphash.MakeSeed(), slots: make([]slot, minSlots), keys: cells{kind: types.Varbinary}}
}

// len is how many keys there are, cap how many numbers have been given.
func (p *partitions) len() int             { return p.live }
func (p *partitions) cap() int             { return len(p.tags) }
func (p *partitions) key(id uint32) string { return p.keys.text(id) }

// find returns the number of the key that row i of some columns has.
func (p *partitions) find(cols []*types.Vector, i int) (id uint32, there bool) {
	p.buf = appendKey(p.buf[:0], cols, i)
	return p.look()
}

func (p *partitions) look() (id uint32, there bool) {
	p.tag = uint32(maphash.Bytes(p.seed, p.buf) >> 32)
	mask := uint32(len(p.slots) - 1)
	for at := p.tag & mask; ; at = (at + 1) & mask {
		s := p.slots[at]
		if s.id == 0 {
			return 0, false
		}
		if s.tag == p.tag && p.key(s.id-1) == view(p.buf) {
			return s.id - 1, true
		}
	}
}

func (p *partitions) has(key []byte) bool {
	p.buf = append(p.buf[:0], key...)
	_, there := p.look()
	return there
}

// add gives a number to the key that was looked for last and is not there.
func (p *partitions) add() uint32 {
	id := uint32(len(p.tags))
	if n := len(p.free); n > 0 {
		id, p.free = p.free[n-1], p.free[:n-1]
	} else {
		p.tags = append(p.tags, 0)
		p.keys.grow(len(p.tags))
	}
	p.tags[id] = p.tag
	p.keys.setText(id, view(p.buf))
	p.live++
	if 2*p.live > len(p.slots) {
		p.resize(2 * len(p.slots))
	}
	p.put(slot{p.tag, id + 1})
	return id
}

// addKey is look and add.
func (p *partitions) addKey(key []byte) uint32 {
	p.has(key)
	return p.add()
}

func (p *partitions) put(s slot) {
	mask := uint32(len(p.slots) - 1)
	at := s.tag & mask
	for p.slots[at].id != 0 {
		at = (at + 1) & mask
	}
	p.slots[at] = s
}

func (p *partitions) resize(n int) {
	old := p.slots
	p.slots = make([]slot, n)
	for _, s := range old {
		if s.id != 0 {
			p.put(s)
		}
	}
}

// remove forgets a key.
func (p *partitions) remove(id uint32) {
	mask := uint32(len(p.slots) - 1)
	hole := p.tags[id] & mask
	for p.slots[hole].id != id+1 {
		hole = (hole + 1) & mask
	}
	// What lies behind the gap moves into it, unless it would then lie before its place.
	for at := (hole + 1) & mask; p.slots[at].id != 0; at = (at + 1) & mask {
		if home := p.slots[at].tag & mask; (at-home)&mask >= (at-hole)&mask {
			p.slots[hole] = p.slots[at]
			hole = at
		}
	}
	p.slots[hole] = slot{}
	p.keys.clear(id)
	p.free = append(p.free, id)
	if p.live--; len(p.slots) > minSlots && p.live < len(p.slots)/32 {
		p.resize(len(p.slots) / 2)
	}
}

// validKey reports whether bytes of a snapshot are a key of columns of these kinds.
func validKey(key []byte, kinds []types.Kind) bool {
	for _, kind := range kinds {
		if len(key) == 0 || key[0] > 1 {
			return false
		}
		null := key[0] == 0
		key = key[1:]
		if null {
			continue
		}
		size := 8
		if kind.Physical() == types.StrValues {
			d := &decoder{src: key}
			size = d.count(1)
			if d.err != nil {
				return false
			}
			key = d.src
		}
		if size > len(key) {
			return false
		}
		key = key[size:]
	}
	return len(key) == 0
}
