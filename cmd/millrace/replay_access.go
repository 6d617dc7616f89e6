package main

import (
	"bytes"
	"context"
	"encoding/json"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"net/http"
	"net/url"
	"os"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	awsconfig "github.com/aws/aws-sdk-go-v2/config"
	"github.com/aws/aws-sdk-go-v2/credentials"

	"github.com/millrace/millrace/internal/aws/awserr"
	"github.com/millrace/millrace/internal/aws/sigv4"
	"github.com/millrace/millrace/internal/config"
	"github.com/millrace/millrace/internal/destination/opensearch"
	"github.com/millrace/millrace/internal/outbound"
)

// awsAccess is how a client command reaches the AWS services, of the running
// server or of the endpoint that the environment names.
type awsAccess struct {
	endpoint    func(service string) string
	region      string
	credentials aws.CredentialsProvider
	client      *http.Client
	// retry is how long a request is made again, trouble is told each time.
	retry   time.Duration
	trouble func(error)
	reached bool // something has answered: what does not is an outage, not a wrong address

	// The search endpoint whose password is known, and the one who knows it.
	search, user, password string
	searchTransport        http.RoundTripper
}

const (
	maxAWSAnswer     = 64 << 20
	awsAnswerTimeout = 2 * time.Minute

	firstAccessPause = 250 * time.Millisecond
	longAccessPause  = 10 * time.Second
)

func newAWSAccess(ctx context.Context, g *globals, retry time.Duration, trouble func(error)) (*awsAccess, error) {
	transport := http.DefaultTransport.(*http.Transport).Clone()
	transport.DisableCompression = true // an object comes as it lies there
	a := &awsAccess{
		retry: retry, trouble: trouble,
		client: &http.Client{
			Transport: transport, Timeout: awsAnswerTimeout,
			// A signature is for one host.
			CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
		},
		searchTransport: http.DefaultTransport,
	}
	if all := os.Getenv("AWS_ENDPOINT_URL"); all != "" {
		return a, a.fromEnvironment(ctx, all)
	}
	dir, err := config.DataDir(g.dir, os.Getenv)
	if err != nil {
		return nil, err
	}
	run, err := config.FindRun(dir)
	if err != nil {
		return nil, err
	}
	return a, a.fromRun(run)
}

func (a *awsAccess) fromEnvironment(ctx context.Context, all string) error {
	a.endpoint = func(service string) string {
		if one := os.Getenv("AWS_ENDPOINT_URL_" + strings.ToUpper(service)); one != "" {
			return one
		}
		return all
	}
	loaded, err := awsconfig.LoadDefaultConfig(ctx)
	if err != nil {
		return fmt.Errorf("read AWS configuration: %w", err)
	}
	a.credentials, a.region = loaded.Credentials, loaded.Region
	if a.region == "" {
		a.region = config.Default().Region
	}
	a.search, a.user, a.password = os.Getenv("OPENSEARCH_URL"), os.Getenv("OPENSEARCH_USERNAME"), os.Getenv("OPENSEARCH_PASSWORD")
	return nil
}

func (a *awsAccess) fromRun(run config.Run) error {
	a.endpoint = func(string) string { return run.Edge }
	a.region = run.Region
	a.credentials = credentials.NewStaticCredentialsProvider(run.AccessKeyID, run.SecretAccessKey, "")
	a.search, a.user, a.password = run.Search, run.SearchUser, run.SearchPassword
	// A cluster that a person named may have an authority of its own.
	cfg, err := config.Load(run.Dir, os.Getenv)
	if err != nil {
		return err
	}
	if cfg.Search.CAFile == "" {
		return nil
	}
	transport := http.DefaultTransport.(*http.Transport).Clone()
	if transport.TLSClientConfig, err = outbound.TLS(cfg.Search.CAFile); err != nil {
		return fmt.Errorf("search: %w", err)
	}
	a.searchTransport = transport
	return nil
}

// send makes a signed request, again while it meets trouble that passes. The
// path is not escaped yet. Refusals come back as *awserr.Error; the caller
// closes the answer's body. What is sent can be repeated: objects by their
// keys, records by their origin.
func (a *awsAccess) send(ctx context.Context, service, method, path string, query url.Values, header http.Header, body []byte) (*http.Response, error) {
	began := time.Now()
	for pause := firstAccessPause; ; pause = min(2*pause, longAccessPause) {
		answer, err := a.attempt(ctx, service, method, path, query, header.Clone(), body)
		var refusal *awserr.Error
		refused := errors.As(err, &refusal)
		left := a.retry - time.Since(began)
		if err == nil || refused && !passing(refusal) || left <= 0 || ctx.Err() != nil || !refused && !a.reached {
			a.reached = a.reached || err == nil || refused
			return answer, err
		}
		a.reached = a.reached || refused
		a.trouble(err)
		select {
		case <-ctx.Done():
			return nil, ctx.Err()
		case <-time.After(min(pause/2+rand.N(pause), left)):
		}
	}
}

