package searchindex

import (
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"github.com/millrace/millrace/internal/searchindex/wire"
)

// route is one operation: methods, path, the parameters it knows.
type route struct {
	methods string
	path    string
	params  string
	handle  func(*request) answer
}

const (
	indexParams  = "ignore_unavailable allow_no_indices expand_wildcards"
	writeParams  = "refresh timeout wait_for_active_shards"
	masterParams = "timeout master_timeout cluster_manager_timeout"
	// Where a search runs and how it is cut up has no meaning with one shard.
	searchParams = indexParams + " q df default_operator _source _source_includes _source_excludes preference routing request_cache search_type " +
		"max_concurrent_shard_requests batched_reduce_size pre_filter_shard_size ccs_minimize_roundtrips"
)

func (d *domain) routes() []route {
	return []route{
		{"GET HEAD", "/", "", root},
		{"POST PUT", "/_bulk", writeParams, bulk},
		{"POST PUT", "/{index}/_bulk", writeParams, bulk},
		{"PUT POST", "/{index}/_doc/{id}", writeParams + " op_type", indexDocument},
		{"POST", "/{index}/_doc", writeParams + " op_type", indexDocument},
		{"PUT POST", "/{index}/_create/{id}", writeParams, createDocument},
		{"POST", "/{index}/_update/{id}", writeParams, updateDocument},
		{"GET HEAD", "/{index}/_doc/{id}", "_source _source_includes _source_excludes realtime refresh preference", getDocument},
		{"DELETE", "/{index}/_doc/{id}", writeParams, deleteDocument},
		{"GET POST", "/_search", searchParams + " size from sort track_total_hits typed_keys rest_total_hits_as_int timeout", search},
		{"GET POST", "/{index}/_search", searchParams + " size from sort track_total_hits typed_keys rest_total_hits_as_int timeout", search},
		{"GET POST", "/_count", searchParams, count},
		{"GET POST", "/{index}/_count", searchParams, count},
		{"GET", "/_mapping", indexParams, getMapping},
		{"GET", "/{index}/_mapping", indexParams, getMapping},
		{"PUT POST", "/{index}/_mapping", indexParams + " " + masterParams, putMapping},
		{"GET", "/_settings", indexParams, getSettings},
		{"GET", "/{index}/_settings", indexParams, getSettings},
		{"PUT", "/{index}/_settings", indexParams + " " + masterParams, putSettings},
		{"GET POST", "/_refresh", indexParams, refresh},
		{"GET POST", "/{index}/_refresh", indexParams, refresh},
		{"GET", "/_cat/indices", "format v h s bytes", catIndices},
		{"GET", "/_cat/indices/{index}", "format v h s bytes", catIndices},
		{"GET", "/_cluster/health", "wait_for_status timeout level", health},
		{"GET", "/_cluster/health/{index}", "wait_for_status timeout level", health},
		{"GET", "/{index}", indexParams, getIndex},
		{"DELETE", "/{index}", indexParams + " " + masterParams, deleteIndex},
		{"PUT", "/{index}", masterParams + " wait_for_active_shards", createIndex},
		{"HEAD", "/{index}", indexParams, indexExists},
	}
}

// route finds the operation, checks the parameters' names and runs it.
func (d *domain) route(r *request) answer {
	var allowed []string
	parts, ok := pathParts(r.URL)
	if !ok {
		return refusal(wire.IllegalArgument("path [%s] is no valid path", r.URL.EscapedPath()))
	}
	for _, one := range d.routes() {
		if !r.matches(one.path, parts) {
			continue
		}
		if !slices.Contains(strings.Fields(one.methods), r.Method) {
			allowed = append(allowed, strings.Fields(one.methods)...)
			continue
		}
		if err := r.checkParams(one.params); err != nil {
			return refusal(err)
		}
		return one.handle(r)
	}
	switch {
	case len(allowed) > 0:
		reason := fmt.Sprintf("Incorrect HTTP method for uri [%s] and method [%s], allowed: [%s]", r.RequestURI, r.Method, strings.Join(allowed, ", "))
		return answer{status: http.StatusMethodNotAllowed, object: wire.Object{{Name: "error", Value: reason}, {Name: "status", Value: http.StatusMethodNotAllowed}}}
	case len(parts) == 1 && strings.HasPrefix(parts[0], "_"):
		return refusal(invalidName(parts[0], "must not start with '_'."))
	}
	return answer{status: http.StatusBadRequest, object: wire.Object{{Name: "error", Value: fmt.Sprintf("no handler found for uri [%s] and method [%s]", r.RequestURI, r.Method)}}}
}

func pathParts(u *url.URL) ([]string, bool) {
	path := strings.Trim(u.EscapedPath(), "/")
	if path == "" {
		return nil, true
	}
	var parts []string
	for part := range strings.SplitSeq(path, "/") {
		decoded, err := url.PathUnescape(part)
		if err != nil {
			return nil, false
		}
		parts = append(parts, decoded)
	}
	return parts, true
}

func (r *request) matches(pattern string, parts []string) bool {
	pattern = strings.Trim(pattern, "/")
	if pattern == "" {
		return len(parts) == 0
	}
	wanted := strings.Split(pattern, "/")
	if len(wanted) != len(parts) {
		return false
	}
	index, id := "", ""
	for i, want := range wanted {
		switch {
		case want == "{index}" && (!strings.HasPrefix(parts[i], "_") || parts[i] == "_all"):
			index = parts[i]
		case want == "{id}":
			id = parts[i]
		case want != parts[i]:
			return false
		}
	}
	r.index, r.id = index, id
	return true
}

func (r *request) checkParams(known string) *wire.Error {
	params, err := url.ParseQuery(r.URL.RawQuery)
	if err != nil {
		return wire.IllegalArgument("query string [%s]: %s", r.URL.RawQuery, err.Error())
	}
	r.params = params
	for name := range params {
		switch {
		case name == "filter_path" || name == "error_trace" || name == "source":
			return wire.Unsupported("parameter [" + name + "]")
		case name == "pretty" || name == "human" || slices.Contains(strings.Fields(known), name):
		default:
			return wire.IllegalArgument("request [%s] contains unrecognized parameter: [%s]", r.URL.Path, name)
		}
	}
	return nil
}

// flag reads a boolean parameter; a name without value means true.
func (r *request) flag(name string, otherwise bool) (bool, *wire.Error) {
	if !r.params.Has(name) {
		return otherwise, nil
	}
	switch v := r.params.Get(name); v {
	case "", "true":
		return true, nil
	case "false":
		return false, nil
	default:
		return false, wire.IllegalArgument("Failed to parse value [%s] as only [true] or [false] are allowed.", v)
	}
}

// number reads a whole number among the parameters.
func (r *request) number(name string, otherwise int) (int, *wire.Error) {
	if !r.params.Has(name) {
		return otherwise, nil
	}
	text := r.params.Get(name)
	n, err := strconv.Atoi(text)
	if err != nil {
		e := wire.IllegalArgument("Failed to parse int parameter [%s] with value [%s]", name, text)
		e.CausedBy = wire.Errorf("number_format_exception", "For input string: \"%s\"", text)
		return 0, e
	}
	return n, nil
}
