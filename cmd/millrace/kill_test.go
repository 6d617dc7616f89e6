//go:build unix

package main

import (
	"context"
	"flag"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/millrace/millrace/examples"
	"github.com/millrace/millrace/internal/loadgen"
	"github.com/millrace/millrace/internal/logformat"
)

var killRounds = flag.Int("kill-rounds", 4, "how often the kill loop kills")

// Agent and server are killed together at random moments under load, the first
// time in the middle of the first deployment. In the end every line of the log
// is in the archive, once, and the sums over the index equal the log.
func TestKillLoop(t *testing.T) {
	t.Run("one log", func(t *testing.T) {
		log := filepath.Join(t.TempDir(), "access.log")
		killLoop(t, 0, log, "--demo", "--log", log)
	})
	t.Run("rotated by renaming", func(t *testing.T) {
		log := filepath.Join(t.TempDir(), "access.log")
		killLoop(t, 200<<10, log, demoFolder(t, log+"*"), "--stack", "status-codes")
	})
}

// killLoop writes a log, rotated at so many bytes, while `up` with the
// arguments is killed again and again.
func killLoop(t *testing.T, rotateBytes int64, log string, args ...string) {
	t.Parallel()
	seed := uint64(time.Now().UnixNano())
	t.Logf("seed %d", seed)
	random := rand.New(rand.NewPCG(seed, 1))
	dir := dataDir(t)
	stop := startWriter(t, loadgen.Options{Path: log, Seed: seed, Rate: 2000, RotateBytes: rotateBytes})
	args = append(args, "--parameter", "WindowSeconds=2")
	for round := range *killRounds {
		p := launch(t, dir, args...)
		pause := time.Duration(random.Int64N(int64(4 * time.Second)))
		if round == 0 {
			pause = time.Duration(random.Int64N(int64(700 * time.Millisecond)))
		}
		select {
		case <-time.After(pause):
		case <-p.ended:
			t.Fatalf("round %d: millrace ended by itself:\n%s", round, p.logs)
		}
		p.kill()
	}
	p := up(t, dir, args...)
	time.Sleep(2 * time.Second)
	stop()
	logs, err := filepath.Glob(log + "*")
	if err != nil || rotateBytes > 0 && len(logs) < 2 {
		t.Fatalf("logs %v, want some rotated (%v)", logs, err)
	}
	compare(t, p, logs...)
	if code := p.stop(); code != 0 {
		t.Fatalf("exit code %d", code)
	}
}

// demoFolder is the demo's folder with an agent that follows other files.
func demoFolder(t *testing.T, pattern string) string {
	t.Helper()
	dir := filepath.Join(t.TempDir(), demo)
	if err := os.Mkdir(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"template.yaml", "agent.json"} {
		text, err := examples.Files.ReadFile(demo + "/" + name)
		if err != nil {
			t.Fatal(err)
		}
		if name == "agent.json" {
			text = []byte(strings.Replace(string(text), "logs/access.log*", pattern, 1))
		}
		if err := os.WriteFile(filepath.Join(dir, name), text, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

// startWriter writes an access log until the result is called.
func startWriter(t *testing.T, opts loadgen.Options) (stop func()) {
	t.Helper()
	if err := os.WriteFile(opts.Path, nil, 0o644); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	var done sync.WaitGroup
	done.Go(func() {
		if err := loadgen.Generate(ctx, opts); err != nil {
			t.Error(err)
		}
	})
	stop = sync.OnceFunc(func() {
		cancel()
		done.Wait()
	})
	t.Cleanup(stop)
	return stop
}

var statusOfLine = regexp.MustCompile(`" (\d{3}) (?:\d+|-) "`)

// inLogs is what the pipeline must make of logs.
type inLogs struct {
	records            map[string]int // by JSON
	sums               map[int]int    // by status
	matched, unmatched int            // lines
}

func readLogs(t *testing.T, logs ...string) inLogs {
	t.Helper()
	in := inLogs{records: map[string]int{}, sums: map[int]int{}}
	for _, log := range logs {
		text, err := os.ReadFile(log)
		if err != nil {
			t.Fatal(err)
		}
		for line := range strings.Lines(string(text)) {
			in.add(t, strings.TrimSuffix(line, "\n"))
		}
	}
	return in
}

func (in *inLogs) add(t *testing.T, line string) {
	t.Helper()
	format, err := logformat.New(logformat.Spec{LogFormat: "COMBINEDAPACHELOG"})
	if err != nil {
		t.Fatal(err)
	}
	record, mismatch := format.Append(nil, []byte(line))
	if mismatch != nil {
		in.unmatched++
		return
	}
	status, _ := strconv.Atoi(statusOfLine.FindStringSubmatch(line)[1])
	in.records[string(record)]++
	in.sums[status]++
	in.matched++
}

// compare waits until archive and index hold exactly what the logs hold, which
// are all lines of the format.
func compare(t *testing.T, p *process, logs ...string) {
	t.Helper()
	in := readLogs(t, logs...)
	if in.unmatched > 0 {
		t.Fatalf("%d lines are not of the format", in.unmatched)
	}
	t.Logf("%d lines", in.matched)
	p.holds(t, in)
}

// holds waits until archive and index hold exactly that.
func (p *process) holds(t *testing.T, in inLogs) {
	t.Helper()
	eventually(t, "the index equals the log", 60*time.Second, func() error {
		got, err := p.searchSums()
		if err != nil {
			return err
		}
		if fmt.Sprint(got) != fmt.Sprint(in.sums) {
			return fmt.Errorf("sums %v, the log has %v", got, in.sums)
		}
		return nil
	})
	eventually(t, "the archive equals the log", 30*time.Second, func() error {
		lines := p.archived("archive", "error")
		if len(lines) != in.matched {
			return fmt.Errorf("%d lines in the archive, %d in the log", len(lines), in.matched)
		}
		got := map[string]int{}
		for _, l := range lines {
			got[l]++
		}
		for l, n := range in.records {
			if got[l] != n {
				return fmt.Errorf("line is there %d times, not %d: %s", got[l], n, l)
			}
		}
		return nil
	})
}
