package kinesisanalytics

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"log/slog"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/millrace/millrace/internal/application"
	"github.com/millrace/millrace/internal/application/applicationtest"
	"github.com/millrace/millrace/internal/aws/call"
	"github.com/millrace/millrace/internal/journal"
	"github.com/millrace/millrace/internal/journal/memory"
)

var rewrite = flag.Bool("rewrite", false, "write what is answered into the files of testdata")

const testRole = "arn:aws:iam::000000000000:role/analytics"

// testOptions is a service's surroundings: streams "in", "out" and "errors".
func testOptions(j journal.Journal, streams *applicationtest.Streams) Options {
	return Options{Application: application.Options{
		Journal: j, Streams: streams, Authorizer: applicationtest.Roles{Denied: "arn:aws:iam::000000000000:role/denied"},
		Logger: slog.New(slog.DiscardHandler), IdleInterval: time.Millisecond,
	}}
}

func testStreams() *applicationtest.Streams {
	return applicationtest.NewStreams(applicationtest.ARN("in"), applicationtest.ARN("out"), applicationtest.ARN("errors"))
}

func open(t *testing.T, o Options) *Service {
	t.Helper()
	s, err := Open(o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close(context.Background()) })
	return s
}

// TestWire plays the conversations of testdata/wire/*.txt. A block is an operation
// with its request, four dashes and the answer: status and body. Operations of
// the second version of the API have "v2 " before them. The line "wait NAME
// STATUS" polls DescribeApplication as waiters do, and "let NAME TEXT" lets $NAME
// stand for a text in requests. "put STREAM RECORD" puts a record.
func TestWire(t *testing.T) {
	files, err := filepath.Glob("testdata/wire/*.txt")
	if err != nil || len(files) == 0 {
		t.Fatalf("no conversations (%v)", err)
	}
	for _, f := range files {
		t.Run(strings.TrimSuffix(filepath.Base(f), ".txt"), func(t *testing.T) { playFile(t, f) })
	}
}

func playFile(t *testing.T, path string) {
	file, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	j, streams := memory.New(memory.Options{}), testStreams()
	o := testOptions(j, streams)
	o.Application.Now = func() time.Time { return time.UnixMilli(1577880000123) }
	objects := &applicationtest.Objects{}
	objects.Put("data/codes.csv", "200,ok,2\n404,not found,1.5\n")
	o.Application.Functions, o.Application.Objects = testFunctions(), objects
	o.Assume = func(roleARN, _ string) error {
		if strings.HasSuffix(roleARN, "/stranger") {
			return errors.New("its trust policy names somebody else")
		}
		return nil
	}
	o.DiscoverTime = 10 * time.Millisecond
	s := open(t, o)
	var out strings.Builder
	names := map[string]string{}
	for i, block := range strings.Split(strings.TrimSpace(string(file)), "\n\n") {
		if i > 0 {
			out.WriteString("\n\n")
		}
		comment, request, want := splitBlock(block)
		got := ""
		if rest, puts := strings.CutPrefix(request, "put "); puts {
			stream, record, _ := strings.Cut(rest, " ")
			streams.Put(t, j, applicationtest.ARN(stream), record)
		} else {
			got = play(t, s, names, request)
		}
		fmt.Fprintf(&out, "%s%s", comment, request)
		if got != "" {
			fmt.Fprintf(&out, "\n----\n%s", got)
		}
		if got != want && !*rewrite {
			t.Errorf("%s\ngot\n%s\nwant\n%s", request, got, want)
		}
	}
	if *rewrite {
		if err := os.WriteFile(path, []byte(out.String()+"\n"), 0o644); err != nil {
			t.Fatal(err)
		}
	}
}

// testFunctions are csv, which makes rows of JSON, and broken.
func testFunctions() applicationtest.Functions {
	return applicationtest.Functions{
		"arn:aws:lambda:us-east-1:000000000000:function:csv": func(e applicationtest.Event) (a applicationtest.Answer, err error) {
			for _, r := range e.Records {
				var in struct {
					Host     string
					Response int
				}
				if err := json.Unmarshal(r.Data, &in); err != nil {
					return a, err
				}
				result := "Ok"
				if in.Response == 404 {
					result = "Dropped"
				}
				a.Records = append(a.Records, applicationtest.AnswerRecord{RecordID: r.RecordID, Result: result, Data: fmt.Appendf(nil, "%s,%d\n", in.Host, in.Response)})
			}
			return a, nil
		},
		"arn:aws:lambda:us-east-1:000000000000:function:broken": func(applicationtest.Event) (applicationtest.Answer, error) {
			return applicationtest.Answer{}, errors.New("it is broken")
		},
	}
}

func splitBlock(block string) (comment, request, want string) {
	for strings.HasPrefix(block, "#") {
		line, rest, _ := strings.Cut(block, "\n")
		comment, block = comment+line+"\n", rest
	}
	request, want, _ = strings.Cut(block, "\n----\n")
	return comment, request, want
}

func play(t *testing.T, s *Service, names map[string]string, request string) string {
	if rest, definition := strings.CutPrefix(request, "let "); definition {
		name, text, _ := strings.Cut(rest, " ")
		names[name] = expand(t, names, text)
		return ""
	}
	request = expand(t, names, request)
	v := v1
	if rest, second := strings.CutPrefix(request, "v2 "); second {
		v, request = v2, rest
	}
	operation, body, _ := strings.Cut(request, " ")
	if operation == "wait" {
		name, status, _ := strings.Cut(body, " ")
		waitFor(t, s, name, status)
		return ""
	}
	code, answer := invokeAs(s, v, call.Identity{}, operation, body)
	return fmt.Sprintf("%d %s", code, answer)
}

// expand replaces $NAME. A dollar before anything but a name is a path's.
func expand(t *testing.T, names map[string]string, text string) string {
	t.Helper()
	return os.Expand(text, func(name string) string {
		value, there := names[name]
		if !there {
			t.Fatalf("$%s is not defined", name)
		}
		return value
	})
}

func invoke(s *Service, who call.Identity, operation, body string) (int, string) {
	return invokeAs(s, v1, who, operation, body)
}

func invokeAs(s *Service, v api, who call.Identity, operation, body string) (int, string) {
	w := httptest.NewRecorder()
	r := httptest.NewRequest("POST", "/", nil)
	s.APIs()[v-v1].Serve(w, r, &call.Call{Identity: who, Service: "kinesisanalytics", Operation: operation, Region: "us-east-1", RequestID: "r", Body: []byte(body)})
	var compact bytes.Buffer
	if json.Compact(&compact, w.Body.Bytes()) != nil {
		return w.Code, w.Body.String()
	}
	return w.Code, compact.String()
}

// waitFor polls until the application has the status; "gone" is none.
func waitFor(t *testing.T, s *Service, name, status string) {
	t.Helper()
	for deadline := time.Now().Add(10 * time.Second); ; time.Sleep(time.Millisecond) {
		code, body := invoke(s, call.Identity{}, "DescribeApplication", fmt.Sprintf(`{"ApplicationName":%q}`, name))
		if code == 400 && status == "gone" || strings.Contains(body, fmt.Sprintf(`"ApplicationStatus":%q`, status)) {
			return
		}
		if time.Now().After(deadline) {
			t.Fatalf("application %s is not %s: %s", name, status, body)
		}
	}
}
