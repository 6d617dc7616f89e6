package searchindex

import (
	"github.com/millrace/millrace/internal/searchindex/store"
	"github.com/millrace/millrace/internal/searchindex/wire"
)

// version is that of the OpenSearch whose answers these are.
const version = "2.19.4"

// indexStats tells how many documents the indices hold and how large their sources are; of what a real server counts
// beyond that, nothing is counted here.
func indexStats(r *request) answer {
	if level := r.params.Get("level"); level != "" && level != "indices" && level != "cluster" {
		return refusal(wire.Unsupported("[level=" + level + "]"))
	}
	switch r.name {
	case "", "_all", "docs", "store", "docs,store", "store,docs":
	default:
		return refusal(wire.Unsupported("statistics of [" + r.name + "]"))
	}
	indices := wire.Object{}
	var docs, bytes int64
	shards, missing := 0, 0
	err := r.forIndices(func(x *store.Index) {
		docs, bytes, shards, missing = docs+x.Live, bytes+x.Bytes, shards+1, missing+replicas(x)
		one := counted(x.Live, x.Bytes)
		indices = append(indices, wire.Member{Name: x.Name, Value: append(wire.Object{{Name: "uuid", Value: x.UUID}}, one...)})
	})
	if err != nil {
		return failure(err)
	}
	return answer{object: wire.Object{
		{Name: "_shards", Value: wire.Object{{Name: "total", Value: shards + missing}, {Name: "successful", Value: shards}, {Name: "failed", Value: 0}}},
		{Name: "_all", Value: counted(docs, bytes)}, {Name: "indices", Value: indices},
	}}
}

func counted(docs, bytes int64) wire.Object {
	one := wire.Object{
		{Name: "docs", Value: wire.Object{{Name: "count", Value: docs}, {Name: "deleted", Value: 0}}},
		{Name: "store", Value: wire.Object{{Name: "size_in_bytes", Value: bytes}, {Name: "reserved_in_bytes", Value: 0}}},
	}
	return wire.Object{{Name: "primaries", Value: one}, {Name: "total", Value: one}}
}

// clusterSettings are none: nothing can be set for all indices.
func clusterSettings(r *request) answer {
	if defaults, err := r.flag("include_defaults", false); err != nil || defaults {
		return refusal(wire.Unsupported("[include_defaults]"))
	}
	return answer{object: wire.Object{{Name: "persistent", Value: wire.Object{}}, {Name: "transient", Value: wire.Object{}}}}
}

// nodes describes the one node, for clients that look for others.
func nodes(r *request) answer {
	one := wire.Object{
		{Name: "name", Value: node}, {Name: "transport_address", Value: r.Host}, {Name: "host", Value: "127.0.0.1"}, {Name: "ip", Value: "127.0.0.1"}, {Name: "version", Value: version},
		{Name: "build_type", Value: "millrace"}, {Name: "build_hash", Value: "unknown"}, {Name: "roles", Value: []string{"cluster_manager", "data", "ingest"}}, {Name: "attributes", Value: wire.Object{}},
		{Name: "http", Value: wire.Object{{Name: "bound_address", Value: []string{r.Host}}, {Name: "publish_address", Value: r.Host}, {Name: "max_content_length_in_bytes", Value: MaxBodyBytes}}},
	}
	return answer{object: wire.Object{
		{Name: "_nodes", Value: wire.Object{{Name: "total", Value: 1}, {Name: "successful", Value: 1}, {Name: "failed", Value: 0}}},
		{Name: "cluster_name", Value: r.domain.name}, {Name: "nodes", Value: wire.Object{{Name: node, Value: one}}},
	}}
}
