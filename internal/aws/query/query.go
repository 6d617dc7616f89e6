// Package query speaks AWS's query protocol: a form with Action, Version and
// the members of the request in, XML out. IAM, STS and CloudFormation use it.
// A service is a table of operations; the edge has verified the signature
// before a Call reaches it.
package query

import (
	"bytes"
	"context"
	"log/slog"
	"net/http"
	"reflect"

	"github.com/millrace/millrace/internal/aws/awserr"
	"github.com/millrace/millrace/internal/aws/call"
)

// ContentType of requests; AnswerType of answers.
const (
	ContentType = "application/x-www-form-urlencoded; charset=utf-8"
	AnswerType  = "text/xml"
)

// Operation is a row of a service's table.
type Operation struct {
	Name string
	// Handle answers the shape of the result, written as Append says; nil, or a
	// nil pointer, leaves the result element out. Errors are rendered by
	// awserr.From.
	Handle func(ctx context.Context, c *call.Call) (any, error)
}

// Service is one AWS service: its signing name, the version and the namespace
// of its protocol, and its operations.
type Service struct {
	Name       string // "cloudformation"
	Version    string // "2010-05-15"
	XMLNS      string // "http://cloudformation.amazonaws.com/doc/2010-05-15/"
	Operations []Operation
	Logger     *slog.Logger
}

// Typed makes an operation from a function on the request's and the result's
// shapes, see Decode and Append.
func Typed[In, Out any](name string, handle func(ctx context.Context, c *call.Call, in *In) (*Out, error)) Operation {
	return Operation{Name: name, Handle: func(ctx context.Context, c *call.Call) (any, error) {
		in := new(In)
		if err := Decode(c.Body, in); err != nil {
			return nil, err
		}
		out, err := handle(ctx, c, in)
		if err != nil {
			return nil, err
		}
		return out, nil
	}}
}

// Serve runs one operation and writes its answer. The call's Operation is
// empty afterwards if the service has none of that name.
func (s *Service) Serve(w http.ResponseWriter, r *http.Request, c *call.Call) {
	result, err := s.run(r.Context(), c)
	if err != nil {
		WriteError(w, s.XMLNS, c.RequestID, c.Explain(s.Logger, err))
		return
	}
	header(w, c.RequestID)
	_, _ = w.Write(s.answer(c, result))
}

func (s *Service) run(ctx context.Context, c *call.Call) (any, error) {
	_, version := Action(c.Body)
	for _, op := range s.Operations {
		if op.Name == c.Operation && version == s.Version {
			return op.Handle(ctx, c)
		}
	}
	name := c.Operation
	c.Operation = ""
	return nil, awserr.New("InvalidAction", "Could not find operation %.100s for version %.100s", name, version)
}

func (s *Service) answer(c *call.Call, result any) []byte {
	var b bytes.Buffer
	b.WriteString("<" + c.Operation + `Response xmlns="` + s.XMLNS + `">`)
	if v := reflect.ValueOf(result); v.IsValid() && (v.Kind() != reflect.Pointer || !v.IsNil()) {
		Append(&b, c.Operation+"Result", result)
	}
	b.WriteString("<ResponseMetadata>")
	Append(&b, "RequestId", c.RequestID)
	b.WriteString("</ResponseMetadata></" + c.Operation + "Response>")
	return b.Bytes()
}

// WriteError renders an error.
func WriteError(w http.ResponseWriter, xmlns, requestID string, e *awserr.Error) {
	fault := "Sender"
	if e.Status >= http.StatusInternalServerError {
		fault = "Receiver"
	}
	var b bytes.Buffer
	b.WriteString(`<ErrorResponse xmlns="` + xmlns + `">`)
	Append(&b, "Error", struct{ Type, Code, Message string }{fault, e.Code, e.Message})
	Append(&b, "RequestId", requestID)
	b.WriteString("</ErrorResponse>")
	header(w, requestID)
	w.WriteHeader(e.Status)
	_, _ = w.Write(b.Bytes())
}

func header(w http.ResponseWriter, requestID string) {
	w.Header().Set("Content-Type", AnswerType)
	w.Header().Set("x-amzn-RequestId", requestID)
}
