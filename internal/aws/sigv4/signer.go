package sigv4

import (
	"crypto/sha256"
	"encoding/hex"
	"net/http"
	"slices"
	"strings"
	"time"
)

// Signer signs our own requests: those that stay in memory and those to the
// archive's gateway. Requests to remote services are signed by the SDK.
type Signer struct {
	AccessKeyID  string
	Secret       string
	SessionToken string
	Region       string
	Service      string
}

// HashOf is the payload hash of a body.
func HashOf(body []byte) string {
	sum := sha256.Sum256(body)
	return hex.EncodeToString(sum[:])
}

// Sign sets the request's Authorization and the headers it needs. payloadHash
// is HashOf(body) or, for S3, one of its words for other payloads; S3 gets it
// as a header, too. Signed are the headers that Verifier wants signed and the
// content type; the others may change their form on the way.
func (s Signer) Sign(r *http.Request, payloadHash string, now time.Time) error {
	a := &authorization{date: now.UTC().Format(timeFormat)}
	a.scope = Scope{Date: a.date[:8], Region: s.Region, Service: s.Service}
	r.Header.Set("X-Amz-Date", a.date)
	if s.SessionToken != "" {
		r.Header.Set("X-Amz-Security-Token", s.SessionToken)
	}
	if s.Service == "s3" {
		r.Header.Set("X-Amz-Content-Sha256", payloadHash)
	}
	a.signedHeaders = []string{"host"}
	for name := range r.Header {
		if lower := strings.ToLower(name); mustBeSigned(lower) || lower == "content-type" {
			a.signedHeaders = append(a.signedHeaders, lower)
		}
	}
	slices.Sort(a.signedHeaders)
	canonical, err := canonicalRequest(r, a, payloadHash)
	if err != nil {
		return err
	}
	signature := sign(deriveKey(s.Secret, a.scope), stringToSign(a, canonical))
	r.Header.Set("Authorization", algorithm+" Credential="+s.AccessKeyID+"/"+a.scope.String()+
		", SignedHeaders="+strings.Join(a.signedHeaders, ";")+", Signature="+hex.EncodeToString(signature))
	return nil
}
