package searchindex

import (
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/millrace/millrace/internal/searchindex/aggregate"
	"github.com/millrace/millrace/internal/searchindex/jsontree"
	"github.com/millrace/millrace/internal/searchindex/mapping"
	"github.com/millrace/millrace/internal/searchindex/query"
	"github.com/millrace/millrace/internal/searchindex/wire"
)

// defaultTrackTotal is up to where hits are counted when the request does not say.
const defaultTrackTotal = 10_000

// unsupportedSearch are the members of a search that a real server knows and this one does not.
var unsupportedSearch = []string{
	"collapse", "derived", "ext", "indices_boost", "min_score", "pit", "pipeline", "rescore", "search_pipeline", "slice", "stats", "suggest",
}

// searchRequest is a search as it was asked, body and parameters together.
type searchRequest struct {
	query      query.Query
	from, size int
	sort       sortKeys
	source     sourceFilter
	trackTotal int64 // 0: not at all, -1: all
	totalAsInt bool
	typedKeys  bool
	timeout    time.Duration
	aggs       *aggregate.Parsed
	after      []jsontree.Value // search_after
	postFilter query.Query      // of hits, not of aggregations; nil: none
	shown      shownMembers
}

func (r *request) parseSearch() (*searchRequest, *wire.Error) {
	s := &searchRequest{query: query.MatchAll{}, size: 10, trackTotal: defaultTrackTotal}
	var err *wire.Error
	if s.source, err = r.sourceParams(); err != nil {
		return nil, err
	}
	if err := r.searchMembers(func(m jsontree.Member) *wire.Error { return s.member(r.body, m) }); err != nil {
		return nil, err
	}
	if err := r.searchParameters(s); err != nil {
		return nil, err
	}
	if s.shown.stored && !s.source.asked {
		s.source.none = true
	}
	switch {
	case s.size < 0:
		return nil, wire.IllegalArgument("[size] parameter cannot be negative, found [%d]", s.size)
	case s.from < 0:
		return nil, wire.IllegalArgument("[from] parameter cannot be negative but was [%d]", s.from)
	}
	return s, nil
}

// parseCount reads a count, whose body has a query and nothing else.
func (r *request) parseCount() (*searchRequest, *wire.Error) {
	s := &searchRequest{query: query.MatchAll{}}
	err := r.searchMembers(func(m jsontree.Member) *wire.Error {
		if m.Name != "query" {
			return wire.Errorf("parsing_exception", "request does not support [%s]", m.Name).At(r.body, m.Offset)
		}
		return s.member(r.body, m)
	})
	if err != nil {
		return nil, err
	}
	return s, r.queryParameter(s)
}

func (r *request) searchMembers(member func(jsontree.Member) *wire.Error) *wire.Error {
	if strings.TrimSpace(r.body) == "" {
		return nil
	}
	v, end, syntax := jsontree.ParsePrefix(r.body)
	if syntax != nil {
		return wire.Syntax(r.body, syntax)
	}
	if v.Kind != jsontree.Object {
		return wire.Errorf("parsing_exception", "Expected [START_OBJECT] but found [%s]", mapping.Token(v)).At(r.body, v.Offset)
	}
	if rest := strings.TrimLeft(r.body[end:], " \t\r\n"); rest != "" {
		return wire.Errorf("parsing_exception", "Unexpected token [%s] found after the main object.", mapping.TokenName(rest)).At(r.body, len(r.body)-len(rest))
	}
	for _, m := range v.Members {
		if err := member(m); err != nil {
			return err
		}
	}
	return nil
}

