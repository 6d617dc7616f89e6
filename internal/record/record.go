package record

import (
	"crypto/rand"
	"encoding/hex"
	"fmt"
	"math/big"
	"strconv"
)

// Sequence numbers the records of one stream: 1 for the first, without gaps.
// Zero means "before the first record".
type Sequence uint64

// StreamID names one incarnation of a stream: a stream that is deleted and
// created again under its old name has another id, so nothing of the old one
// (frames, cursors, document ids) can be taken for the new one's.
type StreamID [16]byte

// NewStreamID returns a random id.
func NewStreamID() StreamID {
	var id StreamID
	_, _ = rand.Read(id[:]) // crypto/rand.Read never fails
	return id
}

// ParseStreamID reads the text that String writes.
func ParseStreamID(s string) (StreamID, error) {
	var id StreamID
	if len(s) != 2*len(id) {
		return id, fmt.Errorf("parse stream id %q: want %d hex digits", s, 2*len(id))
	}
	if _, err := hex.Decode(id[:], []byte(s)); err != nil {
		return id, fmt.Errorf("parse stream id %q: %w", s, err)
	}
	return id, nil
}

func (id StreamID) String() string { return hex.EncodeToString(id[:]) }

// MarshalText and UnmarshalText make a StreamID a string in JSON.
func (id StreamID) MarshalText() ([]byte, error) { return []byte(id.String()), nil }

// UnmarshalText is the inverse of MarshalText.
func (id *StreamID) UnmarshalText(b []byte) error {
	parsed, err := ParseStreamID(string(b))
	*id = parsed
	return err
}

// sequenceDigits is the length of the sequence numbers that Firehose puts into
// document ids and error objects.
const sequenceDigits = 56

// SequenceNumber is the record's public identity, unique across streams: 56
// decimal digits, as in the ids of documents that Firehose delivers
// ("49593744063285510971078362215836050046374402535521779714"). The same record
// has the same number at every attempt of every delivery.
func SequenceNumber(id StreamID, seq Sequence) string {
	const prefix, streamDigits = "49", sequenceDigits - 2 - 20
	n := new(big.Int).SetBytes(id[:])
	n.Mod(n, new(big.Int).Exp(big.NewInt(10), big.NewInt(streamDigits), nil))
	return fmt.Sprintf("%s%0*s%020d", prefix, streamDigits, n.String(), uint64(seq))
}

// DeliveredID is the identity of a record at a destination: its sequence number
// and its number among those that processing made of it. Firehose writes it as
// a document's _id and as an HTTP endpoint's dataId.
func DeliveredID(id StreamID, seq Sequence, sub int) string {
	return SequenceNumber(id, seq) + "." + strconv.Itoa(sub)
}

// Record is one record as a producer sent it, with its place in the stream.
type Record struct {
	Sequence Sequence
	Arrival  int64 // ms since the epoch, UTC; never decreases along a stream
	Data     []byte
	// Sub numbers, from 0, the records that processing made of one that a
	// producer sent.
	Sub int
}
