package opensearch

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
)

// fake is a search server behind a RoundTripper. script answers for the whole request before the documents are looked at
// and item for each document; both may be nil.
type fake struct {
	script   func(requests int, body []byte) *reply
	item     func(id string, attempt int) int
	maxBytes int // 413 beyond

	requests int
	attempts map[string]int
	held     map[string]string // source by index and id
	last     *http.Request
}

// reply answers a whole request. With drop, the request is carried out and its answer lost.
type reply struct {
	status int
	body   string
	drop   bool
	err    error
}

func newFake() *fake { return &fake{attempts: map[string]int{}, held: map[string]string{}} }

func (f *fake) RoundTrip(req *http.Request) (*http.Response, error) {
	if err := req.Context().Err(); err != nil {
		return nil, err
	}
	var body []byte
	if req.Body != nil {
		var err error
		if body, err = io.ReadAll(req.Body); err != nil {
			return nil, err
		}
	}
	f.requests++
	f.last = req
	if f.maxBytes > 0 && len(body) > f.maxBytes {
		return respond(req, http.StatusRequestEntityTooLarge, ""), nil
	}
	var planned *reply
	if f.script != nil {
		planned = f.script(f.requests, body)
	}
	if planned != nil && !planned.drop {
		if planned.err != nil {
			return nil, planned.err
		}
		return respond(req, planned.status, planned.body), nil
	}
	answer := f.bulk(body)
	if planned != nil {
		return nil, errors.New("connection reset by peer")
	}
	return respond(req, http.StatusOK, answer), nil
}

func respond(req *http.Request, status int, body string) *http.Response {
	return &http.Response{StatusCode: status, Header: http.Header{}, Body: io.NopCloser(strings.NewReader(body)), Request: req}
}

func (f *fake) bulk(body []byte) string {
	var items []string
	lines := bytes.Split(bytes.TrimSuffix(body, []byte("\n")), []byte("\n"))
	for i := 0; i+1 < len(lines); i += 2 {
		var action struct {
			Index struct {
				Index string `json:"_index"`
				ID    string `json:"_id"`
			} `json:"index"`
		}
		if err := json.Unmarshal(lines[i], &action); err != nil {
			panic(err)
		}
		id := action.Index.ID
		f.attempts[id]++
		status := http.StatusCreated
		if f.item != nil {
			status = f.item(id, f.attempts[id])
		}
		result := ""
		if status < 300 || status == http.StatusConflict {
			f.held[action.Index.Index+"/"+id] = string(lines[i+1])
		}
		if status >= 300 {
			result = fmt.Sprintf(`,"error":{"type":"scripted","reason":"status %d"}`, status)
		}
		items = append(items, fmt.Sprintf(`{"index":{"_index":%q,"_id":%q,"status":%d%s}}`, action.Index.Index, id, status, result))
	}
	return `{"took":1,"errors":true,"items":[` + strings.Join(items, ",") + `]}`
}
