package replay

import (
	"archive/zip"
	"bufio"
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io"

	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/s2"
)

const (
	// maxZIPBytes bounds a ZIP file, whose directory is at its end: it is held whole.
	maxZIPBytes = 256 << 20
	// maxBlockBytes bounds a Snappy block, packed and unpacked; writers make them of 32 to 256 KiB.
	maxBlockBytes = 4 << 20
)

// unpack returns the text of an error object in any of the forms that a delivery stream writes: as it is, GZIP, ZIP, Snappy
// of snappy-java or of Hadoop. The form is seen by the first bytes; a line of JSON begins like none of them.
func unpack(body io.Reader) (io.Reader, error) {
	in := bufio.NewReaderSize(body, 64<<10)
	head, err := in.Peek(8)
	if err != nil && !errors.Is(err, io.EOF) {
		return nil, err
	}
	switch {
	case bytes.HasPrefix(head, []byte{0x1f, 0x8b}):
		return gzip.NewReader(in)
	case bytes.HasPrefix(head, []byte("PK\x03\x04")):
		return unzip(in)
	case bytes.HasPrefix(head, []byte("\x82SNAPPY\x00")):
		const header = 16
		_, err := in.Discard(header)
		return &snappyReader{in: in}, err
	case len(head) > 0 && head[0] == 0: // the length of less than 16 MiB
		return &snappyReader{in: in, hadoop: true}, nil
	}
	return in, nil
}

// unzip opens the one entry of a ZIP file.
func unzip(in io.Reader) (io.Reader, error) {
	file, err := io.ReadAll(io.LimitReader(in, maxZIPBytes+1))
	if err != nil {
		return nil, err
	}
	if len(file) > maxZIPBytes {
		return nil, fmt.Errorf("it is a ZIP file of more than %d bytes", maxZIPBytes)
	}
	z, err := zip.NewReader(bytes.NewReader(file), int64(len(file)))
	if err != nil {
		return nil, err
	}
	if len(z.File) != 1 {
		return nil, fmt.Errorf("it is a ZIP file of %d entries, not of one", len(z.File))
	}
	return z.File[0].Open()
}

// snappyReader reads blocks of Snappy. Hadoop's have the length of their data before them, which may come in several.
type snappyReader struct {
	in     *bufio.Reader
	hadoop bool
	owed   int    // bytes that Hadoop's length announced and no block has brought yet
	data   []byte // of the block, not read yet
	packed []byte
	plain  []byte
}

// Read implements io.Reader.
func (s *snappyReader) Read(p []byte) (int, error) {
	for len(s.data) == 0 {
		if err := s.block(); err != nil {
			return 0, err
		}
	}
	n := copy(p, s.data)
	s.data = s.data[n:]
	return n, nil
}

func (s *snappyReader) block() error {
	if s.hadoop && s.owed == 0 {
		n, err := s.length(false)
		if err != nil {
			return err
		}
		if s.owed = n; n == 0 {
			return nil
		}
	}
	n, err := s.length(s.hadoop)
	if err != nil {
		return err
	}
	s.packed = append(s.packed[:0], make([]byte, n)...)
	if _, err := io.ReadFull(s.in, s.packed); err != nil {
		return cutShort(err)
	}
	switch n, err := s2.DecodedLen(s.packed); {
	case err != nil:
		return fmt.Errorf("unpack Snappy block: %w", err)
	case n > maxBlockBytes:
		return fmt.Errorf("unpack Snappy block: it holds %d bytes", n)
	}
	if s.data, err = s2.Decode(s.plain[:cap(s.plain)], s.packed); err != nil {
		return fmt.Errorf("unpack Snappy block: %w", err)
	}
	s.plain = s.data[:0]
	if s.hadoop {
		if s.owed -= len(s.data); s.owed < 0 {
			return errors.New("unpack Snappy block: it holds more than was announced")
		}
	}
	return nil
}

// length reads a number of bytes. Where no block has begun yet, the stream may end.
func (s *snappyReader) length(begun bool) (int, error) {
	var b [4]byte
	if _, err := io.ReadFull(s.in, b[:]); err != nil {
		if begun {
			err = cutShort(err)
		}
		return 0, err
	}
	n := binary.BigEndian.Uint32(b[:])
	if n > maxBlockBytes {
		return 0, fmt.Errorf("unpack Snappy block: %d bytes are announced", n)
	}
	return int(n), nil
}

func cutShort(err error) error {
	if errors.Is(err, io.EOF) {
		return io.ErrUnexpectedEOF
	}
	return err
}
