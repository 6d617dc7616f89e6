package firehose

import (
	"bytes"
	"encoding/base64"
	"fmt"
	"strings"
	"testing"
)

// Records of every length, at every distance from the end of the body and of the
// room, are what encoding/base64 makes of them, on processors with and without AVX2.
func TestBase64OfEveryLength(t *testing.T) {
	data := make([]byte, 200)
	for i := range data {
		data[i] = byte(i*167 + 13)
	}
	for size := range data {
		text := base64.StdEncoding.EncodeToString(data[:size])
		for behind := range 40 {
			src := []byte(text + `"` + strings.Repeat("A", behind))
			for _, room := range []int{0, size, size + 31, size + 32, 400} {
				out, n, ok := appendBase64(append(make([]byte, 0, 3+room), "abc"...), src)
				if !ok || n != len(text) || string(out) != "abc"+string(data[:size]) {
					t.Fatalf("%d bytes, %d behind, room for %d: %q %d %t", size, behind, room, out, n, ok)
				}
			}
			dst := make([]byte, size+40)
			for name, fours := range map[string]func(dst, src []byte) int{"here": decodeFours, "anywhere": decodeFoursAnywhere} {
				if n := fours(dst, src); n%4 != 0 || n > len(text) || !bytes.Equal(dst[:n/4*3][:min(size, n/4*3)], data[:min(size, n/4*3)]) {
					t.Fatalf("%s: %d bytes, %d behind: %d", name, size, behind, n)
				}
			}
		}
	}
}

// Each byte at each place of a block is taken or refused as encoding/base64 does,
// but for line breaks, which JSON does not allow.
func TestBase64OfEveryByte(t *testing.T) {
	text := strings.Repeat("QUJD", 12)
	for at := range text {
		for c := range 256 {
			changed := []byte(text + `"` + strings.Repeat(" ", 40))
			changed[at] = byte(c)
			end := bytes.IndexByte(changed, '"')
			want, err := base64.StdEncoding.DecodeString(string(changed[:end]))
			wanted := err == nil && c != '\n' && c != '\r'
			out, n, ok := appendBase64(make([]byte, 0, 200), changed)
			if ok != wanted || ok && (n != end || !bytes.Equal(out, want)) {
				t.Fatalf("byte %#x at %d: %q %d %t, want %q %v", c, at, out, n, ok, want, err)
			}
		}
	}
}

func FuzzAppendBase64(f *testing.F) {
	f.Add([]byte(`YWJj"`), 10)
	f.Add([]byte(`YWJjYWJjYWJjYWJjYWJjYWJjYWJjYWJjYWJjYQ=="},{"Data":"YQ=="}`), 100)
	f.Add([]byte(`YR=="                                  `), 0)
	f.Fuzz(func(t *testing.T, src []byte, room int) {
		out, n, ok := appendBase64(make([]byte, 0, max(0, room)%4096), src)
		end := bytes.IndexByte(src, '"')
		if end < 0 {
			if ok {
				t.Fatal("no end, and taken")
			}
			return
		}
		want, err := base64.StdEncoding.DecodeString(string(src[:end]))
		if wanted := err == nil && !bytes.ContainsAny(src[:end], "\r\n"); ok != wanted || ok && (n != end || !bytes.Equal(out, want)) {
			t.Fatalf("%q %d %t, want %q %v", out, n, ok, want, err)
		}
	})
}

func BenchmarkAppendBase64(b *testing.B) {
	for _, size := range []int{20, 250, 10_000} {
		src := []byte(base64.StdEncoding.EncodeToString(bytes.Repeat([]byte("abcdefghij"), size/10)) + `"},{"Data":"` + strings.Repeat("A", 32))
		dst := make([]byte, 0, size+100)
		b.Run(fmt.Sprint(size), func(b *testing.B) {
			b.SetBytes(int64(size))
			for b.Loop() {
				if _, _, ok := appendBase64(dst, src); !ok {
					b.Fatal("refused")
				}
			}
		})
	}
}
