package searchindex

import (
	"compress/gzip"
	"context"
	"errors"
	"io"
	"mime"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/millrace/millrace/internal/searchindex/store"
	"github.com/millrace/millrace/internal/searchindex/wire"
)

// request is a request that found its route.
type request struct {
	*http.Request
	domain *domain
	body   string
	params url.Values
	index  string // the path's {index}, as written
	id     string // the path's {id}
	name   string // the path's {name}, of a template or an alias
	caller caller
	action string // of the route, as permissions name it

	concrete bool // an alias does not stand for indices here
	start    time.Time
}

// answer is what a handler returns; a nil object leaves the text, a plain one.
type answer struct {
	status int // 200 when zero
	object any
	text   string
	pretty bool // indented without being asked
}

func (d *domain) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	start := time.Now()
	who, known := d.user(r)
	if _, _, basic := r.BasicAuth(); !known && (basic || r.Header.Get("Authorization") == "") {
		unauthorized(w, http.StatusUnauthorized) // no room is made for the body of nobody
		return
	}
	size := r.ContentLength
	if size < 0 || size > MaxBodyBytes {
		size = MaxBodyBytes
	}
	held := 2 * size // the body and what is parsed of it
	defer d.index.pressure.Add(-held)
	if d.index.pressure.Add(held) > MaxPressureBytes {
		write(w, r, refusal(overloaded(size)))
		return
	}
	control := http.NewResponseController(w)
	_ = control.SetReadDeadline(start.Add(bodyTimeout)) // not supported in memory, nor needed there
	packed, err := io.ReadAll(http.MaxBytesReader(w, r.Body, MaxBodyBytes))
	_ = control.SetReadDeadline(time.Time{})
	var tooLarge *http.MaxBytesError
	switch {
	case errors.As(err, &tooLarge):
		tooLong(w)
		return
	case err != nil:
		return // the client is gone
	}
	if !known {
		var status int
		if who, status = d.signer(r, packed); status != 0 {
			unauthorized(w, status)
			return
		}
	}
	body, a := unpack(r, packed)
	switch {
	case a != nil && a.status == http.StatusRequestEntityTooLarge:
		tooLong(w)
	case a != nil:
		write(w, r, *a)
	default:
		write(w, r, d.route(&request{Request: r, domain: d, caller: who, body: body, start: start}))
	}
}

// bodyTimeout is how long a body may take to arrive: until then it holds room
// that others wait for.
const bodyTimeout = 60 * time.Second

func overloaded(size int64) *wire.Error {
	e := wire.Errorf("rejected_execution_exception", "rejected execution of coordinating operation [coordinating_operation_bytes=%d, max_coordinating_and_primary_bytes=%d]", size, MaxPressureBytes)
	e.Status = http.StatusTooManyRequests
	return e
}

func tooLong(w http.ResponseWriter) {
	w.Header().Set("Connection", "close")
	w.Header().Set("Content-Length", "0")
	w.WriteHeader(http.StatusRequestEntityTooLarge)
}

func unauthorized(w http.ResponseWriter, status int) {
	h := w.Header()
	if status == http.StatusForbidden {
		e := wire.Errorf("security_exception", "no permissions for this request")
		e.Status = status
		h.Set("Content-Type", jsonType)
		w.WriteHeader(status)
		_, _ = w.Write(wire.Append(nil, e.Body()))
		return
	}
	if status == http.StatusServiceUnavailable { // as a node that begins or ends
		h.Set("Content-Type", textType)
		w.WriteHeader(status)
		_, _ = io.WriteString(w, "OpenSearch Security not initialized.")
		return
	}
	h.Set("WWW-Authenticate", `Basic realm="OpenSearch Security"`)
	h.Set("Content-Type", textType)
	w.WriteHeader(status)
	_, _ = io.WriteString(w, "Unauthorized")
}

// unpack checks the content type and undoes gzip. It returns an answer when it refuses the request.
func unpack(r *http.Request, packed []byte) (string, *answer) {
	switch encoding := r.Header.Get("Content-Encoding"); strings.ToLower(encoding) {
	case "", "identity":
	case "gzip":
		z, err := gzip.NewReader(strings.NewReader(string(packed)))
		if err == nil {
			packed, err = io.ReadAll(io.LimitReader(z, MaxBodyBytes+1))
		}
		if err != nil {
			a := refusal(wire.IllegalArgument("read gzip request body: %s", err.Error()))
			return "", &a
		}
		if len(packed) > MaxBodyBytes {
			return "", &answer{status: http.StatusRequestEntityTooLarge}
		}
	default:
		a := refusal(wire.Unsupported("Content-Encoding [" + encoding + "]"))
		return "", &a
	}
	if len(packed) == 0 {
		return "", nil
	}
	contentType := r.Header.Get("Content-Type")
	media, _, _ := mime.ParseMediaType(contentType)
	if !slices.Contains([]string{"application/json", "application/x-ndjson", "application/vnd.elasticsearch+json", "application/vnd.elasticsearch+x-ndjson"}, media) {
		reason := "Content-Type header [" + contentType + "] is not supported"
		if contentType == "" {
			reason = "Content-Type header is missing"
		}
		return "", &answer{status: http.StatusNotAcceptable, object: wire.Object{{Name: "error", Value: reason}, {Name: "status", Value: http.StatusNotAcceptable}}}
	}
	return string(packed), nil
}

const (
	jsonType = "application/json; charset=UTF-8"
	textType = "text/plain; charset=UTF-8"
)

func refusal(e *wire.Error) answer { return answer{status: e.StatusCode(), object: e.Body()} }

// failure answers an error of the store: a refusal as it is, anything else as 503, which deliverers try again.
func failure(err error) answer {
	var refused *wire.Error
	if errors.As(err, &refused) {
		return refusal(refused)
	}
	e := wire.Errorf("index_storage_exception", "%s", err.Error())
	e.Status = http.StatusServiceUnavailable
	if errors.Is(err, store.ErrClosed) {
		e.Type = "node_closed_exception"
	}
	if errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded) {
		e.Type = "task_cancelled_exception"
	}
	return refusal(e)
}

func write(w http.ResponseWriter, r *http.Request, a answer) {
	if a.status == 0 {
		a.status = http.StatusOK
	}
	body, contentType := []byte(a.text), textType
	if a.object != nil {
		body, contentType = wire.Append(nil, a.object), jsonType
		if patterns := r.URL.Query().Get("filter_path"); patterns != "" && a.status < 400 {
			body = filterPath(body, patterns)
		}
		if pretty := r.URL.Query()["pretty"]; a.pretty || len(pretty) > 0 && pretty[0] != "false" {
			body = wire.Pretty(body)
		}
	}
	w.Header().Set("Content-Type", contentType)
	w.Header().Set("Content-Length", strconv.Itoa(len(body)))
	w.WriteHeader(a.status)
	if r.Method != http.MethodHead {
		_, _ = w.Write(body)
	}
}

// took is the member of answers that says how long the request ran.
func (r *request) took() int64 { return time.Since(r.start).Milliseconds() }
