package firehose

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/millrace/millrace/internal/journal/memory"
)

var rewrite = flag.Bool("rewrite", false, "fill in what testdata/wire and testdata/cases expect")

// TestWire runs testdata/wire: each operation's requests and answers.
func TestWire(t *testing.T) { runFiles(t, "testdata/wire/*.txt") }

// TestCases runs testdata/cases: what a delivery stream does with records, with
// real processing and destinations. S3, a search cluster, an HTTP endpoint and a
// function that can fail stand around it.
func TestCases(t *testing.T) { runFiles(t, "testdata/cases/*.txt") }

// runFiles runs files of cases. Each case has a service of its own, in a bubble
// of time that begins at 2000-01-01T00:00:00Z and moves only where the case
// waits; "case WHAT IT SHOWS" begins one, and a file without is one. A block is
// a comment, a command, its input, "----" and what comes back.
// Commands, of which call and those in scene_test.go take the input:
//
//	at TIME                                    waits until then; as the first, the service starts then
//	wait DURATION                              60s, 24h
//	call OPERATION [as ROLE] [Header: value]   the input is the request's body
//	deny ROLE ACTION                           from now on
//	limits aws | NAME=RATE …                   restarts with records, requests, mib, control a second
//	write N fails                              the journal's n-th one from now on
//	restart | kill                             the process ends and starts again; killed, it completes nothing
//	function down | up                         see type function
//	… N times                                  after any of these and those of scene_test.go
//
// In inputs $records(n,size) is a list of n records, $data(size) and $text(words)
// are base64, $gzip(words) compressed besides, $x(n) is n times x, and
// $to(bucket) are the members RoleARN and BucketARN.
func runFiles(t *testing.T, pattern string) {
	files, err := filepath.Glob(pattern)
	if err != nil || len(files) == 0 {
		t.Fatal("no files", pattern, err)
	}
	for _, file := range files {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".txt"), func(t *testing.T) { runFile(t, file) })
	}
}

func runFile(t *testing.T, file string) {
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	var rewritten []string
	for _, blocks := range cases(string(text)) {
		title, isCase := strings.CutPrefix(strings.Split(blocks[0], "\n")[0], "case ")
		if !isCase {
			synctest.Test(t, func(t *testing.T) { rewritten = append(rewritten, runBlocks(t, blocks)...) })
			continue
		}
		t.Run(title, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) { rewritten = append(rewritten, runBlocks(t, blocks)...) })
		})
	}
	if *rewrite && !t.Failed() {
		if err := os.WriteFile(file, []byte(strings.Join(rewritten, "\n\n")+"\n"), 0o644); err != nil {
			t.Fatal(err)
		}
	}
}

// cases are the blocks of a file, case by case; what comes before the first one
// is a case, too.
func cases(text string) (all [][]string) {
	for i, block := range strings.Split(strings.TrimSpace(text), "\n\n") {
		if i == 0 || strings.HasPrefix(block, "case ") {
			all = append(all, nil)
		}
		all[len(all)-1] = append(all[len(all)-1], block)
	}
	return all
}

// runBlocks runs a case and returns its blocks with what came back.
func runBlocks(t *testing.T, blocks []string) (rewritten []string) {
	var r *rig
	for i, block := range blocks {
		head, want, _ := strings.Cut(block, "\n----")
		words, input := parseBlock(head)
		if r == nil && (i > 0 || words[0] != "at") {
			r = openRig(t, &failing{Journal: memory.New(memory.Options{})})
		}
		got := r.times(t, words, input)
		synctest.Wait() // everything that this began is done, or waits for time
		rewritten = append(rewritten, strings.TrimRight(head+"\n----\n"+got, "\n"))
		if want = strings.TrimPrefix(want, "\n"); got != want && !*rewrite {
			t.Errorf("%s\n got %s\nwant %s", head, got, want)
		}
	}
	return rewritten
}

// parseBlock returns a block's command without comments, and its input.
func parseBlock(head string) (command []string, input string) {
	for line := range strings.SplitSeq(head, "\n") {
		switch {
		case input == "" && (strings.HasPrefix(line, "#") || strings.HasPrefix(line, "case ")):
		case command == nil:
			command = strings.Fields(line)
		default:
			input += line + "\n"
		}
	}
	return command, input
}

