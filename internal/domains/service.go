// Package domains serves the control plane of search domains: the OpenSearch
// API of 2021-01-01 and the Elasticsearch API of 2015-01-01, which see the same
// domains, each in its own words. What a domain is (a namespace of the embedded
// index, or a cluster elsewhere) is for whoever opens the service to say.
package domains

import (
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/millrace/millrace/internal/aws/call"
	"github.com/millrace/millrace/internal/aws/restjson"
	"github.com/millrace/millrace/internal/journal"
)

// Options of Open.
type Options struct {
	Journal    journal.Journal
	Authorizer call.Authorizer
	Logger     *slog.Logger
	// Endpoint returns the URL of a domain's search API, without a trailing
	// slash, and makes the domain there if it is not. It is called for each
	// domain when the service opens, and again for a domain being created.
	Endpoint func(name string) (string, error)
	// Drop gives up everything that the domain holds. It is called before the
	// domain is forgotten, and called again if that was cut off.
	Drop func(name string) error
	// Now is the clock; the system's if nil.
	Now func() time.Time
}

// Service keeps the domains.
type Service struct {
	opts    Options
	domain  *regexp.Regexp
	version *regexp.Regexp

	mu      sync.Mutex
	domains map[string]*domain

	security sync.Map // name to Security
}

// domain is what the journal keeps of a domain, as JSON.
type domain struct {
	Format        int
	Name          string
	ARN           string
	EngineVersion string // "OpenSearch_2.19", "Elasticsearch_7.10"
	Cluster       clusterConfig
	EBS           ebsOptions
	Tags          []tag `json:",omitempty"`
	Created       time.Time
	Deleting      bool             `json:",omitempty"`
	Security      *securityOptions `json:",omitempty"`

	endpoint string
}

const (
	format    = 1
	keyPrefix = "domains/"
)

// Open restores the domains from the journal and ends deletions that were cut
// off.
func Open(opts Options) (*Service, error) {
	if opts.Now == nil {
		opts.Now = time.Now
	}
	s := &Service{opts: opts, domains: map[string]*domain{},
		domain:  regexp.MustCompile(`^` + domainPattern + `$`),
		version: regexp.MustCompile(`^` + versionPattern + `$`)}
	for e, err := range opts.Journal.Scan(keyPrefix) {
		if err != nil {
			return nil, fmt.Errorf("read domains: %w", err)
		}
		d := &domain{}
		if err := json.Unmarshal(e.Value, d); err != nil {
			return nil, fmt.Errorf("read domain %q: %w", e.Key, err)
		}
		if d.Format != format {
			return nil, fmt.Errorf("read domain %q: format %d, this program reads %d", e.Key, d.Format, format)
		}
		s.domains[d.Name] = d
	}
	for _, d := range s.sorted() {
		if err := s.restore(d); err != nil {
			return nil, err
		}
	}
	return s, nil
}

func (s *Service) restore(d *domain) (err error) {
	if d.Deleting {
		return s.drop(d)
	}
	s.control(d)
	if d.endpoint, err = s.opts.Endpoint(d.Name); err != nil {
		return fmt.Errorf("open search domain %q: %w", d.Name, err)
	}
	return nil
}

// drop gives up the domain's contents, then the domain. The caller holds s.mu
// or is alone.
func (s *Service) drop(d *domain) error {
	if err := s.opts.Drop(d.Name); err != nil {
		return fmt.Errorf("drop search domain %q: %w", d.Name, err)
	}
	b := &journal.Batch{}
	b.Delete(keyPrefix + d.Name)
	if _, err := journal.Put(s.opts.Journal, b); err != nil {
		return err
	}
	delete(s.domains, d.Name)
	s.security.Delete(d.Name)
	return nil
}

func (s *Service) save(d *domain) error {
	value, err := json.Marshal(d)
	if err != nil {
		return err
	}
	b := &journal.Batch{}
	b.Set(keyPrefix+d.Name, value)
	_, err = journal.Put(s.opts.Journal, b)
	return err
}

