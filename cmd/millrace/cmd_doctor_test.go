//go:build unix

package main

import (
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/millrace/millrace/internal/config"
)

// Without a server, doctor looks at what a start would meet. It names what is wrong, makes nothing, and its exit code tells.
func TestDoctorWithoutServer(t *testing.T) {
	t.Parallel()
	taken, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer taken.Close()
	port := taken.Addr().(*net.TCPAddr).Port
	cluster := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch user, password, _ := r.BasicAuth(); {
		case password != "right":
			w.WriteHeader(http.StatusUnauthorized)
		case user == "sick":
			fmt.Fprint(w, `{"status":"red"}`)
		case user == "page":
			fmt.Fprint(w, `<html>`)
		default:
			fmt.Fprint(w, `{"status":"yellow"}`)
		}
	}))
	defer cluster.Close()
	free := "edge_port: 0\nconsole_port: 0\nsearch_port: 0\n"
	search := func(user, password string) string {
		return free + fmt.Sprintf("search: {url: %q, username: %s, password: %s}\n", cluster.URL, user, password)
	}
	for name, c := range map[string]struct {
		settings string
		file     map[string]os.FileMode
		want     string
		code     int
	}{
		"nothing yet":      {free, nil, "warning  server: it does not run on ", 0},
		"no settings":      {free + "edge_prot: 1\n", nil, "wrong    settings: ", 1},
		"no password file": {free + "search: {url: \"https://s.example\", username: u, password_file: /nowhere}\n", nil, "wrong    settings: search: read password_file", 1},
		"port":             {strings.Replace(free, "edge_port: 0", fmt.Sprint("edge_port: ", port), 1), nil, "wrong    port: edge_port: listen tcp 127.0.0.1:", 1},
		"open keys":        {free, map[string]os.FileMode{config.SecretsFile: 0o644}, "lets others read it", 1},
		"no journal":       {free, map[string]os.FileMode{journalNote: 0o600}, "wrong    journal: ", 1},
		"left run.json":    {free, map[string]os.FileMode{config.RunFile: 0o600}, "read ", 1},
		"cluster":          {search("well", "right"), nil, "fine     search: " + cluster.URL + ": its health is yellow", 0},
		"wrong password":   {search("well", "wrong"), nil, "401 Unauthorized", 1},
		"red":              {search("sick", "right"), nil, "its health is red", 1},
		"another server":   {search("page", "right"), nil, "is no OpenSearch or Elasticsearch", 1},
		"no cluster":       {free + "search: http://127.0.0.1:1\n", nil, "does not answer", 1},
	} {
		t.Run(name, func(t *testing.T) {
			dir := dataDir(t)
			if err := os.MkdirAll(dir, 0o700); err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile(filepath.Join(dir, config.FileName), []byte(c.settings), 0o600); err != nil {
				t.Fatal(err)
			}
			for name, mode := range c.file {
				if err := os.WriteFile(filepath.Join(dir, name), []byte("{"), mode); err != nil {
					t.Fatal(err)
				}
			}
			out, errs, code := millrace(t, dir, "doctor")
			if code != c.code || !strings.Contains(out, c.want) {
				t.Errorf("exit code %d\n%s%s", code, out, errs)
			}
			left, err := os.ReadDir(dir)
			if err != nil || len(left) != 1+len(c.file) {
				t.Errorf("doctor made something: %v %v", left, err)
			}
		})
	}
}
