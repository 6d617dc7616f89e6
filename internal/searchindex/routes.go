package searchindex

import (
	"fmt"
	"net/http"
	"slices"
	"strings"

	"github.com/millrace/millrace/internal/searchindex/wire"
)

// route is one operation: methods, path, what permissions call it, the parameters it knows.
type route struct {
	methods string
	path    string
	action  string
	params  string
	handle  func(*request) answer
}

const (
	indexParams  = "ignore_unavailable allow_no_indices expand_wildcards"
	writeParams  = "refresh timeout wait_for_active_shards"
	masterParams = "timeout master_timeout cluster_manager_timeout local"
	// Where a search runs and how it is cut up has no meaning with one shard.
	searchParams = indexParams + " q df default_operator lenient analyze_wildcard _source _source_includes _source_excludes preference routing request_cache search_type " +
		"max_concurrent_shard_requests batched_reduce_size pre_filter_shard_size ccs_minimize_roundtrips"
	hitParams     = searchParams + " size from sort track_total_hits typed_keys rest_total_hits_as_int timeout"
	catParams     = "format v h s bytes time help " + masterParams
	documentReads = "_source _source_includes _source_excludes realtime refresh preference"
)

// The paths with a literal come before those with {index} in its place.
func (d *domain) routes() []route {
	return []route{
		{"GET HEAD", "/", "cluster:monitor/main", "", root},
		{"POST PUT", "/_bulk", "indices:data/write/bulk", writeParams, bulk},
		{"POST PUT", "/{index}/_bulk", "indices:data/write/bulk", writeParams, bulk},
		{"PUT POST", "/{index}/_doc/{id}", "indices:data/write/index", writeParams + " op_type", indexDocument},
		{"POST", "/{index}/_doc", "indices:data/write/index", writeParams + " op_type", indexDocument},
		{"PUT POST", "/{index}/_create/{id}", "indices:data/write/index", writeParams, createDocument},
		{"POST", "/{index}/_update/{id}", "indices:data/write/update", writeParams, updateDocument},
		{"GET HEAD", "/{index}/_doc/{id}", "indices:data/read/get", documentReads, getDocument},
		{"GET HEAD", "/{index}/_source/{id}", "indices:data/read/get", documentReads, getSource},
		{"DELETE", "/{index}/_doc/{id}", "indices:data/write/delete", writeParams, deleteDocument},
		{"GET POST", "/_mget", "indices:data/read/mget", documentReads, multiGet},
		{"GET POST", "/{index}/_mget", "indices:data/read/mget", documentReads, multiGet},
		{"GET POST", "/_search", "indices:data/read/search", hitParams, search},
		{"GET POST", "/{index}/_search", "indices:data/read/search", hitParams, search},
		{"GET POST", "/_msearch", "indices:data/read/msearch", multiSearchParams, multiSearch},
		{"GET POST", "/{index}/_msearch", "indices:data/read/msearch", multiSearchParams, multiSearch},
		{"GET POST", "/_count", "indices:data/read/search", searchParams, count},
		{"GET POST", "/{index}/_count", "indices:data/read/search", searchParams, count},
		{"POST", "/{index}/_delete_by_query", "indices:data/write/delete/byquery", searchParams + " refresh conflicts wait_for_completion slices scroll_size requests_per_second timeout", deleteByQuery},
		{"GET POST", "/_field_caps", "indices:data/read/field_caps", indexParams + " fields include_unmapped", fieldCaps},
		{"GET POST", "/{index}/_field_caps", "indices:data/read/field_caps", indexParams + " fields include_unmapped", fieldCaps},
		{"GET POST", "/_analyze", "indices:admin/analyze", "", analyze},
		{"GET POST", "/{index}/_analyze", "indices:admin/analyze", "", analyze},

		{"GET", "/_mapping", "indices:admin/mappings/get", indexParams + " " + masterParams, getMapping},
		{"GET", "/{index}/_mapping", "indices:admin/mappings/get", indexParams + " " + masterParams, getMapping},
		{"GET", "/{index}/_mapping/field/{name}", "indices:admin/mappings/fields/get", indexParams, getFieldMapping},
		{"PUT POST", "/{index}/_mapping", "indices:admin/mapping/put", indexParams + " " + masterParams, putMapping},
		{"GET", "/_settings", "indices:monitor/settings/get", indexParams + " " + masterParams, getSettings},
		{"GET", "/{index}/_settings", "indices:monitor/settings/get", indexParams + " " + masterParams, getSettings},
		{"PUT", "/{index}/_settings", "indices:admin/settings/update", indexParams + " " + masterParams, putSettings},
		{"GET POST", "/_refresh", "indices:admin/refresh", indexParams, refresh},
		{"GET POST", "/{index}/_refresh", "indices:admin/refresh", indexParams, refresh},
		{"GET POST", "/_flush", "indices:admin/flush", indexParams + " force wait_if_ongoing", refresh},
		{"GET POST", "/{index}/_flush", "indices:admin/flush", indexParams + " force wait_if_ongoing", refresh},
		{"GET", "/_stats", "indices:monitor/stats", indexParams + " level", indexStats},
		{"GET", "/_stats/{name}", "indices:monitor/stats", indexParams + " level", indexStats},
		{"GET", "/{index}/_stats", "indices:monitor/stats", indexParams + " level", indexStats},
		{"GET", "/{index}/_stats/{name}", "indices:monitor/stats", indexParams + " level", indexStats},
		{"GET", "/_resolve/index/{index}", "indices:admin/resolve/index", indexParams, resolveIndex},

		{"POST", "/_aliases", "indices:admin/aliases", masterParams, updateAliases},
		{"GET", "/_aliases", "indices:admin/aliases/get", indexParams + " " + masterParams, getAliases},
		{"GET", "/_alias", "indices:admin/aliases/get", indexParams + " " + masterParams, getAliases},
		{"GET HEAD", "/_alias/{name}", "indices:admin/aliases/get", indexParams + " " + masterParams, getAliases},
		{"GET", "/{index}/_alias", "indices:admin/aliases/get", indexParams + " " + masterParams, getAliases},
		{"GET HEAD", "/{index}/_alias/{name}", "indices:admin/aliases/get", indexParams + " " + masterParams, getAliases},
		{"PUT POST", "/{index}/_alias/{name}", "indices:admin/aliases", masterParams, putAlias},
		{"PUT POST", "/{index}/_aliases/{name}", "indices:admin/aliases", masterParams, putAlias},
		{"DELETE", "/{index}/_alias/{name}", "indices:admin/aliases", masterParams, deleteAlias},
		{"DELETE", "/{index}/_aliases/{name}", "indices:admin/aliases", masterParams, deleteAlias},

		{"GET", "/_template", "indices:admin/template/get", masterParams, getLegacyTemplate},
		{"GET HEAD", "/_template/{name}", "indices:admin/template/get", masterParams, getLegacyTemplate},
		{"PUT POST", "/_template/{name}", "indices:admin/template/put", masterParams + " create", putLegacyTemplate},
		{"DELETE", "/_template/{name}", "indices:admin/template/delete", masterParams, deleteLegacyTemplate},
		{"GET", "/_index_template", "indices:admin/index_template/get", masterParams, getIndexTemplate},
		{"GET HEAD", "/_index_template/{name}", "indices:admin/index_template/get", masterParams, getIndexTemplate},
		{"PUT POST", "/_index_template/{name}", "indices:admin/index_template/put", masterParams + " create", putIndexTemplate},
		{"DELETE", "/_index_template/{name}", "indices:admin/index_template/delete", masterParams, deleteIndexTemplate},
		{"GET", "/_component_template", "cluster:admin/component_template/get", masterParams, getComponentTemplate},
		{"GET HEAD", "/_component_template/{name}", "cluster:admin/component_template/get", masterParams, getComponentTemplate},
		{"PUT POST", "/_component_template/{name}", "cluster:admin/component_template/put", masterParams + " create", putComponentTemplate},
		{"DELETE", "/_component_template/{name}", "cluster:admin/component_template/delete", masterParams, deleteComponentTemplate},

		{"GET", "/_cat/indices", "indices:monitor/stats", catParams + " " + indexParams, catIndices},
		{"GET", "/_cat/indices/{index}", "indices:monitor/stats", catParams + " " + indexParams, catIndices},
		{"GET", "/_cat/aliases", "indices:admin/aliases/get", catParams, catAliases},
		{"GET", "/_cat/aliases/{name}", "indices:admin/aliases/get", catParams, catAliases},
		{"GET", "/_cat/count", "indices:data/read/search", catParams, catCount},
		{"GET", "/_cat/count/{index}", "indices:data/read/search", catParams, catCount},
		{"GET", "/_cat/health", "cluster:monitor/health", catParams + " ts", catHealth},
		{"GET", "/_cat/nodes", "cluster:monitor/nodes/info", catParams, catNodes},
		{"GET", "/_cat/shards", "indices:monitor/stats", catParams, catShards},
		{"GET", "/_cat/shards/{index}", "indices:monitor/stats", catParams, catShards},
		{"GET", "/_cat/templates", "indices:admin/template/get", catParams, catTemplates},
		{"GET", "/_cat/templates/{name}", "indices:admin/template/get", catParams, catTemplates},

		{"GET", "/_cluster/health", "cluster:monitor/health", healthParams, health},
		{"GET", "/_cluster/health/{index}", "cluster:monitor/health", healthParams, health},
		{"GET", "/_cluster/settings", "cluster:monitor/settings/get", masterParams + " flat_settings include_defaults", clusterSettings},
		{"GET", "/_nodes", "cluster:monitor/nodes/info", "timeout", nodes},
		{"GET", "/_nodes/{name}", "cluster:monitor/nodes/info", "timeout", nodes},
		{"GET", "/_nodes/{name}/{id}", "cluster:monitor/nodes/info", "timeout", nodes},

		{"GET POST", "/_plugins/_security/authinfo", "", "auth_type", authInfo},
		{"GET", "/_plugins/_security/health", "", "", securityHealth},
		{"GET PUT DELETE PATCH POST", "/_plugins/_security/api/{name}", "", "", securityAPI},
		{"GET PUT DELETE PATCH POST", "/_plugins/_security/api/{name}/{id}", "", "", securityAPI},
		{"GET PUT DELETE PATCH POST", "/_opendistro/_security/api/{name}", "", "", securityAPI},
		{"GET PUT DELETE PATCH POST", "/_opendistro/_security/api/{name}/{id}", "", "", securityAPI},

		{"GET", "/{index}", "indices:admin/get", indexParams + " " + masterParams, getIndex},
		{"DELETE", "/{index}", "indices:admin/delete", indexParams + " " + masterParams, deleteIndex},
		{"PUT", "/{index}", "indices:admin/create", masterParams + " wait_for_active_shards", createIndex},
		{"HEAD", "/{index}", "indices:admin/get", indexParams + " " + masterParams, indexExists},
	}
}

const (
	healthParams      = "wait_for_status wait_for_nodes wait_for_no_relocating_shards wait_for_no_initializing_shards level " + masterParams
	multiSearchParams = "max_concurrent_searches typed_keys rest_total_hits_as_int max_concurrent_shard_requests pre_filter_shard_size ccs_minimize_roundtrips search_type"
)

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
		r.action = one.action
		if err := r.permitCluster(); err != nil {
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
