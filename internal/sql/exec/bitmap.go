package exec

import "encoding/binary"

// bitmap marks rows of a store.
type bitmap struct {
	marks []uint64
	base  int64 // the row of the first bit
}

func (m *bitmap) set(s *rowStore, n int64) {
	if !s.holds(n) {
		return
	}
	for n-m.base >= int64(len(m.marks))*64 {
		m.marks = append(m.marks, 0)
	}
	m.marks[(n-m.base)/64] |= 1 << uint((n-m.base)%64)
}

func (m *bitmap) get(_ *rowStore, n int64) bool {
	at := n - m.base
	return at < int64(len(m.marks))*64 && m.marks[at/64]&(1<<uint(at%64)) != 0
}

// dropBefore forgets the marks of rows before n.
func (m *bitmap) dropBefore(n int64) {
	if words := (n - m.base) / 64; words >= 16 && 2*words >= int64(len(m.marks)) {
		m.marks = shiftDown(m.marks, int(min(words, int64(len(m.marks)))))
		m.base += words * 64
	}
}

func (m *bitmap) snapshot(dst []byte, s *rowStore) []byte {
	n := s.len()
	dst = binary.AppendUvarint(dst, uint64(n))
	for i := range n {
		dst = append(dst, byte(bit(m.get(s, s.first+int64(i)))))
	}
	return dst
}

func (m *bitmap) restore(d *decoder, s *rowStore) {
	*m = bitmap{}
	n := d.count(1)
	if n != s.len() {
		d.fail("a join has another number of marks than rows")
		return
	}
	for i, marked := range d.marks(n) {
		if marked {
			m.set(s, s.first+int64(i))
		}
	}
}
