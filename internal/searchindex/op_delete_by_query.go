package searchindex

import (
	"time"

	"github.com/millrace/millrace/internal/searchindex/jsontree"
	"github.com/millrace/millrace/internal/searchindex/query"
	"github.com/millrace/millrace/internal/searchindex/store"
	"github.com/millrace/millrace/internal/searchindex/wire"
)

// Documents are found and deleted in rounds, so that neither memory nor a transaction grows with their number.
const (
	foundAtOnce   = 10_000
	deletesAtOnce = 1000
)

// deleteByQuery deletes what matches when it begins. Documents that were changed since are left alone; those that
// change between being found and being deleted are conflicts, which refuse the rest unless conflicts=proceed.
func deleteByQuery(r *request) answer {
	asked, err := r.parseDeleteByQuery()
	if err != nil {
		return refusal(err)
	}
	var deleted, conflicts, batches int64
	begin := map[string]int64{} // by index: the first sequence number that is not meant
	for {
		found, err := r.findRound(asked, begin)
		if err != nil {
			return failure(err)
		}
		if len(found) == 0 {
			break
		}
		for rest := found; len(rest) > 0; batches++ {
			n := min(deletesAtOnce, len(rest))
			gone, changed, failed := r.deleteFound(rest[:n])
			if failed != nil {
				return failure(failed)
			}
			deleted, conflicts, rest = deleted+gone, conflicts+changed, rest[n:]
			if changed > 0 && r.params.Get("conflicts") != "proceed" {
				e := wire.Errorf("version_conflict_engine_exception", "%d documents were changed while they were deleted", changed)
				e.Status = 409
				return refusal(e)
			}
		}
	}
	return answer{object: wire.Object{
		{Name: "took", Value: r.took()}, {Name: "timed_out", Value: false}, {Name: "total", Value: deleted + conflicts}, {Name: "deleted", Value: deleted}, {Name: "batches", Value: batches},
		{Name: "version_conflicts", Value: conflicts}, {Name: "noops", Value: 0}, {Name: "retries", Value: wire.Object{{Name: "bulk", Value: 0}, {Name: "search", Value: 0}}},
		{Name: "throttled_millis", Value: 0}, {Name: "requests_per_second", Value: -1.0}, {Name: "throttled_until_millis", Value: 0}, {Name: "failures", Value: []any{}},
	}}
}

// findRound finds the next documents to delete.
func (r *request) findRound(asked *searchRequest, begin map[string]int64) (found []foundDocument, err error) {
	err = r.domain.index.store.View(r.domain.name, func(v *store.View) error {
		indices, err := r.searchable(v)
		if err != nil {
			return err
		}
		for _, x := range indices {
			if err := block(x); err != nil {
				return err
			}
			if _, known := begin[x.UUID]; !known {
				begin[x.UUID] = x.NextSeq()
			}
			if found, err = r.findDocuments(v, x, asked, begin[x.UUID], found); err != nil {
				return err
			}
		}
		return nil
	})
	return found, err
}

func (r *request) parseDeleteByQuery() (*searchRequest, *wire.Error) {
	for name, only := range map[string]string{"wait_for_completion": "true", "requests_per_second": "-1"} {
		if v := r.params.Get(name); v != "" && v != only {
			return nil, wire.Unsupported("[" + name + "=" + v + "] of _delete_by_query")
		}
	}
	s := &searchRequest{}
	err := r.searchMembers(func(m jsontree.Member) (err *wire.Error) {
		switch {
		case m.Name == "query":
			s.query, err = query.Parse(r.body, m.Value)
		case m.Name == "conflicts" && (m.Value.Text == "proceed" || m.Value.Text == "abort"):
			r.params.Set("conflicts", m.Value.Text)
		default:
			err = wire.Unsupported("[" + m.Name + "] of _delete_by_query")
		}
		return err
	})
	if err == nil {
		err = r.queryParameter(s)
	}
	if err == nil && s.query == nil {
		err = wire.Errorf("action_request_validation_exception", "Validation Failed: 1: query is missing;")
	}
	return s, err
}

type foundDocument struct {
	index string
	id    string
	seq   int64
}

func (r *request) findDocuments(v *store.View, x *store.Index, asked *searchRequest, before int64, found []foundDocument) ([]foundDocument, error) {
	s := searcher{request: r, asked: asked, view: v, now: time.Now()}
	matcher, refused := asked.query.Compile(s.describe(x))
	if refused != nil {
		return nil, refused.InShard(x.Name, node)
	}
	for i := range x.Segments() {
		if len(found) >= foundAtOnce {
			break
		}
		seg := segment{view: v, index: x, number: i}
		var err error
		if seg.live, err = v.Live(r.Context(), x, i); err != nil {
			return nil, err
		}
		if s.docs, err = query.Documents(r.Context(), matcher, seg, s.docs[:0]); err != nil {
			return nil, err
		}
		for _, doc := range s.docs {
			d, there, err := v.At(r.Context(), x, seg.place(doc))
			if err != nil {
				return nil, err
			}
			if there && d.Seq < before {
				found = append(found, foundDocument{x.Name, d.ID, d.Seq})
			}
		}
	}
	return found, nil
}

func (r *request) deleteFound(found []foundDocument) (deleted, conflicts int64, err error) {
	err = r.domain.index.store.Update(r.Context(), func(tx *store.Tx) {
		deleted, conflicts = 0, 0
		for _, f := range found {
			x := tx.Index(r.domain.name, f.index)
			if x == nil {
				conflicts++
				continue
			}
			if d, there, _ := tx.Document(x, f.id); !there || d.Seq != f.seq { // damaged or not, this is the one that was found
				conflicts++
				continue
			}
			tx.Delete(x, f.id)
			deleted++
		}
	})
	return deleted, conflicts, err
}
