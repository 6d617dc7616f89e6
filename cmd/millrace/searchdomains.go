package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"sync"

	"github.com/millrace/millrace/internal/config"
	"github.com/millrace/millrace/internal/searchindex"
)

// searchDomains gives every search domain an address. Domains are namespaces
// of the embedded index: the first one is served on the search port, each
// further one on a port of its own that is kept and taken again at restart.
// With a cluster in millrace.yaml, every domain is that cluster.
type searchDomains struct {
	index   *searchindex.Index // nil with a real cluster
	cluster string             // URL of the real cluster
	main    net.Listener
	file    string // of the ports
	log     *slog.Logger

	mu      sync.Mutex
	ports   domainPorts
	servers map[string]*http.Server // of further domains
	urls    map[string]string
}

// domainPorts is search/domains.json.
type domainPorts struct {
	First string         `json:"first"` // the domain on the search port
	Ports map[string]int `json:"ports"` // of the others
}

// defaultNamespace answers on the search port before there is a domain.
const defaultNamespace = "default"

func openSearchDomains(dir string, index *searchindex.Index, cluster string, main net.Listener, log *slog.Logger) (*searchDomains, error) {
	s := &searchDomains{
		index: index, cluster: cluster, main: main, log: log,
		file:  filepath.Join(dir, "domains.json"),
		ports: domainPorts{Ports: map[string]int{}}, servers: map[string]*http.Server{}, urls: map[string]string{},
	}
	if cluster != "" {
		return s, nil
	}
	text, err := os.ReadFile(s.file)
	if errors.Is(err, os.ErrNotExist) {
		return s, nil
	}
	if err == nil {
		err = json.Unmarshal(text, &s.ports)
	}
	if err != nil {
		return nil, fmt.Errorf("read the ports of search domains: %w", err)
	}
	for name, port := range s.ports.Ports {
		if err := s.serve(name, port); err != nil {
			s.Close()
			return nil, err
		}
	}
	return s, nil
}

// ServeHTTP answers the search port: the first domain.
func (s *searchDomains) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	s.index.Namespace(s.mainNamespace()).ServeHTTP(w, r)
}

func (s *searchDomains) mainNamespace() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.ports.First == "" {
		return defaultNamespace
	}
	return s.ports.First
}

// URL is where a domain is served; a domain without an address gets one.
func (s *searchDomains) URL(domain string) (string, error) {
	if s.cluster != "" {
		return s.cluster, nil
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	switch {
	case s.ports.First == domain:
		return httpURL(s.main), nil
	case s.urls[domain] != "":
		return s.urls[domain], nil
	case s.ports.First == "":
		s.ports.First = domain
		return httpURL(s.main), s.save()
	}
	if err := s.serve(domain, 0); err != nil {
		return "", err
	}
	return s.urls[domain], s.save()
}

// lookup is where a domain is served, without giving it an address.
func (s *searchDomains) lookup(domain string) (string, error) {
	if s.cluster != "" {
		return s.cluster, nil
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	switch {
	case s.ports.First == domain, s.ports.First == "" && domain == defaultNamespace:
		return httpURL(s.main), nil
	case s.urls[domain] != "":
		return s.urls[domain], nil
	}
	return "", fmt.Errorf("search domain %q is not there", domain)
}

// serve opens a further domain's port.
func (s *searchDomains) serve(domain string, port int) error {
	l, err := net.Listen("tcp", fmt.Sprintf("127.0.0.1:%d", port))
	if err != nil {
		return fmt.Errorf("search domain %q: its port %d cannot be taken again: %w", domain, port, err)
	}
	server := newHTTPServer(s.index.Namespace(domain))
	s.servers[domain], s.urls[domain] = server, httpURL(l)
	s.ports.Ports[domain] = l.Addr().(*net.TCPAddr).Port
	go func() {
		if err := server.Serve(l); !errors.Is(err, http.ErrServerClosed) {
			s.log.Error("search domain is not served any more", "domain", domain, "error", err)
		}
	}()
	return nil
}

// Drop forgets a deleted domain and what it holds.
func (s *searchDomains) Drop(ctx context.Context, domain string) error {
	if s.cluster != "" {
		return nil // the cluster is the user's own
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if server := s.servers[domain]; server != nil {
		_ = server.Close()
		delete(s.servers, domain)
		delete(s.urls, domain)
		delete(s.ports.Ports, domain)
	}
	if s.ports.First == domain {
		s.ports.First = ""
	}
	return errors.Join(s.index.DropNamespace(ctx, domain), s.save())
}

func (s *searchDomains) save() error { return config.WriteFile(s.file, s.ports) }

// Close stops serving further domains.
func (s *searchDomains) Close() {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, server := range s.servers {
		_ = server.Close()
	}
}
