package grant

import (
	"context"
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// scripted is a server that keeps what it is told: paths to bodies.
type scripted struct {
	absent string // answers paths that it does not know
	kept   map[string]string
	made   []string
}

func (s *scripted) Do(_ context.Context, method, path string, body []byte) (int, []byte, error) {
	switch {
	case method == "GET" && s.kept[path] != "":
		return 200, []byte(s.kept[path]), nil
	case method == "GET" && strings.Count(path, "/") > 3 || strings.HasPrefix(path, "/_security/role/") || strings.HasPrefix(path, "/_security/user/"):
		if method == "GET" {
			return 404, []byte(`{"status":"NOT_FOUND"}`), nil
		}
	case method == "GET":
		return 400, []byte(s.absent), nil
	}
	s.made = append(s.made, method+" "+path)
	if path == apiKeyPath {
		return 200, []byte(`{"id":"i","name":"n","api_key":"k","encoded":"aTpr"}`), nil
	}
	name := path[strings.LastIndexByte(path, '/')+1:]
	s.kept[path] = `{"` + name + `":` + string(body) + `}`
	return 201, []byte(`{"status":"CREATED"}`), nil
}

// Each file of testdata is a server and a grant: the request, then what the server keeps (path and JSON, a line each), then
// after "----" the calls.
func TestGrants(t *testing.T) {
	files, err := filepath.Glob("testdata/*.txt")
	if err != nil || len(files) < 8 {
		t.Fatal(files, err)
	}
	for _, file := range files {
		t.Run(filepath.Base(file), func(t *testing.T) {
			text, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			given, want, _ := strings.Cut(string(text), "----\n")
			s := &scripted{absent: `{"error":"no handler found for uri"}`, kept: map[string]string{}}
			var r Request
			for line := range strings.Lines(given) {
				path, body, _ := strings.Cut(strings.TrimSpace(line), " ")
				switch {
				case strings.HasPrefix(line, "#"):
				case path == "grant":
					if err := json.Unmarshal([]byte(body), &r); err != nil {
						t.Fatal(err)
					}
				default:
					s.kept[path] = body
				}
			}
			got := ""
			g, err := New(t.Context(), s, r)
			switch {
			case err != nil:
				got = "error: " + err.Error() + "\n"
			default:
				for _, c := range g.Calls {
					got += c.String() + "\n"
				}
			}
			if got != want {
				t.Fatalf("got\n%swant\n%s", got, want)
			}
			if err != nil {
				return
			}
			key, err := g.Apply(t.Context())
			if err != nil || len(s.made) != len(g.Calls) || (key != nil) != strings.Contains(got, apiKeyPath) {
				t.Fatal(key, err, s.made)
			}
			// what is in place is not made again; but a key is shown once
			second, err := New(t.Context(), s, r)
			if err != nil || len(second.Calls) > 0 && second.Calls[0].Path != apiKeyPath {
				t.Fatal(err, second.Calls)
			}
		})
	}
}

// A server that refuses is quoted; what is left is not called.
func TestRefusals(t *testing.T) {
	for name, s := range map[string]answers{
		"authinfo":  {"GET /_plugins/_security/authinfo": "401 Unauthorized"},
		"read":      {"GET /_plugins/_security/authinfo": "200 {}", "GET /_plugins/_security/api/roles/w": "403 no admin"},
		"no object": {"GET /_plugins/_security/authinfo": "200 {}", "GET /_plugins/_security/api/roles/w": `200 {"w":{"cluster_permissions":7}}`},
		"write": {"GET /_plugins/_security/authinfo": "200 {}", "GET /_plugins/_security/api/roles/w": "404 {}", "GET /_plugins/_security/api/rolesmapping/w": "404 {}",
			"PUT /_plugins/_security/api/roles/w": "403 reserved"},
	} {
		g, err := New(t.Context(), s, Request{Principal: "arn:aws:iam::1:role/r", Indices: []string{"a-*"}, Role: "w"})
		if err == nil {
			_, err = g.Apply(t.Context())
		}
		if err == nil || errors.Is(err, ErrNoSecurity) {
			t.Errorf("%s: %v", name, err)
		}
	}
	for _, r := range []Request{{}, {Principal: "u"}, {Principal: "u", Role: "w"}, {Principal: "u", Role: "a/b", Indices: []string{"i"}}, {Principal: "u", Role: "w", Indices: []string{`a"b`}}} {
		if _, err := New(t.Context(), answers{}, r); err == nil {
			t.Errorf("%+v is taken", r)
		}
	}
}

type answers map[string]string

func (a answers) Do(_ context.Context, method, path string, _ []byte) (int, []byte, error) {
	text, ok := a[method+" "+path]
	if !ok {
		return 0, nil, errors.New(method + " " + path + " was not expected")
	}
	status := 0
	for _, digit := range text[:3] {
		status = 10*status + int(digit-'0')
	}
	return status, []byte(text[4:]), nil
}
