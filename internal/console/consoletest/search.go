package consoletest

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"
)

// document is a window's result as it was indexed.
type document struct {
	at     int64
	status int
	count  int64
	agent  string
}

func (d document) value(field string) any {
	switch field {
	case "@timestamp":
		return d.at
	case "STATUS":
		return int64(d.status)
	case "STATUSCOUNT":
		return d.count
	case "agent.keyword":
		return d.agent
	}
	return nil
}

const mapping = `{"analysed-logs-2026-11-22":{"mappings":{"properties":{
	"@timestamp":{"type":"date"},
	"DATETIME":{"type":"text","fields":{"keyword":{"type":"keyword","ignore_above":256}}},
	"STATUS":{"type":"long"},
	"STATUSCOUNT":{"type":"long"},
	"agent":{"type":"text","fields":{"keyword":{"type":"keyword","ignore_above":256}}}}}}}`

const noIndex = `{"error":{"root_cause":[{"type":"index_not_found_exception","reason":"no such index [%s]"}],"type":"index_not_found_exception","reason":"no such index [%[1]s]"},"status":404}`

// Do answers _mapping and the searches that the pages send; anything else is an
// error, so that a page that begins to send more is noticed.
func (f *Fake) Do(_ context.Context, domain, method, path string, body []byte) (int, []byte, error) {
	pattern, operation, _ := strings.Cut(strings.TrimPrefix(path, "/"), "/")
	pattern = strings.ReplaceAll(pattern, "%2A", "*")
	if domain != "" && domain != "status-codes" {
		return 0, nil, errors.New("no such domain " + domain)
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	empty := len(f.docs) == 0 || !strings.HasPrefix("analysed-logs-2026-11-22", strings.TrimSuffix(pattern, "*"))
	switch {
	case pattern == "forbidden":
		return http.StatusForbidden, []byte(`{"error":"no permissions"}`), nil
	case pattern == "down":
		return 0, nil, errors.New("connection refused")
	case empty && !strings.Contains(pattern, "*"):
		return http.StatusNotFound, fmt.Appendf(nil, noIndex, pattern), nil
	case method == http.MethodGet && operation == "_mapping" && empty:
		return http.StatusOK, []byte("{}"), nil
	case method == http.MethodGet && operation == "_mapping":
		return http.StatusOK, []byte(mapping), nil
	case method == http.MethodPost && operation == "_search":
		var s search
		if err := strict(body, &s); err != nil {
			return http.StatusBadRequest, fmt.Appendf(nil, `{"error":{"type":"parsing_exception","reason":%q},"status":400}`, err), nil
		}
		answer, err := json.Marshal(s.run(f.docs))
		return http.StatusOK, answer, err
	}
	return 0, nil, fmt.Errorf("%s %s is not scripted", method, path)
}

type search struct {
	Size  int  `json:"size"`
	Track bool `json:"track_total_hits"`
	Query struct {
		Bool struct {
			Filter []struct {
				Range map[string]struct {
					Gte time.Time `json:"gte"`
					Lte time.Time `json:"lte"`
				} `json:"range"`
			} `json:"filter"`
		} `json:"bool"`
	} `json:"query"`
	Aggs map[string]aggregation `json:"aggs"`
}

type aggregation struct {
	Terms *struct {
		Field string            `json:"field"`
		Size  int               `json:"size"`
		Order map[string]string `json:"order"`
	} `json:"terms"`
	Histogram *struct {
		Field    string `json:"field"`
		Interval string `json:"fixed_interval"`
		Least    int    `json:"min_doc_count"`
	} `json:"date_histogram"`
	Sum  *struct{ Field string }
	Avg  *struct{ Field string }
	Max  *struct{ Field string }
	Min  *struct{ Field string }
	Aggs map[string]aggregation `json:"aggs"`
}

func strict(body []byte, v any) error {
	d := json.NewDecoder(strings.NewReader(string(body)))
	d.DisallowUnknownFields()
	return d.Decode(v)
}

func (s *search) run(docs []document) map[string]any {
	docs = slices.Clone(docs)
	for _, filter := range s.Query.Bool.Filter {
		for _, r := range filter.Range {
			docs = slices.DeleteFunc(docs, func(d document) bool { return d.at < r.Gte.UnixMilli() || d.at > r.Lte.UnixMilli() })
		}
	}
	return map[string]any{
		"took": 1, "timed_out": false,
		"hits":         map[string]any{"total": map[string]any{"value": len(docs), "relation": "eq"}, "max_score": nil, "hits": []any{}},
		"aggregations": aggregate(s.Aggs, docs),
	}
}

func aggregate(aggs map[string]aggregation, docs []document) map[string]any {
	out := make(map[string]any)
	for name, a := range aggs {
		switch {
		case a.Terms != nil:
			out[name] = a.terms(docs)
		case a.Histogram != nil:
			out[name] = a.histogram(docs)
		default:
			out[name] = map[string]any{"value": a.metric(docs)}
		}
	}
	return out
}

type group struct {
	key  any
	docs []document
}

func grouped(docs []document, key func(document) any) []group {
	at := make(map[any]int)
	var groups []group
	for _, d := range docs {
		k := key(d)
		i, ok := at[k]
		if !ok {
			i = len(groups)
			at[k] = i
			groups = append(groups, group{key: k})
		}
		groups[i].docs = append(groups[i].docs, d)
	}
	return groups
}

func (a *aggregation) terms(docs []document) map[string]any {
	groups := grouped(docs, func(d document) any { return d.value(a.Terms.Field) })
	for by, direction := range a.Terms.Order {
		slices.SortFunc(groups, func(x, y group) int {
			sign := 1
			if direction == "desc" {
				sign = -1
			}
			switch by {
			case "_key":
				return sign * compareKeys(x.key, y.key)
			case "_count":
				return sign * cmp.Compare(len(x.docs), len(y.docs))
			}
			metric := a.Aggs[by]
			return sign * cmp.Compare(metric.metric(x.docs), metric.metric(y.docs))
		})
	}
	other := 0
	for _, g := range groups[min(len(groups), a.Terms.Size):] {
		other += len(g.docs)
	}
	return map[string]any{"sum_other_doc_count": other, "doc_count_error_upper_bound": 0, "buckets": a.buckets(groups[:min(len(groups), a.Terms.Size)])}
}

func (a *aggregation) histogram(docs []document) map[string]any {
	width, err := time.ParseDuration(a.Histogram.Interval)
	if err != nil {
		width = 24 * time.Hour
	}
	groups := grouped(docs, func(d document) any { return d.at - d.at%width.Milliseconds() })
	slices.SortFunc(groups, func(x, y group) int { return compareKeys(x.key, y.key) })
	buckets := a.buckets(groups)
	for _, b := range buckets {
		b["key_as_string"] = iso(time.UnixMilli(b["key"].(int64)))
	}
	return map[string]any{"buckets": buckets}
}

func (a *aggregation) buckets(groups []group) []map[string]any {
	buckets := make([]map[string]any, 0, len(groups))
	for _, g := range groups {
		b := aggregate(a.Aggs, g.docs)
		b["key"], b["doc_count"] = g.key, len(g.docs)
		buckets = append(buckets, b)
	}
	return buckets
}

func (a *aggregation) metric(docs []document) float64 {
	var sum, least, most float64
	for i, d := range docs {
		n, _ := d.value(a.metricField()).(int64)
		v := float64(n)
		sum += v
		if i == 0 || v < least {
			least = v
		}
		if i == 0 || v > most {
			most = v
		}
	}
	switch {
	case a.Avg != nil:
		return sum / float64(max(1, len(docs)))
	case a.Max != nil:
		return most
	case a.Min != nil:
		return least
	}
	return sum
}

func (a *aggregation) metricField() string {
	for _, m := range []*struct{ Field string }{a.Sum, a.Avg, a.Max, a.Min} {
		if m != nil {
			return m.Field
		}
	}
	return ""
}

func compareKeys(x, y any) int {
	if a, ok := x.(int64); ok {
		return cmp.Compare(a, y.(int64))
	}
	return cmp.Compare(x.(string), y.(string))
}
