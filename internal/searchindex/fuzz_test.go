package searchindex

import (
	"bytes"
	"encoding/json"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/millrace/millrace/internal/searchindex/aggregate"
	"github.com/millrace/millrace/internal/searchindex/jsontree"
	"github.com/millrace/millrace/internal/searchindex/mapping"
	"github.com/millrace/millrace/internal/searchindex/query"
	"github.com/millrace/millrace/internal/searchindex/wire"
)

// A bulk is refused as a whole, or every operation of it has an action, an index and, save when refused, an id; sources
// that are taken are JSON objects that encoding/json reads as well.
func FuzzBulk(f *testing.F) {
	f.Add("{\"index\":{\"_index\":\"i\",\"_id\":\"1\"}}\n{\"a\":1}\n{\"delete\":{\"_index\":\"i\",\"_id\":\"2\"}}\n", "")
	f.Add("{\"update\":{\"_id\":\"1\"}}\n{\"doc\":{\"a\":[1,2,{\"b\":null}]},\"doc_as_upsert\":true}\n", "path")
	f.Add("{\"create\":{}}\r\n{\"\\u00e4\":\"\\ud83d\\ude00\"}\r\n\n", "path")
	f.Fuzz(func(t *testing.T, body, index string) {
		ops, err := parseBulk(body, index)
		if err != nil {
			if err.Reason == "" || err.StatusCode() < 400 {
				t.Fatalf("refused without reason: %+v", err)
			}
			return
		}
		for _, op := range ops {
			if op.refuse != nil {
				continue
			}
			if op.id == "" || !strings.Contains("index create delete update", op.action) {
				t.Fatalf("%+v", op)
			}
			if op.action == "index" || op.action == "create" {
				cells, _, refused := mapping.New().Cells(op.doc, nil)
				if refused == nil && !json.Valid([]byte(op.doc.Source)) {
					t.Fatalf("took %q: %v", op.doc.Source, cells)
				}
			}
		}
	})
}

// Our reader of JSON and encoding/json agree on what is JSON, but for names that are there twice, depth and UTF-8.
func FuzzJSON(f *testing.F) {
	for _, s := range []string{`{"a":[1,-0.5e+3,"\u00e4\n",null,true]}`, `[[]]`, `"\ud800"`, `01`, `1.`, `-`, `{"a":1,}`, "\"\t\"", `{"a":1,"a":2}`} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, text string) {
		v, err := jsontree.Parse(text)
		valid := json.Valid([]byte(text))
		if err == nil && !valid {
			t.Fatalf("took %q", text)
		}
		if err != nil && valid && !strings.HasPrefix(err.Reason, "Duplicate") && !strings.Contains(err.Reason, "UTF-8") && !strings.HasPrefix(err.Reason, "Document nesting") {
			t.Fatalf("refused %q: %v", text, err)
		}
		if err == nil && v.Kind == jsontree.String {
			var want string
			if json.Unmarshal([]byte(text), &want) != nil || want != v.Text {
				t.Fatalf("read %q as %q, want %q", text, v.Text, want)
			}
		}
	})
}

