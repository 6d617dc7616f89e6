package archive

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"os"
	"regexp"
	"slices"
	"strings"
	"sync/atomic"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/config"
	"github.com/aws/aws-sdk-go-v2/credentials"

	"github.com/millrace/millrace/internal/aws/awserr"
	"github.com/millrace/millrace/internal/aws/sigv4"
	"github.com/millrace/millrace/internal/record"
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
	if r.CAFile != "" {
		text, err := os.ReadFile(r.CAFile)
		if err != nil {
			return nil, fmt.Errorf("read ca_file: %w", err)
		}
		authorities := x509.NewCertPool()
		if !authorities.AppendCertsFromPEM(text) {
			return nil, fmt.Errorf("ca_file %q holds no certificate", r.CAFile)
		}
		transport.TLSClientConfig = &tls.Config{RootCAs: authorities, MinVersion: tls.VersionTLS12}
	}
	return &http.Client{
		Transport:     transport,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}, nil
}

// bucketName is what may become part of a host name or path.
var bucketName = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9._-]{1,254}$`)

// forward completes a request that has method, query and header, signs it and
// sends it. Refusals of what clients asked for are answers; those that are about
// us, our credentials or our address, are errors.
func (r *remote) forward(request *http.Request, bucket, key string, body body) (*http.Response, error) {
	if err := r.address(request, bucket, key); err != nil {
		return nil, err
	}
	parent := request.Context()
	patience := newPatience(parent, r.patienceFor(request))
	request = request.WithContext(patience.ctx)
	err := r.sign(request, body)
	if err == nil {
		patience.watchBody(request)
		var response *http.Response
		if response, err = r.client.Do(request); err == nil {
			patience.watchAnswer(response)
			return r.judge(response)
		}
	}
	err = whyFailed(parent, patience, err)
	patience.end()
	return nil, err
}

// address puts the bucket where the S3 wants to see it.
func (r *remote) address(request *http.Request, bucket, key string) error {
	if bucket != "" && !bucketName.MatchString(bucket) {
		return awserr.New("InvalidBucketName", "The specified bucket is not valid.")
	}
	u := request.URL
	u.Scheme, u.Host = r.endpoint.Scheme, r.endpoint.Host
	if !r.PathStyle && bucket != "" {
		u.Host, bucket = bucket+"."+u.Host, ""
	}
	setPath(u, bucket, key)
	request.Host = u.Host
	return nil
}

func (r *remote) patienceFor(request *http.Request) time.Duration {
	if request.Method == http.MethodPost || request.Header.Get("X-Amz-Copy-Source") != "" {
		return longWork * r.Patience
	}
	return r.Patience
}

// sign gives the request its body and its signature. Data whose hash nobody has
// computed go unsigned, or, if a checksum follows them, in a frame that
// carries it.
func (r *remote) sign(request *http.Request, body body) error {
	keys, err := r.keys.Retrieve(request.Context())
	if err != nil {
		return fmt.Errorf("find credentials for %s: %w", r.Endpoint, err)
	}
	w, hash := body.plain(), body.hash
	switch {
	case body.payload == nil && hash == "":
		hash = sigv4.HashOf(body.bytes)
	case body.payload != nil && body.payload.Trailer != "":
		w, hash = body.framed(request.Header), unsignedFrame
		w.length = frameLength(body.payload.Length, body.payload.Trailer)
	case hash == "":
		hash = unsignedPayload
	}
	request.Body, request.ContentLength, request.GetBody = w.reader, w.length, w.again
	signer := sigv4.Signer{AccessKeyID: keys.AccessKeyID, Secret: keys.SecretAccessKey, SessionToken: keys.SessionToken, Region: r.Region, Service: "s3"}
	if err := signer.Sign(request, hash, time.Now()); err != nil {
		return err
	}
	if w.length >= expectBytes {
		request.Header.Set("Expect", "100-continue")
	}
	return nil
}

// ours are S3's codes about the credentials that we signed with.
var ours = []string{
	"InvalidAccessKeyId", "SignatureDoesNotMatch", "ExpiredToken", "InvalidToken", "TokenRefreshRequired", "RequestTimeTooSkewed", "AuthorizationHeaderMalformed",
	"InvalidSecurity", "NotSignedUp", "AccountProblem",
}

// judge tells answers from errors about ourselves.
func (r *remote) judge(response *http.Response) (*http.Response, error) {
	if response.StatusCode < http.StatusMultipleChoices || response.StatusCode == http.StatusNotModified || response.StatusCode >= http.StatusInternalServerError {
		return response, nil
	}
	text, err := io.ReadAll(io.LimitReader(response.Body, maxRefusal))
	_ = response.Body.Close()
	if err == nil && len(text) == maxRefusal {
		err = errors.New("the remote S3 sends an error that does not end")
	}
	if err != nil {
		return nil, unavailable(err)
	}
	e := readError(response.StatusCode, text)
	if response.StatusCode < http.StatusBadRequest {
		e.Message = fmt.Sprintf("%s The bucket is not at %s, region %s, but in region %q.", e.Message, r.Endpoint, r.Region, response.Header.Get("X-Amz-Bucket-Region"))
		return nil, e
	}
	if slices.Contains(ours, e.Code) {
		r.keys.Invalidate() // perhaps others are there by now
		return nil, e
	}
	response.Body = io.NopCloser(strings.NewReader(string(text)))
	return response, nil
}

// notOurs hides from a client what is wrong between us and the remote S3: it
// would take it for its own.
func notOurs(err error) error {
	var e *awserr.Error
	if errors.As(err, &e) && (slices.Contains(ours, e.Code) || e.Status < http.StatusBadRequest) {
		return unavailable(e)
	}
	return err
}

// whyFailed names the reason why no answer came.
func whyFailed(parent context.Context, p *patience, err error) error {
	var refused *sigv4.Error
	switch {
	case errors.As(err, &refused):
		return refused.AWS(sigv4.S3)
	case parent.Err() != nil:
		return context.Cause(parent)
	case p.exhausted():
		return unavailable(errImpatient)
	}
	return unavailable(err)
}

// putRemote is Put. An S3 that does not let us set the object's ACL gets it
// without one, from then on.
func (a *Archive) putRemote(ctx context.Context, bucket, key string, body []byte, header http.Header) error {
	data := objectBody(body)
	data.hash = sigv4.HashOf(body)
	put := func(acl bool) error {
		header := header.Clone()
		if header == nil {
			header = http.Header{}
		}
		if !acl {
			header.Del("X-Amz-Acl")
		}
		return a.change(ctx, written, http.MethodPut, bucket, key, header, data)
	}
	if header.Get("X-Amz-Acl") == "" || a.remote.noACL.Load() {
		return put(false)
	}
	err := put(true)
	var f *record.Failure
	if !errors.As(err, &f) || !slices.Contains(aboutACLs, f.Code) || put(false) != nil {
		return err
	}
	a.remote.noACL.Store(true)
	return nil
}

// aboutACLs are the answers of an S3 without ACLs, or to somebody who must not
// set them.
var aboutACLs = []string{"S3.AccessDenied", "S3.NotImplemented", "S3.AccessControlListNotSupported", "S3.InvalidArgument"}

// location is the body of CreateBucket: a remote S3 wants to hear its own
// region, unless it is the first.
func (a *Archive) location() body {
	if a.remote == nil || a.remote.Region == "us-east-1" {
		return plainBody(nil)
	}
	text, _ := xml.Marshal(struct {
		XMLName            xml.Name `xml:"http://s3.amazonaws.com/doc/2006-03-01/ CreateBucketConfiguration"`
		LocationConstraint string
	}{LocationConstraint: a.remote.Region})
	return plainBody(text)
}

// remoteReady asks for the buckets. Credentials that may not list them are
// good ones all the same.
func (a *Archive) remoteReady(ctx context.Context) error {
	_, err := a.send(ctx, http.MethodGet, "", "", nil, nil, plainBody(nil))
	var e *awserr.Error
	if errors.As(err, &e) && e.Status >= http.StatusBadRequest && e.Status < http.StatusInternalServerError && !slices.Contains(ours, e.Code) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("ask %s for its buckets: %w", a.remote.Endpoint, err)
	}
	return nil
}
