package replay

import (
	"context"
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/millrace/millrace/internal/destination/s3"
)

// put keeps what the S3 destination writes.
type put struct{ body string }

func (p *put) Put(_ context.Context, _, _ string, body []byte, _ http.Header) error {
	p.body = string(body)
	return nil
}

// Error objects are read in each compression that a delivery stream writes them in.
func TestUnpack(t *testing.T) {
	for _, c := range []s3.Compression{s3.Uncompressed, s3.GZIP, s3.ZIP, s3.Snappy, s3.HadoopSnappy} {
		for _, n := range []int{0, 1, 3000} {
			want := strings.Repeat(searchLine("1.0", `{"n":1}`), n)
			var kept put
			key := searchKey + c.Extension()
			if err := s3.New(s3.Options{Store: &kept, Bucket: "b", Compression: c}).PutObject(t.Context(), key, []byte(want)); err != nil {
				t.Fatal(err)
			}
			in, err := unpack(strings.NewReader(kept.body))
			if err != nil {
				t.Fatal(c, err)
			}
			got, err := io.ReadAll(in)
			if err != nil || string(got) != want {
				t.Errorf("%v: %d bytes, want %d, %v", c, len(got), len(want), err)
			}
			if c != s3.Uncompressed && n > 1 && len(kept.body) > len(want)/2 {
				t.Errorf("%v: the object is not compressed", c)
			}
			if n == 0 {
				continue
			}
			s := &fakeStore{objects: map[string]string{key: kept.body}}
			f := newFakeTarget(s)
			if sum, _, err := runOn(t, s, f, "errors/", nil); err != nil || sum.Delivered != n || len(f.docs) != 1 {
				t.Errorf("%v: %+v %v", c, sum, err)
			}
			// cut anywhere: an error, never part of it as if it were all
			for _, at := range []int{len(kept.body) - 1, len(kept.body) / 2, 17} {
				in, err := unpack(strings.NewReader(kept.body[:min(at, len(kept.body)-1)]))
				if err == nil {
					_, err = io.ReadAll(in)
				}
				if err == nil && c != s3.Uncompressed {
					t.Errorf("%v cut at %d is read as whole", c, at)
				}
			}
		}
	}
}

func FuzzUnpack(f *testing.F) {
	f.Add([]byte(zipped("a")))
	f.Add([]byte("\x82SNAPPY\x00\x00\x00\x00\x01\x00\x00\x00\x01\x00\x00\x00\x03\x01\x00a"))
	f.Add([]byte("\x00\x00\x00\x01\x00\x00\x00\x03\x01\x00a"))
	f.Add([]byte("PK\x03\x04"))
	f.Fuzz(func(t *testing.T, object []byte) {
		in, err := unpack(strings.NewReader(string(object)))
		if err != nil {
			return
		}
		_, _ = io.Copy(io.Discard, io.LimitReader(in, 64<<20))
	})
}
