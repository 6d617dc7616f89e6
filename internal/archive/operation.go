package archive

import (
	"net/http"
	"net/url"
	"path"
	"slices"
	"strings"

	"github.com/millrace/millrace/internal/aws/awserr"
)

// durability is what an operation has done to the name that it was asked for.
type durability int

const (
	read    durability = iota // nothing
	written                   // it is there, new or changed
	removed                   // it is gone
)

// operation is a row of S3's table: what is asked (method, scope and the
// sub-resource in the query), what a role needs for it, and what must be
// durable before the answer.
type operation struct {
	method      string
	object      bool
	subresource string // key of the query; empty for the thing itself
	name        string
	action      string
	durable     durability
}

// operations lists what the archive serves. Everything else that S3 has is
// answered NotImplemented, by its name.
func operations() []operation {
	return []operation{
		{"GET", false, "", "ListObjects", "s3:ListBucket", read},
		{"GET", false, "versions", "ListObjectVersions", "s3:ListBucketVersions", read},
		{"HEAD", false, "", "HeadBucket", "s3:ListBucket", read},
		{"PUT", false, "", "CreateBucket", "s3:CreateBucket", written},
		{"DELETE", false, "", "DeleteBucket", "s3:DeleteBucket", removed},
		{"GET", false, "location", "GetBucketLocation", "s3:GetBucketLocation", read},
		{"GET", false, "uploads", "ListMultipartUploads", "s3:ListBucketMultipartUploads", read},
		{"POST", false, "delete", "DeleteObjects", "s3:DeleteObject", removed},
		{"GET", false, "tagging", "GetBucketTagging", "s3:GetBucketTagging", read},
		{"PUT", false, "tagging", "PutBucketTagging", "s3:PutBucketTagging", written},
		{"DELETE", false, "tagging", "DeleteBucketTagging", "s3:PutBucketTagging", written},

		{"GET", true, "", "GetObject", "s3:GetObject", read},
		{"HEAD", true, "", "HeadObject", "s3:GetObject", read},
		{"PUT", true, "", "PutObject", "s3:PutObject", written},
		{"DELETE", true, "", "DeleteObject", "s3:DeleteObject", removed},
		{"GET", true, "attributes", "GetObjectAttributes", "s3:GetObjectAttributes", read},
		{"GET", true, "tagging", "GetObjectTagging", "s3:GetObjectTagging", read},
		{"PUT", true, "tagging", "PutObjectTagging", "s3:PutObjectTagging", written},
		{"DELETE", true, "tagging", "DeleteObjectTagging", "s3:DeleteObjectTagging", written},
		{"POST", true, "uploads", "CreateMultipartUpload", "s3:PutObject", read},
		{"PUT", true, "uploadId", "UploadPart", "s3:PutObject", read},
		{"GET", true, "uploadId", "ListParts", "s3:ListMultipartUploadParts", read},
		{"POST", true, "uploadId", "CompleteMultipartUpload", "s3:PutObject", written},
		{"DELETE", true, "uploadId", "AbortMultipartUpload", "s3:AbortMultipartUpload", read},
	}
}

// subresources are the query keys that make another operation of a request.
var subresources = []string{
	"accelerate", "acl", "analytics", "attributes", "cors", "delete", "encryption", "intelligent-tiering", "inventory", "legal-hold", "lifecycle",
	"location", "logging", "metadataConfiguration", "metadataTable", "metrics", "notification", "object-lock", "ownershipControls", "policy", "policyStatus", "publicAccessBlock",
	"rename", "renameObject", "replication", "requestPayment", "restore", "retention", "select", "session", "tagging", "torrent", "uploadId", "uploads", "versionId", "versioning",
	"versions", "website",
}

// target is what a request is about.
type target struct {
	operation
	bucket, key string
}

// find names the operation of a request in path style.
func find(method, urlPath string, query url.Values) (target, *awserr.Error) {
	bucket, key, _ := strings.Cut(strings.TrimPrefix(urlPath, "/"), "/")
	if bucket == "" {
		if method == http.MethodGet {
			return target{operation: operation{method: method, name: "ListBuckets", action: "s3:ListAllMyBuckets"}}, nil
		}
		return target{}, notAllowed()
	}
	var subresource string
	for name := range query {
		if slices.Contains(subresources, name) {
			if subresource != "" {
				return target{}, notImplemented(subresource + " together with " + name)
			}
			subresource = name
		}
	}
	for _, op := range operations() {
		if op.method == method && op.object == (key != "") && op.subresource == subresource {
			return target{op, bucket, key}, nil
		}
	}
	if subresource != "" {
		return target{}, notImplemented(method + " ?" + subresource)
	}
	return target{}, notAllowed()
}

// checkKey refuses keys that files cannot have, before the gateway reads them
// as other names. A remote S3 keeps objects in its own way.
func (a *Archive) checkKey(key string) *awserr.Error {
	if len(key) > 1024 {
		return awserr.New("KeyTooLongError", "Your key is too long")
	}
	if key == "" || a.remote != nil {
		return nil
	}
	if path.Clean("/"+key) != "/"+strings.TrimSuffix(key, "/") || strings.ContainsRune(key, 0) {
		return awserr.New("InvalidArgument", "The archive keeps objects as files: a key has no empty, . or .. segments.")
	}
	if strings.HasPrefix(key, ".sgwtmp") {
		return awserr.New("InvalidArgument", "Keys do not begin with .sgwtmp, which is the gateway's own.")
	}
	return nil
}

func notAllowed() *awserr.Error {
	return awserr.New("MethodNotAllowed", "The specified method is not allowed against this resource.").With(http.StatusMethodNotAllowed)
}

func notImplemented(what string) *awserr.Error {
	return awserr.New("NotImplemented", "A header or query you provided implies functionality that is not implemented: %s", what).With(http.StatusNotImplemented)
}
