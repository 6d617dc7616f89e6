package archive

import (
	"bytes"
	"crypto/sha256"
	"encoding/xml"
	"errors"
	"io"
	"net/http"
	"strconv"

	"github.com/millrace/millrace/internal/aws/awserr"
	"github.com/millrace/millrace/internal/aws/call"
	"github.com/millrace/millrace/internal/aws/restxml"
	"github.com/millrace/millrace/internal/aws/sigv4"
)

// Serve answers a verified S3 request in path style. An answer that says
// something was written is given once that is durable.
func (a *Archive) Serve(w http.ResponseWriter, r *http.Request, c *call.Call, payload *sigv4.Payload) {
	if err := a.serve(w, r, c, payload); err != nil {
		e := c.Explain(a.Logger, err)
		if e.Code == "InternalFailure" {
			e.Code, e.Message = "InternalError", "We encountered an internal error. Please try again."
		}
		restxml.WriteError(w, r, c.RequestID, e)
	}
}

func (a *Archive) serve(w http.ResponseWriter, r *http.Request, c *call.Call, payload *sigv4.Payload) error {
	query := forwardedQuery(r.URL.Query())
	t, refusal := find(r.Method, r.URL.Path, query)
	if refusal != nil {
		return refusal
	}
	c.Operation = t.name
	if refusal := a.checkKey(t.key); refusal != nil {
		return refusal
	}
	if refusal := checkHeaders(r.Header, a.remote != nil); refusal != nil {
		return refusal
	}
	body, keys, err := a.takeBody(t, c, payload)
	if err != nil {
		return err
	}
	if err := a.authorize(r, c, t, keys); err != nil {
		return err
	}
	if t.name == "ListObjectVersions" && a.remote == nil { // the gateway has no versions
		return a.answerVersions(w, r, c, t.bucket, query)
	}
	header := forwarded(r.Header)
	if hash := r.Header.Get("X-Amz-Content-Sha256"); body.payload != nil && len(hash) == sha256.Size*2 {
		body.hash = hash // which the payload is held against
	}
	if payload.Trailer != "" && body.payload == nil {
		header.Set(payload.Trailer, payload.TrailerValue())
	}
	response, err := a.forward(r.Context(), t.method, t.bucket, t.key, query, header, body)
	if err != nil {
		return notOurs(err)
	}
	defer response.Body.Close()
	if t.durable == read || a.remote != nil || response.StatusCode >= http.StatusMultipleChoices {
		answerAs(w, c, response, response.Body)
		return nil
	}
	return a.answerDurably(w, c, t, keys, response)
}

// takeBody prepares the body and answers the keys that the operation touches.
func (a *Archive) takeBody(t target, c *call.Call, payload *sigv4.Payload) (body, []string, error) {
	keys := []string{t.key}
	if t.name == "PutObject" || t.name == "UploadPart" {
		return streamedBody(payload), keys, nil
	}
	text, err := readSmall(payload)
	if err != nil {
		return body{}, nil, err
	}
	switch t.name {
	case "CreateBucket":
		return a.location(), keys, checkLocation(c, text)
	case "DeleteObjects":
		keys, err = a.deletedKeys(text)
	}
	return plainBody(text), keys, err
}

// answerDurably holds the answer back until what it says is on disk.
func (a *Archive) answerDurably(w http.ResponseWriter, c *call.Call, t target, keys []string, response *http.Response) error {
	text, err := io.ReadAll(io.LimitReader(response.Body, maxAnswer))
	if err != nil {
		return unavailable(err)
	}
	if !bytes.Contains(text, []byte("<Error><Code>")) || t.name == "DeleteObjects" {
		for _, key := range keys {
			if err := a.persist(t.durable, t.bucket, key); err != nil {
				return err
			}
		}
	}
	answerAs(w, c, response, bytes.NewReader(text))
	return nil
}

func answerAs(w http.ResponseWriter, c *call.Call, response *http.Response, body io.Reader) {
	copyHeader(w.Header(), response.Header)
	w.Header().Set("x-amz-request-id", c.RequestID)
	w.WriteHeader(response.StatusCode)
	_, _ = io.Copy(w, body) // a client that went away needs no answer
}

// authorize asks for the policies of a role, for every object that the
// operation touches.
func (a *Archive) authorize(r *http.Request, c *call.Call, t target, keys []string) error {
	bucket, key, copies, refusal := copySource(r.Header)
	if refusal == nil {
		refusal = a.checkKey(key)
	}
	if refusal != nil {
		return refusal
	}
	if c.Identity.RoleARN == "" {
		return nil
	}
	for _, key := range keys {
		if err := a.allowed(r, c, t.action, t.bucket, key); err != nil {
			return err
		}
	}
	if !copies {
		return nil
	}
	return a.allowed(r, c, "s3:GetObject", bucket, key)
}

func (a *Archive) allowed(r *http.Request, c *call.Call, action, bucket, key string) error {
	resource := "arn:aws:s3:::" + bucket
	switch {
	case bucket == "":
		resource = "*"
	case key != "":
		resource += "/" + key
	}
	err := a.Authorizer.Authorize(r.Context(), c.Identity, action, resource)
	var denied *awserr.Error
	if errors.As(err, &denied) && denied.Code == "AccessDeniedException" {
		return &awserr.Error{Code: "AccessDenied", Status: http.StatusForbidden, Message: denied.Message}
	}
	return err
}

// checkLocation reads CreateBucket's body: a bucket is made in the region that
// the request is signed for.
func checkLocation(c *call.Call, text []byte) error {
	if len(text) == 0 {
		return nil
	}
	var config struct {
		XMLName            xml.Name `xml:"CreateBucketConfiguration"`
		LocationConstraint string
		Others             []struct{ XMLName xml.Name } `xml:",any"`
	}
	if err := readXML(text, &config); err != nil {
		return malformed(err)
	}
	if len(config.Others) > 0 {
		return notImplemented(config.Others[0].XMLName.Local + " in CreateBucketConfiguration")
	}
	if l := config.LocationConstraint; l != "" && l != c.Region {
		return awserr.New("IllegalLocationConstraintException", "The %s location constraint is incompatible for the region specific endpoint this request was sent to.", l)
	}
	return nil
}

// deletedKeys reads DeleteObjects' body.
func (a *Archive) deletedKeys(text []byte) ([]string, error) {
	var request struct {
		XMLName xml.Name `xml:"Delete"`
		Object  []struct{ Key, VersionId string }
	}
	if err := readXML(text, &request); err != nil {
		return nil, malformed(err)
	}
	if len(request.Object) == 0 || len(request.Object) > 1000 {
		return nil, malformed(errors.New(strconv.Itoa(len(request.Object)) + " objects"))
	}
	var keys []string
	for _, o := range request.Object {
		if o.VersionId != "" && o.VersionId != "null" {
			return nil, notImplemented("VersionId in Delete")
		}
		if err := a.checkKey(o.Key); err != nil {
			return nil, err
		}
		keys = append(keys, o.Key)
	}
	return keys, nil
}
