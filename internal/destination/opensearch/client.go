package opensearch

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"time"
)

const maxAnswerBytes = 64 << 20

// Client asks a search server with credentials. A password or signature goes over TLS or to this machine only.
type Client struct {
	base        *url.URL
	credentials Credentials
	http        *http.Client
}

// NewClient checks address and credentials; it does not speak with the server. Credentials may be nil; timeout bounds
// one request with its answer.
func NewClient(endpoint string, credentials Credentials, transport http.RoundTripper, timeout time.Duration) (*Client, error) {
	base, err := url.Parse(endpoint)
	switch {
	case err != nil:
		return nil, fmt.Errorf("search endpoint %q: %w", endpoint, err)
	case base.Scheme != "http" && base.Scheme != "https" || base.Host == "":
		return nil, fmt.Errorf("search endpoint %q: want http(s)://host", endpoint)
	case base.User != nil || base.RawQuery != "" || base.Fragment != "":
		return nil, fmt.Errorf("search endpoint %q: want no user, query or fragment", base.Redacted())
	}
	if credentials != nil {
		if err := credentials.allowed(base); err != nil {
			return nil, err
		}
	}
	return &Client{base: base, credentials: credentials, http: &http.Client{
		Transport: transport,
		Timeout:   timeout,
		// A redirect would carry documents and credentials to a place that nobody configured.
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}}, nil
}

// Do sends a request with a body of JSON, or none, and returns the answer whatever it is. The path is escaped already.
func (c *Client) Do(ctx context.Context, method, path string, body []byte) (status int, answer []byte, err error) {
	header := http.Header{}
	if len(body) > 0 {
		header.Set("Content-Type", "application/json")
	}
	return c.do(ctx, method, path, header, body)
}

func (c *Client) do(ctx context.Context, method, path string, header http.Header, body []byte) (status int, answer []byte, err error) {
	r, err := http.NewRequestWithContext(ctx, method, strings.TrimSuffix(c.base.String(), "/")+path, bytes.NewReader(body))
	if err != nil {
		return 0, nil, err
	}
	r.Header = header
	r.Header.Set("User-Agent", "millrace")
	if c.credentials != nil {
		if err := c.credentials.sign(r, body); err != nil {
			return 0, nil, fmt.Errorf("sign request: %w", err)
		}
	}
	resp, err := c.http.Do(r)
	if err != nil {
		return 0, nil, err
	}
	defer resp.Body.Close()
	answer, err = io.ReadAll(io.LimitReader(resp.Body, maxAnswerBytes+1))
	switch {
	case err != nil:
		return 0, nil, fmt.Errorf("read answer: %w", err)
	case len(answer) > maxAnswerBytes:
		return 0, nil, fmt.Errorf("read answer: it is larger than %d bytes", maxAnswerBytes)
	}
	return resp.StatusCode, answer, nil
}
