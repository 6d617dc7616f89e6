// Package edge is the one address that AWS clients talk to:
//
//	request ─▶ host allowed? ─▶ protocol ─▶ budget ─▶ signature ─▶ service of the credential scope ─▶ operation
//
// The protocol is seen from the request's shape: X-Amz-Target is JSON, a path
// of a REST service is REST JSON, a form is the query protocol, and all else is
// S3. Nothing but the health check is answered without a signature, and refusals
// are written in the protocol that the client speaks.
package edge

import (
	"crypto/rand"
	"encoding/hex"
	"log/slog"
	"net/http"
	"strconv"
	"strings"
	"sync/atomic"
	"time"

	"github.com/millrace/millrace/internal/aws/call"
	"github.com/millrace/millrace/internal/aws/jsonrpc"
	"github.com/millrace/millrace/internal/aws/query"
	"github.com/millrace/millrace/internal/aws/restjson"
	"github.com/millrace/millrace/internal/aws/sigv4"
)

// HealthPath answers unsigned requests, for whoever waits for the server. No
// bucket can have its name.
const HealthPath = "/_millrace/health"

// S3 serves S3 requests and sets the call's Operation. The request's path is in
// path style, whatever the client used; the payload is verified while it is read.
type S3 interface {
	Serve(w http.ResponseWriter, r *http.Request, c *call.Call, body *sigv4.Payload)
}

// RESTService is a REST JSON service with the paths that are its own.
type RESTService struct {
	*restjson.Service
	Prefixes []string // "/2015-01-01/", "/2021-01-01/"
}

// Options of an Edge.
type Options struct {
	Verifier *sigv4.Verifier
	JSON     []*jsonrpc.Service
	Query    []*query.Service
	REST     []RESTService
	S3       S3
	// AllowedHosts may stand in the Host header besides localhost and loopback
	// addresses: names, which include the names below them, and addresses.
	AllowedHosts []string
	Logger       *slog.Logger
	// Observe is told of every answered request; nil for nobody. service and
	// operation are those of the tables, empty for requests that found none.
	Observe func(service, operation string, status int, elapsed time.Duration)
	// MaxConnections and MaxPerAddress bound the clients of a Server, all
	// together and those of one address; 0 for 2048 and 1024.
	MaxConnections, MaxPerAddress int
}

// Edge is an http.Handler.
type Edge struct {
	Options
	hosts hostList
	// bodyBytes is what the bodies of requests under way may take; see admit.
	bodyBytes atomic.Int64
}

// New returns an Edge.
func New(o Options) *Edge {
	if o.Observe == nil {
		o.Observe = func(string, string, int, time.Duration) {}
	}
	return &Edge{Options: o, hosts: newHostList(o.AllowedHosts)}
}

// Server returns a server with the edge's limits on slow and large headers and
// on connections. Bodies have their own, see admit.
func (e *Edge) Server() *http.Server {
	s := &http.Server{
		Handler:           e,
		ReadHeaderTimeout: 5 * time.Second,
		IdleTimeout:       60 * time.Second,
		MaxHeaderBytes:    32 << 10,
		ErrorLog:          slog.NewLogLogger(e.Logger.Handler(), slog.LevelDebug),
	}
	BoundConnections(s, e.MaxConnections, e.MaxPerAddress)
	return s
}

func (e *Edge) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	start := time.Now()
	x := &exchange{edge: e, w: &statusWriter{ResponseWriter: w}, r: r, c: &call.Call{RequestID: newRequestID(), Header: r.Header}}
	x.serve()
	e.Observe(x.c.Service, x.c.Operation, x.w.status, time.Since(start))
}

// newRequestID returns a random UUID.
func newRequestID() string {
	var b [16]byte
	_, _ = rand.Read(b[:]) // never fails
	b[6], b[8] = b[6]&0x0f|0x40, b[8]&0x3f|0x80
	var text [36]byte
	hex.Encode(text[:], b[:4])
	hex.Encode(text[9:], b[4:6])
	hex.Encode(text[14:], b[6:8])
	hex.Encode(text[19:], b[8:10])
	hex.Encode(text[24:], b[10:])
	text[8], text[13], text[18], text[23] = '-', '-', '-', '-'
	return string(text[:])
}

// statusWriter remembers the status for Observe.
type statusWriter struct {
	http.ResponseWriter
	status int
	whole  bool // the first Write is all of the answer
}

func (w *statusWriter) WriteHeader(status int) {
	if w.status == 0 && status >= http.StatusOK {
		w.status = status
	}
	w.ResponseWriter.WriteHeader(status)
}

func (w *statusWriter) Write(b []byte) (int, error) {
	if w.whole { // with its length, a long answer is not cut into chunks
		w.Header().Set("Content-Length", strconv.Itoa(len(b)))
		w.whole = false
	}
	if w.status == 0 {
		w.status = http.StatusOK
	}
	return w.ResponseWriter.Write(b)
}

// Unwrap lets http.ResponseController reach the connection.
func (w *statusWriter) Unwrap() http.ResponseWriter { return w.ResponseWriter }

// isForm tells the query protocol's requests from S3's.
func isForm(r *http.Request) bool {
	mediaType, _, _ := strings.Cut(r.Header.Get("Content-Type"), ";")
	return r.Method == http.MethodPost && strings.EqualFold(strings.TrimSpace(mediaType), "application/x-www-form-urlencoded")
}