// times runs a command as often as its end says, and tells what came back how often.
func (r *rig) times(t *testing.T, words []string, input string) string {
	n := len(words)
	if n < 3 || words[n-1] != "times" {
		return r.command(t, words, input)
	}
	count, err := strconv.Atoi(words[n-2])
	if err != nil {
		t.Fatalf("%q: %v", words, err)
	}
	var results []string
	counts := map[string]int{}
	for range count {
		result := r.command(t, words[:n-2], input)
		synctest.Wait()
		if counts[result]++; counts[result] == 1 {
			results = append(results, result)
		}
	}
	for i, result := range results {
		results[i] = fmt.Sprintf("%d times %s", counts[result], result)
	}
	return strings.Join(results, "\n")
}

// command runs one block and returns what comes back.
func (r *rig) command(t *testing.T, words []string, input string) string {
	switch words[0] {
	case "call":
		return r.exchange(t, words, input)
	case "at":
		at, err := time.Parse(time.RFC3339, words[1])
		if err != nil || time.Until(at) < 0 {
			t.Fatalf("%q: not a time to come (%v)", words, err)
		}
		time.Sleep(time.Until(at))
	case "wait":
		d, err := time.ParseDuration(words[1])
		if err != nil {
			t.Fatal(err)
		}
		time.Sleep(d)
	case "deny":
		r.roles.deny(words[1], words[2])
	case "limits":
		r.limits = parseLimits(t, words[1:])
		r.reopen(t)
	case "write":
		n, err := strconv.Atoi(words[1])
		if err != nil {
			t.Fatal(err)
		}
		r.journal.(*failing).fail(n)
	case "restart":
		r.reopen(t)
	case "kill":
		r.kill(t)
	case "function":
		r.function.setDown(words[1] == "down")
	default:
		return r.scene(t, words, input)
	}
	return "ok"
}

func parseLimits(t *testing.T, words []string) (l Limits) {
	for _, word := range words {
		name, value, _ := strings.Cut(word, "=")
		rate, _ := strconv.ParseFloat(value, 64)
		switch name {
		case "aws":
			l.AWS = true
		case "records":
			l.RecordsPerSecond = rate
		case "requests":
			l.RequestsPerSecond = rate
		case "mib":
			l.MiBPerSecond = rate
		case "control":
			l.ControlCallsPerSecond = rate
		default:
			t.Fatalf("unknown limit %q", word)
		}
	}
	return l
}

// kill ends the process while nothing that is under way becomes durable any
// more, and starts it again.
func (r *rig) kill(t *testing.T) {
	t.Helper()
	old := r.Service
	r.journal = &failing{Journal: r.journal.(*failing).Reopen()}
	_ = old.Close()
	r.open(t)
}

// The index names for each case a file and a heading in it; both are there.
func TestIndexOfCases(t *testing.T) {
	index, err := os.ReadFile("testdata/cases/README.md")
	if err != nil {
		t.Fatal(err)
	}
	rows := regexp.MustCompile(`(?m)^\| T\d\d .*$`).FindAllString(string(index), -1)
	next := 1
	for _, row := range rows {
		cells := strings.Split(row, " | ")
		number, err := strconv.Atoi(strings.TrimPrefix(cells[0], "| T"))
		if err != nil || len(cells) != 3 || number != next && number != next-1 {
			t.Fatalf("row %q: want the case after T%02d", row, next-1)
		}
		next = number + 1
		place := regexp.MustCompile("^\\[[^]]+\\]\\(([^)]+)\\)(?:: `(.*)`)? \\|$").FindStringSubmatch(cells[2])
		if place == nil {
			t.Errorf("row %q names no place", row)
			continue
		}
		text, err := os.ReadFile(filepath.Join("testdata/cases", place[1]))
		if err != nil {
			t.Error(err)
		} else if !strings.Contains(string(text), place[2]) {
			t.Errorf("row %q: nothing in %s is called so", row, place[1])
		}
	}
	if next != 91 {
		t.Errorf("the index ends at T%02d", next-1)
	}
}
