package record

import (
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"iter"
	"sync"

	"github.com/klauspost/compress/s2"
)

// A frame on disk, all integers little-endian (docs/formats/journal.md):
//
//	 0  magic "mrF1"                       4
//	 4  CRC32C of bytes 8..64              4
//	 8  stream id                         16
//	24  sequence of the first record       8
//	32  arrival, ms since the epoch        8
//	40  number of records                  4
//	44  bytes of the payload, unpacked     4
//	48  CRC32C of the packed payload       4
//	52  reserved, zero                    12
//	64  payload, S2 block
//
// The unpacked payload is the records' bytes one after the other, then for
// each record the end of its bytes, a uint32 each.
const (
	frameMagic       = "mrF1"
	FrameHeaderBytes = 64

	// MaxFrameBytes bounds the unpacked payload: a PutRecordBatch of 4 MiB and
	// its table of ends, with room for gathered calls.
	MaxFrameBytes = 8 << 20
)

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

// ErrDamaged says that bytes read back are not the frame that was written. It
// is wrapped with what differs; the reader of a stream stops at it.
var ErrDamaged = errors.New("damaged frame")

// Builder gathers the records of one frame. Append copies; to decode straight
// into the frame, extend Data and call End:
//
//	b.Data = decode(b.Data, src)
//	b.End()
type Builder struct {
	// Data is the records' bytes so far.
	Data []byte
	ends []uint32
}

// Append adds a copy of one record.
func (b *Builder) Append(data []byte) {
	b.Data = append(b.Data, data...)
	b.End()
}

// End makes what was appended to Data since the last End one record, which
// may be empty.
func (b *Builder) End() { b.ends = append(b.ends, uint32(len(b.Data))) }

// Count is the number of records.
func (b *Builder) Count() int { return len(b.ends) }

// Record returns record i; it is valid until the builder changes.
func (b *Builder) Record(i int) []byte {
	start := uint32(0)
	if i > 0 {
		start = b.ends[i-1]
	}
	return b.Data[start:b.ends[i]]
}

// Bytes is the sum of the records' lengths.
func (b *Builder) Bytes() int {
	if len(b.ends) == 0 {
		return 0
	}
	return int(b.ends[len(b.ends)-1])
}

// Reset empties the builder. Data's memory is given up when a frame was sealed
// from it, because readers hold on to that frame's payload.
func (b *Builder) Reset() { b.Data, b.ends = b.Data[:0], b.ends[:0] }

// Remove drops the records for which drop answers true, keeping the order.
func (b *Builder) Remove(drop func(i int) bool) {
	out, ends, start := b.Data[:0], b.ends[:0], uint32(0)
	for i, end := range b.ends {
		if !drop(i) {
			out = append(out, b.Data[start:end]...)
			ends = append(ends, uint32(len(out)))
		}
		start = end
	}
	b.Data, b.ends = out, ends
}

// Seal packs the records. It is the expensive half of making a frame and
// needs no lock: only Sealed.Stamp does. The builder's memory
// belongs to the frame afterwards, and the builder is empty.
func (b *Builder) Seal() (*Sealed, error) {
	size := len(b.Data) + 4*len(b.ends)
	if size > MaxFrameBytes {
		return nil, fmt.Errorf("seal frame: %d bytes, at most %d", size, MaxFrameBytes)
	}
	payload := b.Data
	for _, end := range b.ends {
		payload = binary.LittleEndian.AppendUint32(payload, end)
	}
	s := &Sealed{payload: payload, room: rooms.Get().(*room), count: len(b.ends)}
	s.encoded = s.room.pack(payload)
	s.payloadCRC = crc32.Checksum(s.encoded[FrameHeaderBytes:], castagnoli)
	b.Data, b.ends = nil, b.ends[:0]
	return s, nil
}

// room is where a frame is packed. The block's length is known afterwards, and
// its bound is many times what most records pack to, so that rooms go back to a
// pool of the process; they carry bytes, no state.
type room struct{ bytes []byte }

var rooms = sync.Pool{New: func() any { return new(room) }}

// maxRoomBytes is the largest that is kept.
const maxRoomBytes = 1 << 20

// pack returns space for a frame's header and the payload's S2 block.
func (r *room) pack(payload []byte) []byte {
	if need := FrameHeaderBytes + s2.MaxEncodedLen(len(payload)); cap(r.bytes) < need {
		r.bytes = make([]byte, need)
	}
	block := s2.Encode(r.bytes[FrameHeaderBytes:cap(r.bytes)], payload)
	return r.bytes[:FrameHeaderBytes+len(block)]
}

// Sealed is a packed frame that awaits its sequence and arrival. It becomes
// one frame of one stream.
type Sealed struct {
	payload    []byte
	encoded    []byte // header space, then the S2 block
	room       *room  // where encoded lies
	count      int
	payloadCRC uint32
}

// Count is the number of records.
func (s *Sealed) Count() int { return s.count }

// EncodedBytes is the frame's length on disk.
func (s *Sealed) EncodedBytes() int { return len(s.encoded) }

