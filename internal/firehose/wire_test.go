package firehose

import (
	"bytes"
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
	"time"

	"github.com/millrace/millrace/internal/aws/call"
)

var rewrite = flag.Bool("rewrite", false, "fill in what testdata/wire expects")

// TestWire runs the exchanges of testdata/wire/*.txt in order, each file on a
// service of its own. A block is a comment, a command, its input, "----" and
// what comes back. Commands:
//
//	call OPERATION [as ROLE] [Header: value]   the input is the request's body
//	deny ROLE ACTION                           from now on
//	flush STREAM                               and wait until it is delivered
//	objects                                    what S3 holds
//	documents                                  what search holds
//	await STREAM gone | restart
//
// In bodies $records(n,size) is a list of n records, $data(size) base64 text.
func TestWire(t *testing.T) {
	files, err := filepath.Glob("testdata/wire/*.txt")
	if err != nil || len(files) == 0 {
		t.Fatal("no wire files", err)
	}
	for _, file := range files {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".txt"), func(t *testing.T) { runWire(t, file) })
	}
}

func runWire(t *testing.T, file string) {
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	r := newRig(t)
	var rewritten []string
	for block := range strings.SplitSeq(strings.TrimSpace(string(text)), "\n\n") {
		head, want, _ := strings.Cut(block, "\n----")
		want = strings.TrimPrefix(want, "\n")
		got := r.command(t, head)
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
	case "deny":
		r.roles.deny(words[1], words[2])
		return "ok"
	case "flush":
		if err := r.Flush(t.Context(), words[1]); err != nil {
			return err.Error()
		}
		return "ok"
	case "objects":
		return mask(strings.Join(r.archive.list(), "\n"))
	case "documents":
		return strings.Join(r.search.taken, "\n")
	case "await":
		for range 10_000 {
			if _, err := r.lookup(words[1]); err != nil {
				return "ok"
			}
			time.Sleep(time.Millisecond)
		}
		return "still there"
	case "restart":
		r.reopen(t)
		return "ok"
	}
	t.Fatalf("unknown command %q", command)
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
	w := httptest.NewRecorder()
	r.JSONRPC().Serve(w, httptest.NewRequest("POST", "/", nil), newCall(who, words[1], expand(body), header...))
	if w.Code != 200 {
		return fmt.Sprintf("%d %s", w.Code, w.Body)
	}
	if words[1] == "CreateDeliveryStream" {
		var in createDeliveryStreamInput
		if err := json.Unmarshal([]byte(body), &in); err == nil {
			r.active(t, *in.DeliveryStreamName)
		}
	}
	var indented bytes.Buffer
	if err := json.Indent(&indented, w.Body.Bytes(), "", "  "); err != nil {
		t.Fatalf("answer %q: %v", w.Body, err)
	}
	return mask("200 " + indented.String())
}

// expand writes out $records(n,size) and $data(size).
func expand(body string) string {
	body = regexp.MustCompile(`\$records\((\d+),(\d+)\)`).ReplaceAllStringFunc(body, func(m string) string {
		var n, size int
		fmt.Sscanf(m, "$records(%d,%d)", &n, &size)
		record := `{"Data":"` + base64.StdEncoding.EncodeToString(bytes.Repeat([]byte("x"), size)) + `"}`
		return "[" + strings.TrimSuffix(strings.Repeat(record+",", n), ",") + "]"
	})
	return regexp.MustCompile(`\$data\(\d+\)`).ReplaceAllStringFunc(body, func(m string) string {
		size, _ := strconv.Atoi(m[len("$data(") : len(m)-1])
		return base64.StdEncoding.EncodeToString(bytes.Repeat([]byte("x"), size))
	})
}

var masks = []struct{ find, show string }{
	{`"RecordId": "[A-Za-z0-9+/]{60}"`, `"RecordId": "<id>"`},
	{`"CreateTimestamp": \d+(\.\d+)?`, `"CreateTimestamp": <seconds>`},
	{`\d{4}/\d\d/\d\d/\d\d/`, `<date>/`},
	{`\d{4}(-\d\d){5}`, `<time>`},
	{`[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}`, `<uuid>`},
	{`"arrivalTimestamp":\d{13}`, `"arrivalTimestamp":<ms>`},
}

// mask hides what differs from run to run.
func mask(s string) string {
	for _, m := range masks {
		s = regexp.MustCompile(m.find).ReplaceAllString(s, m.show)
	}
	return s
}
