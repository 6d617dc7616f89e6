package sigv4

import (
	"crypto/hmac"
	"crypto/sha1"
	"crypto/subtle"
	"encoding/base64"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"
)

// The AWS CLI v1 and boto3 presign S3 requests with Signature Version 2 unless
// they are told otherwise, and S3 takes them in most regions. So do we; version 2
// in the Authorization header, which none of them sends, is refused.

// isPresignedV2 tells whether a request carries a version 2 signature in its
// query.
func isPresignedV2(r *http.Request) bool {
	for pair := range strings.SplitSeq(r.URL.RawQuery, "&") {
		if strings.HasPrefix(pair, "AWSAccessKeyId=") {
			return true
		}
	}
	return false
}

// verifyV2 verifies such a request, in path style: the signature does not cover
// the host.
func (v *Verifier) verifyV2(r *http.Request) (*Verified, error) {
	a := &authorization{presigned: true, contentSHA256: unsignedPayload, scope: Scope{Region: "us-east-1", Service: "s3"}}
	query, err := url.ParseQuery(r.URL.RawQuery)
	if err != nil {
		return nil, a.fail(Incomplete, "The query string is malformed.")
	}
	if len(r.Header["Authorization"]) > 0 || query.Has("X-Amz-Algorithm") || query.Has("X-Amz-Signature") {
		return nil, a.fail(TwoMechanisms, "")
	}
	expires, err := strconv.ParseInt(query.Get("Expires"), 10, 64)
	if err != nil || len(query["Expires"])+len(query["Signature"])+len(query["AWSAccessKeyId"]) != 3 {
		return nil, a.fail(Incomplete, "Query-string authentication requires the Signature, Expires and AWSAccessKeyId parameters")
	}
	if !v.now().Before(time.Unix(expires, 0)) {
		return nil, a.fail(URLExpired, "")
	}
	text, err := stringToSignV2(r, query, a)
	if err != nil {
		return nil, err
	}
	signature, err := base64.StdEncoding.DecodeString(query.Get("Signature"))
	if err != nil {
		return nil, a.fail(WrongSignature, "")
	}
	id := query.Get("AWSAccessKeyId")
	credential, known := v.credentials(id)
	secret := credential.Secret
	if !known {
		secret = v.dummy
	}
	mac := hmac.New(sha1.New, []byte(secret))
	mac.Write([]byte(text))
	right := hmac.Equal(mac.Sum(nil), signature)
	token := query.Get("x-amz-security-token")
	switch {
	case !known:
		return nil, a.fail(UnknownKey, "")
	case !right:
		return nil, a.fail(WrongSignature, "")
	case subtle.ConstantTimeCompare([]byte(credential.SessionToken), []byte(token)) != 1:
		return nil, a.fail(WrongToken, "")
	case !credential.Expires.IsZero() && !v.now().Before(credential.Expires):
		return nil, a.fail(TokenExpired, "")
	}
	payload, err := newPayload(r, a)
	if err != nil {
		return nil, err
	}
	return &Verified{Identity: credential.Identity, Scope: a.scope, Payload: payload, Presigned: true, HostUnsigned: true}, nil
}

// stringToSignV2 is
//
//	method \n MD5 \n type \n expires \n x-amz-header:value \n … path?sub-resources
func stringToSignV2(r *http.Request, query url.Values, a *authorization) (string, error) {
	amz := map[string]string{}
	for name, values := range r.Header {
		lower := strings.ToLower(name)
		if strings.HasPrefix(lower, "x-millrace-") || strings.HasPrefix(lower, "x-amz-") && len(values) > 1 {
			return "", a.fail(Unsigned, "")
		}
		if strings.HasPrefix(lower, "x-amz-") {
			amz[lower] = strings.TrimSpace(values[0])
		}
	}
	var resources []string
	for name, values := range query {
		switch {
		case name == "x-amz-security-token" && len(values) == 1:
			amz[name] = values[0]
		case name == "AWSAccessKeyId" || name == "Signature" || name == "Expires":
		case slices.Contains(signedV2, name) && len(values) == 1:
			if values[0] != "" {
				name += "=" + values[0]
			}
			resources = append(resources, name)
		default:
			// Version 2 would leave it unsigned, so it could be added to a URL
			// that somebody else has signed.
			return "", a.fail(Unsigned, "")
		}
	}
	names := make([]string, 0, len(amz))
	for name := range amz {
		names = append(names, name)
	}
	slices.Sort(names)
	slices.Sort(resources)
	var b strings.Builder
	for _, line := range []string{r.Method, r.Header.Get("Content-Md5"), r.Header.Get("Content-Type"), query.Get("Expires")} {
		b.WriteString(line + "\n")
	}
	for _, name := range names {
		b.WriteString(name + ":" + amz[name] + "\n")
	}
	b.WriteString(r.URL.EscapedPath())
	if len(resources) > 0 {
		b.WriteString("?" + strings.Join(resources, "&"))
	}
	return b.String(), nil
}

// signedV2 are the query parameters that version 2 signs.
var signedV2 = []string{
	"acl", "cors", "delete", "lifecycle", "location", "logging", "notification", "partNumber", "policy", "replication", "requestPayment", "restore", "tagging", "torrent",
	"uploadId", "uploads", "versionId", "versioning", "versions", "website", "response-cache-control", "response-content-disposition",
	"response-content-encoding", "response-content-language", "response-content-type", "response-expires",
}
