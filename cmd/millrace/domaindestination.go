package main

import (
	"context"
	"fmt"
	"net/http"
	"strings"
	"sync"

	"github.com/millrace/millrace/internal/destination"
)

// domainDestination delivers to a search domain where it is served now: one
// that is deleted and created again may have another address, and its old one
// may be another domain's.
type domainDestination struct {
	lookup func() (endpoint string, ok bool)
	open   func(endpoint string) (destination.Destination, error)

	mu       sync.Mutex
	endpoint string
	at       destination.Destination
}

// Deliver implements destination.Destination. While there is no domain its old
// address is asked, where domainTransport lets nobody answer: that is an outage,
// which the stream's RetryOptions cover.
func (d *domainDestination) Deliver(ctx context.Context, b *destination.Batch) ([]destination.Refusal, error) {
	at, err := d.now()
	if err != nil {
		return nil, err
	}
	return at.Deliver(ctx, b)
}

func (d *domainDestination) now() (destination.Destination, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if endpoint, ok := d.lookup(); ok && endpoint != d.endpoint {
		at, err := d.open(endpoint)
		if err != nil {
			return nil, err
		}
		d.endpoint, d.at = endpoint, at
	}
	return d.at, nil
}

// domainTransport lets requests pass as long as the domain is served at the
// address that they were made for.
type domainTransport struct {
	next     http.RoundTripper
	domain   string
	endpoint string
	lookup   func() (endpoint string, ok bool)
}

// RoundTrip implements http.RoundTripper.
func (t *domainTransport) RoundTrip(r *http.Request) (*http.Response, error) {
	switch now, ok := t.lookup(); {
	case !ok:
		return nil, fmt.Errorf("search domain %q does not exist", t.domain)
	case strings.TrimSuffix(now, "/") != strings.TrimSuffix(t.endpoint, "/"):
		return nil, fmt.Errorf("search domain %q is served at %s now", t.domain, now)
	}
	return t.next.RoundTrip(r)
}
