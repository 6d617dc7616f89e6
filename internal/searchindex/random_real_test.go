package searchindex_test

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"net/http"
	"reflect"
	"strings"
	"testing"

	"github.com/millrace/millrace/internal/realtest"
	"github.com/millrace/millrace/internal/searchindex"
)

// randomSearch makes searches that both servers have to answer alike, hits in the order of a number that each document
// has once.
type randomSearch struct{ *rand.Rand }

const randomMapping = `{"settings":{"number_of_shards":1,"number_of_replicas":0},"mappings":{"properties":{"i":{"type":"long"},"n":{"type":"long"},"d":{"type":"double"},"t":{"type":"date"},"k":{"type":"keyword"},"s":{"type":"text"},"b":{"type":"boolean"},"o":{"properties":{"x":{"type":"integer"}}}}}}`

func pick[T any](r randomSearch, from ...T) T { return from[r.IntN(len(from))] }

func (r randomSearch) word() string {
	return pick(r, "red", "green", "blue", "Red", "a-b", "x1", "deep")
}

func (r randomSearch) date() string {
	return fmt.Sprintf("2026-%02d-%02dT%02d:%02d:%02dZ", 1+r.IntN(12), 1+r.IntN(28), r.IntN(24), r.IntN(60), r.IntN(60))
}

func (r randomSearch) document(i int) string {
	parts := []string{fmt.Sprintf(`"i":%d`, i)}
	some := func(n int, part func() string) {
		if r.IntN(n) > 0 {
			parts = append(parts, part())
		}
	}
	some(5, func() string {
		if r.IntN(4) == 0 {
			return fmt.Sprintf(`"n":[%d,%d,%d]`, r.IntN(20)-5, r.IntN(20), r.IntN(5))
		}
		return fmt.Sprintf(`"n":%d`, r.IntN(20)-5)
	})
	some(4, func() string { return fmt.Sprintf(`"d":%.2f`, r.Float64()*10-2) })
	some(6, func() string { return fmt.Sprintf(`"t":%q`, r.date()) })
	some(5, func() string { return fmt.Sprintf(`"k":[%q,%q]`, r.word(), r.word()) })
	some(3, func() string { return fmt.Sprintf(`"s":"%s %s %s"`, r.word(), r.word(), r.word()) })
	some(3, func() string { return fmt.Sprintf(`"b":%t`, r.IntN(2) == 0) })
	some(3, func() string { return fmt.Sprintf(`"o":{"x":%d}`, r.IntN(6)) })
	return "{" + strings.Join(parts, ",") + "}"
}

