package archive

import (
	"context"
	"encoding/xml"
	"errors"
	"io"
	"net/http"
	"net/url"
	"strconv"
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
	text, err := io.ReadAll(io.LimitReader(response.Body, maxAnswer))
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

// forward signs a request for the gateway and sends it. The caller closes the
// answer's body.
func (a *Archive) forward(ctx context.Context, method, bucket, key string, query url.Values, header http.Header, body body) (*http.Response, error) {
	u := &url.URL{Scheme: "http", Host: "archive", Path: "/" + bucket, RawQuery: strings.ReplaceAll(query.Encode(), "+", "%20")}
	if key != "" {
		u.Path += "/" + key
	}
	u.RawPath = sigv4.EncodePath(u.Path)
	r := (&http.Request{Method: method, URL: u, Host: u.Host, Header: header, Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1}).WithContext(ctx)
	hash := unsignedPayload
	if body.framed {
		hash = unsignedFrame
		header.Set("X-Amz-Decoded-Content-Length", strconv.FormatInt(body.data, 10))
		header.Set("Content-Encoding", strings.TrimPrefix(header.Get("Content-Encoding")+",aws-chunked", ","))
		if body.trailer != "" {
			header.Set("X-Amz-Trailer", body.trailer)
		}
		r.Close = true // after an error the gateway would read the rest of the frame as a request
	}
	r.Body, r.ContentLength, r.GetBody = body.reader, body.length, body.again
	if err := a.signer.Sign(r, hash, time.Now()); err != nil {
		return nil, err
	}
	response, err := a.client.Do(r)
	if err != nil {
		var refused *sigv4.Error
		if errors.As(err, &refused) {
			return nil, refused.AWS(sigv4.S3)
		}
		if ctx.Err() != nil {
			return nil, context.Cause(ctx)
		}
		if body.length != 0 {
			return nil, a.whyCut(ctx, bucket, err)
		}
		return nil, unavailable(err)
	}
	return response, nil
}

// whyCut finds out why the gateway closed the connection while a body was on
// its way: it does so, with an answer that gets lost, when the bucket is
// missing.
func (a *Archive) whyCut(ctx context.Context, bucket string, cut error) *awserr.Error {
	_, err := a.send(ctx, http.MethodHead, bucket, "", nil, nil, plainBody(nil))
	var e *awserr.Error
	if errors.As(err, &e) && e.Status == http.StatusNotFound {
		return awserr.New("NoSuchBucket", "The specified bucket does not exist").With(http.StatusNotFound)
	}
	return unavailable(cut)
}

func unavailable(cause error) *awserr.Error {
	return &awserr.Error{Code: "ServiceUnavailable", Status: http.StatusServiceUnavailable, Message: "Please reduce your request rate.", Cause: cause}
}

// readError reads S3's error; the answer to a HEAD has its status alone.
func readError(status int, body []byte) *awserr.Error {
	var e struct{ Code, Message string }
	if xml.Unmarshal(body, &e) != nil || e.Code == "" {
		e.Code, e.Message = strings.ReplaceAll(http.StatusText(status), " ", ""), http.StatusText(status)
	}
	return &awserr.Error{Code: e.Code, Status: status, Message: e.Message}
}
