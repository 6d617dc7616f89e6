package sketch

import "encoding/binary"

// hash spreads a value over 64 bits: eight bytes at a time are mixed in by a multiplication whose upper half is folded into
// the lower, and the finalizer of splitmix64 ends it. It has no key, since the same rows must give the same counts anywhere;
// snapshots hold its values, so it must never change.
func hash(value []byte) uint64 {
	h := uint64(len(value)) ^ 0x9e3779b97f4a7c15
	for len(value) >= 8 {
		h = fold(h ^ binary.LittleEndian.Uint64(value))
		value = value[8:]
	}
	if len(value) > 0 {
		var last [8]byte
		copy(last[:], value)
		h = fold(h ^ binary.LittleEndian.Uint64(last[:]))
	}
	h = (h ^ h>>30) * 0xbf58476d1ce4e5b9
	h = (h ^ h>>27) * 0x94d049bb133111eb
	return h ^ h>>31
}

func fold(x uint64) uint64 {
	x *= 0xd6e8feb86659fd93
	return x ^ x>>32
}
