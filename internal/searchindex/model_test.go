package searchindex_test

import (
	"encoding/json"
	"fmt"
	"maps"
	"math/rand/v2"
	"net/http"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/millrace/millrace/internal/searchindex"
)

// model is the naive index that the real one is held against: documents in a map, every answer by looking at all.
type model struct {
	docs     map[string]modelDoc
	versions map[string]int
}

type modelDoc struct {
	status  int
	n       []int
	f       *float64
	verb    string
	seconds int // after 2026-11-22T10:00:00Z
}

func (d modelDoc) source() string {
	var b strings.Builder
	fmt.Fprintf(&b, `{"status":%d,"verb":%q,"time":"2026-11-22T10:%02d:%02dZ"`, d.status, d.verb, d.seconds/60, d.seconds%60)
	if len(d.n) > 0 {
		n, _ := json.Marshal(d.n)
		fmt.Fprintf(&b, `,"n":%s`, n)
	}
	if d.f != nil {
		fmt.Fprintf(&b, `,"f":%.2f`, *d.f)
	}
	return b.String() + "}"
}

func randomDoc(r *rand.Rand) modelDoc {
	d := modelDoc{status: []int{200, 304, 404, 500}[r.IntN(4)], verb: []string{"GET", "POST", "put it"}[r.IntN(3)], seconds: r.IntN(600)}
	for range r.IntN(3) {
		d.n = append(d.n, r.IntN(50))
	}
	if r.IntN(2) == 0 {
		f := float64(r.IntN(64)) / 4
		d.f = &f
	}
	return d
}

// change is one bulk on both sides: documents to index, ids to delete.
func (m *model) change(t require, h http.Handler, r *rand.Rand, ids, operations int) {
	var body, wanted strings.Builder
	for range operations {
		id := fmt.Sprint("d", r.IntN(ids))
		_, there := m.docs[id]
		if r.IntN(5) == 0 {
			fmt.Fprintf(&body, "{\"delete\":{\"_index\":\"m\",\"_id\":%q}}\n", id)
			if there {
				fmt.Fprintf(&wanted, "deleted %d\n", m.versions[id]+1)
			} else {
				fmt.Fprint(&wanted, "not_found 1\n")
			}
			delete(m.docs, id)
			delete(m.versions, id)
			continue
		}
		d := randomDoc(r)
		fmt.Fprintf(&body, "{\"index\":{\"_index\":\"m\",\"_id\":%q}}\n%s\n", id, d.source())
		m.docs[id] = d
		m.versions[id]++
		fmt.Fprintf(&wanted, "%s %d\n", map[bool]string{true: "updated", false: "created"}[there], m.versions[id])
	}
	var answer struct {
		Items []map[string]struct {
			Result  string `json:"result"`
			Version int    `json:"_version"`
		} `json:"items"`
	}
	decode(t, request(t, h, "POST", "/_bulk", body.String()), &answer)
	var found strings.Builder
	for _, item := range answer.Items {
		for _, i := range item {
			fmt.Fprintf(&found, "%s %d\n", i.Result, i.Version)
		}
	}
	if found.String() != wanted.String() {
		t.Fatalf("bulk answered\n%s\nwanted\n%s", &found, &wanted)
	}
}

type require interface {
	Helper()
	Fatalf(string, ...any)
}

func request(t require, h http.Handler, method, path, body string) string {
	t.Helper()
	e := exchange{method: method, path: path, body: body + "\n"}
	if strings.HasSuffix(path, "_bulk") {
		e.body = body
	}
	status, answer := e.send(h)
	if status != "200" {
		t.Fatalf("%s %s: %s %.1000s", method, path, status, answer)
	}
	return answer
}

func decode(t require, text string, into any) {
	t.Helper()
	if err := json.Unmarshal([]byte(text), into); err != nil {
		t.Fatalf("%v in %.500s", err, text)
	}
}

const modelMapping = `{"mappings":{"properties":{"status":{"type":"long"},"n":{"type":"long"},"f":{"type":"float"},"time":{"type":"date"}}}}`

