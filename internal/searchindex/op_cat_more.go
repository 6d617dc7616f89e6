package searchindex

import (
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/millrace/millrace/internal/searchindex/store"
)

// forIndices calls fn for every index that the path names.
func (r *request) forIndices(fn func(*store.Index)) error {
	return r.domain.index.store.View(r.domain.name, func(v *store.View) error {
		indices, err := r.resolve(viewLister{v})
		if err != nil {
			return err
		}
		for _, x := range indices {
			fn(x)
		}
		return nil
	})
}

// eachRow makes a table of the rows that fn adds for every index that the path names.
func (r *request) eachRow(names []string, fn func(*store.Index) [][]string) answer {
	t := catTable{names: names}
	if err := r.forIndices(func(x *store.Index) { t.rows = append(t.rows, fn(x)...) }); err != nil {
		return failure(err)
	}
	return t.answer(r)
}

func catAliases(r *request) answer {
	return r.eachRow([]string{"alias", "index", "filter", "routing.index", "routing.search", "is_write_index"}, func(x *store.Index) (rows [][]string) {
		for _, name := range slices.Sorted(maps.Keys(x.Aliases)) {
			if r.name != "" && !slices.ContainsFunc(strings.Split(r.name, ","), func(p string) bool { return like(p, name) }) {
				continue
			}
			write := x.Aliases[name].Write
			if write == "" {
				write = "-"
			}
			rows = append(rows, []string{name, x.Name, "-", "-", "-", write})
		}
		return rows
	})
}

func catCount(r *request) answer {
	var n int64
	if err := r.forIndices(func(x *store.Index) { n += x.Live }); err != nil {
		return failure(err)
	}
	now := time.Now().UTC()
	return catTable{names: []string{"epoch", "timestamp", "count"}, rows: [][]string{{strconv.FormatInt(now.Unix(), 10), now.Format(time.TimeOnly), strconv.FormatInt(n, 10)}}}.answer(r)
}

func catShards(r *request) answer {
	return r.eachRow([]string{"index", "shard", "prirep", "state", ">docs", ">store", "ip", "node"}, func(x *store.Index) [][]string {
		rows := [][]string{{x.Name, "0", "p", "STARTED", strconv.FormatInt(x.Live, 10), bytesText(x.Bytes, r.params.Get("bytes")), "127.0.0.1", node}}
		for range replicas(x) {
			rows = append(rows, []string{x.Name, "0", "r", "UNASSIGNED", "", "", "", ""})
		}
		return rows
	})
}

func catHealth(r *request) answer {
	var shards, missing int
	err := r.forIndices(func(x *store.Index) { shards, missing = shards+1, missing+replicas(x) })
	if err != nil {
		return failure(err)
	}
	status, active := "green", 100.0
	if missing > 0 {
		status, active = "yellow", 100*float64(shards)/float64(shards+missing)
	}
	now := time.Now().UTC()
	count := strconv.Itoa(shards)
	return catTable{
		names: []string{
			"epoch", "timestamp", "cluster", "status", ">node.total", ">node.data", ">discovered_cluster_manager", ">shards", ">pri", ">relo", ">init", ">unassign", ">pending_tasks",
			">max_task_wait_time", ">active_shards_percent",
		},
		rows: [][]string{{
			strconv.FormatInt(now.Unix(), 10), now.Format(time.TimeOnly), r.domain.name, status, "1", "1", "true", count, count, "0", "0", strconv.Itoa(missing), "0", "-", fmt.Sprintf("%.1f%%", active),
		}},
	}.answer(r)
}

// catNodes lists the one node, without the load of the machine it runs on.
func catNodes(r *request) answer {
	return catTable{names: []string{"ip", "node.role", "cluster_manager", "name", "version"}, rows: [][]string{{"127.0.0.1", "dm", "*", node, version}}}.answer(r)
}

func catTemplates(r *request) answer {
	t := catTable{names: []string{"name", "index_patterns", "order", "version", "composed_of"}}
	for _, kind := range []string{legacyTemplates, indexTemplates} {
		failed := r.eachTemplate(kind, func(one *template) {
			kept := ""
			for _, m := range one.kept {
				if m.Name == "version" {
					kept = m.Value.Text
				}
			}
			composed := ""
			if kind == indexTemplates {
				composed = "[" + strings.Join(one.composedOf, ", ") + "]"
			}
			t.rows = append(t.rows, []string{one.name, "[" + strings.Join(one.patterns, ", ") + "]", strconv.Itoa(one.order), kept, composed})
		})
		if failed != nil {
			return *failed
		}
	}
	return t.answer(r)
}