func (r randomSearch) query(depth int) string {
	kinds := 16
	if depth == 0 {
		kinds = 13
	}
	switch r.IntN(kinds) {
	case 0:
		return fmt.Sprintf(`{"term":{"n":%d}}`, r.IntN(20)-5)
	case 1:
		return fmt.Sprintf(`{"terms":{"k":[%q,%q]}}`, r.word(), r.word())
	case 2:
		return fmt.Sprintf(`{"range":{"n":{%q:%d,%q:%d}}}`, pick(r, "gt", "gte"), r.IntN(10)-5, pick(r, "lt", "lte"), r.IntN(20))
	case 3:
		return fmt.Sprintf(`{"range":{"t":{%q:%q,"time_zone":%q}}}`, pick(r, "gt", "gte", "lt", "lte"), pick(r, "2026-06", "2026-03-05", "2026-07-01T10", "2026-05-05||/M", "2026-02-03T04:05:06||+1M/d"), pick(r, "+02:00", "Europe/Berlin", "America/New_York", "Z"))
	case 4:
		return fmt.Sprintf(`{"prefix":{%q:%q}}`, pick(r, "k", "s"), pick(r, "r", "R", "gr", "x", "a"))
	case 5:
		return fmt.Sprintf(`{"wildcard":{%q:%q}}`, pick(r, "k", "s"), pick(r, "r*", "*e*", "?ed", "*-?", "b?u?", "*"))
	case 6:
		return fmt.Sprintf(`{"exists":{"field":%q}}`, pick(r, "n", "d", "t", "k", "s", "b", "o", "o.x", "none"))
	case 7:
		return fmt.Sprintf(`{"match":{"s":{"query":"%s %s","operator":%q}}}`, r.word(), r.word(), pick(r, "and", "or"))
	case 8:
		return fmt.Sprintf(`{"match_phrase":{"s":"%s %s"}}`, r.word(), r.word())
	case 9:
		return fmt.Sprintf(`{"query_string":{"query":%q}}`, r.lucene(2))
	case 10:
		return fmt.Sprintf(`{"ids":{"values":["%d","%d","none"]}}`, r.IntN(200), r.IntN(200))
	case 11:
		return fmt.Sprintf(`{"range":{"d":{"gte":%.1f}}}`, r.Float64()*8)
	case 12:
		return fmt.Sprintf(`{"multi_match":{"query":"%s","fields":["k","s"]}}`, r.word())
	}
	list := func() string {
		var parts []string
		for range r.IntN(3) {
			parts = append(parts, r.query(depth-1))
		}
		return "[" + strings.Join(parts, ",") + "]"
	}
	return fmt.Sprintf(`{"bool":{"must":%s,"filter":%s,"should":%s,"must_not":%s}}`, list(), list(), list(), list())
}

// lucene is a query typed as text.
func (r randomSearch) lucene(depth int) string {
	clause := func() string {
		if depth > 0 && r.IntN(4) == 0 {
			return "(" + r.lucene(depth-1) + ")"
		}
		return pick(r, "k:"+pick(r, "red", "blue", "Red"), "s:"+pick(r, "red", "DEEP", "bl*"), fmt.Sprintf("n:%d", r.IntN(10)), fmt.Sprintf("n:[%d TO %d}", r.IntN(5), 5+r.IntN(9)),
			fmt.Sprintf("d:>=%d", r.IntN(8)), "_exists_:b", "b:true", pick(r, "red", "green", "x1"), `s:"red green"`, "o.x:(1 OR 2)", "k:b?ue", "t:[2026-03 TO 2026-09]")
	}
	out := pick(r, "", "", "NOT ", "+", "-") + clause()
	for range r.IntN(3) {
		out += pick(r, " AND ", " OR ", " ", " AND NOT ", " OR NOT ", " +", " -") + clause()
	}
	return out
}

