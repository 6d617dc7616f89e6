package archive

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/millrace/millrace/internal/aws/awserr"
	"github.com/millrace/millrace/internal/aws/sigv4"
)

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
		// S3 wants to be told, and keeps what stands before it.
		request.Header.Set("Content-Encoding", strings.TrimPrefix(request.Header.Get("Content-Encoding")+",aws-chunked", ","))
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
