package archive

import (
	"context"
	"errors"
	"net"
	"net/http"
	"net/url"
	"strings"
	"sync/atomic"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/config"
	"github.com/aws/aws-sdk-go-v2/credentials"

	"github.com/millrace/millrace/internal/outbound"
)

// Remote is an S3 by its address: AWS's, or anybody's who speaks its protocol.
// Every request is signed anew with the credentials given here; whether a
// caller may do what it asks for is decided at our edge all the same.
type Remote struct {
	Endpoint  string // https://host:port
	Region    string // that requests are signed for; empty for the archive's
	PathStyle bool   // https://host/bucket/key; else https://bucket.host/key
	// AccessKeyID and the secret; without them Credentials, and without those
	// AWS's chain: environment, shared files, container, instance. It is gone
	// through again when what it gave has expired or is refused.
	AccessKeyID, SecretAccessKey string
	Credentials                  aws.CredentialsProvider
	CAFile                       string // PEM, in place of the system's authorities
	// Patience is how long the other side may give and take nothing, or
	// hardly anything, before a request is given up; default 30 s. See patience.
	Patience time.Duration
}

const (
	defaultPatience = 30 * time.Second
	// longWork is how many times longer an answer may take to requests that
	// make S3 copy data: CopyObject, CompleteMultipartUpload.
	longWork = 10
	// expectBytes of a body and more are sent when S3 has said that it wants
	// them, so that a refusal costs nothing.
	expectBytes       = 1 << 20
	maxRemoteRequests = 256
)

// remote sends requests to an S3 elsewhere.
type remote struct {
	Remote
	endpoint *url.URL
	keys     *aws.CredentialsCache
	client   *http.Client
	// noACL: it does not know ACLs, or does not let us set them.
	noACL atomic.Bool
}

func newRemote(o Remote, region string) (*remote, error) {
	r := &remote{Remote: o}
	var err error
	if r.endpoint, err = url.Parse(o.Endpoint); err != nil {
		return nil, err
	}
	switch {
	case r.endpoint.Scheme != "http" && r.endpoint.Scheme != "https" || r.endpoint.Host == "" || strings.Trim(r.endpoint.Path, "/") != "":
		return nil, errors.New("want https://host:port")
	case !o.PathStyle && net.ParseIP(r.endpoint.Hostname()) != nil:
		return nil, errors.New("an address has no hosts below it: set path_style")
	case (o.AccessKeyID == "") != (o.SecretAccessKey == ""):
		return nil, errors.New("the access key id and its secret go together")
	}
	if r.Region == "" {
		r.Region = region
	}
	if r.Patience == 0 {
		r.Patience = defaultPatience
	}
	r.keys = aws.NewCredentialsCache(r.provider())
	r.client, err = r.newClient()
	return r, err
}

func (r *remote) provider() aws.CredentialsProvider {
	switch {
	case r.AccessKeyID != "":
		return credentials.NewStaticCredentialsProvider(r.AccessKeyID, r.SecretAccessKey, "")
	case r.Credentials != nil:
		return r.Credentials
	}
	return aws.CredentialsProviderFunc(func(ctx context.Context) (aws.Credentials, error) {
		chain, err := config.LoadDefaultConfig(ctx, config.WithRegion(r.Region))
		if err != nil {
			return aws.Credentials{}, err
		}
		return chain.Credentials.Retrieve(ctx)
	})
}

func (r *remote) newClient() (*http.Client, error) {
	transport := &http.Transport{
		Proxy:                  http.ProxyFromEnvironment,
		DialContext:            (&net.Dialer{Timeout: 10 * time.Second}).DialContext,
		TLSHandshakeTimeout:    10 * time.Second,
		ExpectContinueTimeout:  time.Second,
		IdleConnTimeout:        30 * time.Second,
		MaxIdleConnsPerHost:    16,
		MaxConnsPerHost:        maxRemoteRequests,
		MaxResponseHeaderBytes: 256 << 10,
		DisableCompression:     true, // objects come as they are
	}
	var err error
	if transport.TLSClientConfig, err = outbound.TLS(r.CAFile); err != nil {
		return nil, err
	}
	return &http.Client{
		Transport:     transport,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}, nil
}