// sorted lists the domains by name.
func (s *Service) sorted() []*domain {
	list := make([]*domain, 0, len(s.domains))
	for _, d := range s.domains {
		list = append(list, d)
	}
	slices.SortFunc(list, func(a, b *domain) int { return strings.Compare(a.Name, b.Name) })
	return list
}

// Domain returns the URL of the search API of a domain, for who delivers to
// its ARN. Region and account of the ARN are not looked at: names are unique.
func (s *Service) Domain(arn string) (endpoint string, ok bool) {
	parts := strings.SplitN(arn, ":", 6)
	if len(parts) != 6 || parts[2] != "es" {
		return "", false
	}
	name, ok := strings.CutPrefix(parts[5], "domain/")
	if !ok {
		return "", false
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	d := s.domains[name]
	if d == nil || d.Deleting {
		return "", false
	}
	return d.endpoint, true
}

// host is the endpoint as domains show it: without scheme.
func (d *domain) host() string {
	if u, err := url.Parse(d.endpoint); err == nil && u.Host != "" {
		return u.Host + strings.TrimSuffix(u.Path, "/")
	}
	return d.endpoint
}

// API is the service's table of operations: each in the words of both APIs.
func (s *Service) API() *restjson.Service {
	return &restjson.Service{Name: "es", Logger: s.opts.Logger, Operations: []restjson.Operation{
		restjson.Typed("CreateDomain", "POST", "/2021-01-01/opensearch/domain", s.createDomain),
		restjson.Typed("DescribeDomain", "GET", "/2021-01-01/opensearch/domain/{DomainName}", s.describeDomain),
		restjson.Typed("DescribeDomains", "POST", "/2021-01-01/opensearch/domain-info", s.describeDomains),
		restjson.Typed("DeleteDomain", "DELETE", "/2021-01-01/opensearch/domain/{DomainName}", s.deleteDomain),
		restjson.Typed("ListDomainNames", "GET", "/2021-01-01/domain", s.listDomainNames),
		restjson.Typed("ListTags", "GET", "/2021-01-01/tags", s.listTags),
		restjson.Typed("CreateElasticsearchDomain", "POST", "/2015-01-01/es/domain", s.createElasticsearchDomain),
		restjson.Typed("DescribeElasticsearchDomain", "GET", "/2015-01-01/es/domain/{DomainName}", s.describeElasticsearchDomain),
		restjson.Typed("DescribeElasticsearchDomains", "POST", "/2015-01-01/es/domain-info", s.describeElasticsearchDomains),
		restjson.Typed("DeleteElasticsearchDomain", "DELETE", "/2015-01-01/es/domain/{DomainName}", s.deleteElasticsearchDomain),
		restjson.Typed("ListDomainNames", "GET", "/2015-01-01/domain", s.listDomainNames),
		restjson.Typed("ListTags", "GET", "/2015-01-01/tags", s.listTags),
	}}
}

// Prefixes of the paths that are the service's own.
func Prefixes() []string { return []string{"/2021-01-01/", "/2015-01-01/"} }

func arnOf(c *call.Call, name string) string {
	return "arn:aws:es:" + c.Region + ":" + call.AccountID + ":domain/" + name
}

// find returns a domain that the caller may look at. The caller holds s.mu.
func (s *Service) find(ctx context.Context, c *call.Call, name string) (*domain, error) {
	if err := s.checkName(name); err != nil {
		return nil, err
	}
	arn := arnOf(c, name)
	d := s.domains[name]
	if d != nil {
		arn = d.ARN
	}
	if err := s.authorize(ctx, c, arn); err != nil {
		return nil, err
	}
	if d == nil {
		return nil, errNotFound(name)
	}
	return d, nil
}

func (s *Service) authorize(ctx context.Context, c *call.Call, resource string) error {
	return s.opts.Authorizer.Authorize(ctx, c.Identity, "es:"+c.Operation, resource)
}
