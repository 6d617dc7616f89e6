package query

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/millrace/millrace/internal/aws/call"
)

type tag struct{ Key, Value string }

type request struct {
	Name     string
	Count    *int64
	Force    bool
	Since    time.Time
	Names    []string
	Tags     []tag
	Settings map[string]string
	Nested   *struct{ Inner string }
}

type result struct {
	Name    string
	Count   int64
	Total   int `query:",omitempty"`
	When    time.Time
	Tags    []tag
	Empty   []string
	Map     map[string]string
	Missing *string
	Other   string `query:"Renamed"`
}

func service(logs *bytes.Buffer) *Service {
	echo := func(_ context.Context, _ *call.Call, in *request) (*result, error) {
		out := &result{Name: in.Name, When: in.Since, Tags: in.Tags, Map: in.Settings, Empty: []string{}}
		if in.Count != nil {
			out.Count = *in.Count
		}
		if in.Nested != nil {
			out.Other = in.Nested.Inner
		}
		for _, n := range in.Names {
			out.Empty = append(out.Empty, n)
		}
		return out, nil
	}
	return &Service{Name: "demo", Version: "2010-05-08", XMLNS: "https://demo/", Logger: slog.New(slog.NewTextHandler(logs, nil)),
		Operations: []Operation{
			Typed("Echo", echo),
			Typed("Nothing", func(context.Context, *call.Call, *struct{}) (*result, error) { return nil, nil }),
			Typed("Break", func(context.Context, *call.Call, *struct{}) (*result, error) { return nil, errors.New("disk on fire") }),
		}}
}

// Every file in testdata holds a form, one parameter a line, "----", and the
// answer, one element a line.
func TestExchanges(t *testing.T) {
	files, _ := filepath.Glob("testdata/*.txt")
	if len(files) == 0 {
		t.Fatal("no exchanges")
	}
	for _, file := range files {
		t.Run(filepath.Base(file), func(t *testing.T) {
			text, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			form, want, _ := strings.Cut(string(text), "\n----\n")
			body := []byte(strings.ReplaceAll(form, "\n", "&"))
			w := httptest.NewRecorder()
			action, _ := Action(body)
			service(new(bytes.Buffer)).Serve(w, httptest.NewRequest("POST", "/", nil), &call.Call{Operation: action, RequestID: "r-1", Body: body})
			got := strings.ReplaceAll(w.Body.String(), "><", ">\n<")
			if got != strings.TrimSpace(want) {
				t.Errorf("got\n%s\nwant\n%s", got, want)
			}
		})
	}
}

func TestInternalFailureIsLoggedNotShown(t *testing.T) {
	var logs bytes.Buffer
	w := httptest.NewRecorder()
	service(&logs).Serve(w, httptest.NewRequest("POST", "/", nil), &call.Call{Operation: "Break", RequestID: "r-1", Body: []byte("Action=Break&Version=2010-05-08")})
	if w.Code != 500 || strings.Contains(w.Body.String(), "fire") {
		t.Errorf("client got %d %s", w.Code, w.Body)
	}
	if !strings.Contains(logs.String(), "disk on fire") || !strings.Contains(logs.String(), "request_id=r-1") {
		t.Errorf("log is %q", &logs)
	}
}

func FuzzDecode(f *testing.F) {
	f.Add("Action=Echo&Version=1&Tags.member.1.Key=a&Names.member.2=b&Settings.entry.1.key=k")
	f.Add("Tags=&Nested.Inner=&Count=7&Since=2026-01-01T00:00:00Z")
	f.Fuzz(func(t *testing.T, form string) {
		var in request
		if err := Decode([]byte(form), &in); err == nil {
			var b bytes.Buffer
			Append(&b, "In", in)
		}
	})
}
