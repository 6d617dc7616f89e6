package domains

import (
	"context"
	"strings"

	"github.com/millrace/millrace/internal/aws/call"
)

type domainNameInput struct {
	DomainName string `json:"-" path:"DomainName"`
}

type domainNamesInput struct{ DomainNames []string }

func (d *domain) status() domainStatus {
	return domainStatus{d.common(call.AccountID), d.EngineVersion, d.Cluster}
}

// elasticsearchStatus shows an OpenSearch version with its name, an
// Elasticsearch version without.
func (d *domain) elasticsearchStatus() elasticsearchDomainStatus {
	return elasticsearchDomainStatus{d.common(call.AccountID), strings.TrimPrefix(d.EngineVersion, elasticsearchPrefix),
		d.Cluster.swapped(openSearchInstance, elasticsearchInstance)}
}

func (s *Service) describeDomain(ctx context.Context, c *call.Call, in *domainNameInput) (*domainOutput, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	d, err := s.find(ctx, c, in.DomainName)
	if err != nil {
		return nil, err
	}
	return &domainOutput{d.status()}, nil
}

func (s *Service) describeElasticsearchDomain(ctx context.Context, c *call.Call, in *domainNameInput) (*elasticsearchDomainOutput, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	d, err := s.find(ctx, c, in.DomainName)
	if err != nil {
		return nil, err
	}
	return &elasticsearchDomainOutput{d.elasticsearchStatus()}, nil
}

type domainsOutput struct{ DomainStatusList []domainStatus }

// describeDomains leaves out names of which there is no domain, as on AWS.
func (s *Service) describeDomains(ctx context.Context, c *call.Call, in *domainNamesInput) (*domainsOutput, error) {
	out := &domainsOutput{DomainStatusList: []domainStatus{}}
	err := s.each(ctx, c, in.DomainNames, func(d *domain) { out.DomainStatusList = append(out.DomainStatusList, d.status()) })
	return out, err
}

type elasticsearchDomainsOutput struct {
	DomainStatusList []elasticsearchDomainStatus
}

func (s *Service) describeElasticsearchDomains(ctx context.Context, c *call.Call, in *domainNamesInput) (*elasticsearchDomainsOutput, error) {
	out := &elasticsearchDomainsOutput{DomainStatusList: []elasticsearchDomainStatus{}}
	err := s.each(ctx, c, in.DomainNames, func(d *domain) { out.DomainStatusList = append(out.DomainStatusList, d.elasticsearchStatus()) })
	return out, err
}

func (s *Service) each(ctx context.Context, c *call.Call, names []string, f func(*domain)) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, name := range names {
		if err := s.authorize(ctx, c, arnOf(c, name)); err != nil {
			return err
		}
		if d := s.domains[name]; d != nil {
			f(d)
		}
	}
	return nil
}
