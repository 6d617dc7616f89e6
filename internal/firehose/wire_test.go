package firehose

import (
	"bytes"
	"compress/gzip"
	"encoding/base64"
	"encoding/json"
	"flag"
	"fmt"
	"net/http/httptest"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/millrace/millrace/internal/aws/call"
	"github.com/millrace/millrace/internal/journal/memory"
)

var rewrite = flag.Bool("rewrite", false, "fill in what testdata/wire expects")

// TestWire runs the exchanges of testdata/wire/*.txt in order, each file on a
// service of its own, in a bubble of time that begins at 2000-01-01T00:00:00Z
// and moves only where a file waits. A block is a comment, a command, its input,
// "----" and what comes back. Commands:
//
//	start TIME                                 another beginning; only as the first
//	call OPERATION [as ROLE] [Header: value]   the input is the request's body
//	deny ROLE ACTION                           from now on
//	limits aws | NAME=RATE …                   restarts with records, requests, mib, control a second
//	write N fails                              the journal's n-th one from now on
//	wait DURATION                              60s, 24h
//	flush STREAM                               and wait until it is delivered
//	restart                                    the process dies and starts again
//	bucket down | up [NAME]                    all of S3, or one bucket
//	search | function | endpoint down | up
//	objects | headers                          what S3 holds, and how it came
//	documents | requests | invocations         what search, the endpoint and the function got
//	diagnostics                                lines of the log groups
//	counters STREAM                            of its status
//
// In bodies $records(n,size) is a list of n records, $data(size) and $text(words)
// are base64, $gzip(words) compressed besides, and $to(bucket) are the members
// RoleARN and BucketARN.
func TestWire(t *testing.T) {
	files, err := filepath.Glob("testdata/wire/*.txt")
	if err != nil || len(files) == 0 {
		t.Fatal("no wire files", err)
	}
	for _, file := range files {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".txt"), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) { runWire(t, file) })
		})
	}
}

func runWire(t *testing.T, file string) {
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	blocks := strings.Split(strings.TrimSpace(string(text)), "\n\n")
	if at, begins := strings.CutPrefix(blocks[0], "start "); begins {
		start, err := time.Parse(time.RFC3339, at)
		if err != nil {
			t.Fatal(err)
		}
		time.Sleep(time.Until(start))
	}
	r := openRig(t, &failing{Journal: memory.New(memory.Options{})})
	var rewritten []string
	for _, block := range blocks {
		head, want, _ := strings.Cut(block, "\n----")
		if strings.HasPrefix(head, "start ") {
			rewritten = append(rewritten, head)
			continue
		}
		want = strings.TrimPrefix(want, "\n")
		got := r.command(t, head)
		synctest.Wait() // everything that this began is done, or waits for time
		rewritten = append(rewritten, strings.TrimRight(head+"\n----\n"+got, "\n"))
		if got != want && !*rewrite {
			t.Errorf("%s\n got %s\nwant %s", head, got, want)
		}
	}
	if *rewrite {
		if err := os.WriteFile(file, []byte(strings.Join(rewritten, "\n\n")+"\n"), 0o644); err != nil {
			t.Fatal(err)
		}
	}
}

// command runs one block and returns what comes back.
func (r *rig) command(t *testing.T, head string) string {
	var command, input string
	for line := range strings.SplitSeq(head, "\n") {
		switch {
		case strings.HasPrefix(line, "#"):
		case command == "":
			command = line
		default:
			input += line + "\n"
		}
	}
	words := strings.Fields(command)
	switch words[0] {
	case "call":
		return r.exchange(t, command, words, input)
	case "flush":
		if err := r.Flush(t.Context(), words[1]); err != nil {
			return err.Error()
		}
		return "ok"
	case "objects":
		return mask(strings.Join(r.archive.list(), "\n"))
	case "headers":
		return mask(strings.Join(r.archive.listHeaders(), "\n"))
	case "documents":
		return strings.Join(r.search.taken, "\n")
	case "requests":
		return mask(strings.Join(r.endpoint.requests, "\n"))
	case "invocations":
		return strings.Join(r.function.invocations, "\n")
	case "diagnostics":
		return mask(strings.Join(r.lines.all, "\n"))
	case "counters":
		return r.counters(t, words[1])
	}
	r.change(t, words)
	return "ok"
}

