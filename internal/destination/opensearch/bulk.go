package opensearch

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"net/http"
	"strconv"
	"time"

	"github.com/klauspost/compress/gzip"
)

const maxMessageBytes = 8 << 10

// unreachable is the code of documents that no answer came back for. There is no HTTP status then.
const unreachable = "ES.ServiceException"

// round is what became of the documents of one attempt.
type round struct {
	again, refused []*document
	hung           *document // of a request that was waited for in vain
}

// send makes one attempt for every document. Documents that a request does not answer for are to be sent again. Once the
// time until is over, a server that hangs is not waited for with each of many requests: the others share its failure.
func (d *Destination) send(ctx context.Context, docs []*document, until time.Time) round {
	var r round
	for len(docs) > 0 && ctx.Err() == nil {
		n := d.fitting(docs)
		r.hung = nil
		d.request(ctx, docs[:n], &r)
		if docs = docs[n:]; r.hung != nil && !time.Now().Before(until) {
			r.failAll(docs, r.hung.code, r.hung.message)
			return r
		}
	}
	r.again = append(r.again, docs...)
	return r
}

// fitting is how many of the documents one request holds, at least one.
func (d *Destination) fitting(docs []*document) int {
	size := 0
	for i, doc := range docs {
		if size += doc.size(); size > d.opts.RequestBytes && i > 0 {
			return i
		}
	}
	return len(docs)
}

// request sends documents as one request. One that is too large (413), or that the server cannot read (400), is halved
// down to the document at fault, which is refused.
func (d *Destination) request(ctx context.Context, docs []*document, r *round) {
	status, body, err := d.post(ctx, docs)
	switch {
	case err != nil:
		r.failAll(docs, unreachable, errorJSON("connect_exception", err.Error()))
		var network net.Error
		if errors.As(err, &network) && network.Timeout() {
			r.hung = docs[0]
		}
	case status == http.StatusOK:
		d.items(docs, body, r)
	case status != http.StatusRequestEntityTooLarge && status != http.StatusBadRequest:
		r.failAll(docs, strconv.Itoa(status), wholeMessage(status, body))
	case len(docs) == 1:
		docs[0].fail(strconv.Itoa(status), wholeMessage(status, body))
		r.refused = append(r.refused, docs[0])
	default:
		half := len(docs) / 2
		d.request(ctx, docs[:half], r)
		d.request(ctx, docs[half:], r)
	}
}

func (r *round) failAll(docs []*document, code, message string) {
	for _, doc := range docs {
		doc.fail(code, message)
	}
	r.again = append(r.again, docs...)
}

func (d *Destination) post(ctx context.Context, docs []*document) (status int, body []byte, err error) {
	size := 0
	for _, doc := range docs {
		size += doc.size()
	}
	payload := make([]byte, 0, size)
	for _, doc := range docs {
		payload = doc.appendLines(payload)
	}
	header := http.Header{"Content-Type": {"application/x-ndjson"}}
	if d.opts.Gzip {
		if payload, err = compress(payload); err != nil {
			return 0, nil, err
		}
		header.Set("Content-Encoding", "gzip")
	}
	return d.client.do(ctx, http.MethodPost, "/_bulk", header, payload)
}

func compress(payload []byte) ([]byte, error) {
	var out bytes.Buffer
	z, err := gzip.NewWriterLevel(&out, gzip.BestSpeed)
	if err != nil {
		return nil, fmt.Errorf("compress request: %w", err)
	}
	if _, err := z.Write(payload); err != nil {
		return nil, fmt.Errorf("compress request: %w", err)
	}
	if err := z.Close(); err != nil {
		return nil, fmt.Errorf("compress request: %w", err)
	}
	return out.Bytes(), nil
}

// bulkAnswer is what of a _bulk answer matters. An item of another action than the one that was asked for has no status.
type bulkAnswer struct {
	Items []struct {
		Index bulkItem `json:"index"`
	} `json:"items"`
}

type bulkItem struct {
	ID     string          `json:"_id"`
	Status int             `json:"status"`
	Error  json.RawMessage `json:"error"`
}

// items decides document by document. An answer that does not account for each document decides nothing.
func (d *Destination) items(docs []*document, body []byte, r *round) {
	var answer bulkAnswer
	if err := json.Unmarshal(body, &answer); err != nil {
		r.failAll(docs, unreachable, errorJSON("parse_exception", "answer to _bulk: "+err.Error()))
		return
	}
	items := answer.Items
	matching := len(items) == len(docs)
	for i := 0; matching && i < len(items); i++ {
		item := &items[i].Index
		matching = item.Status != 0 && (docs[i].id == "" || docs[i].id == item.ID)
	}
	if !matching {
		r.failAll(docs, unreachable, errorJSON("parse_exception", fmt.Sprintf("answer to _bulk has %d items for %d documents, or other ids", len(items), len(docs))))
		return
	}
	for i, doc := range docs {
		switch verdict(items[i].Index.Status) {
		case retry:
			doc.fail(strconv.Itoa(items[i].Index.Status), clip(items[i].Index.Error))
			r.again = append(r.again, doc)
		case refuse:
			doc.fail(strconv.Itoa(items[i].Index.Status), clip(items[i].Index.Error))
			r.refused = append(r.refused, doc)
		}
	}
}

type decision byte

const (
	taken decision = iota
	retry
	refuse
)

// verdict says what the status of one document means. A conflict can only be with the document itself, come before. What
// a person or time can mend is tried again: permissions, blocks, an index that must not be made, a full queue.
func verdict(status int) decision {
	switch {
	case status >= 200 && status < 300, status == http.StatusConflict:
		return taken
	case status == http.StatusUnauthorized, status == http.StatusForbidden, status == http.StatusNotFound,
		status == http.StatusRequestTimeout, status == http.StatusTooManyRequests, status >= 500:
		return retry
	}
	return refuse
}

// wholeMessage is the error of a request that was refused as a whole: the member "error" of its body, or the body.
func wholeMessage(status int, body []byte) string {
	var refused struct {
		Error json.RawMessage `json:"error"`
	}
	if json.Unmarshal(body, &refused) == nil && len(refused.Error) > 0 {
		return clip(refused.Error)
	}
	text := http.StatusText(status)
	if len(body) > 0 {
		text += ": " + clip(body)
	}
	return errorJSON("http_status_"+strconv.Itoa(status), text)
}

func clip(message []byte) string {
	if len(message) == 0 {
		return errorJSON("unknown", "the server gave no error")
	}
	if len(message) > maxMessageBytes {
		return string(bytes.ToValidUTF8(message[:maxMessageBytes], nil)) + "…"
	}
	return string(message)
}