const modelSearch = `{"size":5,"track_total_hits":true,"sort":[{"status":"desc"},{"time":"asc"},{"n":"asc"}],"_source":false,"query":%s,"aggs":{
	"status":{"terms":{"field":"status","size":100,"order":{"_key":"asc"}},"aggs":{"n":{"sum":{"field":"n"}},"verb":{"terms":{"field":"verb.keyword","order":{"_key":"asc"}}}}},
	"minute":{"date_histogram":{"field":"time","calendar_interval":"minute","min_doc_count":1},"aggs":{"f":{"stats":{"field":"f"}}}},
	"n":{"histogram":{"field":"n","interval":10,"min_doc_count":1}},"values":{"cardinality":{"field":"n"}}}}`

// check compares one search.
func (m *model) check(t require, h http.Handler, query string, matches func(modelDoc) bool) {
	t.Helper()
	var found struct {
		Hits struct {
			Total struct{ Value int }
			Hits  []struct{ Sort []any }
		}
		Aggregations json.RawMessage
	}
	decode(t, request(t, h, "POST", "/m*/_search", fmt.Sprintf(modelSearch, query)), &found)
	var docs []modelDoc
	for _, d := range m.docs {
		if matches(d) {
			docs = append(docs, d)
		}
	}
	if found.Hits.Total.Value != len(docs) {
		t.Fatalf("%s: %d documents, wanted %d", query, found.Hits.Total.Value, len(docs))
	}
	slices.SortFunc(docs, func(a, b modelDoc) int { return slices.Compare(a.order(), b.order()) })
	for i, hit := range found.Hits.Hits {
		if want := docs[i].order(); fmt.Sprint(hit.Sort[0]) != fmt.Sprint(-want[0]) || int(hit.Sort[1].(float64)-1795341600000) != want[1]*1000 {
			t.Fatalf("%s: hit %d is sorted by %v, wanted %v", query, i, hit.Sort, want)
		}
	}
	if wanted := m.aggregations(docs); string(found.Aggregations) != "" && normal(t, found.Aggregations) != normal(t, []byte(wanted)) {
		t.Fatalf("%s: found\n%s\nwanted\n%s", query, normal(t, found.Aggregations), normal(t, []byte(wanted)))
	}
}

func (d modelDoc) order() []int {
	least := 1 << 30
	if len(d.n) > 0 {
		least = slices.Min(d.n)
	}
	return []int{-d.status, d.seconds, least}
}

func normal(t require, text []byte) string {
	var v any
	decode(t, string(text), &v)
	out, _ := json.Marshal(v)
	return string(out)
}

func (m *model) aggregations(docs []modelDoc) string {
	type object = map[string]any
	byStatus, byMinute, byTen, values := map[int][]modelDoc{}, map[int][]modelDoc{}, map[int]int{}, map[int]bool{}
	for _, d := range docs {
		byStatus[d.status] = append(byStatus[d.status], d)
		byMinute[d.seconds/60] = append(byMinute[d.seconds/60], d)
		tens := map[int]bool{}
		for _, n := range d.n {
			tens[n/10*10], values[n] = true, true
		}
		for ten := range tens {
			byTen[ten]++
		}
	}
	statuses, minutes, tens := []any{}, []any{}, []any{}
	for _, status := range slices.Sorted(maps.Keys(byStatus)) {
		sum, verbs := 0, map[string]int{}
		for _, d := range byStatus[status] {
			for _, n := range d.n {
				sum += n
			}
			verbs[d.verb]++
		}
		list := []any{}
		for _, verb := range slices.Sorted(maps.Keys(verbs)) {
			list = append(list, object{"key": verb, "doc_count": verbs[verb]})
		}
		statuses = append(statuses, object{"key": status, "doc_count": len(byStatus[status]), "n": object{"value": sum}, "verb": terms(list)})
	}
	for _, minute := range slices.Sorted(maps.Keys(byMinute)) {
		stats := object{"count": 0, "min": nil, "max": nil, "avg": nil, "sum": 0}
		var fs []float64
		sum := 0.0
		for _, d := range byMinute[minute] {
			if d.f != nil {
				fs, sum = append(fs, *d.f), sum+*d.f
			}
		}
		if len(fs) > 0 {
			stats = object{"count": len(fs), "min": slices.Min(fs), "max": slices.Max(fs), "avg": sum / float64(len(fs)), "sum": sum}
		}
		minutes = append(minutes, object{"key": 1795341600000 + minute*60000, "key_as_string": fmt.Sprintf("2026-11-22T10:%02d:00.000Z", minute), "doc_count": len(byMinute[minute]), "f": stats})
	}
	for _, ten := range slices.Sorted(maps.Keys(byTen)) {
		tens = append(tens, object{"key": ten, "doc_count": byTen[ten]})
	}
	out, _ := json.Marshal(object{"status": terms(statuses), "minute": object{"buckets": minutes}, "n": object{"buckets": tens}, "values": object{"value": len(values)}})
	return string(out)
}