func (s *searchRequest) member(body string, m jsontree.Member) (err *wire.Error) {
	switch m.Name {
	case "query":
		s.query, err = query.Parse(body, m.Value)
	case "from":
		s.from, err = whole(m)
	case "size":
		s.size, err = whole(m)
	case "sort":
		s.sort, err = parseSort(body, m.Value)
	case "_source":
		s.source, err = parseSource(body, m.Value)
	case "track_total_hits":
		s.trackTotal, err = trackTotal(m.Value.Text)
	case "timeout":
		s.timeout, err = timeValue(m.Value.Text)
	case "aggs", "aggregations":
		s.aggs, err = aggregate.Parse(body, m.Value)
	case "search_after":
		if s.after = m.Value.Elems; m.Value.Kind != jsontree.Array {
			return wire.Errorf("parsing_exception", "Unknown key for a %s in [%s].", mapping.Token(m.Value), m.Name).At(body, m.Value.Offset)
		}
	case "post_filter":
		s.postFilter, err = query.Parse(body, m.Value)
	case "docvalue_fields", "fields", "stored_fields", "version", "seq_no_primary_term":
		err = s.shown.member(m)
	case "highlight":
		s.shown.highlight, err = parseHighlight(m.Value)
	case "script_fields", "explain", "profile", "track_scores", "terminate_after":
		return harmless(m)
	default:
		if slices.Contains(unsupportedSearch, m.Name) {
			return wire.Unsupported("[" + m.Name + "] in a search")
		}
		return wire.Errorf("parsing_exception", "Unknown key for a %s in [%s].", mapping.Token(m.Value), m.Name).At(body, m.Value.Offset)
	}
	return err
}

// harmless takes members that real clients send always, with the value that asks for nothing.
func harmless(m jsontree.Member) *wire.Error {
	switch {
	case m.Value.Kind == jsontree.Object && len(m.Value.Members) == 0, m.Value.Text == "false", m.Name == "terminate_after" && m.Value.Text == "0":
		return nil
	}
	return wire.Unsupported("[" + m.Name + "] in a search")
}

func whole(m jsontree.Member) (int, *wire.Error) {
	n, err := strconv.Atoi(m.Value.Text)
	if err != nil || n > 1<<31-1 {
		return 0, wire.Errorf("number_format_exception", "For input string: \"%s\"", m.Value.Text)
	}
	return n, nil
}

func trackTotal(text string) (int64, *wire.Error) {
	switch text {
	case "true", "":
		return -1, nil
	case "false":
		return 0, nil
	}
	n, err := strconv.ParseInt(text, 10, 32)
	if err != nil || n < 0 {
		return 0, wire.IllegalArgument("[track_total_hits] parameter must be positive or equals to -1, got %s", text)
	}
	return n, nil
}

func timeValue(text string) (time.Duration, *wire.Error) {
	d, err := time.ParseDuration(text)
	if err != nil || d < 0 {
		return 0, wire.IllegalArgument("failed to parse setting [timeout] with value [%s] as a time value: unit is missing or unrecognized", text)
	}
	return d, nil
}

// searchParameters reads what the query string says; it wins over the body.
func (r *request) searchParameters(s *searchRequest) (err *wire.Error) {
	if s.from, err = r.number("from", s.from); err != nil {
		return err
	}
	if s.size, err = r.number("size", s.size); err != nil {
		return err
	}
	if r.params.Has("track_total_hits") {
		if s.trackTotal, err = trackTotal(r.params.Get("track_total_hits")); err != nil {
			return err
		}
	}
	if r.params.Has("timeout") {
		if s.timeout, err = timeValue(r.params.Get("timeout")); err != nil {
			return err
		}
	}
	if s.typedKeys, err = r.flag("typed_keys", false); err != nil {
		return err
	}
	if s.totalAsInt, err = r.flag("rest_total_hits_as_int", false); err != nil {
		return err
	}
	if s.totalAsInt && s.trackTotal == defaultTrackTotal {
		s.trackTotal = -1
	}
	if sort := r.params.Get("sort"); sort != "" {
		s.sort = nil
		for part := range strings.SplitSeq(sort, ",") {
			field, direction, _ := strings.Cut(part, ":")
			key, err := newSortKey(field, direction)
			if err != nil {
				return err
			}
			s.sort = append(s.sort, key)
		}
	}
	if v := r.params.Get("search_type"); v != "" && v != "query_then_fetch" && v != "dfs_query_then_fetch" {
		return wire.Unsupported("[search_type=" + v + "]")
	}
	return r.queryParameter(s)
}

// queryParameter reads ?q=.
func (r *request) queryParameter(s *searchRequest) *wire.Error {
	if r.params.Has("routing") {
		return wire.Unsupported("parameter [routing]")
	}
	if q := r.params.Get("q"); q != "" {
		parsed := query.String{Text: q, And: strings.EqualFold(r.params.Get("default_operator"), "and")}
		if field := r.params.Get("df"); field != "" {
			parsed.Fields = []string{field}
		}
		var err *wire.Error
		if parsed.Lenient, err = r.flag("lenient", false); err != nil {
			return err
		}
		s.query = parsed
	}
	return nil
}
