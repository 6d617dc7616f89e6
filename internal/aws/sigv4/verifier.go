// Package sigv4 verifies AWS Signature Version 4, the one gate before every
// AWS handler:
//
//	request ─▶ authorization ─▶ clock ─▶ body, hashed as it is read ─▶ canonical request ─▶ HMAC ─▶ identity
//
// It verifies signed headers for every service and, for S3, presigned queries
// and the streamed payloads whose chunks carry signatures of their own.
// Anything it does not know is refused.
package sigv4

import (
	"crypto/hmac"
	"crypto/rand"
	"crypto/subtle"
	"net/http"
	"time"

	"github.com/millrace/millrace/internal/aws/call"
)

const (
	algorithm  = "AWS4-HMAC-SHA256"
	terminator = "aws4_request"
	timeFormat = "20060102T150405Z"
	// maxSkew is how far the request's time may be from ours, as S3 allows.
	maxSkew = 15 * time.Minute
	// MaxBody limits the bodies of all services but S3. The largest that AWS
	// takes is a PutRecordBatch of 4 MiB, 5.4 MiB in base64.
	MaxBody = 8 << 20
)

// Credential is what the server knows of an access key id.
type Credential struct {
	Secret   string
	Identity call.Identity
	// SessionToken must come with the requests of temporary credentials; empty
	// for long-term keys, whose requests must not carry one.
	SessionToken string
	// Expires ends temporary credentials; zero for long-term ones.
	Expires time.Time
}

// Scope is the credential scope: what a signing key is good for.
type Scope struct {
	Date    string // "20261122"
	Region  string
	Service string // signing name: "firehose", "s3"
}

// Verified is a request whose signature is right.
type Verified struct {
	Identity call.Identity
	Scope    Scope
	// Body is the whole body of a request to any service but S3. It belongs to
	// a pool: nothing of it may be kept after Release.
	Body []byte
	// Payload is the body of an S3 request, verified while it is read.
	Payload *Payload
	// Presigned requests carry their signature in the query.
	Presigned bool
	// HostUnsigned requests say nothing by their Host: version 2 signs the path alone.
	HostUnsigned bool

	buffer *buffer
}

// Release gives the body back. It must be called once, after the handler.
func (v *Verified) Release() { v.buffer.release() }

// Options of a Verifier.
type Options struct {
	// Credentials looks an access key id up; it is called for every request.
	Credentials func(accessKeyID string) (Credential, bool)
	Now         func() time.Time // nil for time.Now
}

// Verifier verifies requests. Its methods may be called at once.
type Verifier struct {
	credentials func(string) (Credential, bool)
	now         func() time.Time
	keys        keyCache
	// dummy is the secret that unknown access keys are checked with, so that
	// they cost the same time as a wrong signature.
	dummy string
}

// NewVerifier returns a Verifier.
func NewVerifier(o Options) *Verifier {
	if o.Now == nil {
		o.Now = time.Now
	}
	return &Verifier{credentials: o.Credentials, now: o.Now, dummy: rand.Text()}
}

// Verify answers who signed the request, or an *Error. For services other than
// S3 it reads the body whole before it says yes. Release the result.
func (v *Verifier) Verify(r *http.Request) (*Verified, error) {
	if isPresignedV2(r) {
		return v.verifyV2(r)
	}
	a, err := parseAuthorization(r)
	if err != nil {
		return nil, err
	}
	if err := a.checkSignedHeaders(r.Header); err != nil {
		return nil, err
	}
	if err := a.checkTime(v.now()); err != nil {
		return nil, err
	}
	credential, known := v.credentials(a.accessKeyID)
	if !known {
		// The body is not waited for: whoever has no key takes no room from others.
		return nil, v.unknown(r, a)
	}
	result := &Verified{Scope: a.scope, Presigned: a.presigned}
	payloadHash, err := result.takeBody(r, a)
	if err != nil {
		return nil, err
	}
	if err := v.checkSignature(r, a, credential, payloadHash, result); err != nil {
		result.Release()
		return nil, err
	}
	return result, nil
}

// ScopeOf is what a request says it is signed for, before anything is
// verified: whoever makes room for its body asks.
func ScopeOf(r *http.Request) (Scope, error) {
	if isPresignedV2(r) {
		return Scope{Service: "s3"}, nil
	}
	a, err := parseAuthorization(r)
	if err != nil {
		return Scope{}, err
	}
	return a.scope, nil
}

// takeBody reads the body or prepares its streaming; it answers the hash that
// the canonical request ends with.
func (v *Verified) takeBody(r *http.Request, a *authorization) (string, error) {
	if a.scope.Service != "s3" {
		var err error
		var hash string
		v.buffer, hash, err = readBody(r)
		v.Body = v.buffer.bytes()
		return hash, err
	}
	var err error
	v.Payload, err = newPayload(r, a)
	if err != nil {
		return "", err
	}
	return a.contentSHA256, nil
}

// unknown refuses a request with an access key that is not known, after the
// work that a wrong signature costs.
func (v *Verifier) unknown(r *http.Request, a *authorization) error {
	canonical, err := canonicalRequest(r, a, emptySHA256)
	if err != nil {
		return err
	}
	sign(v.keys.derive("", v.dummy, a.scope), stringToSign(a, canonical))
	return a.fail(UnknownKey, "")
}

func (v *Verifier) checkSignature(r *http.Request, a *authorization, credential Credential, payloadHash string, result *Verified) error {
	canonical, err := canonicalRequest(r, a, payloadHash)
	if err != nil {
		return err
	}
	key := v.keys.derive(a.accessKeyID, credential.Secret, a.scope)
	right := hmac.Equal(sign(key, stringToSign(a, canonical)), a.signature)
	switch {
	case !right:
		return a.fail(WrongSignature, "")
	case subtle.ConstantTimeCompare([]byte(credential.SessionToken), []byte(a.sessionToken)) != 1:
		return a.fail(WrongToken, "")
	case !credential.Expires.IsZero() && !v.now().Before(credential.Expires):
		return a.fail(TokenExpired, "")
	}
	result.Identity = credential.Identity
	if result.Payload != nil {
		return result.Payload.authenticate(key, a)
	}
	return nil
}
