package s3

import (
	"archive/zip"
	"bytes"
	"compress/gzip"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"strings"
	"testing"
)

// decode reads an object's body as the world does: with the standard library
// and, for Snappy, by the descriptions of its formats.
func decode(t testing.TB, contentEncoding string, body []byte) []byte {
	t.Helper()
	var data []byte
	var err error
	switch contentEncoding {
	case "":
		data = body
	case "gzip":
		var z *gzip.Reader
		if z, err = gzip.NewReader(bytes.NewReader(body)); err == nil {
			z.Multistream(false)
			data, err = io.ReadAll(z)
		}
	case "zip":
		data, err = unzip(body)
	case "snappy-java":
		data, err = decodeXerial(body)
	case "hadoop-snappy":
		data, err = decodeHadoop(body)
	default:
		err = errors.New("unknown encoding")
	}
	if err != nil {
		t.Fatalf("decode %s: %v", contentEncoding, err)
	}
	return data
}

func unzip(body []byte) ([]byte, error) {
	z, err := zip.NewReader(bytes.NewReader(body), int64(len(body)))
	if err != nil {
		return nil, err
	}
	if len(z.File) != 1 || z.File[0].Method != zip.Deflate || z.File[0].Name == "" || z.File[0].ModifiedTime != 0 || z.File[0].ModifiedDate != 0 {
		return nil, fmt.Errorf("entries %+v", z.File)
	}
	f, err := z.File[0].Open()
	if err != nil {
		return nil, err
	}
	return io.ReadAll(f) // compares the checksum, too
}

func decodeXerial(b []byte) (data []byte, err error) {
	if !bytes.HasPrefix(b, []byte{0x82, 'S', 'N', 'A', 'P', 'P', 'Y', 0, 0, 0, 0, 1, 0, 0, 0, 1}) {
		return nil, errors.New("no header")
	}
	for b = b[16:]; len(b) > 0; {
		var block []byte
		if block, b, err = cut(b); err != nil {
			return nil, err
		}
		if block, err = decodeSnappy(block); err != nil || len(block) > 32<<10 {
			return nil, fmt.Errorf("block of %d bytes: %w", len(block), err)
		}
		data = append(data, block...)
	}
	return data, nil
}

func decodeHadoop(b []byte) (data []byte, err error) {
	for len(b) > 0 {
		if len(b) < 4 {
			return nil, io.ErrUnexpectedEOF
		}
		size := int(binary.BigEndian.Uint32(b))
		for b = b[4:]; size > 0; {
			var chunk []byte
			if chunk, b, err = cut(b); err != nil {
				return nil, err
			}
			if chunk, err = decodeSnappy(chunk); err != nil {
				return nil, err
			}
			data = append(data, chunk...)
			size -= len(chunk)
		}
		if size < 0 {
			return nil, errors.New("block longer than it says")
		}
	}
	return data, nil
}

// cut takes what a length precedes.
func cut(b []byte) (block, rest []byte, err error) {
	if len(b) < 4 || len(b)-4 < int(binary.BigEndian.Uint32(b)) {
		return nil, nil, io.ErrUnexpectedEOF
	}
	n := 4 + binary.BigEndian.Uint32(b)
	return b[4:n], b[n:], nil
}

// decodeSnappy reads a block: the length of its data, then literals and
// copies of what came before.
func decodeSnappy(b []byte) ([]byte, error) {
	size, n := binary.Uvarint(b)
	if n <= 0 {
		return nil, io.ErrUnexpectedEOF
	}
	b = b[n:]
	little := func(n int) (v int) { // a number of n bytes after the tag
		for i := range n {
			v |= int(b[1+i]) << (8 * i)
		}
		b = b[n:]
		return v
	}
	data := make([]byte, 0, size)
	for len(b) > 0 {
		tag := int(b[0])
		length, offset := tag>>2+1, 0
		switch tag & 3 {
		case 0:
			if length > 60 {
				length = little(length-60) + 1
			}
			data = append(data, b[1:1+length]...)
			b = b[1+length:]
			continue
		case 1:
			length = tag>>2&7 + 4
			offset = tag>>5<<8 | little(1)
		case 2:
			offset = little(2)
		case 3:
			offset = little(4)
		}
		b = b[1:]
		for range length { // a copy may reach into itself
			data = append(data, data[len(data)-offset])
		}
	}
	if uint64(len(data)) != size {
		return nil, fmt.Errorf("%d bytes, the block says %d", len(data), size)
	}
	return data, nil
}

// Bodies around the sizes of blocks, that compress and that do not.
func TestDecodes(t *testing.T) {
	random := make([]byte, 200<<10)
	rng := rand.NewChaCha8([32]byte{1})
	_, _ = rng.Read(random)
	text := []byte(strings.Repeat(`{"response":"200","bytes":"512"}`, 8000))
	var z compressor
	for _, compression := range []Compression{GZIP, ZIP, Snappy, HadoopSnappy} {
		for _, data := range [][]byte{
			nil, {1}, text[:32<<10-1], text[:32<<10], text[:32<<10+1], text[:64<<10], text[:64<<10+1], text[:128<<10], text,
			random[:32<<10], random[:64<<10], random,
		} {
			for _, piece := range []int{1 << 30, 40_000, 333} {
				body, err := z.compress(compression, "entry", len(data), func(w io.Writer) error {
					for rest := data; len(rest) > 0; rest = rest[min(piece, len(rest)):] {
						if _, err := w.Write(rest[:min(piece, len(rest))]); err != nil {
							return err
						}
					}
					return nil
				})
				if err != nil {
					t.Fatal(err)
				}
				if got := decode(t, compression.ContentEncoding(), body); !bytes.Equal(got, data) {
					t.Errorf("%s: %d bytes in pieces of %d came back as %d", compression, len(data), piece, len(got))
				}
			}
		}
	}
}
