package stack

import (
	"context"
	"net/http"
	"net/url"
)

// AWS::OpenSearchService::Domain.
var openSearchDomain = searchDomain(domainAPI{
	typeName: "AWS::OpenSearchService::Domain",
	service:  "es",
	path:     "/2021-01-01/opensearch/domain",
	version:  "EngineVersion",
	cluster:  "ClusterConfig",
	refused:  []string{"AIMLOptions", "DeploymentStrategyOptions", "IPAddressType", "IdentityCenterOptions", "OffPeakWindowOptions", "SkipShardMigrationWait", "SoftwareUpdateOptions"},
})

// AWS::Elasticsearch::Domain, its older twin.
var elasticsearchDomain = searchDomain(domainAPI{
	typeName: "AWS::Elasticsearch::Domain",
	service:  "es",
	path:     "/2015-01-01/es/domain",
	version:  "ElasticsearchVersion",
	cluster:  "ElasticsearchClusterConfig",
})

// domainAPI is how the two generations of the domain API differ.
type domainAPI struct {
	typeName, service, path string
	version, cluster        string // names of properties
	refused                 []string
}

// searchDomain declares a domain type. Hardware (instances, volumes) and the
// engine's version are kept and shown by the domain; the embedded index has
// neither. What would have to be enforced is refused.
func searchDomain(api domainAPI) resourceType {
	return resourceType{
		name:         api.typeName,
		nameProperty: "DomainName",
		naming:       naming{most: 28, lower: true},
		attributes:   []string{"Arn", "DomainArn", "DomainEndpoint"},
		properties: object(
			optional("DomainName", textShape()),
			optional(api.version, textShape()),
			optional(api.cluster, object(
				optional("InstanceType", textShape()),
				optional("InstanceCount", integerShape()),
				optional("DedicatedMasterEnabled", booleanShape()),
				optional("DedicatedMasterType", textShape()),
				optional("DedicatedMasterCount", integerShape()),
				optional("ZoneAwarenessEnabled", booleanShape()),
				optional("WarmEnabled", booleanShape()),
			).refusing("ColdStorageOptions", "MultiAZWithStandbyEnabled", "NodeOptions", "WarmCount", "WarmType", "ZoneAwarenessConfig")),
			optional("EBSOptions", object(
				optional("EBSEnabled", booleanShape()),
				optional("VolumeSize", integerShape()),
				optional("VolumeType", textShape()),
				optional("Iops", integerShape()),
				optional("Throughput", integerShape()),
			)),
			optional("Tags", tagsShape),
		).refusing(append([]string{"AccessPolicies", "AdvancedOptions", "AdvancedSecurityOptions", "CognitoOptions", "DomainEndpointOptions",
			"EncryptionAtRestOptions", "LogPublishingOptions", "NodeToNodeEncryptionOptions", "SnapshotOptions", "VPCOptions"}, api.refused...)...),

		exists: func(ctx context.Context, aws AWS, t *target) (bool, error) {
			_, err := api.describe(ctx, aws, t.id)
			return err == nil, ignoring(err, "ResourceNotFoundException")
		},
		create: func(ctx context.Context, aws AWS, t *target) error {
			body := with(t.properties, map[string]any{"DomainName": t.id})
			if tags, ok := body["Tags"]; ok {
				delete(body, "Tags")
				body["TagList"] = tags
			}
			err := aws.REST(ctx, api.service, http.MethodPost, api.path, body, nil)
			if t.again {
				return ignoring(err, "ResourceAlreadyExistsException")
			}
			return err
		},
		ready: func(ctx context.Context, aws AWS, t *target) (bool, error) {
			d, err := api.describe(ctx, aws, t.id)
			t.attributes = map[string]string{"Arn": d.ARN, "DomainArn": d.ARN, "DomainEndpoint": d.Endpoint}
			return !d.Processing && d.Endpoint != "", err
		},
		remove: func(ctx context.Context, aws AWS, t *target) (bool, error) {
			_, err := api.describe(ctx, aws, t.id)
			if hasCode(err, "ResourceNotFoundException") {
				return true, nil
			}
			if err != nil {
				return false, err
			}
			err = aws.REST(ctx, api.service, http.MethodDelete, api.path+"/"+url.PathEscape(t.id), nil, nil)
			return false, ignoring(err, "ResourceNotFoundException")
		},
	}
}

type domainStatus struct {
	ARN        string
	Endpoint   string
	Processing bool
}

func (api domainAPI) describe(ctx context.Context, aws AWS, name string) (domainStatus, error) {
	var answer struct{ DomainStatus domainStatus }
	err := aws.REST(ctx, api.service, http.MethodGet, api.path+"/"+url.PathEscape(name), nil, &answer)
	return answer.DomainStatus, err
}
