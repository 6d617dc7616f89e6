//go:build unix

package main

import (
	"context"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/millrace/millrace/internal/aws/query"
	"github.com/millrace/millrace/internal/aws/sigv4"
	"github.com/millrace/millrace/internal/config"
)

// edgeRoute is one operation as a request asks for it.
type edgeRoute struct {
	name, service, method, target, body string
	header                              http.Header
}

// edgeRoutes are all operations that the server serves, from its own tables,
// and S3's kinds of requests.
func edgeRoutes(s *server) (routes []edgeRoute) {
	for _, service := range s.edge.JSON {
		for _, op := range service.Operations {
			routes = append(routes, edgeRoute{service.Name + " " + op.Name, service.Name, "POST", "/", "{}", http.Header{"X-Amz-Target": {service.Prefix + "." + op.Name}}})
		}
	}
	for _, service := range s.edge.Query {
		for _, op := range service.Operations {
			body := url.Values{"Action": {op.Name}, "Version": {service.Version}}.Encode()
			routes = append(routes, edgeRoute{service.Name + " " + op.Name, service.Name, "POST", "/", body, http.Header{"Content-Type": {query.ContentType}}})
		}
	}
	parameter := regexp.MustCompile(`\{[^}]*\}`)
	for _, service := range s.edge.REST {
		for _, op := range service.Operations {
			routes = append(routes, edgeRoute{service.Name + " " + op.Name, service.Name, op.Method, parameter.ReplaceAllString(op.Path, "none"), "", http.Header{}})
		}
	}
	for _, target := range []string{"/", "/none", "/none?versioning", "/none?policy", "/none?uploads", "/none?list-type=2", "/none?delete", "/none/key", "/none/key?uploads", "/none/key?acl", "/none/key?partNumber=1&uploadId=a"} {
		for _, method := range []string{"GET", "HEAD", "PUT", "POST", "DELETE", "OPTIONS"} {
			routes = append(routes, edgeRoute{"s3 " + method + " " + target, "s3", method, target, "", http.Header{}})
		}
	}
	return routes
}

// request signs the route's request, or does not, in one way.
func (ro edgeRoute) request(t *testing.T, s *server, kind string) *http.Request {
	t.Helper()
	r := httptest.NewRequest(ro.method, "http://127.0.0.1"+ro.target, strings.NewReader(ro.body))
	r.Header = ro.header.Clone()
	signer := sigv4.Signer{AccessKeyID: s.secrets.AccessKeyID, Secret: s.secrets.SecretAccessKey, Region: "us-east-1", Service: ro.service}
	hash, now := sigv4.HashOf([]byte(ro.body)), time.Now()
	switch kind {
	case "unsigned":
		return r
	case "password":
		r.SetBasicAuth(s.secrets.SearchUser, s.secrets.SearchPassword)
		return r
	case "console's token":
		r.Header.Set("Authorization", "Bearer "+s.secrets.ConsoleToken)
		return r
	case "version 2":
		r.Header.Set("Authorization", "AWS "+s.secrets.AccessKeyID+":c2lnbmF0dXJl")
		return r
	case "unknown key":
		signer.AccessKeyID = "AKIAUNKNOWNUNKNOWN00"
	case "wrong secret":
		signer.Secret = "another"
	case "no secret":
		signer.Secret = ""
	case "other service":
		signer.Service = "kinesis"
	case "16 minutes ago":
		now = now.Add(-16 * time.Minute)
	case "in 16 minutes":
		now = now.Add(16 * time.Minute)
	case "token of nobody":
		signer.SessionToken = "a"
	case "another body":
		hash = sigv4.HashOf([]byte("another"))
	}
	if err := signer.Sign(r, hash, now); err != nil {
		t.Fatal(err)
	}
	authorization := r.Header.Get("Authorization")
	switch kind {
	case "two headers":
		r.Header.Add("Authorization", authorization)
	case "header and query":
		r.URL.RawQuery = strings.TrimPrefix(r.URL.RawQuery+"&X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Signature=a", "&")
	case "other target", "other method", "other path", "other query":
		switch kind {
		case "other target":
			r.Header.Set("X-Amz-Target", r.Header.Get("X-Amz-Target")+"s")
		case "other method":
			r.Method = map[string]string{"GET": "DELETE"}[r.Method]
			if r.Method == "" {
				r.Method = "GET"
			}
		case "other path":
			r.URL.Path += "x"
		case "other query":
			r.URL.RawQuery += "&a=b"
		}
	case "unsigned header":
		r.Header.Set("X-Amz-Bypass-Governance-Retention", "true")
	}
	return r
}

