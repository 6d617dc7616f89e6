package archive

import (
	"context"
	"encoding/xml"
	"errors"
	"fmt"
	"net/http"
	"slices"

	"github.com/millrace/millrace/internal/aws/awserr"
	"github.com/millrace/millrace/internal/aws/sigv4"
	"github.com/millrace/millrace/internal/record"
)

// putRemote is Put. An S3 that does not let us set the object's ACL gets it
// without one, from then on.
func (a *Archive) putRemote(ctx context.Context, bucket, key string, body []byte, header http.Header) error {
	data := objectBody(body)
	data.hash = sigv4.HashOf(body)
	put := func(acl bool) error {
		header := header.Clone()
		if header == nil {
			header = http.Header{}
		}
		if !acl {
			header.Del("X-Amz-Acl")
		}
		return a.change(ctx, written, http.MethodPut, bucket, key, header, data)
	}
	if header.Get("X-Amz-Acl") == "" || a.remote.noACL.Load() {
		return put(false)
	}
	err := put(true)
	var f *record.Failure
	if !errors.As(err, &f) || !slices.Contains(aboutACLs, f.Code) || put(false) != nil {
		return err
	}
	a.remote.noACL.Store(true)
	return nil
}

// aboutACLs are the answers of an S3 without ACLs, or to somebody who must not
// set them.
var aboutACLs = []string{"S3.AccessDenied", "S3.NotImplemented", "S3.AccessControlListNotSupported", "S3.InvalidArgument"}

// location is the body of CreateBucket: a remote S3 wants to hear its own
// region, unless it is the first.
func (a *Archive) location() body {
	if a.remote == nil || a.remote.Region == "us-east-1" {
		return plainBody(nil)
	}
	text, _ := xml.Marshal(struct {
		XMLName            xml.Name `xml:"http://s3.amazonaws.com/doc/2006-03-01/ CreateBucketConfiguration"`
		LocationConstraint string
	}{LocationConstraint: a.remote.Region})
	return plainBody(text)
}

// remoteReady asks for the buckets. Credentials that may not list them are
// good ones all the same.
func (a *Archive) remoteReady(ctx context.Context) error {
	_, err := a.send(ctx, http.MethodGet, "", "", nil, nil, plainBody(nil))
	var e *awserr.Error
	if errors.As(err, &e) && e.Status >= http.StatusBadRequest && e.Status < http.StatusInternalServerError && !slices.Contains(ours, e.Code) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("ask %s for its buckets: %w", a.remote.Endpoint, err)
	}
	return nil
}
