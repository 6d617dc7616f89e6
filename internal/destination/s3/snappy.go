package s3

import (
	"bytes"
	"encoding/binary"

	"github.com/klauspost/compress/s2"
)

// Snappy alone compresses a block; how blocks make a stream is up to others.
//
//	snappy-java   82 'SNAPPY' 00 | 1 | 1 | { length of block | block } …
//	Hadoop                                 { length of data | length of block | block } …
//
// All numbers are 32 bits, big endian. A reader of either has buffers of the
// size that the writer's defaults fill, so blocks hold no more data than those.
const (
	xerialBlockBytes = 32 << 10
	// hadoopBlockBytes is what Snappy itself looks back; Hadoop's buffers are
	// four times as large.
	hadoopBlockBytes = 64 << 10
)

// xerialHeader is the magic, the version, and the oldest version whose readers
// understand it.
const xerialHeader = "\x82SNAPPY\x00" + "\x00\x00\x00\x01" + "\x00\x00\x00\x01"

// blockWriter cuts what is written into blocks and writes each with its
// header.
type blockWriter struct {
	out       *bytes.Buffer
	block     []byte // not yet full
	size      int
	dataBytes bool // the header has the length of the data, too
}

func newXerialWriter(out *bytes.Buffer) *blockWriter {
	out.WriteString(xerialHeader)
	return &blockWriter{out: out, block: make([]byte, 0, xerialBlockBytes), size: xerialBlockBytes}
}

func newHadoopWriter(out *bytes.Buffer) *blockWriter {
	return &blockWriter{out: out, block: make([]byte, 0, hadoopBlockBytes), size: hadoopBlockBytes, dataBytes: true}
}

func (w *blockWriter) Write(b []byte) (int, error) {
	n := len(b)
	for len(b) > 0 {
		taken := min(len(b), w.size-len(w.block))
		w.block = append(w.block, b[:taken]...)
		b = b[taken:]
		if len(w.block) == w.size {
			w.flush()
		}
	}
	return n, nil
}

func (w *blockWriter) flush() {
	if len(w.block) == 0 {
		return
	}
	header := 4
	if w.dataBytes {
		header = 8
	}
	w.out.Grow(header + s2.MaxEncodedLen(len(w.block)))
	frame := w.out.AvailableBuffer()
	frame = frame[:header]
	compressed := s2.EncodeSnappy(frame[header:cap(frame)], w.block)
	if w.dataBytes {
		binary.BigEndian.PutUint32(frame, uint32(len(w.block)))
	}
	binary.BigEndian.PutUint32(frame[header-4:], uint32(len(compressed)))
	w.out.Write(frame[:header+len(compressed)])
	w.block = w.block[:0]
}

func (w *blockWriter) Close() error {
	w.flush()
	return nil
}