// What a request gets that is not properly signed, in the words of all protocols.
var authenticationErrors = []string{
	"MissingAuthenticationTokenException", "UnrecognizedClientException", "InvalidSignatureException", "IncompleteSignatureException",
	"MissingAuthenticationToken", "InvalidClientTokenId", "SignatureDoesNotMatch", "IncompleteSignature",
	"AccessDenied", "InvalidAccessKeyId", "InvalidRequest", "InvalidArgument", "AuthorizationHeaderMalformed", "AuthorizationQueryParametersError",
	"RequestTimeTooSkewed", "InvalidToken", "XAmzContentSHA256Mismatch",
}

// Every operation of every service that is served refuses every request that is
// not properly signed, and does not learn of it.
func TestEveryRouteAsksForASignature(t *testing.T) {
	t.Parallel()
	cfg := config.Default()
	cfg.EdgePort, cfg.ConsolePort, cfg.SearchPort = 0, 0, 0
	dir := dataDir(t)
	if err := config.MakeDataDir(dir); err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(t.Context())
	defer stop()
	s, err := openServer(ctx, dir, cfg, slog.New(slog.DiscardHandler), stop)
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	var reached string
	s.edge.Observe = func(service, operation string, _ int, _ time.Duration) { reached = operation }
	code := regexp.MustCompile(`<Code>(\w+)</Code>`)
	ask := func(r *http.Request) (int, string) {
		reached = ""
		w := httptest.NewRecorder()
		s.edge.ServeHTTP(w, r)
		if found := code.FindStringSubmatch(w.Body.String()); found != nil {
			return w.Code, found[1]
		}
		return w.Code, w.Header().Get("x-amzn-ErrorType")
	}
	kinds := []string{
		"unsigned", "password", "console's token", "version 2", "unknown key", "wrong secret", "no secret", "other service", "16 minutes ago", "in 16 minutes",
		"token of nobody", "another body", "two headers", "header and query", "other target", "other method", "other path", "other query", "unsigned header",
	}
	routes := edgeRoutes(s)
	services := map[string]bool{}
	for _, ro := range routes {
		services[ro.service] = true
		for _, kind := range kinds {
			if kind == "other target" && ro.header.Get("X-Amz-Target") == "" ||
				kind == "another body" && ro.service == "s3" && ro.method != "PUT" { // nobody reads it
				continue
			}
			status, got := ask(ro.request(t, s, kind))
			if status < 400 || status >= 500 || reached != "" || ro.method != "HEAD" && !slices.Contains(authenticationErrors, got) && !(kind == "other service" && got == "InvalidAction") {
				t.Errorf("%s, %s: %d %s, reached %q", ro.name, kind, status, got, reached)
			}
		}
		// and one that is signed is let through to the operation
		if _, got := ask(ro.request(t, s, "signed")); ro.service != "s3" && (reached == "" || slices.Contains(authenticationErrors, got)) {
			t.Errorf("%s, signed: %s, reached %q", ro.name, got, reached)
		}
	}
	if len(routes) < 80 || len(services) < 6 {
		t.Errorf("%d routes of %v", len(routes), services)
	}
	t.Logf("%d routes of %d services, %d kinds of requests", len(routes), len(services), len(kinds))
}
