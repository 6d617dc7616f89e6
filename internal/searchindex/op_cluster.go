package searchindex

import (
	"net/http"
	"slices"

	"github.com/millrace/millrace/internal/searchindex/store"
	"github.com/millrace/millrace/internal/searchindex/wire"
)

// root tells clients which server they speak with: the version is that of the OpenSearch whose answers these are.
func root(r *request) answer {
	return answer{pretty: true, object: wire.Object{
		{Name: "name", Value: node},
		{Name: "cluster_name", Value: r.domain.name},
		{Name: "cluster_uuid", Value: "_na_"},
		{Name: "version", Value: wire.Object{
			{Name: "distribution", Value: "opensearch"},
			{Name: "number", Value: version},
			{Name: "build_type", Value: "millrace"},
			{Name: "build_hash", Value: "unknown"},
			{Name: "build_date", Value: "unknown"},
			{Name: "build_snapshot", Value: false},
			{Name: "lucene_version", Value: "9.12.3"},
			{Name: "minimum_wire_compatibility_version", Value: "7.10.0"},
			{Name: "minimum_index_compatibility_version", Value: "7.0.0"},
		}},
		{Name: "tagline", Value: "The OpenSearch Project: https://opensearch.org/"},
	}}
}

// health is green, or yellow while an index asks for copies: there is one node to hold them.
func health(r *request) answer {
	if level := r.params.Get("level"); level != "" && level != "cluster" {
		return refusal(wire.Unsupported("[level=" + level + "]"))
	}
	wanted := r.params.Get("wait_for_status")
	if wanted != "" && !slices.Contains(statuses, wanted) {
		return refusal(wire.IllegalArgument("unknown cluster health status [%s]", wanted))
	}
	var shards, missing int
	status, code := "green", http.StatusOK
	failed := r.domain.index.store.View(r.domain.name, func(v *store.View) error {
		indices, err := r.resolve(viewLister{v})
		if err != nil {
			status, code = "red", http.StatusRequestTimeout
			return nil
		}
		for _, x := range indices {
			shards++
			missing += replicas(x)
		}
		return nil
	})
	if failed != nil {
		return failure(failed)
	}
	if status == "green" && missing > 0 {
		status = "yellow"
	}
	if wanted != "" && slices.Index(statuses, status) < slices.Index(statuses, wanted) {
		code = http.StatusRequestTimeout // waiting would not help: nothing here changes by itself
	}
	active := 100.0
	if shards+missing > 0 {
		active = float64(shards) / float64(shards+missing) * 100
	}
	return answer{status: code, object: wire.Object{
		{Name: "cluster_name", Value: r.domain.name}, {Name: "status", Value: status}, {Name: "timed_out", Value: code != http.StatusOK},
		{Name: "number_of_nodes", Value: 1}, {Name: "number_of_data_nodes", Value: 1},
		{Name: "discovered_master", Value: true}, {Name: "discovered_cluster_manager", Value: true},
		{Name: "active_primary_shards", Value: shards}, {Name: "active_shards", Value: shards},
		{Name: "relocating_shards", Value: 0}, {Name: "initializing_shards", Value: 0}, {Name: "unassigned_shards", Value: missing}, {Name: "delayed_unassigned_shards", Value: 0},
		{Name: "number_of_pending_tasks", Value: 0}, {Name: "number_of_in_flight_fetch", Value: 0}, {Name: "task_max_waiting_in_queue_millis", Value: 0},
		{Name: "active_shards_percent_as_number", Value: active},
	}}
}

// statuses from bad to good.
var statuses = []string{"red", "yellow", "green"}
