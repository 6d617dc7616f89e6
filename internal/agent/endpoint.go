package agent

import (
	"context"
	"fmt"
	"net/url"
	"os"
	"path"
	"regexp"
	"runtime/debug"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/config"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/credentials/stscreds"
	"github.com/aws/aws-sdk-go-v2/service/sts"
)

// EndpointRule sends what is meant for some hosts to another place. The signature's region stays that of the host.
type EndpointRule struct {
	Hosts    string // a glob: *.amazonaws.com
	Endpoint string // with scheme
}

// ParseEndpointRule reads HOSTS=URL.
func ParseEndpointRule(text string) (EndpointRule, error) {
	hosts, endpoint, ok := strings.Cut(text, "=")
	if !ok || hosts == "" {
		return EndpointRule{}, fmt.Errorf("endpoint rule %q: want HOSTS=URL", text)
	}
	if _, err := path.Match(hosts, ""); err != nil {
		return EndpointRule{}, fmt.Errorf("endpoint rule %q: %w", text, err)
	}
	u, err := url.Parse(endpoint)
	if err != nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "https" {
		return EndpointRule{}, fmt.Errorf("endpoint rule %q: %q is not an http or https URL", text, endpoint)
	}
	return EndpointRule{hosts, endpoint}, nil
}

// redirect applies the first rule that fits.
func redirect(rules []EndpointRule, endpoint string) string {
	u, err := url.Parse(endpoint)
	if err != nil {
		return endpoint
	}
	for _, rule := range rules {
		if fits, _ := path.Match(rule.Hosts, u.Hostname()); fits {
			return rule.Endpoint
		}
	}
	return endpoint
}

const defaultRegion = "us-east-1"

// destination is where a service's requests go and the region to sign for: what the options say, what kinesis.region says of Kinesis, what the endpoint's name says,
// what the environment says of an endpoint without a region in its name, us-east-1. Without an endpoint the Kinesis Agent's is taken.
func destination(s *service, cfg Config, opts Options) (endpoint, region string) {
	endpoint, region = cfg.FirehoseEndpoint, opts.Region
	if s.name == "kinesis" {
		endpoint = cfg.KinesisEndpoint
		if region == "" {
			region = cfg.KinesisRegion
		}
	}
	if opts.Endpoint != "" {
		endpoint = opts.Endpoint
	}
	if match := s.host.FindStringSubmatch(endpoint); region == "" && match != nil {
		region = match[1]
	}
	if endpoint != "" && region == "" {
		region = regionOfEnvironment()
	}
	if region == "" {
		region = defaultRegion
	}
	if endpoint == "" {
		endpoint = "https://" + s.name + "." + region + "." + domainOf(region)
	}
	return redirect(opts.EndpointFor, endpoint), region
}

func domainOf(region string) string {
	if strings.HasPrefix(region, "cn-") {
		return "amazonaws.com.cn"
	}
	return "amazonaws.com"
}

func regionOfEnvironment() string {
	if region := os.Getenv("AWS_REGION"); region != "" {
		return region
	}
	return os.Getenv("AWS_DEFAULT_REGION")
}

var hostRegion = regexp.MustCompile(`\.([a-z]{2}(?:-[a-z]+)+-\d+)\.`)

// credentialsProvider takes the options' keys, or the file's keys, or the SDK's chain: environment, shared files, container, instance. With an assumeRoleARN, what the
// file or the chain gives is used to assume that role for an hour at a time.
func credentialsProvider(cfg Config, opts Options, region string) (aws.CredentialsProvider, error) {
	if opts.AccessKeyID != "" {
		return credentials.NewStaticCredentialsProvider(opts.AccessKeyID, opts.SecretAccessKey, opts.SessionToken), nil
	}
	var base aws.CredentialsProvider
	if cfg.AccessKeyID != "" {
		base = credentials.NewStaticCredentialsProvider(cfg.AccessKeyID, cfg.SecretAccessKey, "")
	} else {
		chain, err := config.LoadDefaultConfig(context.Background(), config.WithRegion(region))
		if err != nil {
			return nil, fmt.Errorf("load credentials: %w", err)
		}
		base = chain.Credentials
	}
	if cfg.AssumeRoleARN == "" {
		return base, nil
	}
	endpoint := cfg.STSEndpoint
	if match := hostRegion.FindStringSubmatch(endpoint); match != nil {
		region = match[1]
	}
	if endpoint == "" {
		endpoint = "https://sts." + region + "." + domainOf(region)
	}
	client := sts.New(sts.Options{Region: region, Credentials: base, BaseEndpoint: aws.String(redirect(opts.EndpointFor, endpoint))})
	return aws.NewCredentialsCache(stscreds.NewAssumeRoleProvider(client, cfg.AssumeRoleARN, func(o *stscreds.AssumeRoleOptions) {
		o.RoleSessionName = "AWSKinesisAgent"
		o.Duration = time.Hour
		if cfg.AssumeRoleExternalID != "" {
			o.ExternalID = aws.String(cfg.AssumeRoleExternalID)
		}
	}), func(o *aws.CredentialsCacheOptions) { o.ExpiryWindow = 5 * time.Minute }), nil
}

func userAgent(cfg Config) string {
	if cfg.UserAgentOverride != "" {
		return cfg.UserAgentOverride
	}
	ours := "millrace-agent"
	if info, ok := debug.ReadBuildInfo(); ok && info.Main.Version != "" {
		ours += "/" + info.Main.Version
	}
	if cfg.UserAgent != "" {
		return cfg.UserAgent + " " + ours
	}
	return ours
}