// passing tells whether the same request may be answered otherwise later.
func passing(e *awserr.Error) bool {
	return e.Status >= 500 || e.Status == http.StatusTooManyRequests || e.Code == "ThrottlingException" || e.Code == "SlowDown"
}

func (a *awsAccess) attempt(ctx context.Context, service, method, path string, query url.Values, header http.Header, body []byte) (*http.Response, error) {
	base, err := url.Parse(a.endpoint(service))
	if err != nil || base.Host == "" {
		return nil, fmt.Errorf("endpoint %q is no URL", a.endpoint(service))
	}
	u := &url.URL{Scheme: base.Scheme, Host: base.Host, Path: path, RawPath: sigv4.EncodePath(path), RawQuery: strings.ReplaceAll(query.Encode(), "+", "%20")}
	r, err := http.NewRequestWithContext(ctx, method, u.String(), bytes.NewReader(body))
	if err != nil {
		return nil, err
	}
	if header != nil {
		r.Header = header
	}
	keys, err := a.credentials.Retrieve(ctx)
	if err != nil {
		return nil, fmt.Errorf("get AWS credentials: %w", err)
	}
	signer := sigv4.Signer{AccessKeyID: keys.AccessKeyID, Secret: keys.SecretAccessKey, SessionToken: keys.SessionToken, Region: a.region, Service: service}
	if service == "opensearch" {
		signer.Service = "es"
	}
	if err := signer.Sign(r, sigv4.HashOf(body), time.Now()); err != nil {
		return nil, err
	}
	answer, err := a.client.Do(r)
	if err != nil || answer.StatusCode < http.StatusMultipleChoices {
		return answer, err
	}
	defer answer.Body.Close()
	text, err := io.ReadAll(io.LimitReader(answer.Body, 1<<20))
	if err != nil {
		return nil, fmt.Errorf("read answer: %w", err)
	}
	return nil, refusalOf(answer, text)
}

// refusalOf reads an error in any of the forms that AWS writes it in.
func refusalOf(answer *http.Response, text []byte) error {
	e := &awserr.Error{Status: answer.StatusCode}
	var asJSON struct {
		Type    string `json:"__type"`
		Message string `json:"message"` // Message, too
	}
	var asXML struct{ Code, Message string }
	switch {
	case json.Unmarshal(text, &asJSON) == nil:
		e.Code, e.Message = asJSON.Type, asJSON.Message
		if e.Code == "" {
			e.Code, _, _ = strings.Cut(answer.Header.Get("X-Amzn-Errortype"), ":")
		}
		e.Code = e.Code[strings.LastIndexByte(e.Code, '#')+1:]
	case xml.Unmarshal(text, &asXML) == nil:
		e.Code, e.Message = asXML.Code, asXML.Message
	}
	if e.Code == "" {
		e.Code, e.Message = "HTTP", answer.Status
	}
	return e
}

// call sends a request with a JSON body and reads the JSON that comes back.
func (a *awsAccess) call(ctx context.Context, service, method, path string, header http.Header, in, out any) error {
	var body []byte
	if in != nil {
		var err error
		if body, err = json.Marshal(in); err != nil {
			return err
		}
	}
	answer, err := a.send(ctx, service, method, path, nil, header, body)
	if err != nil {
		return err
	}
	defer answer.Body.Close()
	text, err := io.ReadAll(io.LimitReader(answer.Body, maxAWSAnswer))
	if err != nil {
		return fmt.Errorf("read answer: %w", err)
	}
	return json.Unmarshal(text, out)
}

// searchURL is the address of a domain, of which Describe gives the host alone.
func (a *awsAccess) searchURL(host string) string {
	if u, err := url.Parse(a.search); err == nil && (u.Host == host || u.Host+strings.TrimSuffix(u.Path, "/") == host) {
		return u.Scheme + "://" + host
	}
	if isLocal(host) {
		return "http://" + host
	}
	return "https://" + host
}

func isLocal(host string) bool {
	name := host
	if h, _, err := net.SplitHostPort(host); err == nil {
		name = h
	}
	return outbound.IsLoopback(name)
}

// searchCredentials are those for a search address. The password goes to the
// server that it belongs to: its own endpoint, or its domains on this machine.
func (a *awsAccess) searchCredentials(endpoint string, domain bool) opensearch.Credentials {
	own, errOwn := url.Parse(a.search)
	u, err := url.Parse(endpoint)
	mine := errOwn == nil && err == nil && own.Host != "" && (sameServer(endpoint, a.search) || domain && isLocal(own.Host) && isLocal(u.Host))
	switch {
	case mine && a.user != "":
		return opensearch.Basic{Username: a.user, Password: a.password}
	case domain:
		return opensearch.SigV4{Provider: a.credentials, Region: a.region}
	}
	return nil
}

func isCode(err error, codes ...string) bool {
	var e *awserr.Error
	if !errors.As(err, &e) {
		return false
	}
	for _, code := range codes {
		if e.Code == code {
			return true
		}
	}
	return false
}
