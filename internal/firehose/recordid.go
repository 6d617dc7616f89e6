package firehose

import (
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"

	"github.com/millrace/millrace/internal/record"
)

// recordIDs makes the RecordIds of a stream: opaque text that differs for each
// of its records and from those of other streams. It is shorter than AWS's, which has
// more than two hundred characters: an answer of 500 ids has to be written for each batch.
type recordIDs struct {
	prefix string // 126 bits of a hash
	mask   uint64
}

const (
	idPrefixLength = 21
	idTailLength   = 11
	recordIDLength = idPrefixLength + idTailLength
)

func newRecordIDs(id record.StreamID) recordIDs {
	h := sha256.Sum256(append([]byte("record id "), id[:]...))
	return recordIDs{prefix: base64.StdEncoding.EncodeToString(h[8:])[:idPrefixLength], mask: binary.BigEndian.Uint64(h[:])}
}

// append adds the id of a sequence, mixed so that nobody takes it for a number.
func (r recordIDs) append(dst []byte, seq uint64) []byte {
	const (
		odd      = 0x9e3779b97f4a7c15 // multiplying by an odd number loses nothing
		alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
	)
	v := (seq ^ r.mask) * odd
	dst = append(dst, r.prefix...)
	return append(dst,
		alphabet[v>>58], alphabet[v>>52&63], alphabet[v>>46&63], alphabet[v>>40&63], alphabet[v>>34&63], alphabet[v>>28&63],
		alphabet[v>>22&63], alphabet[v>>16&63], alphabet[v>>10&63], alphabet[v>>4&63], alphabet[v&15])
}
