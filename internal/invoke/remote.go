package invoke

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"time"
)

const (
	invokePath = "/2015-03-31/functions/"
	// emulatorPath is the only one that the Runtime Interface Emulator serves.
	emulatorPath = invokePath + "function/invocations"
)

// remote invokes by the Lambda Invoke API.
type remote struct {
	transport http.RoundTripper
	base      *url.URL
	timeout   time.Duration
	// one lets a single invocation through at a time: the emulator turns away a
	// second one with status 400. nil elsewhere.
	one chan struct{}
}

func newRemote(transport http.RoundTripper, address string, timeout time.Duration) (*remote, error) {
	u, err := url.Parse(address)
	if err != nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "https" {
		return nil, fmt.Errorf("%q: want http://host:port", address)
	}
	r := &remote{transport: transport, base: u, timeout: timeout}
	if u.Path == emulatorPath {
		r.one = make(chan struct{}, 1)
	}
	return r, nil
}

// url is where the function is invoked; an address that names a function's
// path already is used as it is.
func (r *remote) url(to name) *url.URL {
	u := *r.base
	if strings.Contains(u.Path, invokePath) {
		return &u
	}
	u.Path = strings.TrimSuffix(u.Path, "/") + invokePath + to.function + "/invocations"
	if to.qualifier != "" {
		q := u.Query()
		q.Set("Qualifier", to.qualifier)
		u.RawQuery = q.Encode()
	}
	return &u
}

func (r *remote) call(ctx context.Context, to name, payload []byte) ([]byte, error) {
	if r.one != nil {
		select {
		case r.one <- struct{}{}:
			defer func() { <-r.one }()
		case <-ctx.Done():
			return nil, ctx.Err()
		}
	}
	ctx, cancel := withTimeout(ctx, r.timeout)
	defer cancel()
	resp, body, err := r.post(ctx, r.url(to), payload)
	switch {
	case timedOut(ctx):
		return nil, timeoutFailure(r.timeout)
	case err != nil:
		f := retryable(ServiceUnavailable, "the function's address was not reached")
		f.Cause = err
		return nil, f
	case resp.StatusCode != http.StatusOK:
		return nil, refused(resp, body)
	case len(body) > MaxPayloadBytes:
		return nil, tooLarge()
	}
	return body, functionError(resp, body)
}

// post makes the request itself, so that no redirect is followed, and reads at
// most a byte more than a result may have.
func (r *remote) post(ctx context.Context, to *url.URL, payload []byte) (*http.Response, []byte, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, to.String(), bytes.NewReader(payload))
	if err != nil {
		return nil, nil, err
	}
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("X-Amz-Invocation-Type", "RequestResponse")
	req.Header.Set("X-Amz-Log-Type", "None")
	resp, err := r.transport.RoundTrip(req)
	if err != nil {
		return nil, nil, err
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(io.LimitReader(resp.Body, MaxPayloadBytes+1))
	return resp, body, err
}

// refused sorts the answers by which Lambda says that nothing was run.
func refused(resp *http.Response, body []byte) error {
	said := errorType(resp)
	text := fmt.Sprintf("the Invoke API answered %s: %s", strings.TrimSpace(resp.Status+" "+said), message(body))
	switch status := resp.StatusCode; {
	case status == http.StatusTooManyRequests, status == http.StatusBadRequest && said == "" && len(body) == 0:
		return retryable(InvokeLimitExceeded, "%s", text)
	case status == http.StatusUnauthorized, status == http.StatusForbidden:
		return permanent(InvokeAccessDenied, "%s", text)
	case status == http.StatusNotFound && said == "":
		return permanent(ResourceNotFound, "%s (the Runtime Interface Emulator serves %s alone: give the address with this path)", text, emulatorPath)
	case status == http.StatusNotFound:
		return permanent(ResourceNotFound, "%s", text)
	case status == http.StatusRequestEntityTooLarge:
		return permanent(RequestTooLarge, "%s", text)
	case status == http.StatusServiceUnavailable:
		return retryable(ServiceUnavailable, "%s", text)
	case status >= http.StatusInternalServerError:
		return retryable(InternalServerError, "%s", text)
	case said != "":
		return permanent("Lambda."+said, "%s", text)
	}
	return permanent(FunctionError, "%s", text)
}

// errorType is the exception's name; what is not one is not passed on.
func errorType(resp *http.Response) string {
	said, _, _ := strings.Cut(resp.Header.Get("X-Amzn-Errortype"), ":")
	if len(said) > 64 || !isFunctionName(said) {
		return ""
	}
	return said
}

func message(body []byte) string {
	var m struct{ Message string }
	if json.Unmarshal(body, &m) == nil && m.Message != "" {
		return excerpt([]byte(m.Message))
	}
	return excerpt(body)
}

// functionError recognises that the function was run and failed. Lambda and sam
// say so in a header. The Runtime Interface Emulator answers 200 with the bare
// error, or with a sentence when the function ran out of time.
func functionError(resp *http.Response, body []byte) error {
	thrown := thrownBy(body)
	switch {
	case bytes.HasPrefix(body, []byte("Task timed out after ")):
		return retryable(FunctionTimedOut, "%s", excerpt(body))
	case thrown != nil:
		return retryable(FunctionError, "the function returned an error: %s", thrown)
	case resp.Header.Get("X-Amz-Function-Error") != "":
		return retryable(FunctionError, "the function returned an error: %s", excerpt(body))
	}
	return nil
}

// thrownBy reads a result that is an error as the runtimes write it: an object
// with errorMessage and nothing but what goes with it.
func thrownBy(body []byte) error {
	if !bytes.Contains(body, []byte(`"errorMessage"`)) {
		return nil
	}
	var members map[string]json.RawMessage
	if json.Unmarshal(body, &members) != nil || members["errorMessage"] == nil {
		return nil
	}
	for member := range members {
		switch member {
		case "errorMessage", "errorType", "stackTrace", "cause", "requestId", "trace":
		default:
			return nil
		}
	}
	var kind, text string
	_ = json.Unmarshal(members["errorType"], &kind) // what is no string is left out
	_ = json.Unmarshal(members["errorMessage"], &text)
	return errors.New(excerpt([]byte(strings.TrimPrefix(kind+": "+text, ": "))))
}
