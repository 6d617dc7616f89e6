package store

import (
	"encoding/binary"
	"fmt"
	"hash/crc32"
	"math"
)

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

// checksum is CRC-32C over all that is kept of a document, so that damage is found when it is read: the database itself
// knows none for its pages. 0 means that there is none, as with documents of format 1.
func checksum(number int64, id string, version, seq int64, source string) int64 {
	var head [24]byte
	binary.LittleEndian.PutUint64(head[:], uint64(number))
	binary.LittleEndian.PutUint64(head[8:], uint64(version))
	binary.LittleEndian.PutUint64(head[16:], uint64(seq))
	sum := crc32.Update(0, castagnoli, head[:])
	sum = crc32.Update(sum, castagnoli, []byte(id))
	sum = crc32.Update(sum, castagnoli, []byte{0})
	sum = crc32.Update(sum, castagnoli, []byte(source))
	if sum == 0 {
		return math.MaxUint32
	}
	return int64(sum)
}

// check refuses a document that is not what was written.
func check(number, sum int64, d Stored) error {
	if sum == 0 || sum == checksum(number, d.ID, d.Version, d.Seq, d.Source) {
		return nil
	}
	return fmt.Errorf("document %q at place %d is damaged: its checksum differs", d.ID, placeOf(number))
}
