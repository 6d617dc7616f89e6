package loadgen

import (
	"bytes"
	"compress/gzip"
	"context"
	"io"
	"math"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/millrace/millrace/internal/logformat"
)

var fakeLine = regexp.MustCompile(`^\d+\.\d+\.\d+\.\d+ - - \[(\d\d/\w{3}/\d{4}:\d\d:\d\d:\d\d [+-]\d{4})\] "(GET|POST|DELETE|PUT) (/\S+) HTTP/1\.0" (200|404|500|301) (\d+) "http://www\.[^" ]+" "((?:Mozilla|Opera)/[^"]+)"$`)

// The lines have the generator's fields with its weights, and its time.
func TestFakeLines(t *testing.T) {
	const lines = 20_000
	counts := make(map[string]float64)
	bytesSum, last := 0.0, start
	for line := range strings.Lines(string(generate(t, Options{Style: Fake, Lines: lines, Seed: 5, Start: start}))) {
		m := fakeLine.FindStringSubmatch(strings.TrimSuffix(line, "\n"))
		if m == nil {
			t.Fatalf("%s is no such line", line)
		}
		at, err := time.Parse("02/Jan/2006:15:04:05 -0700", m[1])
		if step := at.Sub(last); err != nil || step < 30*time.Second || step > 300*time.Second {
			t.Fatalf("%s follows %s by %s (%v)", m[1], last, step, err)
		}
		last = at
		size, _ := strconv.Atoi(m[5])
		bytesSum += float64(size)
		resource := m[3]
		if number, found := strings.CutPrefix(resource, cartResource); found {
			if n, err := strconv.Atoi(number); err != nil || n < 1000 || n > 10000 {
				t.Fatalf("%s has the number %s", line, number)
			}
			resource = cartResource
		}
		for _, what := range []string{m[2], m[4], resource, map[bool]string{true: "firefox"}[strings.Contains(m[6], "Firefox")]} {
			counts[what]++
		}
	}
	want := map[string]float64{"GET": 0.6, "POST": 0.1, "DELETE": 0.1, "PUT": 0.2, "200": 0.9, "404": 0.04, "500": 0.02, "301": 0.04, "firefox": 0.5}
	for _, resource := range fakeResources {
		want[resource] = 1.0 / 8
	}
	for what, share := range want {
		if got := counts[what] / lines; math.Abs(got-share) > 0.012 {
			t.Errorf("%s: share %.3f, want %.3f", what, got, share)
		}
	}
	if mean := bytesSum / lines; math.Abs(mean-5000) > 5 {
		t.Errorf("bytes are %.1f on average, want 5000", mean)
	}
}

func TestFakeLinesWithSleepStepByIt(t *testing.T) {
	source := newFake(Options{Sleep: 1500 * time.Millisecond})
	source.appendLine(nil, 0, start)
	if source.appendLine(nil, 0, start); source.clock != start.Add(3*time.Second) {
		t.Errorf("after two lines it is %s", source.clock)
	}
	source = newFake(Options{Rate: 5})
	source.appendLine(nil, 0, start)
	if source.appendLine(nil, 0, start.Add(time.Second)); source.clock != start.Add(time.Second) {
		t.Errorf("at a rate it is %s", source.clock)
	}
}

func TestLogNames(t *testing.T) {
	t.Chdir(t.TempDir())
	at := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	for _, c := range []struct {
		prefix     string
		compressed bool
		want       string
	}{
		{"", false, "access_log_20260102-030405.log"}, {"", false, "access_log_20260102-030405-2.log"}, {"", false, "access_log_20260102-030405-3.log"},
		{"", true, "access_log_20260102-030405.log.gz"}, {"", true, "access_log_20260102-030405-2.log.gz"}, {"web1", false, "web1_access_log_20260102-030405.log"},
	} {
		f, err := CreateLog(c.prefix, at, c.compressed)
		if err != nil {
			t.Fatal(err)
		}
		if f.Close(); f.Name() != c.want {
			t.Errorf("got %s, want %s", f.Name(), c.want)
		}
	}
	if _, err := CreateLog(filepath.Join("no", "folder"), at, false); err == nil {
		t.Error("a folder that is not there was taken")
	}
}

