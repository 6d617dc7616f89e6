package main

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net/http"

	"github.com/millrace/millrace/internal/console"
)

// maxSearchAnswer bounds what the console reads of an answer.
const maxSearchAnswer = 32 << 20

// searchClient asks the search endpoint with the server's own user, as the
// console's pages and the status do: it is console.Search.
type searchClient struct {
	domains        *searchDomains
	user, password string
	client         *http.Client
}

// Do implements console.Search.
func (c *searchClient) Do(ctx context.Context, domain, method, path string, body []byte) (int, []byte, error) {
	if domain == "" {
		domain = c.domains.mainNamespace()
	}
	base, err := c.domains.lookup(domain)
	if err != nil {
		return 0, nil, fmt.Errorf("%w: %w", console.ErrNotFound, err)
	}
	r, err := http.NewRequestWithContext(ctx, method, base+path, bytes.NewReader(body))
	if err != nil {
		return 0, nil, err
	}
	if c.user != "" {
		r.SetBasicAuth(c.user, c.password)
	}
	if len(body) > 0 {
		r.Header.Set("Content-Type", "application/json")
	}
	answer, err := c.client.Do(r)
	if err != nil {
		return 0, nil, fmt.Errorf("ask search: %w", err)
	}
	defer answer.Body.Close()
	text, err := io.ReadAll(io.LimitReader(answer.Body, maxSearchAnswer))
	if err != nil {
		return 0, nil, fmt.Errorf("read the answer of search: %w", err)
	}
	return answer.StatusCode, text, nil
}
