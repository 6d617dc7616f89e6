package s3

import (
	"bytes"
	"io"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/millrace/millrace/internal/destination/s3/s3test"
)

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
				if got := s3test.Decode(t, compression.ContentEncoding(), body); !bytes.Equal(got, data) {
					t.Errorf("%s: %d bytes in pieces of %d came back as %d", compression, len(data), piece, len(got))
				}
			}
		}
	}
}
