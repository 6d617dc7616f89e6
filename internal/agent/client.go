package agent

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	v4 "github.com/aws/aws-sdk-go-v2/aws/signer/v4"

	"github.com/millrace/millrace/internal/record"
)

// client sends batches to one service. The body is the batch's own, the signature the SDK's.
type client struct {
	service     *service
	http        *http.Client
	logger      *slog.Logger
	skew        atomic.Int64 // of our clock behind the service's, ns
	endpoint    *url.URL
	region      string
	userAgent   string
	credentials aws.CredentialsProvider
	signer      *v4.Signer
	answers     sync.Pool // of *bytes.Buffer
}

const (
	maxAnswerBytes = 4 << 20
	// credentialsNotice is when it is said that credentials are long in coming.
	credentialsNotice = 4 * time.Second
)

func newClient(cfg Config, s *service, endpoint, region, userAgent string, credentials aws.CredentialsProvider, logger *slog.Logger) (*client, error) {
	u, err := url.Parse(endpoint)
	if err != nil || u.Host == "" {
		return nil, fmt.Errorf("endpoint %q is not an URL", endpoint)
	}
	if u.Path == "" {
		u.Path = "/"
	}
	transport := &http.Transport{
		Proxy:               http.ProxyFromEnvironment,
		DialContext:         dial(&net.Dialer{Timeout: cfg.ConnectionTimeout, KeepAlive: 30 * time.Second}),
		TLSHandshakeTimeout: cfg.ConnectionTimeout,
		MaxConnsPerHost:     cfg.MaxConnections,
		MaxIdleConnsPerHost: cfg.MaxConnections,
		IdleConnTimeout:     time.Minute,
		WriteBufferSize:     8 << 10, // the head of a request; see conn
		ReadBufferSize:      16 << 10,
		DisableCompression:  true,
		ForceAttemptHTTP2:   false,
	}
	return &client{
		service: s, logger: logger,
		http:     &http.Client{Transport: transport, Timeout: cfg.SocketTimeout},
		endpoint: u, region: region, userAgent: userAgent, credentials: credentials, signer: v4.NewSigner(),
		answers: sync.Pool{New: func() any { return new(bytes.Buffer) }},
	}, nil
}

// answer is what the service said to a batch.
type answer struct {
	failed  int            // number of records that were not accepted
	entries []answerRecord // of all records if any failed
}

type answerRecord struct {
	ErrorCode    string
	ErrorMessage string
}

// put sends a batch. An error is about the whole request: a *serviceError if the service answered, otherwise a network error.
func (c *client) put(ctx context.Context, b *batch) (answer, error) {
	payload := b.payload()
	var sent bodies
	defer sent.closed.Wait() // the transport may still read from the batch after it has answered
	target := *c.endpoint    // the signer writes to it
	req := &http.Request{
		Method: http.MethodPost, URL: &target, Host: c.endpoint.Host, Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1,
		ContentLength: int64(len(payload)),
		GetBody:       func() (io.ReadCloser, error) { return sent.open(payload), nil },
		Header: http.Header{
			"Content-Type":      {"application/x-amz-json-1.1"},
			"X-Amz-Target":      {c.service.target},
			"User-Agent":        {c.userAgent},
			record.OriginHeader: {string(b.origin.AppendHeader(nil))},
		},
	}
	req = req.WithContext(ctx)
	credentials, err := c.keys(ctx)
	if err != nil {
		return answer{}, err
	}
	hash := sha256.Sum256(payload)
	now := time.Now().Add(time.Duration(c.skew.Load()))
	if err := c.signer.SignHTTP(ctx, credentials, req, hex.EncodeToString(hash[:]), c.service.name, c.region, now); err != nil {
		return answer{}, fmt.Errorf("sign request: %w", err)
	}
	req.Body = sent.open(payload)
	resp, err := c.http.Do(req)
	if err != nil {
		return answer{}, err
	}
	defer resp.Body.Close()
	buf := c.answers.Get().(*bytes.Buffer)
	defer c.answers.Put(buf)
	buf.Reset()
	if _, err := buf.ReadFrom(io.LimitReader(resp.Body, maxAnswerBytes)); err != nil {
		return answer{}, fmt.Errorf("read answer: %w", err)
	}
	if resp.StatusCode != http.StatusOK {
		return answer{}, c.refusal(resp, buf.Bytes())
	}
	return c.service.readAnswer(buf.Bytes(), len(b.entries))
}

// keys gets the credentials, and says so if that takes long.
func (c *client) keys(ctx context.Context) (aws.Credentials, error) {
	notice := time.AfterFunc(credentialsNotice, func() {
		c.logger.Warn("still waiting for credentials", "service", c.service.name)
	})
	defer notice.Stop()
	keys, err := c.credentials.Retrieve(ctx)
	if err != nil {
		return keys, &credentialsError{err}
	}
	return keys, nil
}

