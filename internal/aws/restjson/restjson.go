// Package restjson speaks AWS's REST JSON protocol: method and path name the
// operation, a JSON object in and out. The search domains' API uses it. A
// service is a table of operations; the edge has verified the signature before
// a Call reaches it.
package restjson

import (
	"context"
	"encoding/json"
	"log/slog"
	"net/http"
	"net/url"
	"reflect"
	"strings"

	"github.com/millrace/millrace/internal/aws/awserr"
	"github.com/millrace/millrace/internal/aws/call"
	"github.com/millrace/millrace/internal/aws/jsonrpc"
)

// Operation is a row of a service's table.
type Operation struct {
	Name   string
	Method string
	// Path is a pattern: "/2021-01-01/opensearch/domain/{DomainName}"; a
	// parameter takes one non-empty segment.
	Path string
	// Handle answers the JSON body of the result; nil is {}. Errors are
	// rendered by awserr.From.
	Handle func(ctx context.Context, c *call.Call, p Parameters) ([]byte, error)
}

// Parameters are what a request carries outside its body.
type Parameters struct {
	Path  map[string]string
	Query url.Values
}

// Service is one AWS service: its signing name and its operations.
type Service struct {
	Name       string // "es"
	Operations []Operation
	Logger     *slog.Logger
}

// Typed makes an operation from a function on the request's and the result's
// shapes. Fields of In tagged `path:"DomainName"` or `query:"engineType"` are
// strings from there and need `json:"-"`; the others are the body's members.
// Unknown members and query parameters are refused by name.
func Typed[In, Out any](name, method, path string, handle func(ctx context.Context, c *call.Call, in *In) (*Out, error)) Operation {
	return Operation{Name: name, Method: method, Path: path, Handle: func(ctx context.Context, c *call.Call, p Parameters) ([]byte, error) {
		in := new(In)
		if len(c.Body) > 0 {
			if err := jsonrpc.Decode(c.Body, in); err != nil {
				return nil, err
			}
		}
		if err := p.into(reflect.ValueOf(in).Elem()); err != nil {
			return nil, err
		}
		out, err := handle(ctx, c, in)
		if err != nil {
			return nil, err
		}
		return json.Marshal(out)
	}}
}

// into sets the fields that come from the path and the query.
func (p Parameters) into(v reflect.Value) error {
	known := map[string]bool{}
	for i := range v.NumField() {
		if name := v.Type().Field(i).Tag.Get("path"); name != "" {
			v.Field(i).SetString(p.Path[name])
		}
		if name := v.Type().Field(i).Tag.Get("query"); name != "" {
			known[name] = true
			v.Field(i).SetString(p.Query.Get(name))
		}
	}
	for name, values := range p.Query {
		if !known[name] || len(values) > 1 {
			return awserr.New("ValidationException", "unknown or repeated query parameter %s", name)
		}
	}
	return nil
}

// Serve finds the operation, runs it and writes its answer. It sets the call's
// Operation.
func (s *Service) Serve(w http.ResponseWriter, r *http.Request, c *call.Call) {
	body, err := s.run(r, c)
	if err != nil {
		WriteError(w, c.RequestID, c.Explain(s.Logger, err))
		return
	}
	if body == nil {
		body = []byte("{}")
	}
	header(w, c.RequestID)
	_, _ = w.Write(body)
}

func (s *Service) run(r *http.Request, c *call.Call) ([]byte, error) {
	for _, op := range s.Operations {
		if op.Method != r.Method {
			continue
		}
		if path, ok := match(op.Path, r.URL.EscapedPath()); ok {
			c.Operation = op.Name
			return op.Handle(r.Context(), c, Parameters{Path: path, Query: r.URL.Query()})
		}
	}
	return nil, awserr.New("UnknownOperationException", "%s has no operation %s %s", s.Name, r.Method, r.URL.Path).With(http.StatusNotFound)
}

// match compares segment by segment. Segments are unescaped after the split,
// so an escaped slash stays part of a name. A trailing slash is ignored, as
// the paths of the real services have both forms.
func match(pattern, path string) (map[string]string, bool) {
	want := strings.Split(strings.TrimSuffix(pattern, "/"), "/")
	got := strings.Split(strings.TrimSuffix(path, "/"), "/")
	if len(want) != len(got) {
		return nil, false
	}
	parameters := map[string]string{}
	for i, w := range want {
		segment, err := url.PathUnescape(got[i])
		if err != nil {
			return nil, false
		}
		if name, ok := strings.CutPrefix(w, "{"); ok && segment != "" {
			parameters[strings.TrimSuffix(name, "}")] = segment
		} else if w != segment {
			return nil, false
		}
	}
	return parameters, true
}

// WriteError renders an error.
func WriteError(w http.ResponseWriter, requestID string, e *awserr.Error) {
	body, _ := json.Marshal(struct {
		Message string `json:"message"`
	}{e.Message})
	header(w, requestID)
	w.Header().Set("x-amzn-ErrorType", e.Code)
	w.WriteHeader(e.Status)
	_, _ = w.Write(body)
}

func header(w http.ResponseWriter, requestID string) {
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("x-amzn-RequestId", requestID)
}