// Several generators write whole files, one of them compressed.
func TestGenerateAll(t *testing.T) {
	dir := t.TempDir()
	packed, err := os.Create(filepath.Join(dir, "packed.gz"))
	if err != nil {
		t.Fatal(err)
	}
	defer packed.Close()
	compressed := gzip.NewWriter(packed)
	all := []Options{{Path: filepath.Join(dir, "a"), Lines: 3000, Seed: 1}, {Path: filepath.Join(dir, "b"), Lines: 3000, Seed: 2, Style: Fake}, {Writer: compressed, Lines: 3000, Seed: 3}}
	if err := GenerateAll(context.Background(), all); err != nil {
		t.Fatal(err)
	}
	if err := compressed.Close(); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"a", "b"} {
		if content, err := os.ReadFile(filepath.Join(dir, name)); err != nil || bytes.Count(content, []byte("\n")) != 3000 {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, err := packed.Seek(0, io.SeekStart); err != nil {
		t.Fatal(err)
	}
	unpacked, err := gzip.NewReader(packed)
	if err != nil {
		t.Fatal(err)
	}
	if content, err := io.ReadAll(unpacked); err != nil || bytes.Count(content, []byte("\n")) != 3000 {
		t.Errorf("packed: %v", err)
	}
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	err = GenerateAll(ctx, []Options{{Path: filepath.Join(dir, "endless"), Rate: 10}, {Writer: brokenWriter{}}})
	if err == nil || !strings.Contains(err.Error(), errFull.Error()) {
		t.Errorf("one that fails: %v", err)
	}
}

// Bursts and the daily curve move the time between lines.
func TestPace(t *testing.T) {
	p := newPace(Options{Rate: 10, Burst: Burst{Every: 10 * time.Second, Length: 2 * time.Second, Factor: 5}}, start)
	perSecond := make(map[int]int)
	for ; p.elapsed < 20*time.Second; p.next() {
		perSecond[int(p.elapsed.Seconds())]++
	}
	for second, want := range map[int]int{0: 10, 5: 10, 7: 10, 8: 50, 9: 50, 11: 10, 18: 50, 19: 50} {
		if got := perSecond[second]; got < want-1 || got > want+1 {
			t.Errorf("second %d has %d lines, want %d", second, got, want)
		}
	}
	p = newPace(Options{Rate: 1, Daily: true, Start: time.Date(2026, 11, 22, 0, 0, 0, 0, time.UTC)}, start)
	perHour := make(map[int]int)
	for ; p.elapsed < 24*time.Hour; p.next() {
		perHour[int(p.elapsed.Hours())]++
	}
	if night, day := perHour[3]+perHour[4], perHour[15]+perHour[16]; day < 8*night || night == 0 {
		t.Errorf("%d lines at four in the morning, %d in the afternoon", night, day)
	}
	for _, bad := range []string{"", "1s,2s", "1s,2s,3", "10s,0s,3", "10s,2s,0", "10s,2s,x", "10,2,3"} {
		if _, err := ParseBurst(bad); err == nil {
			t.Errorf("bursts %q were taken", bad)
		}
	}
	if b, err := ParseBurst("60s,10s,5"); err != nil || b != (Burst{time.Minute, 10 * time.Second, 5}) {
		t.Errorf("got %v %v", b, err)
	}
}

// Hostile lines are lines still, and are of the kinds that readers drop.
func TestHostileLines(t *testing.T) {
	format, err := logformat.New(logformat.Spec{LogFormat: logformat.CombinedApacheLog})
	if err != nil {
		t.Fatal(err)
	}
	lines, dropped := 0, 0
	for line := range bytes.Lines(generate(t, Options{Lines: 5000, Seed: 9, Start: start, Hostile: 0.5})) {
		lines++
		if _, mismatch := format.Append(nil, bytes.TrimSuffix(line, []byte("\n"))); mismatch != nil {
			dropped++
		}
	}
	if lines != 5000 || dropped < 800 || dropped > 2500 {
		t.Errorf("%d of %d lines are dropped", dropped, lines)
	}
}
