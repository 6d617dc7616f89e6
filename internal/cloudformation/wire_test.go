package cloudformation

import (
	"context"
	"flag"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/millrace/millrace/internal/aws/awserr"
	"github.com/millrace/millrace/internal/aws/call"
	"github.com/millrace/millrace/internal/aws/query"
	"github.com/millrace/millrace/internal/journal/memory"
	"github.com/millrace/millrace/internal/stack"
)

var rewrite = flag.Bool("rewrite", false, "write what the service answers into the exchanges")

// resources makes buckets and roles; the bucket "full" cannot be deleted, the
// bucket "taken" belongs to somebody else.
type resources struct{}

func (resources) S3(_ context.Context, method, path string, _ []byte) error {
	switch method + " " + path {
	case "HEAD /taken":
		return nil
	case "DELETE /full":
		return awserr.New("BucketNotEmpty", "The bucket you tried to delete is not empty").With(http.StatusConflict)
	}
	if method == http.MethodHead {
		return awserr.New("NoSuchBucket", "The specified bucket does not exist").With(http.StatusNotFound)
	}
	return nil
}

func (resources) Query(_ context.Context, _, _, _ string, p url.Values) ([]byte, error) {
	return []byte("<R><GetRoleResult><Role><Arn>arn:aws:iam::000000000000:role/" + p.Get("RoleName") + "</Arn></Role></GetRoleResult></R>"), nil
}

func (resources) JSON(_ context.Context, service, _ string, _, _ any) error {
	return awserr.New("UnknownOperationException", "no %s in this test", service)
}

func (resources) REST(_ context.Context, service, _, _ string, _, _ any) error {
	return awserr.New("UnknownOperationException", "no %s in this test", service)
}

// policies allow everything but to the role "nobody".
type policies struct{}

func (policies) Authorize(_ context.Context, who call.Identity, action, resource string) error {
	if strings.HasSuffix(who.RoleARN, "/nobody") {
		return call.Denied(who.ARN, action, resource)
	}
	return nil
}

func (policies) AuthorizeRole(context.Context, string, string, string) error { return nil }

func newService(t testing.TB) *Service {
	t.Helper()
	engine, err := stack.Open(stack.Options{
		Journal: memory.New(memory.Options{}),
		Logger:  slog.New(slog.DiscardHandler),
		AWS: func(c stack.Caller) (stack.AWS, error) {
			if c.RoleARN != "" {
				return nil, awserr.New("AccessDenied", "stacks of roles are not made in this test").With(http.StatusForbidden)
			}
			return resources{}, nil
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(engine.Close)
	return New(Options{Stacks: engine, Authorizer: policies{}, Logger: slog.New(slog.DiscardHandler)})
}

func (s *Service) rests(t testing.TB, name string) {
	t.Helper()
	for range 2000 {
		found, err := s.stacks.Stack(name)
		if err != nil || !strings.HasSuffix(string(found.Status), "_IN_PROGRESS") {
			return
		}
		time.Sleep(5 * time.Millisecond)
	}
	t.Fatalf("stack %s does not come to rest", name)
}

// Each file in testdata/wire is a conversation with a service of its own: a
// form, one parameter a line (\n in a value is a line end), "----", the answer,
// one element a line, "====". A block "wait NAME" waits until the stack rests;
// "as ROLE" changes the caller.
func TestConversations(t *testing.T) {
	files, _ := filepath.Glob("testdata/wire/*.txt")
	if len(files) < 8 {
		t.Fatalf("only %d conversations", len(files))
	}
	for _, file := range files {
		t.Run(filepath.Base(file), func(t *testing.T) {
			src, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			got := converse(t, newService(t), string(src))
			if *rewrite {
				if err := os.WriteFile(file, []byte(got), 0o644); err != nil {
					t.Fatal(err)
				}
				return
			}
			if got != string(src) {
				t.Errorf("got\n%s", got)
			}
		})
	}
}

func converse(t *testing.T, s *Service, script string) string {
	var out []string
	var who call.Identity
	for block := range strings.SplitSeq(strings.TrimSpace(script), "\n====\n") {
		if name, ok := strings.CutPrefix(block, "wait "); ok {
			s.rests(t, name)
			out = append(out, block)
			continue
		}
		if role, ok := strings.CutPrefix(block, "as "); ok {
			arn := "arn:aws:iam::000000000000:role/" + role
			who = call.Identity{ARN: arn, RoleARN: arn}
			out = append(out, block)
			continue
		}
		request, _, _ := strings.Cut(block, "\n----\n")
		out = append(out, request+"\n----\n"+exchange(s, who, request))
	}
	return strings.Join(out, "\n====\n") + "\n"
}

var (
	uuids = regexp.MustCompile(`[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}`)
	times = regexp.MustCompile(`\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z`)
	names = regexp.MustCompile(`-[A-Za-z0-9]{12}<`)
)

func exchange(s *Service, who call.Identity, request string) string {
	form := url.Values{"Version": {"2010-05-15"}}
	for line := range strings.SplitSeq(request, "\n") {
		name, value, _ := strings.Cut(line, "=")
		form.Set(name, strings.ReplaceAll(value, `\n`, "\n"))
	}
	body := []byte(form.Encode())
	action, _ := query.Action(body)
	w := httptest.NewRecorder()
	s.API().Serve(w, httptest.NewRequest(http.MethodPost, "/", nil), &call.Call{Operation: action, Region: "us-east-1", RequestID: "r-1", Body: body, Identity: who})
	answer := strings.ReplaceAll(w.Body.String(), "><", ">\n<")
	answer = names.ReplaceAllString(times.ReplaceAllString(uuids.ReplaceAllString(answer, "UUID"), "TIME"), "-RANDOM<")
	if w.Code != http.StatusOK {
		return w.Result().Status + "\n" + answer
	}
	return answer
}