// refusal reads an answer other than 200. Of one that speaks of old keys or of a wrong clock it learns what the next request needs.
func (c *client) refusal(resp *http.Response, body []byte) *serviceError {
	e := newServiceError(resp, body)
	switch e.Code {
	case "ExpiredToken", "ExpiredTokenException":
		if cache, ok := c.credentials.(*aws.CredentialsCache); ok {
			cache.Invalidate()
		}
	case "InvalidSignatureException", "SignatureDoesNotMatch", "RequestExpired", "RequestTimeTooSkewed", "RequestInTheFuture":
		at, err := http.ParseTime(resp.Header.Get("Date"))
		if err != nil {
			break
		}
		skew := time.Until(at)
		if before := time.Duration(c.skew.Load()); (skew - before).Abs() > clockTolerance {
			c.skew.Store(int64(skew))
			e.learnt = true
			c.logger.Warn("this machine's clock is wrong, signing with the service's", "service", c.service.name, "behind", skew)
		}
	}
	return e
}

// clockTolerance is how far apart clocks may be for signatures to be valid.
const clockTolerance = 4 * time.Minute

// bodies counts the readers of a payload that the transport has not closed.
type bodies struct{ closed sync.WaitGroup }

type body struct {
	bytes.Reader
	once sync.Once
	done func()
}

func (s *bodies) open(payload []byte) io.ReadCloser {
	s.closed.Add(1)
	b := &body{done: s.closed.Done}
	b.Reset(payload)
	return b
}

func (b *body) Close() error {
	b.once.Do(b.done)
	return nil
}

// readAnswer wants an entry for each of n records. When none failed the entries are counted, not read.
func (s *service) readAnswer(body []byte, n int) (answer, error) {
	if failed, ok := s.failedCount(body); ok && failed == 0 && bytes.Count(body, []byte(`"`+s.okKey+`"`)) == n {
		return answer{}, nil
	}
	var fields map[string]json.RawMessage
	if err := json.Unmarshal(body, &fields); err != nil {
		return answer{}, fmt.Errorf("read answer: %w", err)
	}
	var failed *int
	var entries []answerRecord
	for key, to := range map[string]any{s.failedKey: &failed, s.entriesKey: &entries} {
		if err := json.Unmarshal(fields[key], to); err != nil {
			return answer{}, fmt.Errorf("read answer: %s: %w", key, err)
		}
	}
	if failed == nil || len(entries) != n {
		return answer{}, fmt.Errorf("answer has %d entries for %d records", len(entries), n)
	}
	out := answer{entries: entries}
	for _, e := range entries {
		if e.ErrorCode != "" {
			out.failed++
		}
	}
	if out.failed != *failed {
		return answer{}, fmt.Errorf("answer says that %d records failed and names %d", *failed, out.failed)
	}
	return out, nil
}

// failedCount finds the number without reading the entries. Inside of a JSON string the key's quotes would be escaped.
func (s *service) failedCount(body []byte) (n int, ok bool) {
	_, rest, found := bytes.Cut(body, []byte(`"`+s.failedKey+`"`))
	rest = bytes.TrimLeft(rest, " \t\r\n:")
	for ; len(rest) > 0 && rest[0] >= '0' && rest[0] <= '9' && n < 1000; rest = rest[1:] {
		n, ok = n*10+int(rest[0]-'0'), true
	}
	return n, ok && found
}

// serviceError is an answer other than 200.
type serviceError struct {
	Status  int
	Code    string
	Message string
	learnt  bool // the next request will do better
}

func newServiceError(resp *http.Response, body []byte) *serviceError {
	var fields struct {
		Type     string `json:"__type"`
		Code     string `json:"code"`
		Message  string `json:"message"`
		Message2 string `json:"Message"`
	}
	_ = json.Unmarshal(body, &fields) // an answer of a proxy in between is no JSON; its status speaks for itself
	e := &serviceError{Status: resp.StatusCode, Code: resp.Header.Get("X-Amzn-Errortype"), Message: fields.Message + fields.Message2}
	if fields.Message == fields.Message2 {
		e.Message = fields.Message
	}
	if e.Code == "" {
		e.Code = fields.Type + fields.Code
	}
	if at := strings.LastIndexByte(e.Code, '#'); at >= 0 {
		e.Code = e.Code[at+1:]
	}
	e.Code, _, _ = strings.Cut(e.Code, ":")
	return e
}

func (e *serviceError) Error() string {
	code := e.Code
	if code == "" {
		code = http.StatusText(e.Status)
	}
	if e.Message == "" {
		return fmt.Sprintf("%d %s", e.Status, code)
	}
	return fmt.Sprintf("%d %s: %s", e.Status, code, e.Message)
}

// credentialsError says that there is nothing to sign with.
type credentialsError struct{ cause error }

func (e *credentialsError) Error() string { return "get credentials: " + e.cause.Error() }
func (e *credentialsError) Unwrap() error { return e.cause }
