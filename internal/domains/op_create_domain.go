package domains

import (
	"context"

	"github.com/millrace/millrace/internal/aws/call"
)

type createDomainInput struct {
	DomainName    string
	EngineVersion string
	ClusterConfig clusterConfig
	EBSOptions    ebsOptions
	TagList       []tag

	AdvancedSecurityOptions *securityOptions
}

type domainOutput struct{ DomainStatus domainStatus }

func (s *Service) createDomain(ctx context.Context, c *call.Call, in *createDomainInput) (*domainOutput, error) {
	d := &domain{Name: in.DomainName, EngineVersion: in.EngineVersion, Cluster: in.ClusterConfig, EBS: in.EBSOptions, Tags: in.TagList,
		Security: in.AdvancedSecurityOptions}
	if d.EngineVersion == "" {
		d.EngineVersion = defaultVersion
	}
	if err := s.create(ctx, c, d); err != nil {
		return nil, err
	}
	return &domainOutput{d.status()}, nil
}

type createElasticsearchDomainInput struct {
	DomainName                 string
	ElasticsearchVersion       string
	ElasticsearchClusterConfig clusterConfig
	EBSOptions                 ebsOptions
	TagList                    []tag
	AdvancedSecurityOptions    *securityOptions
}

type elasticsearchDomainOutput struct{ DomainStatus elasticsearchDomainStatus }

func (s *Service) createElasticsearchDomain(ctx context.Context, c *call.Call, in *createElasticsearchDomainInput) (*elasticsearchDomainOutput, error) {
	d := &domain{Name: in.DomainName, EngineVersion: defaultElasticsearch, EBS: in.EBSOptions, Tags: in.TagList, Security: in.AdvancedSecurityOptions,
		Cluster: in.ElasticsearchClusterConfig.swapped(elasticsearchInstance, openSearchInstance)}
	if in.ElasticsearchVersion != "" {
		d.EngineVersion = elasticsearchPrefix + in.ElasticsearchVersion
	}
	if err := s.create(ctx, c, d); err != nil {
		return nil, err
	}
	return &elasticsearchDomainOutput{d.elasticsearchStatus()}, nil
}

// create makes the domain's place first and keeps the domain second: an
// interrupted create is repeated as if nothing had been.
func (s *Service) create(ctx context.Context, c *call.Call, d *domain) error {
	if err := s.checkName(d.Name); err != nil {
		return err
	}
	d.Format, d.ARN, d.Created = format, arnOf(c, d.Name), s.opts.Now().UTC()
	if err := s.authorize(ctx, c, d.ARN); err != nil {
		return err
	}
	if !s.version.MatchString(d.EngineVersion) {
		return errMember(d.EngineVersion, "engineVersion", "satisfy regular expression pattern: "+versionPattern)
	}
	if err := d.Security.check(); err != nil {
		return err
	}
	if d.Cluster.InstanceType == "" {
		d.Cluster.InstanceType = defaultInstance + openSearchInstance
	}
	d.Cluster.InstanceCount = max(d.Cluster.InstanceCount, 1)

	s.mu.Lock()
	defer s.mu.Unlock()
	if s.domains[d.Name] != nil {
		return errExists(d.Name)
	}
	s.control(d)
	if err := s.place(d); err != nil {
		s.security.Delete(d.Name)
		return err
	}
	s.domains[d.Name] = d
	s.opts.Logger.Info("search domain created", "domain", d.Name, "endpoint", d.endpoint)
	return nil
}

// place makes the domain's place and keeps the domain.
func (s *Service) place(d *domain) (err error) {
	if d.endpoint, err = s.opts.Endpoint(d.Name); err != nil {
		return err
	}
	return s.save(d)
}
