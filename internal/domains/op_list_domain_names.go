package domains

import (
	"context"
	"strings"

	"github.com/millrace/millrace/internal/aws/call"
)

type listDomainNamesInput struct {
	EngineType string `json:"-" query:"engineType"`
}

type listDomainNamesOutput struct{ DomainNames []domainInfo }

type domainInfo struct{ DomainName, EngineType string }

func (s *Service) listDomainNames(ctx context.Context, c *call.Call, in *listDomainNamesInput) (*listDomainNamesOutput, error) {
	if in.EngineType != "" && in.EngineType != "OpenSearch" && in.EngineType != "Elasticsearch" {
		return nil, errMember(in.EngineType, "engineType", "satisfy enum value set: [OpenSearch, Elasticsearch]")
	}
	if err := s.authorize(ctx, c, arnOf(c, "*")); err != nil {
		return nil, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	out := &listDomainNamesOutput{DomainNames: []domainInfo{}}
	for _, d := range s.sorted() {
		engine, _, _ := strings.Cut(d.EngineVersion, "_")
		if in.EngineType == "" || in.EngineType == engine {
			out.DomainNames = append(out.DomainNames, domainInfo{d.Name, engine})
		}
	}
	return out, nil
}

type listTagsInput struct {
	ARN string `json:"-" query:"arn"`
}

type listTagsOutput struct{ TagList []tag }

func (s *Service) listTags(ctx context.Context, c *call.Call, in *listTagsInput) (*listTagsOutput, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	d, err := s.find(ctx, c, in.ARN[strings.LastIndexByte(in.ARN, '/')+1:])
	if err != nil {
		return nil, err
	}
	return &listTagsOutput{append([]tag{}, d.Tags...)}, nil
}
