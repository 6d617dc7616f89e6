package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"

	"github.com/millrace/millrace/internal/aws/call"
	"github.com/millrace/millrace/internal/aws/sigv4"
	"github.com/millrace/millrace/internal/destination"
	"github.com/millrace/millrace/internal/destination/opensearch"
	"github.com/millrace/millrace/internal/firehose"
	"github.com/millrace/millrace/internal/outbound"
)

// searchDestination makes the destination of a delivery stream that delivers
// to a search domain, over REST as to any cluster.
func (s *server) searchDestination(c firehose.Search) (destination.Destination, error) {
	if c.DomainARN == "" {
		return s.searchAt(c, c.ClusterEndpoint)
	}
	d := &domainDestination{
		lookup: func() (string, bool) { return s.domains.Domain(c.DomainARN) },
		open:   func(endpoint string) (destination.Destination, error) { return s.searchAt(c, endpoint) },
	}
	var ok bool
	if d.endpoint, ok = d.lookup(); !ok {
		if !c.Existing {
			return nil, fmt.Errorf("search domain %q does not exist", c.DomainARN)
		}
		d.endpoint = "https://domain.invalid" // where domainTransport lets nobody answer until the domain is back
	}
	var err error
	d.at, err = d.open(d.endpoint)
	return d, err
}

// searchAt makes the destination at an address.
func (s *server) searchAt(c firehose.Search, endpoint string) (destination.Destination, error) {
	o := opensearch.Options{
		Endpoint: endpoint, IndexName: c.IndexName, Rotation: opensearch.Rotation(c.IndexRotation),
		NoDocumentID: c.NoDocumentID, RetryDuration: c.Retry, Logger: s.log,
		Transport: s.searchTransport, Deliverer: c.RoleARN,
	}
	if c.DomainARN != "" {
		if !sameServer(endpoint, s.run.Search) {
			o.Domain = lastPart(c.DomainARN)
		}
		// A cluster that is named by its address alone has no ARN that a policy could name: who may write to it is its own to say.
		domain := &domainTransport{next: s.searchTransport, domain: c.DomainARN, endpoint: endpoint,
			lookup: func() (string, bool) { return s.domains.Domain(c.DomainARN) }}
		o.Transport = &roleTransport{next: domain, resource: c.DomainARN, authorize: func(ctx context.Context, action, resource string) error {
			if err := s.assume(c.RoleARN, c.StreamARN); err != nil {
				return err
			}
			return s.iam.AuthorizeRole(ctx, c.RoleARN, action, resource)
		}}
	}
	if u, err := url.Parse(endpoint); err == nil {
		o.Gzip = !outbound.IsLoopback(u.Hostname())
	}
	switch {
	case s.cfg.Search.URL != "" && s.cfg.Search.Username != "" && sameServer(endpoint, s.cfg.Search.URL):
		o.Credentials = opensearch.Basic{Username: s.run.SearchUser, Password: s.run.SearchPassword}
		o.Deliverer = s.run.SearchUser
	case s.cfg.Search.URL == "" && c.DomainARN != "":
		o.Credentials = opensearch.SigV4{Region: c.Region, Role: c.RoleARN, Provider: aws.CredentialsProvider(
			credentials.NewStaticCredentialsProvider(s.secrets.AccessKeyID, s.secrets.SecretAccessKey, ""))}
	}
	return opensearch.New(o)
}

// sameServer tells whether an address is that of the cluster in millrace.yaml:
// its password goes nowhere else, whatever a template names.
func sameServer(endpoint, cluster string) bool {
	a, errA := url.Parse(endpoint)
	b, errB := url.Parse(cluster)
	return errA == nil && errB == nil && a.Scheme == b.Scheme && a.Host == b.Host
}

// roleTransport lets a request pass that the delivery stream's role may make.
// The refusal is the domain's own: 403, which the stream's RetryOptions cover.
type roleTransport struct {
	next      http.RoundTripper
	authorize func(ctx context.Context, action, resource string) error
	resource  string
}

// RoundTrip implements http.RoundTripper.
func (t *roleTransport) RoundTrip(r *http.Request) (*http.Response, error) {
	action := "es:ESHttp" + r.Method[:1] + strings.ToLower(r.Method[1:])
	if err := t.authorize(r.Context(), action, t.resource+r.URL.Path); err != nil {
		body, _ := json.Marshal(map[string]string{"Message": err.Error()})
		return &http.Response{
			StatusCode: http.StatusForbidden, Status: "403 Forbidden", Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1,
			Header: http.Header{"Content-Type": {"application/json"}}, Body: io.NopCloser(bytes.NewReader(body)), Request: r,
		}, nil
	}
	return t.next.RoundTrip(r)
}

// searchAuthorize judges signed requests to the embedded index: whoever holds
// the account's key is let in, as the role that the request names or as the
// account itself. A domain with fine-grained access control asks for roles then.
func (s *server) searchAuthorize(_ string, r *http.Request, body []byte) (string, bool) {
	r = r.Clone(context.Background())
	r.Body = io.NopCloser(bytes.NewReader(body))
	v, err := s.verifier.Verify(r)
	if err != nil {
		return "", false
	}
	defer v.Release()
	ok := v.Identity.RoleARN == "" && v.Scope.Service == "es"
	if role := r.Header.Get(opensearch.RoleHeader); ok && role != "" {
		return role, true
	}
	return v.Identity.ARN, ok
}

// rootIdentity is whoever signs with the generated key: the account itself.
func rootIdentity(accessKeyID string) call.Identity {
	return call.Identity{AccessKeyID: accessKeyID, ARN: "arn:aws:iam::" + call.AccountID + ":root"}
}

func (s *server) credential(accessKeyID string) (sigv4.Credential, bool) {
	if accessKeyID != s.secrets.AccessKeyID {
		return sigv4.Credential{}, false
	}
	return sigv4.Credential{Secret: s.secrets.SecretAccessKey, Identity: rootIdentity(accessKeyID)}, true
}