func terms(buckets []any) map[string]any {
	return map[string]any{"doc_count_error_upper_bound": 0, "sum_other_doc_count": 0, "buckets": buckets}
}

func (m *model) checkAll(t require, h http.Handler, r *rand.Rand) {
	t.Helper()
	low, status := r.IntN(600), []int{200, 304, 404, 500}[r.IntN(4)]
	from := fmt.Sprintf("2026-11-22T10:%02d:%02dZ", low/60, low%60)
	m.check(t, h, `{"match_all":{}}`, func(modelDoc) bool { return true })
	m.check(t, h, fmt.Sprintf(`{"bool":{"filter":[{"range":{"time":{"gte":%q}}}],"must_not":[{"term":{"status":%d}}]}}`, from, status),
		func(d modelDoc) bool { return d.seconds >= low && d.status != status })
	m.check(t, h, `{"bool":{"should":[{"match":{"verb":"PUT"}},{"term":{"verb.keyword":"GET"}},{"range":{"f":{"lt":4}}}],"minimum_should_match":2}}`,
		func(d modelDoc) bool { return (d.verb == "put it" || d.verb == "GET") && d.f != nil && *d.f < 4 })
	m.check(t, h, fmt.Sprintf(`{"query_string":{"query":"status:%d AND _exists_:n"}}`, status), func(d modelDoc) bool { return d.status == status && len(d.n) > 0 })
}

func newModel() *model { return &model{docs: map[string]modelDoc{}, versions: map[string]int{}} }

// Few documents, changed over and over, with the index closed and opened in between.
func TestModel(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		dir := t.TempDir()
		r := rand.New(rand.NewPCG(rapid.Uint64().Draw(rt, "seed"), 1))
		x := openIndex(t, searchindex.Options{Dir: dir})
		m := newModel()
		request(rt, x.Namespace("m"), "PUT", "/m", modelMapping)
		for range rapid.IntRange(1, 5).Draw(rt, "bulks") {
			m.change(rt, x.Namespace("m"), r, 30, rapid.IntRange(1, 40).Draw(rt, "operations"))
			if rapid.Bool().Draw(rt, "reopen") {
				x.Close()
				x = openIndex(t, searchindex.Options{Dir: dir})
			}
			m.checkAll(rt, x.Namespace("m"), r)
		}
		x.Close()
	})
}

// Several segments: filled, saved, changed after that, dropped from memory, read back.
func TestModelAcrossSegments(t *testing.T) {
	dir := t.TempDir()
	r := rand.New(rand.NewPCG(7, 7))
	m := newModel()
	opts := searchindex.Options{Dir: dir, CacheBytes: 100_000} // so little that columns come and go
	x := openIndex(t, opts)
	request(t, x.Namespace("m"), "PUT", "/m", modelMapping)
	for round := range 8 {
		m.change(t, x.Namespace("m"), r, 12_000, 3000)
		if round%3 == 2 {
			x.Close()
			x = openIndex(t, opts)
		}
		m.checkAll(t, x.Namespace("m"), r)
	}
}
