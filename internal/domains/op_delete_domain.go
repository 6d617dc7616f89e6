package domains

import (
	"context"

	"github.com/millrace/millrace/internal/aws/call"
)

func (s *Service) deleteDomain(ctx context.Context, c *call.Call, in *domainNameInput) (*domainOutput, error) {
	d, err := s.delete(ctx, c, in.DomainName)
	if err != nil {
		return nil, err
	}
	return &domainOutput{d.status()}, nil
}

func (s *Service) deleteElasticsearchDomain(ctx context.Context, c *call.Call, in *domainNameInput) (*elasticsearchDomainOutput, error) {
	d, err := s.delete(ctx, c, in.DomainName)
	if err != nil {
		return nil, err
	}
	return &elasticsearchDomainOutput{d.elasticsearchStatus()}, nil
}

// delete keeps first that the domain is to go, so that what is left of it goes
// at the next start if this is cut off.
func (s *Service) delete(ctx context.Context, c *call.Call, name string) (*domain, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	d, err := s.find(ctx, c, name)
	if err != nil {
		return nil, err
	}
	d.Deleting = true
	if err := s.save(d); err != nil {
		return nil, err
	}
	if err := s.drop(d); err != nil {
		return nil, err
	}
	s.opts.Logger.Info("search domain deleted", "domain", d.Name)
	return d, nil
}
