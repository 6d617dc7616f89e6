package firehose

import (
	"archive/zip"
	"bytes"
	"compress/gzip"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"maps"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/klauspost/compress/snappy"
	"github.com/klauspost/compress/snappy/xerial"
)

// show lists the objects of a bucket or, without a name, of all, as
// "bucket/key: body"; what is compressed is named and decoded, long runs of a
// letter are shortened, and bytes that are no text quoted.
func (a *archive) show(t *testing.T, bucket string) []string {
	a.mu.Lock()
	defer a.mu.Unlock()
	var all []string
	for _, key := range slices.Sorted(maps.Keys(a.objects)) {
		if bucket != "" && !strings.HasPrefix(key, bucket+"/") {
			continue
		}
		encoding := a.headers[key].Get("Content-Encoding")
		line := key
		if encoding != "" {
			line += " (" + encoding + ")"
		}
		line += ": " + readable(decoded(t, encoding, []byte(a.objects[key])))
		all = append(all, longRun.ReplaceAllStringFunc(line, func(run string) string { return fmt.Sprintf("x*%d", len(run)) }))
	}
	return all
}

func readable(data []byte) string {
	if bytes.ContainsFunc(data, func(r rune) bool { return r == '\uFFFD' || r < ' ' && r != '\n' }) {
		return strconv.Quote(string(data))
	}
	return strings.TrimRight(string(data), "\n")
}

var longRun = regexp.MustCompile(`x{40,}`)

// decoded reads an object as the world does.
func decoded(t *testing.T, encoding string, body []byte) []byte {
	t.Helper()
	var data []byte
	var err error
	switch encoding {
	case "":
		return body
	case "gzip":
		var z *gzip.Reader
		if z, err = gzip.NewReader(bytes.NewReader(body)); err == nil {
			data, err = io.ReadAll(z)
		}
	case "zip":
		data, err = unzipped(body)
	case "snappy-java":
		if !bytes.HasPrefix(body, []byte("\x82SNAPPY\x00")) {
			t.Fatalf("object %x is not in the framing of snappy-java", body)
		}
		data, err = xerial.Decode(body)
	case "hadoop-snappy":
		data, err = hadoopDecoded(body)
	default:
		err = errors.New("unknown encoding")
	}
	if err != nil {
		t.Fatalf("decode %s: %v", encoding, err)
	}
	return data
}

func unzipped(body []byte) ([]byte, error) {
	z, err := zip.NewReader(bytes.NewReader(body), int64(len(body)))
	if err != nil || len(z.File) != 1 {
		return nil, fmt.Errorf("want one entry: %w", err)
	}
	entry, err := z.File[0].Open()
	if err != nil {
		return nil, err
	}
	return io.ReadAll(entry)
}

// hadoopDecoded reads one block of one chunk: the length of the data, of the
// chunk, and the chunk. Objects of cases are no larger.
func hadoopDecoded(body []byte) ([]byte, error) {
	if len(body) < 8 || int(binary.BigEndian.Uint32(body[4:])) != len(body)-8 {
		return nil, io.ErrUnexpectedEOF
	}
	data, err := snappy.Decode(nil, body[8:])
	if err == nil && len(data) != int(binary.BigEndian.Uint32(body)) {
		err = fmt.Errorf("%d bytes in a block of %d", len(data), binary.BigEndian.Uint32(body))
	}
	return data, err
}
