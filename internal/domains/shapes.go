package domains

import (
	"net/http"
	"strings"

	"github.com/millrace/millrace/internal/aws/awserr"
)

// clusterConfig is ClusterConfig and ElasticsearchClusterConfig. It is kept and
// shown: the embedded index has no instances.
type clusterConfig struct {
	InstanceType           string `json:",omitempty"`
	InstanceCount          int    `json:",omitempty"`
	DedicatedMasterEnabled bool
	DedicatedMasterType    string `json:",omitempty"`
	DedicatedMasterCount   int    `json:",omitempty"`
	ZoneAwarenessEnabled   bool
	WarmEnabled            bool
}

// ebsOptions is kept and shown, as clusterConfig is.
type ebsOptions struct {
	EBSEnabled bool
	VolumeType string `json:",omitempty"`
	VolumeSize int    `json:",omitempty"`
	Iops       int    `json:",omitempty"`
	Throughput int    `json:",omitempty"`
}

type tag struct{ Key, Value string }

type cognitoOptions struct{ Enabled bool }

// common is the part of a domain's status that both APIs name alike.
type common struct {
	DomainId               string
	DomainName             string
	ARN                    string
	Created                bool
	Deleted                bool
	Endpoint               string
	Processing             bool
	UpgradeProcessing      bool
	DomainProcessingStatus string
	EBSOptions             ebsOptions
	CognitoOptions         cognitoOptions

	AdvancedSecurityOptions *securityStatus `json:",omitempty"`
}

type domainStatus struct {
	common
	EngineVersion string
	ClusterConfig clusterConfig
}

type elasticsearchDomainStatus struct {
	common
	ElasticsearchVersion       string
	ElasticsearchClusterConfig clusterConfig
}

func (d *domain) common(account string) common {
	status := "Active"
	if d.Deleting {
		status = "Deleting"
	}
	return common{DomainId: account + "/" + d.Name, DomainName: d.Name, ARN: d.ARN, Created: true, Deleted: d.Deleting,
		Endpoint: d.host(), Processing: d.Deleting, DomainProcessingStatus: status, EBSOptions: d.EBS, AdvancedSecurityOptions: d.securityStatus()}
}

// The two APIs differ in how they write versions and instance types.
const (
	elasticsearchPrefix   = "Elasticsearch_"
	openSearchInstance    = ".search"
	elasticsearchInstance = ".elasticsearch"
	defaultVersion        = "OpenSearch_2.19"
	defaultElasticsearch  = "Elasticsearch_7.10"
	defaultInstance       = "m5.large" // without its suffix
	domainPattern         = `[a-z][a-z0-9\-]+`
	versionPattern        = `(OpenSearch|Elasticsearch)_[0-9]{1,2}\.[0-9]{1,2}`
	minDomainName         = 3
	maxDomainName         = 28
)

// swapped returns the configuration with the instance types of the other API.
func (c clusterConfig) swapped(from, to string) clusterConfig {
	for _, t := range []*string{&c.InstanceType, &c.DedicatedMasterType} {
		if name, ok := strings.CutSuffix(*t, from); ok {
			*t = name + to
		}
	}
	return c
}

func (s *Service) checkName(name string) error {
	switch {
	case len(name) < minDomainName:
		return errMember(name, "domainName", "have length greater than or equal to 3")
	case len(name) > maxDomainName:
		return errMember(name, "domainName", "have length less than or equal to 28")
	case !s.domain.MatchString(name):
		return errMember(name, "domainName", "satisfy regular expression pattern: "+domainPattern)
	}
	return nil
}

func errMember(value, member, constraint string) error {
	return awserr.Violation("ValidationException", awserr.Shown(value), member, constraint)
}

func errNotFound(name string) *awserr.Error {
	return awserr.New("ResourceNotFoundException", "Domain not found: %s", name).With(http.StatusConflict)
}

func errExists(name string) *awserr.Error {
	return awserr.New("ResourceAlreadyExistsException", "Domain with name '%s' already exists", name).With(http.StatusConflict)
}
