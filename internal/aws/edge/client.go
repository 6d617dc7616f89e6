package edge

import (
	"bytes"
	"context"
	"encoding/json"
	"encoding/xml"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/millrace/millrace/internal/aws/awserr"
	"github.com/millrace/millrace/internal/aws/jsonrpc"
	"github.com/millrace/millrace/internal/aws/query"
	"github.com/millrace/millrace/internal/aws/sigv4"
)

// Client sends signed requests through an edge's handler in memory, so that a
// stack or a page of the console reaches exactly what an AWS client reaches.
// Refusals come back as *awserr.Error.
type Client struct {
	handler http.Handler
	signer  sigv4.Signer
}

// NewClient returns a client that signs with a key; its signer's Service is
// set by each call.
func NewClient(e *Edge, signer sigv4.Signer) *Client { return &Client{e, signer} }

// JSON calls an operation by its target ("Firehose_20150804.PutRecord"). out
// may be nil.
func (c *Client) JSON(ctx context.Context, service, target string, in, out any) error {
	body, err := json.Marshal(in)
	if err != nil {
		return fmt.Errorf("marshal %s: %w", target, err)
	}
	answer, err := c.send(ctx, service, http.MethodPost, "/", body, http.Header{"Content-Type": {jsonrpc.ContentType}, "X-Amz-Target": {target}})
	if err != nil {
		return err
	}
	if answer.status >= http.StatusBadRequest {
		return answer.jsonError()
	}
	return answer.decode(target, out)
}

// Query calls an action and returns its XML.
func (c *Client) Query(ctx context.Context, service, version, action string, form url.Values) ([]byte, error) {
	full := url.Values{"Action": {action}, "Version": {version}}
	for name, values := range form {
		full[name] = values
	}
	answer, err := c.send(ctx, service, http.MethodPost, "/", []byte(full.Encode()), http.Header{"Content-Type": {query.ContentType}})
	if err != nil {
		return nil, err
	}
	if answer.status >= http.StatusBadRequest {
		return nil, answer.queryError()
	}
	return answer.body.Bytes(), nil
}

// REST calls an operation by its method and path, with a query if it has one.
// in and out may be nil.
func (c *Client) REST(ctx context.Context, service, method, path string, in, out any) error {
	var body []byte
	if in != nil {
		var err error
		if body, err = json.Marshal(in); err != nil {
			return fmt.Errorf("marshal %s %s: %w", method, path, err)
		}
	}
	answer, err := c.send(ctx, service, method, path, body, http.Header{"Content-Type": {"application/json"}})
	if err != nil {
		return err
	}
	if answer.status >= http.StatusBadRequest {
		return answer.jsonError()
	}
	return answer.decode(method+" "+path, out)
}

// S3 sends a request ("PUT", "/bucket") whose answer is not wanted.
func (c *Client) S3(ctx context.Context, method, path string, body []byte) error {
	answer, err := c.send(ctx, "s3", method, path, body, http.Header{})
	if err != nil || answer.status < http.StatusBadRequest {
		return err
	}
	var e struct{ Code, Message string }
	if xml.Unmarshal(answer.body.Bytes(), &e) != nil {
		return answer.unreadable()
	}
	return &awserr.Error{Code: e.Code, Status: answer.status, Message: e.Message}
}

func (c *Client) send(ctx context.Context, service, method, target string, body []byte, header http.Header) (*answer, error) {
	r, err := http.NewRequestWithContext(ctx, method, "http://localhost"+target, bytes.NewReader(body))
	if err != nil {
		return nil, fmt.Errorf("make request %s %s: %w", method, target, err)
	}
	r.Header = header
	signer := c.signer
	signer.Service = service
	if err := signer.Sign(r, sigv4.HashOf(body), time.Now()); err != nil {
		return nil, err
	}
	a := &answer{header: http.Header{}}
	c.handler.ServeHTTP(a, r)
	if err := ctx.Err(); err != nil && a.status == 0 {
		return nil, err
	}
	return a, nil
}

// answer is a ResponseWriter in memory.
type answer struct {
	header http.Header
	status int
	body   bytes.Buffer
}

func (a *answer) Header() http.Header { return a.header }

func (a *answer) WriteHeader(status int) {
	if a.status == 0 {
		a.status = status
	}
}

func (a *answer) Write(b []byte) (int, error) {
	a.WriteHeader(http.StatusOK)
	return a.body.Write(b)
}

func (a *answer) decode(what string, out any) error {
	if out == nil {
		return nil
	}
	if err := json.Unmarshal(a.body.Bytes(), out); err != nil {
		return fmt.Errorf("read the answer to %s: %w", what, err)
	}
	return nil
}

func (a *answer) jsonError() error {
	var body struct {
		Type    string `json:"__type"`
		Message string `json:"message"`
	}
	if err := json.Unmarshal(a.body.Bytes(), &body); err != nil {
		return a.unreadable()
	}
	if body.Type == "" {
		body.Type = a.header.Get("x-amzn-ErrorType")
	}
	code := body.Type[strings.LastIndexByte(body.Type, '#')+1:]
	return &awserr.Error{Code: code, Status: a.status, Message: body.Message}
}

func (a *answer) queryError() error {
	var body struct {
		Error struct{ Code, Message string }
	}
	if err := xml.Unmarshal(a.body.Bytes(), &body); err != nil {
		return a.unreadable()
	}
	return &awserr.Error{Code: body.Error.Code, Status: a.status, Message: body.Error.Message}
}

func (a *answer) unreadable() error {
	return &awserr.Error{Code: "InternalFailure", Status: a.status, Message: clip(a.body.String())}
}
