package searchindex_test

import (
	"encoding/json"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"reflect"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/millrace/millrace/internal/realtest"
)

// A real OpenSearch gives the same answers, save where a comment of the conversation begins with "differs:".
// MILLRACE_OPENSEARCH is the address of one without security whose indices may be deleted.
func TestWireAgainstOpenSearch(t *testing.T) {
	address := realtest.OpenSearch(t)
	files, err := filepath.Glob("testdata/wire/*.txt")
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range files {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".txt"), func(t *testing.T) {
			real := realServer(address)
			for _, e := range []exchange{
				{method: "PUT", path: "/_all/_settings", body: `{"index.blocks.read_only":null}` + "\n"},
				{method: "PUT", path: "/_all/_settings", body: `{"index.blocks.read_only_allow_delete":null}` + "\n"},
				{method: "DELETE", path: "/*"},
			} {
				e.send(real)
			}
			compareWithReal(t, file, real)
		})
	}
}

func compareWithReal(t *testing.T, file string, real http.Handler) {
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range parseExchanges(t, string(text)) {
		// What was written is found by the next search here; there, one has to ask for it.
		(&exchange{method: "POST", path: "/_refresh"}).send(real)
		status, answer := e.send(real)
		if strings.Contains(e.comment, "# differs:") {
			continue
		}
		if status != e.status || !reflect.DeepEqual(comparable(answer), comparable(e.answer)) {
			t.Errorf("%s> %s %s\n%s< OpenSearch %s\n%s< millrace %s\n%s", e.comment, e.method, e.path, e.body, status, answer, e.status, e.answer)
		}
	}
}

// realServer forwards to a server.
type realServer string

func (s realServer) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	out, err := http.NewRequestWithContext(r.Context(), r.Method, string(s)+r.RequestURI, r.Body)
	if err != nil {
		http.Error(w, err.Error(), http.StatusTeapot)
		return
	}
	out.Header = r.Header
	out.Header.Del("Authorization")
	out.ContentLength = r.ContentLength
	resp, err := (&http.Client{Timeout: 30 * time.Second}).Do(out)
	if err != nil {
		http.Error(w, err.Error(), http.StatusTeapot)
		return
	}
	defer resp.Body.Close()
	w.WriteHeader(resp.StatusCode)
	_, _ = io.Copy(w, resp.Body)
}

// Between versions, and between a node and this, these differ: how JSON errors tell the place, names of nodes, how many
// copies an index asks for by itself, that a search without hits to show ends early, an empty
// meta, and that the rarest terms may be miscounted there.
var versionNoise = []struct {
	form *regexp.Regexp
	text string
}{
	{regexp.MustCompile(`\\n at \[Source: [^]]*\]`), ""},
	{regexp.MustCompile(`json_e_o_f_exception|unexpected_end_of_input_exception`), "EOF"},
	{regexp.MustCompile(`input_coercion_exception`), "json_parse_exception"},
	{regexp.MustCompile(`can ?not use|cannot use`), "cannot use"},
	{regexp.MustCompile("out of range of `?long`?"), "out of range of long"},
	{regexp.MustCompile(`Duplicate field '(\w+)'|Duplicate Object property \\"(\w+)\\"`), "Duplicate $1$2"},
	{regexp.MustCompile(`allowed: \[[^]]*\]`), "allowed"},
	{regexp.MustCompile(`"cluster_name":"\w+"`), `"cluster_name":"C"`},
	{regexp.MustCompile(` +[\d.]+k?b +[\d.]+k?b|"[\d.]+k?b"`), `"SIZE"`},
	{regexp.MustCompile(`but was \[\d{5,}\]`), "but was [N]"},
	{regexp.MustCompile(`"node":"[^"]*"`), `"node":"N"`},
	{regexp.MustCompile(`"_shards":\{"total":\d+`), `"_shards":{"total":0`},
	{regexp.MustCompile(`,"terminated_early":true`), ""},
	{regexp.MustCompile(`"doc_count_error_upper_bound":-1`), `"doc_count_error_upper_bound":0`},
	{regexp.MustCompile(`"meta":\{\},|,"meta":\{\}`), ""},
	{regexp.MustCompile(`"created":"\d+"`), `"created":"0"`},
	{regexp.MustCompile(`"number_of_pending_tasks":\d+`), `"number_of_pending_tasks":0`},
}

func comparable(answer string) any {
	for _, n := range versionNoise {
		answer = n.form.ReplaceAllString(answer, n.text)
	}
	var v any
	if json.Unmarshal([]byte(answer), &v) != nil {
		return strings.TrimSpace(answer)
	}
	return withoutEchoes(v)
}

// withoutEchoes drops a cause that only repeats the reason of the error around it, as OpenSearch 3 adds to JSON errors.
func withoutEchoes(v any) any {
	switch v := v.(type) {
	case []any:
		for _, e := range v {
			withoutEchoes(e)
		}
	case map[string]any:
		cause, _ := v["caused_by"].(map[string]any)
		kind, _ := v["type"].(string)
		if cause != nil && cause["reason"] == v["reason"] && (kind == "json_parse_exception" || kind == "EOF") {
			delete(v, "caused_by")
		}
		for _, e := range v {
			withoutEchoes(e)
		}
	}
	return v
}
