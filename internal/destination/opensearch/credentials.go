package opensearch

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	v4 "github.com/aws/aws-sdk-go-v2/aws/signer/v4"

	"github.com/millrace/millrace/internal/outbound"
)

// Credentials authenticate requests: Basic, APIKey or SigV4.
type Credentials interface {
	// allowed refuses endpoints that the credentials must not be sent to.
	allowed(endpoint *url.URL) error
	sign(req *http.Request, payload []byte) error
}

// Basic is a user and password. It goes over TLS, or to this machine.
type Basic struct{ Username, Password string }

func (b Basic) allowed(endpoint *url.URL) error { return encrypted(endpoint, "a password") }

func (b Basic) sign(req *http.Request, _ []byte) error {
	req.SetBasicAuth(b.Username, b.Password)
	return nil
}

// encrypted refuses addresses to which what is secret, or signed, would travel in the open.
func encrypted(endpoint *url.URL, what string) error {
	if endpoint.Scheme == "https" || outbound.IsLoopback(endpoint.Hostname()) {
		return nil
	}
	return fmt.Errorf("search endpoint %q: %s would travel unencrypted; use https", endpoint.Redacted(), what)
}

// APIKey is one of Elasticsearch's, encoded as it shows it. It goes over TLS, or to this machine.
type APIKey string

func (k APIKey) allowed(endpoint *url.URL) error {
	if k == "" || strings.ContainsAny(string(k), " \r\n") {
		return fmt.Errorf("search credentials: the API key is not what Elasticsearch calls \"encoded\"")
	}
	return encrypted(endpoint, "an API key")
}

func (k APIKey) sign(req *http.Request, _ []byte) error {
	req.Header.Set("Authorization", "ApiKey "+string(k))
	return nil
}

// SigV4 signs as the role of a delivery stream does. A signed request goes over TLS, or to this machine: who reads it can
// send it again for some minutes.
type SigV4 struct {
	Provider aws.CredentialsProvider
	Region   string
	Service  string // "es" when empty
	// Role is named in the header RoleHeader, which is signed, too.
	Role string
}

// RoleHeader is how the server itself, which signs with the account's key, tells its embedded index for which role it
// delivers. It takes rights away and gives none: the account may do everything.
const RoleHeader = "X-Millrace-Role"

func (s SigV4) allowed(endpoint *url.URL) error {
	if s.Provider == nil || s.Region == "" {
		return fmt.Errorf("search credentials: SigV4 needs a provider and a region")
	}
	return encrypted(endpoint, "a signed request")
}

func (s SigV4) sign(req *http.Request, payload []byte) error {
	ctx, cancel := context.WithTimeout(req.Context(), 30*time.Second)
	defer cancel()
	keys, err := s.Provider.Retrieve(ctx)
	if err != nil {
		return err
	}
	service := s.Service
	if service == "" {
		service = "es"
	}
	sum := sha256.Sum256(payload)
	digest := hex.EncodeToString(sum[:])
	req.Header.Set("X-Amz-Content-Sha256", digest)
	if s.Role != "" {
		req.Header.Set(RoleHeader, s.Role)
	}
	return v4.NewSigner().SignHTTP(ctx, keys, req, digest, service, s.Region, time.Now())
}
