package stack

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/millrace/millrace/internal/aws/awserr"
)

// AWS is how resources are made: the operations of the services, signed and
// sent. An error that a service answered is, or wraps, an *awserr.Error.
type AWS interface {
	// JSON calls target "Firehose_20150804.CreateDeliveryStream" of a service.
	JSON(ctx context.Context, service, target string, in, out any) error
	// Query calls an action of a service with a form; the result is XML.
	Query(ctx context.Context, service, version, action string, params url.Values) ([]byte, error)
	// REST calls a path of a REST-JSON service; in and out may be nil.
	REST(ctx context.Context, service, method, path string, in, out any) error
	// S3 sends a request without an answer worth reading, such as PUT /bucket.
	S3(ctx context.Context, method, path string, body []byte) error
}

// Caller is on whose behalf a stack's resources are made: operations are
// allowed to a stack that are allowed to whoever created it.
type Caller struct {
	Region  string
	RoleARN string // empty for the account itself
}

// hasCode tells whether a service answered one of the codes.
func hasCode(err error, codes ...string) bool {
	for _, code := range codes {
		if awserr.Is(err, code) {
			return true
		}
	}
	return false
}

// notFound tells whether S3 or a REST service answered 404.
func notFound(err error) bool {
	var e *awserr.Error
	return errors.As(err, &e) && e.Status == http.StatusNotFound
}

// passing tells whether the same call may succeed a little later.
func passing(err error) bool {
	var e *awserr.Error
	return errors.As(err, &e) && (e.Status >= http.StatusInternalServerError || strings.HasPrefix(e.Code, "Throttl"))
}

// patiently repeats a call while it fails in passing, some seconds in all.
func patiently(ctx context.Context, call func() error) error {
	const attempts = 6
	pause := 100 * time.Millisecond
	for n := 1; ; n++ {
		err := call()
		if err == nil || n == attempts || !passing(err) {
			return err
		}
		if err := sleep(ctx, pause); err != nil {
			return err
		}
		pause *= 2
	}
}

func sleep(ctx context.Context, d time.Duration) error {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-ctx.Done():
		return context.Cause(ctx)
	case <-t.C:
		return nil
	}
}

// reason is a failure as events tell it. The causes of internal failures stay
// in the log of the service.
func reason(err error) string {
	var e *awserr.Error
	if errors.As(err, &e) {
		return fmt.Sprintf("%s (Status Code: %d; Error Code: %s)", e.Message, e.Status, e.Code)
	}
	return err.Error()
}

// document renders a policy, given as a map or as JSON text.
func document(v any) (string, error) {
	if s, ok := v.(string); ok {
		return s, nil
	}
	b, err := json.Marshal(v)
	return string(b), err
}

// with returns the properties and further members, for a request's body.
func with(properties map[string]any, more map[string]any) map[string]any {
	body := make(map[string]any, len(properties)+len(more))
	for name, value := range properties {
		body[name] = value
	}
	for name, value := range more {
		body[name] = value
	}
	return body
}

// textOf returns a text property, "" if it is not given.
func textOf(properties map[string]any, name string) string {
	s, _ := properties[name].(string)
	return s
}

// mapsOf returns a property that is a list of maps.
func mapsOf(properties map[string]any, name string) []map[string]any {
	var maps []map[string]any
	items, _ := properties[name].([]any)
	for _, item := range items {
		if m, ok := item.(map[string]any); ok {
			maps = append(maps, m)
		}
	}
	return maps
}
