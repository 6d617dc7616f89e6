package invoke

import (
	"context"
	"errors"
	"flag"
	"net/http"
	"os"
	"strconv"
	"strings"
	"testing"

	"github.com/millrace/millrace/internal/config"
	"github.com/millrace/millrace/internal/record"
)

var rewrite = flag.Bool("rewrite", false, "write what happens into testdata")

// TestAnswers reads testdata/answers.txt: status, headers and body of an answer,
// then what Invoke returns.
func TestAnswers(t *testing.T) {
	const path = "testdata/answers.txt"
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	var out []string
	for block := range strings.SplitSeq(strings.TrimSpace(string(text)), "\n\n") {
		answer, want, cases := strings.Cut(block, "\n----\n")
		if !cases {
			out = append(out, block)
			continue
		}
		server := scripted(t, answer)
		got := outcome(invokeAt(t, server+"/", "arn:aws:lambda:us-east-1:000000000000:function:clean", "{}"))
		if got != want && !*rewrite {
			t.Errorf("%s\n----\n%s\nwant\n%s", answer, got, want)
		}
		out = append(out, answer+"\n----\n"+got)
	}
	if *rewrite {
		if err := os.WriteFile(path, []byte(strings.Join(out, "\n\n")+"\n"), 0o644); err != nil {
			t.Fatal(err)
		}
	}
}

// scripted serves one answer, the same for every request.
func scripted(t *testing.T, answer string) string {
	lines := strings.Split(answer, "\n")
	for strings.HasPrefix(lines[0], "#") {
		lines = lines[1:]
	}
	status, err := strconv.Atoi(lines[0])
	if err != nil {
		t.Fatal(err)
	}
	header := http.Header{}
	for lines = lines[1:]; len(lines) > 0; lines = lines[1:] {
		name, value, ok := strings.Cut(lines[0], ": ")
		if !ok || strings.ContainsAny(name, `{"< `) {
			break
		}
		header.Set(name, value)
	}
	return serve(t, func(w http.ResponseWriter, _ *http.Request) {
		for name := range header {
			w.Header().Set(name, header.Get(name))
		}
		w.WriteHeader(status)
		_, _ = w.Write([]byte(strings.Join(lines, "\n")))
	})
}

func invokeAt(t *testing.T, url, arn, payload string) ([]byte, error) {
	t.Helper()
	return newFunctions(t, map[string]config.Function{arn: {URL: url}}).Invoke(context.Background(), arn, []byte(payload))
}

func newFunctions(t *testing.T, functions map[string]config.Function) *Functions {
	t.Helper()
	f, err := New(Options{Functions: functions})
	if err != nil {
		t.Fatal(err)
	}
	return f
}

func outcome(result []byte, err error) string {
	var failure *record.Failure
	switch {
	case errors.As(err, &failure):
		return strings.TrimSpace(failure.Kind.String() + " " + failure.Error())
	case err != nil:
		return "error " + err.Error()
	}
	return "result " + string(result)
}
