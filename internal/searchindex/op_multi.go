package searchindex

import (
	"net/url"
	"strconv"
	"strings"

	"github.com/millrace/millrace/internal/searchindex/jsontree"
	"github.com/millrace/millrace/internal/searchindex/store"
	"github.com/millrace/millrace/internal/searchindex/wire"
)

// maxSearches is how many searches one request may hold.
const maxSearches = 1000

// multiSearch carries out the searches of a body, pairs of lines, one after the other; each has an answer and a status
// of its own.
func multiSearch(r *request) answer {
	if r.body == "" {
		return refusal(wire.Errorf("parse_exception", "request body is required"))
	}
	if !strings.HasSuffix(r.body, "\n") {
		return refusal(wire.IllegalArgument("The msearch request must be terminated by a newline [\n]"))
	}
	responses := []any{}
	lines := strings.Split(strings.TrimSuffix(r.body, "\n"), "\n")
	for len(lines) > 0 && strings.TrimSpace(lines[0]) == "" && len(lines)%2 == 1 {
		lines = lines[1:]
	}
	if len(lines)%2 != 0 || len(lines) > 2*maxSearches {
		return refusal(wire.Errorf("action_request_validation_exception", "Validation Failed: 1: no requests added, or a header without its search;"))
	}
	for i := 0; i < len(lines); i += 2 {
		one, err := r.part(lines[i], lines[i+1])
		if err != nil {
			return refusal(err)
		}
		a := search(one)
		o, _ := a.object.(wire.Object)
		if a.status == 0 { // a refusal has its status already
			o = append(o, wire.Member{Name: "status", Value: 200})
		}
		responses = append(responses, o)
	}
	return answer{object: wire.Object{{Name: "took", Value: r.took()}, {Name: "responses", Value: responses}}}
}

// part is one search of a multi-search: its header says where and how.
func (r *request) part(header, body string) (*request, *wire.Error) {
	one := *r
	one.body, one.params, one.action = body, url.Values{}, "indices:data/read/search"
	for _, name := range []string{"typed_keys", "rest_total_hits_as_int"} {
		if r.params.Has(name) {
			one.params.Set(name, r.params.Get(name))
		}
	}
	if strings.TrimSpace(header) == "" {
		return &one, nil
	}
	v, syntax := jsontree.Parse(header)
	if syntax != nil {
		return nil, wire.Syntax(header, syntax)
	}
	for _, m := range v.Members {
		switch m.Name {
		case "index", "indices":
			one.index = strings.Join(texts(m.Value), ",")
		case "preference", "request_cache", "search_type", "ccs_minimize_roundtrips", "ignore_unavailable", "allow_no_indices", "ignoreUnavailable", "allowNoIndices",
			"max_concurrent_shard_requests", "expand_wildcards":
			name := map[string]string{"ignoreUnavailable": "ignore_unavailable", "allowNoIndices": "allow_no_indices"}[m.Name]
			if name == "" {
				name = m.Name
			}
			value := m.Value.Text
			if m.Value.Kind == jsontree.Array {
				value = strings.Join(texts(m.Value), ",")
			}
			one.params.Set(name, value)
		case "routing":
			return nil, wire.Unsupported("[routing] of a search")
		default:
			return nil, wire.IllegalArgument("key [%s] is not supported in the metadata section", m.Name)
		}
	}
	return &one, nil
}

// multiGet answers documents by index and id, found or not.
func multiGet(r *request) answer {
	v, err := r.object()
	if err != nil {
		return refusal(err)
	}
	filter, err := r.sourceParams()
	if err != nil {
		return refusal(err)
	}
	r.action = "indices:data/read/get"
	wanted, err := r.parseMultiGet(v, filter)
	if err != nil {
		return refusal(err)
	}
	docs := []any{}
	failed := r.domain.index.store.View(r.domain.name, func(view *store.View) error {
		for _, w := range wanted {
			o, err := r.getOne(view, w)
			if err != nil {
				return err
			}
			docs = append(docs, o)
		}
		return nil
	})
	if failed != nil {
		return failure(failed)
	}
	return answer{object: wire.Object{{Name: "docs", Value: docs}}}
}

type wantedDocument struct {
	index, id string
	filter    sourceFilter
}

func (r *request) parseMultiGet(v jsontree.Value, filter sourceFilter) (out []wantedDocument, err *wire.Error) {
	ids, _ := v.Get("ids")
	for _, id := range ids.Elems {
		out = append(out, wantedDocument{r.index, id.Text, filter})
	}
	docs, _ := v.Get("docs")
	for _, d := range docs.Elems {
		w := wantedDocument{r.index, "", filter}
		for _, m := range d.Members {
			switch m.Name {
			case "_index":
				w.index = m.Value.Text
			case "_id":
				w.id = m.Value.Text
			case "_source":
				if w.filter, err = parseSource(r.body, m.Value); err != nil {
					return nil, err
				}
			default:
				return nil, wire.Unsupported("[" + m.Name + "] of a document of _mget")
			}
		}
		out = append(out, w)
	}
	var problems []string
	for i, w := range out {
		if w.index == "" {
			problems = append(problems, strconv.Itoa(len(problems)+1)+": index is missing for doc "+strconv.Itoa(i)+";")
		}
		if w.id == "" {
			problems = append(problems, strconv.Itoa(len(problems)+1)+": id is missing for doc "+strconv.Itoa(i)+";")
		}
	}
	if len(out) == 0 {
		problems = append(problems, "1: no documents to get;")
	}
	if len(problems) > 0 {
		return nil, wire.Errorf("action_request_validation_exception", "Validation Failed: %s", strings.Join(problems, ""))
	}
	return out, nil
}

func (r *request) getOne(view *store.View, w wantedDocument) (wire.Object, error) {
	x, err := r.one(view, w.index)
	if err != nil {
		if refused, ok := err.(*wire.Error); ok {
			body, _ := refused.Body()[0].Value.(wire.Object)
			return wire.Object{{Name: "_index", Value: w.index}, {Name: "_id", Value: w.id}, {Name: "error", Value: body}}, nil
		}
		return nil, err
	}
	d, found, err := view.Document(r.Context(), x, w.id)
	if err != nil {
		return nil, err
	}
	if !found {
		return wire.Object{{Name: "_index", Value: x.Name}, {Name: "_id", Value: w.id}, {Name: "found", Value: false}}, nil
	}
	return documentObject(x, d, w.filter), nil
}