// Stamp gives the sealed records their place. It is cheap, so that the journal
// can call it under the stream's lock. The bytes are the frame as it lies on
// disk, valid until Release.
func (s *Sealed) Stamp(id StreamID, first Sequence, arrival int64) (*Frame, []byte) {
	h := s.encoded[:FrameHeaderBytes]
	copy(h, frameMagic)
	copy(h[8:], id[:])
	binary.LittleEndian.PutUint64(h[24:], uint64(first))
	binary.LittleEndian.PutUint64(h[32:], uint64(arrival))
	binary.LittleEndian.PutUint32(h[40:], uint32(s.count))
	binary.LittleEndian.PutUint32(h[44:], uint32(len(s.payload)))
	binary.LittleEndian.PutUint32(h[48:], s.payloadCRC)
	binary.LittleEndian.PutUint32(h[4:], crc32.Checksum(h[8:], castagnoli))
	return &Frame{Stream: id, First: first, Arrival: arrival, count: s.count, payload: s.payload}, s.encoded
}

// Release gives the memory of the encoded frame back once it is written. It is
// called at most once, after Stamp; who keeps those bytes does not call it.
func (s *Sealed) Release() {
	if cap(s.room.bytes) <= maxRoomBytes {
		rooms.Put(s.room)
	}
	s.room, s.encoded = nil, nil
}

// Frame is a run of records of one stream with consecutive sequences and one
// arrival time. It is immutable: many readers hold it at once, and a record's
// bytes may be kept as long as the frame is.
type Frame struct {
	Stream  StreamID
	First   Sequence
	Arrival int64 // ms since the epoch, UTC
	count   int
	payload []byte
}

// Count is the number of records.
func (f *Frame) Count() int { return f.count }

// Next is the sequence after the frame's last record.
func (f *Frame) Next() Sequence { return f.First + Sequence(f.count) }

// Bytes is the sum of the records' lengths.
func (f *Frame) Bytes() int { return len(f.payload) - 4*f.count }

// Data is the records' bytes one after the other, and End(i) where record i
// ends in it: for readers that scan a whole frame.
func (f *Frame) Data() []byte { return f.payload[:f.Bytes()] }

// End is the offset in Data after record i; End(-1) is 0.
func (f *Frame) End(i int) int {
	if i < 0 {
		return 0
	}
	return int(binary.LittleEndian.Uint32(f.payload[f.Bytes()+4*i:]))
}

// Record returns the bytes of record i, counted from 0.
func (f *Frame) Record(i int) []byte {
	start, end := f.End(i-1), f.End(i)
	return f.payload[start:end:end]
}

// All ranges over the records from the sequence from on.
func (f *Frame) All(from Sequence) iter.Seq[Record] {
	return func(yield func(Record) bool) {
		for i := range f.count {
			seq := f.First + Sequence(i)
			if seq >= from && !yield(Record{Sequence: seq, Arrival: f.Arrival, Data: f.Record(i)}) {
				return
			}
		}
	}
}

// DecodeFrame reads a frame as it lies on disk and checks all of it. Errors
// wrap ErrDamaged. encoded may be reused afterwards.
func DecodeFrame(encoded []byte) (*Frame, error) {
	if len(encoded) < FrameHeaderBytes {
		return nil, fmt.Errorf("%w: %d bytes, shorter than its header", ErrDamaged, len(encoded))
	}
	h, packed := encoded[:FrameHeaderBytes], encoded[FrameHeaderBytes:]
	if string(h[:4]) != frameMagic {
		return nil, fmt.Errorf("%w: magic %q, want %q", ErrDamaged, h[:4], frameMagic)
	}
	if got, want := crc32.Checksum(h[8:], castagnoli), binary.LittleEndian.Uint32(h[4:]); got != want {
		return nil, fmt.Errorf("%w: header checksum %08x, want %08x", ErrDamaged, got, want)
	}
	if got, want := crc32.Checksum(packed, castagnoli), binary.LittleEndian.Uint32(h[48:]); got != want {
		return nil, fmt.Errorf("%w: payload checksum %08x, want %08x", ErrDamaged, got, want)
	}
	f := &Frame{
		First:   Sequence(binary.LittleEndian.Uint64(h[24:])),
		Arrival: int64(binary.LittleEndian.Uint64(h[32:])),
		count:   int(binary.LittleEndian.Uint32(h[40:])),
	}
	copy(f.Stream[:], h[8:24])
	size := int(binary.LittleEndian.Uint32(h[44:]))
	if n, err := s2.DecodedLen(packed); err != nil || n != size || size > MaxFrameBytes {
		return nil, fmt.Errorf("%w: payload of %d bytes announced as %d (%v)", ErrDamaged, n, size, err)
	}
	payload, err := s2.Decode(make([]byte, size), packed)
	if err != nil {
		return nil, fmt.Errorf("%w: unpack: %v", ErrDamaged, err)
	}
	f.payload = payload
	return f, f.checkEnds()
}

// checkEnds makes Record safe to call on whatever the bytes said.
func (f *Frame) checkEnds() error {
	if 4*f.count > len(f.payload) {
		return fmt.Errorf("%w: %d records in %d bytes", ErrDamaged, f.count, len(f.payload))
	}
	last := 0
	for i := range f.count {
		end := f.End(i)
		if end < last || end > f.Bytes() {
			return fmt.Errorf("%w: record %d ends at %d, after %d of %d", ErrDamaged, i, end, last, f.Bytes())
		}
		last = end
	}
	if last != f.Bytes() {
		return fmt.Errorf("%w: %d bytes after the last record", ErrDamaged, f.Bytes()-last)
	}
	return nil
}