// Whatever a search asks, it is answered: found, or refused with a reason. The index is small and has every type.
func FuzzSearch(f *testing.F) {
	for _, s := range []string{
		`{"query":{"bool":{"must":[{"range":{"n":{"gt":1.5,"lte":"7"}}}],"should":{"match":{"text":"a b"}}}},"sort":[{"f":"desc"}],"_source":["o.*"]}`,
		`{"size":0,"aggs":{"a":{"terms":{"field":"text.keyword","order":{"b":"asc"}},"aggs":{"b":{"avg":{"field":"n"}}}}}}`,
		`{"aggs":{"h":{"date_histogram":{"field":"time","calendar_interval":"quarter","offset":"-3h"}},"i":{"histogram":{"field":"f","interval":1e-3}}}}`,
		`{"query":{"query_string":{"query":"n:[1 TO *} AND -text:\"a b\" (x OR y)"}}}`,
		`{"query":{"range":{"time":{"gte":"now-1d/d","lt":"2026-11||+1M/y"}}},"track_total_hits":3}`,
		`{"aggs":{"r":{"range":{"field":"n","ranges":[{"to":1},{"from":1}]},"aggs":{"f":{"filters":{"filters":{"x":{"exists":{"field":"o"}}}}}}}}}`,
	} {
		f.Add(s)
	}
	x, err := Open(Options{Dir: filepath.Join(f.TempDir(), "index"), Users: map[string]string{"u": "p"}})
	if err != nil {
		f.Fatal(err)
	}
	f.Cleanup(func() { x.Close() })
	h := x.Namespace("fuzz")
	const bulk = `{"index":{"_id":"1"}}
{"n":1,"f":0.5,"text":"a b","time":"2026-11-22T10:00:00Z","b":true,"o":{"p":[1,2]},"slash":"2026/11/22 10:00:00"}
{"index":{"_id":"2"}}
{"n":[7,-9223372036854775808],"f":[-1.5,2],"text":["x","y z"],"time":"1969","b":false}
`
	serve := func(path, body string) *httptest.ResponseRecorder {
		r := httptest.NewRequest("POST", path, strings.NewReader(body))
		r.SetBasicAuth("u", "p")
		r.Header.Set("Content-Type", "application/json")
		w := httptest.NewRecorder()
		h.ServeHTTP(w, r)
		return w
	}
	if w := serve("/i/_bulk", bulk); w.Code != 200 || bytes.Contains(w.Body.Bytes(), []byte(`"errors":true`)) {
		f.Fatal(w.Body)
	}
	f.Fuzz(func(t *testing.T, body string) {
		w := serve("/i/_search", body)
		if !json.Valid(w.Body.Bytes()) && w.Code != 413 {
			t.Fatalf("%d %s", w.Code, w.Body)
		}
		if w.Code == 500 && !strings.Contains(w.Body.String(), `"aggregation_`) {
			t.Fatalf("%s", w.Body)
		}
	})
}

// The text query language: parsed or refused, never worse, on an index with every type.
func FuzzQueryString(f *testing.F) {
	for _, s := range []string{`a AND b`, `n:>=3`, `text:"a b" OR NOT f:[1 TO 2}`, `(a`, `\:x:y`, `_exists_:n -b`, `time:{2026 TO now]`} {
		f.Add(s, true)
	}
	_, m, refused := mapping.New().Cells(mustParse(f, `{"n":1,"f":0.5,"text":"a","time":"2026-11-22","b":true,"o":{"p":1}}`), nil)
	if refused != nil {
		f.Fatal(refused)
	}
	x := &query.Index{Name: "i", Mapping: m, Now: time.UnixMilli(0), Place: func(string) (int64, bool, error) { return 0, false, nil }}
	f.Fuzz(func(t *testing.T, text string, and bool) {
		matcher, err := query.String{Text: text, And: and}.Compile(x)
		if (matcher == nil) == (err == nil) {
			t.Fatalf("%q: %v, %v", text, matcher, err)
		}
	})
}

func mustParse(f *testing.F, source string) mapping.Document {
	d, err := mapping.ParseDocument("1", source)
	if err != nil {
		f.Fatal(err)
	}
	return d
}

// Mappings that are taken read back as themselves.
func FuzzMapping(f *testing.F) {
	f.Add(`{"dynamic":"strict","properties":{"a":{"type":"text","fields":{"raw":{"type":"keyword","ignore_above":9}}},"o":{"dynamic":"false","properties":{"d":{"type":"date","format":"yyyy-MM-dd HH:mm:ss||epoch_second"}}},"e":{"type":"object"}}}`)
	f.Fuzz(func(t *testing.T, text string) {
		v, syntax := jsontree.Parse(text)
		if syntax != nil {
			return
		}
		if _, err := aggregate.Parse(text, v); err != nil && err.Reason == "" {
			t.Fatal("no reason")
		}
		m, err := mapping.Parse(v)
		if err != nil {
			return
		}
		written := appendObject(m)
		again, syntax := jsontree.Parse(written)
		if syntax != nil {
			t.Fatalf("%s: %v", written, syntax)
		}
		back, err := mapping.Parse(again)
		if err != nil {
			t.Fatalf("%s: %v", written, err)
		}
		if got := appendObject(back); got != written {
			t.Fatalf("%s read back as %s", written, got)
		}
	})
}

func appendObject(m *mapping.Mapping) string { return string(wire.Append(nil, m.Object())) }
