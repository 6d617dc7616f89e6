// Package s3test reads the objects that delivery streams write, without the
// code that wrote them.
package s3test

import (
	"archive/zip"
	"bytes"
	"compress/gzip"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"testing"
)

// Decode reads an object's body as the world does: with the standard library
// and, for Snappy, by the descriptions of its formats. What our writer never
// writes, such as a second entry of a ZIP file, is an error.
func Decode(t testing.TB, contentEncoding string, body []byte) []byte {
	t.Helper()
	data, err := decode(contentEncoding, body)
	if err != nil {
		t.Fatalf("decode %s: %v", contentEncoding, err)
	}
	return data
}

func decode(contentEncoding string, body []byte) ([]byte, error) {
	switch contentEncoding {
	case "":
		return body, nil
	case "gzip":
		return gunzip(body)
	case "zip":
		return unzip(body)
	case "snappy-java":
		return decodeXerial(body)
	case "hadoop-snappy":
		return decodeHadoop(body)
	}
	return nil, errors.New("unknown encoding")
}

func gunzip(body []byte) ([]byte, error) {
	z, err := gzip.NewReader(bytes.NewReader(body))
	if err != nil {
		return nil, err
	}
	z.Multistream(false)
	return io.ReadAll(z)
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