// change runs a command that changes what is around the service.
func (r *rig) change(t *testing.T, words []string) {
	down := len(words) > 1 && words[1] == "down"
	switch words[0] {
	case "deny":
		r.roles.deny(words[1], words[2])
	case "limits":
		r.limits = parseLimits(t, words[1:])
		r.reopen(t)
	case "write":
		n, _ := strconv.Atoi(words[1])
		r.journal.(*failing).fail(n)
	case "wait":
		d, err := time.ParseDuration(words[1])
		if err != nil {
			t.Fatal(err)
		}
		time.Sleep(d)
	case "restart":
		r.reopen(t)
	case "bucket":
		r.archive.setBucketDown(strings.Join(words[2:], ""), down)
	case "search":
		r.search.setDown(down)
	case "function":
		r.function.setDown(down)
	case "endpoint":
		r.endpoint.setDown(down)
	default:
		t.Fatalf("unknown command %q", words)
	}
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

// counters are those of the status that do not depend on the machine.
func (r *rig) counters(t *testing.T, name string) string {
	for _, s := range r.Streams() {
		if s.Name != name {
			continue
		}
		text := fmt.Sprintf("in %d, out %d, bytes %d, requests %d, refused %d, throttled %d", s.RecordsIn, s.RecordsOut, s.BytesIn, s.Requests, s.Refused, s.Throttled)
		text += fmt.Sprintf("\ndelivery %s: %d records, %d bytes, %d refused, %d dropped", s.Delivery.State, s.Delivery.Records, s.Delivery.Bytes, s.Delivery.Refused, s.Delivery.Dropped)
		if s.FreshnessMillis != nil {
			text += fmt.Sprintf(", oldest %v", time.Duration(*s.FreshnessMillis)*time.Millisecond)
		}
		if s.Backup != nil {
			text += fmt.Sprintf("\nbackup %s: %d records, %d bytes", s.Backup.State, s.Backup.Records, s.Backup.Bytes)
		}
		return text
	}
	t.Fatalf("no stream %q", name)
	return ""
}

func (r *rig) exchange(t *testing.T, command string, words []string, body string) string {
	who := root
	var header []string
	if len(words) > 3 && words[2] == "as" {
		who = call.Identity{AccessKeyID: "ASIA", ARN: words[3], RoleARN: words[3]}
	}
	if name, value, ok := strings.Cut(command, ": "); ok {
		header = []string{name[strings.LastIndexByte(name, ' ')+1:], value}
	}
	w, c := httptest.NewRecorder(), newCall(who, words[1], expand(body), header...)
	request := httptest.NewRequest("POST", "/", nil)
	request.Header = c.Header
	r.JSONRPC().Serve(w, request, c)
	if w.Code != 200 {
		return fmt.Sprintf("%d %s", w.Code, w.Body)
	}
	var indented bytes.Buffer
	if err := json.Indent(&indented, w.Body.Bytes(), "", "  "); err != nil {
		t.Fatalf("answer %q: %v", w.Body, err)
	}
	return mask("200 " + indented.String())
}

// expand writes out what begins with a dollar.
func expand(body string) string {
	body = regexp.MustCompile(`\$records\((\d+),(\d+)\)`).ReplaceAllStringFunc(body, func(m string) string {
		var n, size int
		fmt.Sscanf(m, "$records(%d,%d)", &n, &size)
		record := `{"Data":"` + base64.StdEncoding.EncodeToString(bytes.Repeat([]byte("x"), size)) + `"}`
		return "[" + strings.TrimSuffix(strings.Repeat(record+",", n), ",") + "]"
	})
	body = regexp.MustCompile(`\$to\(([a-z]+)\)`).ReplaceAllString(body, `"RoleARN":"arn:aws:iam::000000000000:role/r","BucketARN":"arn:aws:s3:::$1"`)
	body = regexp.MustCompile(`\$text\([^()]*\)`).ReplaceAllStringFunc(body, func(m string) string {
		return base64.StdEncoding.EncodeToString([]byte(m[len("$text(") : len(m)-1]))
	})
	body = regexp.MustCompile(`\$gzip\([^()]*\)`).ReplaceAllStringFunc(body, func(m string) string {
		var compressed bytes.Buffer
		z := gzip.NewWriter(&compressed)
		_, _ = z.Write([]byte(m[len("$gzip(") : len(m)-1]))
		_ = z.Close()
		return base64.StdEncoding.EncodeToString(compressed.Bytes())
	})
	return regexp.MustCompile(`\$data\(\d+\)`).ReplaceAllStringFunc(body, func(m string) string {
		size, _ := strconv.Atoi(m[len("$data(") : len(m)-1])
		return base64.StdEncoding.EncodeToString(bytes.Repeat([]byte("x"), size))
	})
}

var masks = []struct{ find, show string }{
	{`"RecordId": "[A-Za-z0-9+/]{60}"`, `"RecordId": "<id>"`},
	{`"attemptEndingTimestamp":\d{12,13}`, `"attemptEndingTimestamp":<ms>`},
	{`[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}`, `<uuid>`},
}

// mask hides what differs from run to run.
func mask(s string) string {
	for _, m := range masks {
		s = regexp.MustCompile(m.find).ReplaceAllString(s, m.show)
	}
	return s
}
