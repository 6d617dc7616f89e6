package archive

import (
	"context"
	"errors"
	"io"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/millrace/millrace/internal/aws/awserr"
	"github.com/millrace/millrace/internal/aws/sigv4"
)

const (
	unsignedPayload = "UNSIGNED-PAYLOAD"
	unsignedFrame   = "STREAMING-UNSIGNED-PAYLOAD-TRAILER"
	// maxAnswer is more than any answer that is read whole: a listing of 1000 keys.
	maxAnswer = 8 << 20
	// maxRefusal is longer than any error that S3 sends.
	maxRefusal = 64 << 10
)

// send sends one of our own requests and returns the answer's body. Refusals
// are *awserr.Error; an answer that did not come is the cause of one with the
// code ServiceUnavailable.
func (a *Archive) send(ctx context.Context, method, bucket, key string, query url.Values, header http.Header, body body) (*answer, error) {
	if header == nil {
		header = http.Header{}
	}
	response, err := a.forward(ctx, method, bucket, key, query, header, body)
	if err != nil {
		return nil, err
	}
	defer response.Body.Close()
	limit := int64(maxAnswer)
	if response.StatusCode >= http.StatusMultipleChoices {
		limit = maxRefusal
	}
	text, err := io.ReadAll(io.LimitReader(response.Body, limit))
	if err != nil {
		return nil, unavailable(err)
	}
	if response.StatusCode >= http.StatusMultipleChoices {
		return nil, readError(response.StatusCode, text)
	}
	return &answer{header: response.Header, body: text}, nil
}

type answer struct {
	header http.Header
	body   []byte
}

// forward signs a request for the S3 behind the archive and sends it. The
// caller closes the answer's body.
func (a *Archive) forward(ctx context.Context, method, bucket, key string, query url.Values, header http.Header, body body) (*http.Response, error) {
	r := (&http.Request{Method: method, URL: &url.URL{Path: "/"}, Header: header, Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1}).WithContext(ctx)
	r.URL.RawQuery = strings.ReplaceAll(query.Encode(), "+", "%20")
	if a.remote != nil {
		response, err := a.remote.forward(r, bucket, key, body)
		if body.object && awserr.Is(err, "ServiceUnavailable") && !errors.Is(err, errImpatient) {
			return nil, a.whyCut(ctx, bucket, err)
		}
		return response, err
	}
	r.URL.Scheme, r.URL.Host, r.Host = "http", "archive", "archive"
	setPath(r.URL, bucket, key)
	w, hash := body.plain(), unsignedPayload
	if body.object {
		w, hash = body.framed(header), unsignedFrame
		r.Close = true // after an error the gateway would read the rest of the frame as a request
	}
	r.Body, r.ContentLength, r.GetBody = w.reader, w.length, w.again
	if err := a.signer.Sign(r, hash, time.Now()); err != nil {
		return nil, err
	}
	response, err := a.client.Do(r)
	if err != nil {
		err = a.whyNot(ctx, bucket, w.length != 0, err)
	}
	if body.object && w.again != nil && awserr.Is(err, "ServiceUnavailable") {
		// The gateway closes connections that are idle, maybe just when one is used
		// again. An object that is written twice is the same.
		if r.Body, err = w.again(); err == nil {
			response, err = a.client.Do(r)
		}
		if err != nil {
			err = a.whyNot(ctx, bucket, true, err)
		}
	}
	return response, err
}

func setPath(u *url.URL, bucket, key string) {
	u.Path = "/" + bucket
	if key != "" {
		u.Path = strings.TrimSuffix(u.Path, "/") + "/" + key
	}
	u.RawPath = sigv4.EncodePath(u.Path)
}

// whyNot names the reason why no answer came.
func (a *Archive) whyNot(ctx context.Context, bucket string, sending bool, err error) error {
	var refused *sigv4.Error
	if errors.As(err, &refused) {
		return refused.AWS(sigv4.S3)
	}
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	if sending {
		return a.whyCut(ctx, bucket, err)
	}
	return unavailable(err)
}

// whyCut finds out why the S3 closed the connection while a body was on
// its way: it does so, with an answer that gets lost, when the bucket is
// missing.
func (a *Archive) whyCut(ctx context.Context, bucket string, cut error) error {
	_, err := a.send(ctx, http.MethodHead, bucket, "", nil, nil, plainBody(nil))
	var e *awserr.Error
	if errors.As(err, &e) && e.Status == http.StatusNotFound {
		return awserr.New("NoSuchBucket", "The specified bucket does not exist").With(http.StatusNotFound)
	}
	if awserr.Is(cut, "ServiceUnavailable") {
		return cut
	}
	return unavailable(cut)
}

func unavailable(cause error) *awserr.Error {
	return &awserr.Error{Code: "ServiceUnavailable", Status: http.StatusServiceUnavailable, Message: "Please reduce your request rate.", Cause: cause}
}

// readError reads S3's error; the answer to a HEAD has its status alone.
func readError(status int, body []byte) *awserr.Error {
	var e struct{ Code, Message string }
	if readXML(body, &e) != nil || e.Code == "" {
		e.Code, e.Message = strings.ReplaceAll(http.StatusText(status), " ", ""), http.StatusText(status)
	}
	return &awserr.Error{Code: e.Code, Status: status, Message: e.Message}
}