func (r randomSearch) aggregation(depth int) string {
	subs := ""
	if depth > 0 && r.IntN(2) == 0 {
		subs = fmt.Sprintf(`,"aggs":{"x":%s}`, r.aggregation(depth-1))
	}
	number := pick(r, "n", "d", "o.x", "i")
	switch r.IntN(10) {
	case 0:
		return fmt.Sprintf(`{"terms":{"field":%q,"size":%d,"order":[{%q:%q},{"_key":"asc"}]}%s}`, pick(r, "k", "n", "b", "o.x"), 1+r.IntN(30), pick(r, "_count", "_key"), pick(r, "asc", "desc"), subs)
	case 1:
		return fmt.Sprintf(`{"date_histogram":{"field":"t","calendar_interval":%q,"time_zone":%q,"min_doc_count":%d}%s}`, pick(r, "month", "quarter", "week", "year", "day"), pick(r, "Europe/Berlin", "America/New_York", "+05:30", "UTC"), 1, subs)
	case 2:
		return fmt.Sprintf(`{"date_histogram":{"field":"t","fixed_interval":%q,"time_zone":%q,"offset":%q,"min_doc_count":1}%s}`, pick(r, "1d", "12h", "90m", "30d"), pick(r, "Europe/Berlin", "America/New_York", "-03:30", "UTC"), pick(r, "+0h", "-6h", "+1h"), subs)
	case 3:
		return fmt.Sprintf(`{"histogram":{"field":%q,"interval":%d,"offset":%d}%s}`, number, 1+r.IntN(7), r.IntN(3), subs)
	case 4:
		return fmt.Sprintf(`{"range":{"field":%q,"ranges":[{"to":%d},{"from":%d,"to":9},{"from":4}]}%s}`, number, r.IntN(5), r.IntN(5), subs)
	case 5:
		return fmt.Sprintf(`{"filters":{"filters":{"a":%s,"b":%s}}%s}`, r.query(1), r.query(0), subs)
	case 6:
		return fmt.Sprintf(`{"missing":{"field":%q}%s}`, pick(r, "n", "k", "t"), subs)
	case 7:
		return fmt.Sprintf(`{"cardinality":{"field":%q}}`, pick(r, "k", "n", "b", "i"))
	case 8:
		return fmt.Sprintf(`{"date_range":{"field":"t","time_zone":%q,"ranges":[{"to":"2026-05"},{"from":"2026-05","to":"2026-08-01||+1M"}]}%s}`, pick(r, "Europe/Berlin", "+02:00"), subs)
	}
	return fmt.Sprintf(`{%q:{"field":%q}}`, pick(r, "sum", "avg", "min", "max", "stats", "value_count"), pick(r, "n", "o.x", "i"))
}

// Random documents, asked at random: a real OpenSearch finds the same. Sums of fractions are left out: their last digits
// depend on the order of adding; so are percentiles, which are exact here and a sketch there.
func TestRandomAgainstOpenSearch(t *testing.T) {
	real := realServer(realtest.OpenSearch(t))
	ours := openIndex(t, searchindex.Options{}).Namespace("demo")
	seed := rand.Uint64()
	t.Logf("seed %d", seed)
	r := randomSearch{rand.New(rand.NewPCG(seed, 0))}
	var bulk strings.Builder
	for i := range 200 {
		fmt.Fprintf(&bulk, "{\"index\":{\"_id\":\"%d\"}}\n%s\n", i, r.document(i))
	}
	(&exchange{method: "DELETE", path: "/random-1"}).send(real)
	for _, e := range []exchange{{method: "PUT", path: "/random-1", body: randomMapping + "\n"}, {method: "POST", path: "/random-1/_bulk?refresh=true", body: bulk.String()}} {
		e.send(real)
		e.send(ours)
	}
	for range 8 {
		var body strings.Builder
		var asked []string
		for range 40 {
			one := fmt.Sprintf(`{"size":5,"track_total_hits":true,"sort":["i"],"_source":false,"query":%s,"aggs":{"a":%s}}`, r.query(2), r.aggregation(2))
			asked = append(asked, one)
			body.WriteString("{\"index\":\"random-1\"}\n" + one + "\n")
		}
		e := exchange{method: "POST", path: "/_msearch", header: " | Content-Type: application/x-ndjson", body: body.String() + "\n"}
		theirs, mine := responses(t, &e, real), responses(t, &e, ours)
		for i, one := range asked {
			if !reflect.DeepEqual(theirs[i], mine[i]) {
				a, _ := json.Marshal(theirs[i])
				b, _ := json.Marshal(mine[i])
				t.Errorf("%s\nOpenSearch %.3000s\nmillrace   %.3000s", one, a, b)
			}
		}
	}
	(&exchange{method: "DELETE", path: "/random-1"}).send(real)
}

func responses(t *testing.T, e *exchange, server http.Handler) []any {
	t.Helper()
	_, answer := e.send(server)
	var out struct{ Responses []any }
	v := comparable(answer)
	text, _ := json.Marshal(v)
	if err := json.Unmarshal(text, &out); err != nil || len(out.Responses) == 0 {
		t.Fatalf("%v in %.500s", err, answer)
	}
	return out.Responses
}
