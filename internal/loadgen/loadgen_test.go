package loadgen

import (
	"bytes"
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/millrace/millrace/internal/logformat"
)

var start = time.Date(2026, 11, 22, 18, 49, 57, 0, time.UTC)

func generate(t testing.TB, opts Options) []byte {
	t.Helper()
	var out bytes.Buffer
	opts.Writer = &out
	if err := Generate(context.Background(), opts); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

func TestSameSeedSameBytes(t *testing.T) {
	one, two := generate(t, Options{Lines: 2000, Seed: 7, Start: start}), generate(t, Options{Lines: 2000, Seed: 7, Start: start})
	if !bytes.Equal(one, two) {
		t.Error("the same seed gave other lines")
	}
	if bytes.Equal(one, generate(t, Options{Lines: 2000, Seed: 8, Start: start})) {
		t.Error("another seed gave the same lines")
	}
	now := generate(t, Options{Lines: 2000, Seed: 7})
	if !bytes.Equal(withoutTime(one), withoutTime(now)) {
		t.Error("without a start other things than the time differ")
	}
}

func withoutTime(log []byte) []byte {
	var out []byte
	for line := range bytes.Lines(log) {
		open, close := bytes.IndexByte(line, '['), bytes.IndexByte(line, ']')
		out = append(append(out, line[:open]...), line[close:]...)
	}
	return out
}

// Every line is one that the Kinesis Agent's combined format takes, and the mix of codes moves.
func TestLinesAreCombinedAndTheMixMoves(t *testing.T) {
	format, err := logformat.New(logformat.Spec{LogFormat: logformat.CombinedApacheLog})
	if err != nil {
		t.Fatal(err)
	}
	log := generate(t, Options{Lines: 100_000, Seed: 1, Start: start})
	minutes := make(map[string]map[string]int)
	n := 0
	for line := range bytes.Lines(log) {
		if _, mismatch := format.Append(nil, bytes.TrimSuffix(line, []byte("\n"))); mismatch != nil {
			t.Fatalf("%s: %v", line, mismatch)
		}
		fields := strings.Split(string(line), `"`)
		code := strings.Fields(fields[2])[0]
		minute := fields[0][strings.IndexByte(fields[0], '[')+13:][:5]
		if minutes[minute] == nil {
			minutes[minute] = make(map[string]int)
		}
		minutes[minute][code]++
		n++
	}
	if n != 100_000 || len(minutes) < 2 {
		t.Fatalf("%d lines in %d minutes", n, len(minutes))
	}
	share := func(minute string) float64 { return float64(minutes[minute]["500"]) / float64(minutes[minute]["200"]) }
	if calm, trouble := share("18:50"), share("18:51"); trouble < 2*calm {
		t.Errorf("500s to 200s: %.4f in a calm minute, %.4f in one with trouble: %v", calm, trouble, minutes)
	}
	if at := withTime(log[len(log)-400:]); at != "22/Nov/2026:18:51:36 +0000" {
		t.Errorf("the last line has time %s", at)
	}
}

func withTime(log []byte) string {
	log = log[bytes.LastIndexByte(log, '[')+1:]
	return string(log[:bytes.IndexByte(log, ']')])
}

func TestRotationKeepsEveryLine(t *testing.T) {
	path := filepath.Join(t.TempDir(), "access.log")
	for range 2 { // a second run goes on with the numbers
		if err := Generate(context.Background(), Options{Path: path, Lines: 20_000, Seed: 3, Start: start, RotateBytes: 1 << 20}); err != nil {
			t.Fatal(err)
		}
	}
	names, _ := filepath.Glob(path + "*")
	var all []byte
	for _, name := range names {
		content, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, content...)
		if name != path && int64(len(content)) < 1<<20 || len(content) > 2<<20 || !bytes.HasSuffix(content, []byte("\n")) {
			t.Errorf("%s has %d bytes", name, len(content))
		}
	}
	if len(names) < 6 || bytes.Count(all, []byte("\n")) != 40_000 {
		t.Errorf("%d lines in %v", bytes.Count(all, []byte("\n")), names)
	}
}

// The rate is kept from above always, and from below unless the machine is very busy.
func TestRate(t *testing.T) {
	ctx, cancel := context.WithTimeout(context.Background(), 500*time.Millisecond)
	defer cancel()
	var out bytes.Buffer
	if err := Generate(ctx, Options{Writer: &out, Rate: 1000}); err != nil {
		t.Fatal(err)
	}
	if n := bytes.Count(out.Bytes(), []byte("\n")); n < 1 || n > 1000 {
		t.Errorf("%d lines in half a second at 1000 a second", n)
	}
}

type brokenWriter struct{}

var errFull = errors.New("full")

func (brokenWriter) Write([]byte) (int, error) { return 0, errFull }

func TestErrors(t *testing.T) {
	if err := Generate(context.Background(), Options{Writer: brokenWriter{}}); !errors.Is(err, errFull) {
		t.Errorf("full writer: %v", err)
	}
	if err := Generate(context.Background(), Options{Path: filepath.Join(t.TempDir(), "no", "folder")}); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("missing folder: %v", err)
	}
	for _, opts := range []Options{{}, {Path: "x", Writer: brokenWriter{}}, {Writer: brokenWriter{}, Rate: -1}, {Writer: brokenWriter{}, RotateBytes: 5}} {
		if err := Generate(context.Background(), opts); err == nil || errors.Is(err, errFull) {
			t.Errorf("%+v: %v", opts, err)
		}
	}
}

func BenchmarkGenerate(b *testing.B) {
	v := newVisitors(1)
	buf := make([]byte, 0, 1<<10)
	n := int64(0)
	for b.Loop() {
		buf = v.appendLine(buf[:0], time.Duration(n)*time.Millisecond, start.Add(time.Duration(n)*time.Millisecond))
		n++
	}
	b.SetBytes(int64(len(buf)))
}
