package archive

import (
	"context"
	"errors"
	"fmt"
	"io"
	"iter"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/millrace/millrace/internal/aws/awserr"
	"github.com/millrace/millrace/internal/record"
)

// Object is an entry of a listing.
type Object struct {
	Key          string
	Size         int64
	LastModified time.Time
	ETag         string
}

// Put writes an object and returns once it is durable. Errors are
// *record.Failure with S3's code: "S3.NoSuchBucket". The header is that of the
// S3 request, Content-Type and its kin; nil for none. The embedded archive has
// one owner and no keys: an ACL changes nothing, and encryption that the header
// asks for does not take place.
func (a *Archive) Put(ctx context.Context, bucket, key string, body []byte, header http.Header) error {
	if a.remote != nil {
		return a.putRemote(ctx, bucket, key, body, header)
	}
	header = forwarded(header)
	for name := range header {
		if strings.HasPrefix(name, "X-Amz-Server-Side-Encryption") {
			header.Del(name)
		}
	}
	return a.change(ctx, written, http.MethodPut, bucket, key, header, objectBody(body))
}

// Get opens an object. The caller closes it.
func (a *Archive) Get(ctx context.Context, bucket, key string) (io.ReadCloser, error) {
	if err := a.checkName(bucket, key); err != nil {
		return nil, failure("get", bucket, key, err)
	}
	response, err := a.forward(ctx, http.MethodGet, bucket, key, nil, http.Header{}, plainBody(nil))
	if err != nil {
		return nil, failure("get", bucket, key, err)
	}
	if response.StatusCode >= http.StatusMultipleChoices {
		defer response.Body.Close()
		text, _ := io.ReadAll(io.LimitReader(response.Body, maxAnswer))
		return nil, failure("get", bucket, key, readError(response.StatusCode, text))
	}
	return response.Body, nil
}

// List yields the objects whose keys have a prefix, ascending. An error ends
// it.
func (a *Archive) List(ctx context.Context, bucket, prefix string) iter.Seq2[Object, error] {
	return func(yield func(Object, error) bool) {
		query := url.Values{"list-type": {"2"}, "prefix": {prefix}}
		for {
			got, err := a.send(ctx, http.MethodGet, bucket, "", query, nil, plainBody(nil))
			var page struct {
				Contents              []Object
				IsTruncated           bool
				NextContinuationToken string
			}
			if err == nil {
				err = readXML(got.body, &page)
			}
			if err != nil {
				yield(Object{}, failure("list", bucket, prefix, err))
				return
			}
			if page.IsTruncated && page.NextContinuationToken == "" {
				yield(Object{}, failure("list", bucket, prefix, unavailable(errors.New("a listing that goes on has no token"))))
				return
			}
			for _, o := range page.Contents {
				if !yield(o, nil) {
					return
				}
			}
			if !page.IsTruncated {
				return
			}
			query.Set("continuation-token", page.NextContinuationToken)
		}
	}
}

// Delete removes an object; one that is not there is no error.
func (a *Archive) Delete(ctx context.Context, bucket, key string) error {
	return a.change(ctx, removed, http.MethodDelete, bucket, key, nil, plainBody(nil))
}

// CreateBucket makes a bucket. One that is there is S3.BucketAlreadyOwnedByYou.
func (a *Archive) CreateBucket(ctx context.Context, bucket string) error {
	return a.change(ctx, written, http.MethodPut, bucket, "", nil, a.location())
}

// DeleteBucket removes a bucket. One that is not empty is S3.BucketNotEmpty,
// unless force says that its objects go, too.
func (a *Archive) DeleteBucket(ctx context.Context, bucket string, force bool) error {
	if force {
		for o, err := range a.List(ctx, bucket, "") {
			if err != nil {
				return err
			}
			if err := a.Delete(ctx, bucket, o.Key); err != nil {
				return err
			}
		}
	}
	return a.change(ctx, removed, http.MethodDelete, bucket, "", nil, plainBody(nil))
}

// BucketExists tells whether a bucket is there.
func (a *Archive) BucketExists(ctx context.Context, bucket string) (bool, error) {
	_, err := a.send(ctx, http.MethodHead, bucket, "", nil, nil, plainBody(nil))
	var e *awserr.Error
	if errors.As(err, &e) && e.Status == http.StatusNotFound {
		return false, nil
	}
	if err != nil {
		return false, failure("find", bucket, "", err)
	}
	return true, nil
}

// Buckets returns the names of all buckets.
func (a *Archive) Buckets(ctx context.Context) ([]string, error) {
	got, err := a.send(ctx, http.MethodGet, "", "", nil, nil, plainBody(nil))
	var list struct {
		Names []string `xml:"Buckets>Bucket>Name"`
	}
	if err == nil {
		err = readXML(got.body, &list)
	}
	if err != nil {
		return nil, failure("list buckets", "", "", err)
	}
	return list.Names, nil
}

// change sends a request that changes a name, and makes the change durable.
func (a *Archive) change(ctx context.Context, d durability, method, bucket, key string, header http.Header, body body) error {
	err := a.checkName(bucket, key)
	if err == nil {
		_, err = a.send(ctx, method, bucket, key, nil, header, body)
	}
	if err == nil {
		err = a.persist(d, bucket, key)
	}
	if err != nil {
		return failure(map[string]string{http.MethodPut: "put", http.MethodDelete: "delete"}[method], bucket, key, err)
	}
	return nil
}

func (a *Archive) checkName(bucket, key string) error {
	if bucket == "" {
		return awserr.New("InvalidBucketName", "The specified bucket is not valid.")
	}
	if err := a.checkKey(key); err != nil {
		return err
	}
	return nil
}

// failure says what was tried and whether trying again may help.
func failure(what, bucket, key string, err error) error {
	place := fmt.Sprintf("%s s3://%s/%s", what, bucket, key)
	var e *awserr.Error
	if !errors.As(err, &e) {
		return fmt.Errorf("%s: %w", place, err)
	}
	f := &record.Failure{Kind: record.Permanent, Code: "S3." + e.Code, Message: place + ": " + e.Message, Cause: e.Cause}
	if e.Status >= http.StatusInternalServerError || e.Status == http.StatusTooManyRequests || slices.Contains(passing, e.Code) {
		f.Kind = record.Retryable
	}
	return f
}

// passing are S3's codes below 500 that the same request may not get again.
var passing = []string{
	"RequestTimeout", "RequestTimeTooSkewed", "ExpiredToken", "TokenRefreshRequired", "OperationAborted", "ConditionalRequestConflict", "TemporaryRedirect",
	"BadDigest", "IncompleteBody", "XAmzContentSHA256Mismatch", "SlowDown", "Throttling", "ThrottlingException",
}
