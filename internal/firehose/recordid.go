package firehose

import (
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"

	"github.com/millrace/millrace/internal/record"
)

// recordIDs makes the RecordIds of a stream: opaque text that differs for each
// of its records and from those of other streams. The last sixteen characters
// are the sequence, mixed so that nobody takes them for a number.
type recordIDs struct {
	prefix string
	mask   uint64
}

const recordIDLength = 44 + 16

func newRecordIDs(id record.StreamID) recordIDs {
	h := sha256.Sum256(append([]byte("record id "), id[:]...))
	var prefix [33]byte
	copy(prefix[1:], h[:])
	return recordIDs{prefix: base64.StdEncoding.EncodeToString(prefix[:]), mask: binary.BigEndian.Uint64(h[:])}
}

// append adds the id of a sequence.
func (r recordIDs) append(dst []byte, seq uint64) []byte {
	const odd = 0x9e3779b97f4a7c15 // multiplying by an odd number loses nothing
	mixed := (seq ^ r.mask) * odd
	var tail [12]byte
	binary.BigEndian.PutUint64(tail[:], mixed)
	binary.BigEndian.PutUint32(tail[8:], uint32(mixed>>32)^uint32(r.mask))
	dst = append(dst, r.prefix...)
	n := len(dst)
	dst = append(dst, "................"...)
	base64.StdEncoding.Encode(dst[n:], tail[:])
	return dst
}
