package pebble

import (
	"encoding/binary"
	"fmt"

	"github.com/millrace/millrace/internal/record"
)

// Keys, all in byte order (docs/formats/journal.md):
//
//	'f' stream(16) sequence(8, big-endian)   a frame
//	'm' stream(16) sequence(8, big-endian)   its measures, to open without reading frames
//	'b' stream(16)                           the floor that a bound set, ms(8)
//	'g' stream(16) sequence(8, big-endian)   a gap from the sequence on: the first sequence after it(8)
//	's' key                                  state
const (
	frameTag = 'f'
	metaTag  = 'm'
	floorTag = 'b'
	gapTag   = 'g'
	stateTag = 's'
)

func streamKey(tag byte, id record.StreamID, seq record.Sequence) []byte {
	k := make([]byte, 0, 1+len(id)+8)
	k = append(append(k, tag), id[:]...)
	return binary.BigEndian.AppendUint64(k, uint64(seq))
}

func frameKey(id record.StreamID, seq record.Sequence) []byte { return streamKey(frameTag, id, seq) }
func metaKey(id record.StreamID, seq record.Sequence) []byte  { return streamKey(metaTag, id, seq) }
func gapKey(id record.StreamID, seq record.Sequence) []byte   { return streamKey(gapTag, id, seq) }

// streamOf reads the stream back from a frame's, a meta's or a gap's key.
func streamOf(key []byte) record.StreamID { return record.StreamID(key[1 : len(key)-8]) }

// sequenceOf reads the sequence back from a frame's or a meta's key.
func sequenceOf(key []byte) record.Sequence {
	return record.Sequence(binary.BigEndian.Uint64(key[len(key)-8:]))
}

// end is the first key after those of the stream: no sequence is all ones.
func end(tag byte, id record.StreamID) []byte { return streamKey(tag, id, ^record.Sequence(0)) }

// metaRange is the span of a stream's metas, or of all of them.
func metaRange(id *record.StreamID) (lower, upper []byte) {
	if id == nil {
		return []byte{metaTag}, []byte{metaTag + 1}
	}
	return metaKey(*id, 0), end(metaTag, *id)
}

func floorKey(id record.StreamID) []byte { return append([]byte{floorTag}, id[:]...) }
func stateKey(key string) []byte         { return append([]byte{stateTag}, key...) }

func encodeFloor(t int64) []byte { return binary.BigEndian.AppendUint64(nil, uint64(t)) }

// meta is what is known of a frame without reading it.
type meta struct {
	count   uint32
	bytes   uint32 // on disk
	arrival int64
}

func encodeMeta(f *record.Frame, bytes int) []byte {
	b := binary.BigEndian.AppendUint32(nil, uint32(f.Count()))
	b = binary.BigEndian.AppendUint32(b, uint32(bytes))
	return binary.BigEndian.AppendUint64(b, uint64(f.Arrival))
}

func decodeMeta(key, v []byte) (meta, error) {
	if len(v) != 16 {
		return meta{}, fmt.Errorf("measures at key %x: %d bytes, want 16", key, len(v))
	}
	return meta{
		count: binary.BigEndian.Uint32(v), bytes: binary.BigEndian.Uint32(v[4:]),
		arrival: int64(binary.BigEndian.Uint64(v[8:])),
	}, nil
}
