package httpendpoint

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"mime"
	"net"
	"net/http"
	"net/http/httptrace"
	"net/url"
	"os"
	"sync/atomic"
	"syscall"
	"time"

	"github.com/millrace/millrace/internal/record"
)

const (
	maxAnswerBytes  = 1 << 20
	maxMessageBytes = 8 << 10
)

// Codes of attempts that failed, as Firehose's error objects and logs name them.
const (
	requestTimeout   = "HttpEndpoint.RequestTimeout"
	responseTooLarge = "HttpEndpoint.ResponseTooLarge"
	invalidResponse  = "HttpEndpoint.InvalidResponseFromDestination"
	exception        = "HttpEndpoint.DestinationException"
	connectionFailed = "HttpEndpoint.ConnectionFailed"
	connectionReset  = "HttpEndpoint.ConnectionReset"
)

// failure is an attempt that did not bring the records in.
type failure struct {
	*record.Failure
	at       int64 // its end, ms since the epoch
	tooLarge bool  // 413: the same request will never be taken
}

func fail(code, format string, values ...any) *failure {
	return &failure{Failure: &record.Failure{Kind: record.Retryable, Code: code, Message: fmt.Sprintf(format, values...)}}
}

// attempt sends a request once; nil says that the endpoint took it.
func (d *Destination) attempt(ctx context.Context, r *request) *failure {
	ctx, cancel := context.WithTimeout(ctx, d.opts.RequestTimeout)
	defer cancel()
	r.attempts++
	f := d.exchange(ctx, r)
	if f != nil {
		f.at = time.Now().UnixMilli()
		f.Message = d.hideKey(f.Message)
	}
	return f
}

func (d *Destination) exchange(ctx context.Context, r *request) *failure {
	var connected atomic.Bool
	req, err := r.http(httptrace.WithClientTrace(ctx, &httptrace.ClientTrace{
		GotConn: func(httptrace.GotConnInfo) { connected.Store(true) },
	}), d)
	if err != nil {
		return fail(connectionFailed, "make request: %v", withoutURL(err))
	}
	answer, err := d.client.Do(req)
	if err != nil {
		return d.noAnswer(err, connected.Load())
	}
	defer answer.Body.Close()
	body, err := io.ReadAll(io.LimitReader(answer.Body, maxAnswerBytes+1))
	switch {
	case answer.StatusCode == http.StatusRequestEntityTooLarge: // whatever became of its body: a server need not read on
		f := fail(exception, "Received the following response from the endpoint destination. %s", said(answer, body))
		f.Kind, f.tooLarge = record.Permanent, true
		return f
	case err != nil:
		return d.noAnswer(err, true)
	case len(body) > maxAnswerBytes:
		return fail(responseTooLarge, "the answer with status %d is larger than 1 MiB", answer.StatusCode)
	case answer.StatusCode != http.StatusOK:
		return fail(exception, "Received the following response from the endpoint destination. %s", said(answer, body))
	}
	if err := check(r.id, answer, body); err != nil {
		return fail(invalidResponse, "The response received from the specified endpoint is invalid: %v", err)
	}
	return nil
}

// check judges an answer with status 200.
func check(id string, answer *http.Response, body []byte) error {
	if kind, _, err := mime.ParseMediaType(answer.Header.Get("Content-Type")); err != nil || kind != "application/json" {
		return fmt.Errorf("its content type is %q, not application/json", clip([]byte(answer.Header.Get("Content-Type"))))
	}
	if encoding := answer.Header.Get("Content-Encoding"); encoding != "" {
		return fmt.Errorf("it is encoded as %q", clip([]byte(encoding)))
	}
	if answer.ContentLength < 0 {
		return fmt.Errorf("it has no Content-Length")
	}
	var members map[string]any // exact names: a struct would take requestid too
	if err := decode(body, &members); err != nil {
		return fmt.Errorf("its body is not the JSON that was asked for: %w", err)
	}
	given, ok := members["requestId"].(string)
	switch {
	case !ok:
		return fmt.Errorf("it has no requestId")
	case given != id:
		return fmt.Errorf("its requestId is %q, not %q", clip([]byte(given)), id)
	}
	switch at := members["timestamp"].(type) {
	case json.Number:
		return nil
	case nil:
		return fmt.Errorf("it has no timestamp")
	default:
		return fmt.Errorf("its timestamp is %.100q, not a number", fmt.Sprint(at))
	}
}

// decode reads one JSON value and nothing after it.
func decode(text []byte, into any) error {
	d := json.NewDecoder(bytes.NewReader(text))
	d.UseNumber()
	if err := d.Decode(into); err != nil {
		return err
	}
	if _, err := d.Token(); !errors.Is(err, io.EOF) {
		return errors.New("more follows after its value")
	}
	return nil
}

// said is what an answer without success says: its JSON as it is, else its status and the text.
func said(answer *http.Response, body []byte) string {
	if body = bytes.TrimSpace(body); len(body) > 0 && body[0] == '{' && json.Valid(body) {
		return clip(body)
	}
	status := fmt.Sprintf("%d %s", answer.StatusCode, http.StatusText(answer.StatusCode))
	if len(body) == 0 {
		return status
	}
	return status + ": " + clip(body)
}

func clip(text []byte) string {
	valid := string(bytes.ToValidUTF8(text[:min(len(text), maxMessageBytes)], []byte("\ufffd")))
	if len(text) > maxMessageBytes {
		return valid + "…"
	}
	return valid
}

// noAnswer says why an attempt has no answer.
func (d *Destination) noAnswer(err error, connected bool) *failure {
	err = withoutURL(err)
	var network net.Error
	switch {
	case errors.Is(err, context.DeadlineExceeded), errors.Is(err, os.ErrDeadlineExceeded), errors.As(err, &network) && network.Timeout():
		if !connected {
			return fail(connectionFailed, "Unable to connect to the destination endpoint: %v", err)
		}
		return fail(requestTimeout, "no answer within %v", d.opts.RequestTimeout)
	case connected, errors.Is(err, syscall.ECONNRESET), errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF):
		return fail(connectionReset, "Unable to maintain connection with the endpoint: %v", err)
	}
	return fail(connectionFailed, "Unable to connect to the destination endpoint: %v", err)
}

// withoutURL is the cause of a client's error: the URL may hold a key.
func withoutURL(err error) error {
	var u *url.Error
	if errors.As(err, &u) {
		return u.Err
	}
	return err
}
