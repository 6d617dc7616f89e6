package domains

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/millrace/millrace/internal/aws/call"
	"github.com/millrace/millrace/internal/aws/edge"
	"github.com/millrace/millrace/internal/aws/sigv4"
	"github.com/millrace/millrace/internal/journal/memory"
	"github.com/millrace/millrace/internal/realtest"
)

var rewrite = flag.Bool("rewrite", false, "write what the service answers into the exchanges")

// index is where the domains of a test are: their names, and what to refuse.
type index struct {
	names     map[string]bool
	endpoint  error
	drop      error
	dropCalls int
}

func (i *index) options(j *memory.Journal) Options {
	return Options{
		Journal: j, Logger: slog.New(slog.DiscardHandler), Authorizer: policies{},
		Endpoint: func(name string) (string, error) {
			if i.endpoint != nil {
				return "", i.endpoint
			}
			i.names[name] = true
			return "http://127.0.0.1:9200", nil
		},
		Drop: func(name string) error {
			i.dropCalls++
			if i.drop == nil {
				delete(i.names, name)
			}
			return i.drop
		},
	}
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

func open(t *testing.T, i *index, j *memory.Journal) *Service {
	t.Helper()
	s, err := Open(i.options(j))
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// Each file in testdata/wire is a conversation with a service of its own:
// method and path, the body, "----", the answer, "====". "as ROLE" changes the
// caller, "restart" opens the service again.
func TestConversations(t *testing.T) {
	files, _ := filepath.Glob("testdata/wire/*.txt")
	if len(files) < 4 {
		t.Fatalf("only %d conversations", len(files))
	}
	for _, file := range files {
		t.Run(filepath.Base(file), func(t *testing.T) {
			src, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			got := converse(t, string(src))
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

func converse(t *testing.T, script string) string {
	i, j := &index{names: map[string]bool{}}, memory.New(memory.Options{})
	s := open(t, i, j)
	var who call.Identity
	var out []string
	for block := range strings.SplitSeq(strings.TrimSpace(script), "\n====\n") {
		if role, ok := strings.CutPrefix(block, "as "); ok {
			arn := "arn:aws:iam::000000000000:role/" + role
			who = call.Identity{ARN: arn, RoleARN: arn}
			out = append(out, block)
			continue
		}
		if block == "restart" {
			j = j.Reopen()
			s = open(t, i, j)
			out = append(out, block)
			continue
		}
		request, _, _ := strings.Cut(block, "\n----\n")
		out = append(out, request+"\n----\n"+exchange(s, who, request))
	}
	return strings.Join(out, "\n====\n") + "\n"
}

func exchange(s *Service, who call.Identity, request string) string {
	line, body, _ := strings.Cut(request, "\n")
	method, path, _ := strings.Cut(line, " ")
	w := httptest.NewRecorder()
	s.API().Serve(w, httptest.NewRequest(method, path, nil), &call.Call{Region: "us-east-1", RequestID: "r-1", Body: []byte(body), Identity: who})
	var answer bytes.Buffer
	if json.Indent(&answer, w.Body.Bytes(), "", "  ") != nil {
		answer = *w.Body
	}
	if w.Code != http.StatusOK {
		return fmt.Sprintf("%d %s\n%s", w.Code, w.Header().Get("x-amzn-ErrorType"), answer.String())
	}
	return answer.String()
}

func run(s *Service, request string) string { return exchange(s, call.Identity{}, request) }

const create = "POST /2021-01-01/opensearch/domain\n" + `{"DomainName":"results"}`

func TestDomainOfAnARN(t *testing.T) {
	i, j := &index{names: map[string]bool{}}, memory.New(memory.Options{})
	s := open(t, i, j)
	run(s, create)
	for _, s := range []*Service{s, open(t, i, j.Reopen())} {
		for arn, want := range map[string]bool{
			"arn:aws:es:us-east-1:000000000000:domain/results": true,
			"arn:aws:es:us-east-1:000000000000:domain/other":   false,
			"arn:aws:es:us-east-1:000000000000:results":        false,
			"arn:aws:s3:::results":                             false,
			"results":                                          false,
		} {
			endpoint, ok := s.Domain(arn)
			if ok != want || ok && endpoint != "http://127.0.0.1:9200" {
				t.Errorf("%s: got %q %v", arn, endpoint, ok)
			}
		}
	}
}

// A domain whose place cannot be made is not there.
func TestCreateWithoutPlace(t *testing.T) {
	i := &index{names: map[string]bool{}, endpoint: errors.New("the port is in use")}
	j := memory.New(memory.Options{})
	s := open(t, i, j)
	if got := run(s, create); !strings.HasPrefix(got, "500 InternalFailure") {
		t.Errorf("got %s", got)
	}
	if got := run(s, "GET /2021-01-01/opensearch/domain/results"); !strings.HasPrefix(got, "409 ResourceNotFoundException") {
		t.Errorf("got %s", got)
	}
	i.endpoint = nil
	if got := run(s, create); !strings.Contains(got, `"Endpoint": "127.0.0.1:9200"`) {
		t.Errorf("got %s", got)
	}
	i.endpoint = errors.New("the port is in use")
	if _, err := Open(i.options(j.Reopen())); err == nil || err.Error() != `open search domain "results": the port is in use` {
		t.Errorf("opened with %v", err)
	}
}

// A deletion that is cut off ends at the next start.
func TestDeletionCutOff(t *testing.T) {
	i := &index{names: map[string]bool{}, drop: errors.New("the disk is gone")}
	j := memory.New(memory.Options{})
	s := open(t, i, j)
	run(s, create)
	if got := run(s, "DELETE /2021-01-01/opensearch/domain/results"); !strings.HasPrefix(got, "500 InternalFailure") {
		t.Errorf("got %s", got)
	}
	if _, ok := s.Domain("arn:aws:es:us-east-1:000000000000:domain/results"); ok {
		t.Error("a domain that is to go is delivered to")
	}
	i.drop = nil
	s = open(t, i, j.Reopen())
	if len(i.names) != 0 || i.dropCalls != 2 {
		t.Errorf("left are %v after %d calls", i.names, i.dropCalls)
	}
	if got := run(s, "GET /2021-01-01/opensearch/domain/results"); !strings.HasPrefix(got, "409 ResourceNotFoundException") {
		t.Errorf("got %s", got)
	}
}

func TestAWSCLI(t *testing.T) {
	realtest.Program(t, "aws")
	s := open(t, &index{names: map[string]bool{}}, memory.New(memory.Options{}))
	server := httptest.NewServer(edge.New(edge.Options{
		Verifier: sigv4.NewVerifier(sigv4.Options{Credentials: func(id string) (sigv4.Credential, bool) {
			return sigv4.Credential{Secret: "secret", Identity: call.Identity{AccessKeyID: id}}, id == "AKIATEST"
		}}),
		REST:   []edge.RESTService{{Service: s.API(), Prefixes: Prefixes()}},
		Logger: slog.New(slog.DiscardHandler),
	}))
	defer server.Close()
	for _, step := range []struct{ command, want string }{
		{"opensearch create-domain --domain-name results --cluster-config InstanceType=t3.small.search,InstanceCount=1", `"Endpoint": "127.0.0.1:9200"`},
		{"opensearch describe-domain --domain-name results", `"ARN": "arn:aws:es:eu-west-1:000000000000:domain/results"`},
		{"opensearch list-domain-names", `"DomainName": "results"`},
		{"es describe-elasticsearch-domain --domain-name results", `"InstanceType": "t3.small.elasticsearch"`},
		{"es create-elasticsearch-domain --domain-name older --elasticsearch-version 7.10", `"ElasticsearchVersion": "7.10"`},
		{"es describe-elasticsearch-domains --domain-names older results none", `"DomainId": "000000000000/older"`},
		{"es list-tags --arn arn:aws:es:eu-west-1:000000000000:domain/older", `"TagList": []`},
		{"opensearch delete-domain --domain-name older", `"Deleted": true`},
		{"es delete-elasticsearch-domain --domain-name results", `"Deleted": true`},
	} {
		command := exec.Command("aws", strings.Fields(step.command+" --output json")...)
		command.Env = []string{"PATH=" + os.Getenv("PATH"), "HOME=" + t.TempDir(), "AWS_ENDPOINT_URL=" + server.URL, "AWS_REGION=eu-west-1",
			"AWS_DEFAULT_REGION=eu-west-1", "AWS_ACCESS_KEY_ID=AKIATEST", "AWS_SECRET_ACCESS_KEY=secret", "AWS_MAX_ATTEMPTS=1"}
		out, err := command.CombinedOutput()
		if err != nil || !strings.Contains(string(out), step.want) {
			t.Errorf("aws %s: %v\n%s", step.command, err, out)
		}
	}
}

// Who may do everything on a domain is kept over a restart, and shown to nobody.
func TestSecurity(t *testing.T) {
	i, j := &index{names: map[string]bool{}}, memory.New(memory.Options{})
	s := open(t, i, j)
	for _, options := range []string{`"DomainName":"role","AdvancedSecurityOptions":{"Enabled":true,"MasterUserOptions":{"MasterUserARN":"arn:aws:iam::1:role/m"}}`,
		`"DomainName":"user","AdvancedSecurityOptions":{"Enabled":true,"InternalUserDatabaseEnabled":true,"MasterUserOptions":{"MasterUserName":"m","MasterUserPassword":"Qz7-tulip-Harbor!"}}`,
		`"DomainName":"open","AdvancedSecurityOptions":{"Enabled":false}`, `"DomainName":"plain"`} {
		if got := run(s, "POST /2021-01-01/opensearch/domain\n{"+options+"}"); !strings.Contains(got, `"Created": true`) || strings.Contains(got, "tulip") || strings.Contains(got, "MasterUser") {
			t.Fatal(got)
		}
	}
	s = open(t, i, j.Reopen())
	for name, want := range map[string]Security{
		"role": {Enabled: true, MasterARN: "arn:aws:iam::1:role/m"}, "user": {Enabled: true, MasterUser: "m", MasterPassword: "Qz7-tulip-Harbor!"},
		"open": {}, "plain": {}, "none": {},
	} {
		if got := s.Security(name); got != want {
			t.Errorf("%s: %+v", name, got)
		}
	}
}
