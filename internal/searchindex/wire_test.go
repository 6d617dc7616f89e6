package searchindex_test

import (
	"flag"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/millrace/millrace/internal/searchindex"
)

var rewrite = flag.Bool("rewrite", false, "write the answers found into the files under testdata/wire")

// A file under testdata/wire is a conversation with a fresh index:
//
//	# what this shows
//	> METHOD /path[ | Header: value]
//	body
//	< status
//	body
//
// What differs from run to run is written as took 0, UUID, ID and DATE.
type exchange struct {
	comment, method, path, header, body string
	status, answer                      string
}

const user, password = "admin", "correct horse"

func openIndex(t testing.TB, opts searchindex.Options) *searchindex.Index {
	t.Helper()
	if opts.Dir == "" {
		opts.Dir = t.TempDir()
	}
	if opts.Users == nil {
		opts.Users = map[string]string{user: password}
	}
	x, err := searchindex.Open(opts)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { x.Close() })
	return x
}

func TestWire(t *testing.T) {
	files, err := filepath.Glob("testdata/wire/*.txt")
	if err != nil || len(files) == 0 {
		t.Fatal("no conversations", err)
	}
	for _, file := range files {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".txt"), func(t *testing.T) { converse(t, file) })
	}
}

func converse(t *testing.T, file string) {
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	handler := openIndex(t, searchindex.Options{}).Namespace("demo")
	var out strings.Builder
	for _, e := range parseExchanges(t, string(text)) {
		status, answer := e.send(handler)
		if !*rewrite && (status != e.status || answer != e.answer) {
			t.Errorf("%s> %s %s\n%s< found %s\n%s< wanted %s\n%s", e.comment, e.method, e.path, e.body, status, answer, e.status, e.answer)
		}
		fmt.Fprintf(&out, "%s> %s %s%s\n%s< %s\n%s\n", e.comment, e.method, e.path, e.header, e.body, status, answer)
	}
	if *rewrite {
		if err := os.WriteFile(file, []byte(strings.TrimRight(out.String(), "\n")+"\n"), 0o644); err != nil {
			t.Fatal(err)
		}
	}
}

func parseExchanges(t *testing.T, text string) []exchange {
	var out []exchange
	var e *exchange
	comment, answering := "", false
	for line := range strings.Lines(text + "\n") {
		switch {
		case strings.HasPrefix(line, "# "):
			comment += line
			answering = false
			e = nil
		case strings.HasPrefix(line, "> "):
			head, header, _ := strings.Cut(strings.TrimSpace(line[2:]), " | ")
			method, path, ok := strings.Cut(head, " ")
			if !ok {
				t.Fatalf("no path in %q", line)
			}
			if header != "" {
				header = " | " + header
			}
			out = append(out, exchange{comment: comment, method: method, path: path, header: header})
			e, comment, answering = &out[len(out)-1], "", false
		case strings.HasPrefix(line, "< ") && e != nil:
			e.status, answering = strings.TrimSpace(line[2:]), true
		case answering && strings.TrimSpace(line) == "":
			answering, e = false, nil
		case answering:
			e.answer += line
		case e != nil && strings.TrimSpace(line) != "":
			e.body += line
		}
	}
	return out
}

func (e *exchange) send(h http.Handler) (status, answer string) {
	return e.sendTo(h, func(*http.Request) {})
}

// sendTo sends the exchange's request after prepare has changed it.
func (e *exchange) sendTo(h http.Handler, prepare func(*http.Request)) (status, answer string) {
	body := e.body
	contentType := "application/json"
	if strings.Contains(e.path, "_bulk") {
		contentType = "application/x-ndjson"
	} else {
		body = strings.TrimSuffix(body, "\n")
	}
	body = strings.TrimSuffix(body, "\\EOF\n")
	r := httptest.NewRequest(e.method, e.path, strings.NewReader(body))
	r.SetBasicAuth(user, password)
	r.Header.Set("Content-Type", contentType)
	for header := range strings.SplitSeq(strings.TrimPrefix(e.header, " | "), " | ") {
		if name, value, ok := strings.Cut(header, ": "); ok {
			r.Header.Set(name, value)
		}
	}
	prepare(r)
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	return fmt.Sprint(w.Code), steady(w.Body.String())
}

var unsteady = []struct {
	form *regexp.Regexp
	text string
}{
	{regexp.MustCompile(`"took"( ?:? ?)\d+`), `"took"${1}0`},
	{regexp.MustCompile(`"(index_uuid|uuid)":"[\w-]{22}"`), `"$1":"UUID"`},
	{regexp.MustCompile(`/[\w-]{22}\]`), `/UUID]`},
	{regexp.MustCompile(`(green|yellow)( +open +\S+ +)[\w-]{22} `), `$1${2}UUID `},
	{regexp.MustCompile(`"_id":"[\w-]{20}"`), `"_id":"ID"`},
	{regexp.MustCompile(`"creation_date":"\d+"`), `"creation_date":"DATE"`},
}

func steady(body string) string {
	for _, u := range unsteady {
		body = u.form.ReplaceAllString(body, u.text)
	}
	if body != "" && !strings.HasSuffix(body, "\n") {
		body += "\n"
	}
	return body
}
