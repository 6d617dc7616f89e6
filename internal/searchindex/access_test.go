package searchindex_test

import (
	"bytes"
	"compress/gzip"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/millrace/millrace/internal/searchindex"
)

func TestWhoGetsIn(t *testing.T) {
	signed := func(namespace string, r *http.Request, body []byte) (string, bool) {
		if string(body) != "" && string(body) != "{}" {
			t.Errorf("authorize got the body %q", body)
		}
		switch r.Header.Get("Authorization") {
		case "AWS4-HMAC-SHA256 good":
			return "role", namespace == "mine"
		}
		return "", false
	}
	for _, c := range []struct {
		name      string
		opts      searchindex.Options
		header    string
		namespace string
		want      int
	}{
		{"admin", searchindex.Options{}, "basic", "mine", 200},
		{"wrong password", searchindex.Options{Users: map[string]string{user: "other"}}, "basic", "mine", 401},
		{"empty password of nobody", searchindex.Options{Users: map[string]string{"x": ""}}, "basic", "mine", 401},
		{"nobody", searchindex.Options{}, "", "mine", 401},
		{"nobody is known", searchindex.Options{Users: map[string]string{}}, "basic", "mine", 401},
		{"signed", searchindex.Options{Authorize: signed}, "AWS4-HMAC-SHA256 good", "mine", 200},
		{"signed by somebody who must not", searchindex.Options{Authorize: signed}, "AWS4-HMAC-SHA256 good", "other", 403},
		{"signed wrongly", searchindex.Options{Authorize: signed}, "AWS4-HMAC-SHA256 bad", "mine", 401},
		{"signed, but no signatures are known here", searchindex.Options{}, "AWS4-HMAC-SHA256 good", "mine", 401},
		{"wrong password does not fall back on the signature", searchindex.Options{Users: map[string]string{}, Authorize: signed}, "basic", "mine", 401},
	} {
		r := httptest.NewRequest("GET", "/_cluster/health", nil)
		if c.header == "basic" {
			r.SetBasicAuth(user, password)
		} else if c.header != "" {
			r.Header.Set("Authorization", c.header)
		}
		w := httptest.NewRecorder()
		openIndex(t, c.opts).Namespace(c.namespace).ServeHTTP(w, r)
		if w.Code != c.want {
			t.Errorf("%s: %d, want %d", c.name, w.Code, c.want)
		}
		if w.Code == 401 && (w.Body.String() != "Unauthorized" || w.Header().Get("WWW-Authenticate") != `Basic realm="OpenSearch Security"`) {
			t.Errorf("%s: %v %s", c.name, w.Header(), w.Body)
		}
	}
}

func TestNamespaces(t *testing.T) {
	dir := t.TempDir()
	x := openIndex(t, searchindex.Options{Dir: dir})
	a, b := x.Namespace("a"), x.Namespace("b")
	call(t, a, "PUT", "/logs/_doc/1", []byte(`{"n":1}`))
	call(t, b, "PUT", "/logs/_doc/1", []byte(`{"n":"text"}`))
	if answer := call(t, a, "GET", "/_search?q=n:1", nil).Body.String(); !strings.Contains(answer, `"value":1,`) {
		t.Error(answer)
	}
	if err := x.DropNamespace(t.Context(), "a"); err != nil {
		t.Fatal(err)
	}
	for range 2 {
		if answer := call(t, a, "GET", "/_cat/indices", nil).Body.String(); answer != "" {
			t.Errorf("a still has %s", answer)
		}
		if answer := call(t, b, "GET", "/_count", nil).Body.String(); !strings.Contains(answer, `"count":1,`) {
			t.Errorf("b lost its documents: %s", answer)
		}
		x.Close()
		x = openIndex(t, searchindex.Options{Dir: dir})
		a, b = x.Namespace("a"), x.Namespace("b")
	}
	call(t, a, "PUT", "/logs/_doc/1", []byte(`{"n":"text"}`)) // a new index of the old name starts afresh
}

func send(t *testing.T, h http.Handler, body []byte, headers ...string) *httptest.ResponseRecorder {
	r := httptest.NewRequest("POST", "/_bulk", bytes.NewReader(body))
	r.SetBasicAuth(user, password)
	r.Header.Set("Content-Type", "application/x-ndjson")
	for i := 0; i+1 < len(headers); i += 2 {
		r.Header.Set(headers[i], headers[i+1])
	}
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	return w
}

func zip(t *testing.T, body []byte) []byte {
	var b bytes.Buffer
	z := gzip.NewWriter(&b)
	if _, err := z.Write(body); err != nil {
		t.Fatal(err)
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func TestBodies(t *testing.T) {
	h := openIndex(t, searchindex.Options{}).Namespace("n")
	good := []byte("{\"index\":{\"_index\":\"i\",\"_id\":\"1\"}}\n{\"a\":1}\n")
	pad := append(bytes.Repeat([]byte("\n"), searchindex.MaxBodyBytes), good...)
	for name, c := range map[string]struct {
		body    []byte
		headers []string
		want    int
	}{
		"plain":              {good, nil, 200},
		"gzip":               {zip(t, good), []string{"Content-Encoding", "gzip"}, 200},
		"no gzip after all":  {good, []string{"Content-Encoding", "gzip"}, 400},
		"other encoding":     {good, []string{"Content-Encoding", "br"}, 400},
		"too long":           {pad, nil, 413},
		"too long, unpacked": {zip(t, pad), []string{"Content-Encoding", "gzip"}, 413},
		"no content type":    {good, []string{"Content-Type", ""}, 406},
	} {
		w := send(t, h, c.body, c.headers...)
		if w.Code != c.want {
			t.Errorf("%s: %d %s", name, w.Code, w.Body)
		}
		if w.Code == 413 && (w.Body.Len() > 0 || w.Header().Get("Connection") != "close") {
			t.Errorf("%s: %v %s", name, w.Header(), w.Body)
		}
	}
}

func TestClosedAndUnwritable(t *testing.T) {
	x := openIndex(t, searchindex.Options{})
	h := x.Namespace("n")
	x.Close()
	if w := send(t, h, []byte("{\"index\":{\"_index\":\"i\"}}\n{\"a\":1}\n")); w.Code != 503 || !strings.Contains(w.Body.String(), "node_closed_exception") {
		t.Errorf("%d %s", w.Code, w.Body)
	}
	file := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := searchindex.Open(searchindex.Options{Dir: filepath.Join(file, "index")}); err == nil {
		t.Error("opened below a file")
	}
	damaged := t.TempDir()
	if err := os.WriteFile(filepath.Join(damaged, "index.db"), bytes.Repeat([]byte("no database "), 1000), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := searchindex.Open(searchindex.Options{Dir: damaged}); err == nil || !strings.Contains(err.Error(), "index.db") {
		t.Errorf("opened a damaged database: %v", err)
	}
}
