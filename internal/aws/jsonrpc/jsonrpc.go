// Package jsonrpc speaks AWS JSON 1.1: POST / with X-Amz-Target
// "<Prefix>.<Operation>", a JSON object in and out, errors as
// {"__type":…,"message":…}. A service is a table of operations; the edge has
// verified the signature before a Call reaches it.
package jsonrpc

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"log/slog"
	"net/http"

	"github.com/millrace/millrace/internal/aws/awserr"
	"github.com/millrace/millrace/internal/aws/call"
)

// ContentType of requests and answers.
const ContentType = "application/x-amz-json-1.1"

// Operation is a row of a service's table.
type Operation struct {
	Name string
	// Handle answers the JSON body of the result; nil is {}. Errors are
	// rendered by awserr.From.
	Handle func(ctx context.Context, c *call.Call) ([]byte, error)
}

// Service is one AWS service: its signing name, the prefix of its targets and
// its operations.
type Service struct {
	Name       string // "firehose"
	Prefix     string // "Firehose_20150804"
	Operations []Operation
	Logger     *slog.Logger
}

// Typed makes an operation from a function on the request's and the result's
// shapes. Members are matched by their exact names; unknown ones are refused
// by name, because a member that is dropped silently is a setting that is not
// honoured.
func Typed[In, Out any](name string, handle func(ctx context.Context, c *call.Call, in *In) (*Out, error)) Operation {
	return Operation{Name: name, Handle: func(ctx context.Context, c *call.Call) ([]byte, error) {
		in := new(In)
		if err := Decode(c.Body, in); err != nil {
			return nil, err
		}
		out, err := handle(ctx, c, in)
		if err != nil {
			return nil, err
		}
		return json.Marshal(out)
	}}
}

// Decode reads a request body into a shape.
func Decode(body []byte, in any) error {
	d := json.NewDecoder(bytes.NewReader(body))
	d.DisallowUnknownFields()
	if err := d.Decode(in); err != nil {
		var wrongType *json.UnmarshalTypeError
		if errors.As(err, &wrongType) {
			return awserr.New("SerializationException", "%s can not be converted to %s at %s", wrongType.Value, wrongType.Type, wrongType.Field)
		}
		return awserr.New("SerializationException", "%v", err)
	}
	if _, err := d.Token(); err != io.EOF {
		return awserr.New("SerializationException", "data after the request's JSON object")
	}
	return nil
}

// Serve runs one operation and writes its answer.
func (s *Service) Serve(w http.ResponseWriter, r *http.Request, c *call.Call) {
	for _, op := range s.Operations {
		if op.Name == c.Operation {
			body, err := op.Handle(r.Context(), c)
			if err != nil {
				WriteError(w, c.RequestID, s.log(c, err))
				return
			}
			if body == nil {
				body = []byte("{}")
			}
			header(w, c.RequestID)
			_, _ = w.Write(body)
			return
		}
	}
	WriteError(w, c.RequestID, awserr.New("UnknownOperationException", ""))
}

// log keeps the cause of an internal failure where a person can find it by the
// request id that the client got.
func (s *Service) log(c *call.Call, err error) *awserr.Error {
	e := awserr.From(err)
	if e.Status >= http.StatusInternalServerError && e.Cause != nil {
		s.Logger.Error("operation failed", "service", s.Name, "operation", c.Operation, "request_id", c.RequestID, "error", e.Cause)
	}
	return e
}

// WriteError renders an error.
func WriteError(w http.ResponseWriter, requestID string, e *awserr.Error) {
	body, _ := json.Marshal(struct {
		Type    string `json:"__type"`
		Message string `json:"message"`
	}{e.Code, e.Message})
	header(w, requestID)
	w.Header().Set("x-amzn-ErrorType", e.Code)
	w.WriteHeader(e.Status)
	_, _ = w.Write(body)
}

func header(w http.ResponseWriter, requestID string) {
	w.Header().Set("Content-Type", ContentType)
	w.Header().Set("x-amzn-RequestId", requestID)
	w.Header().Set("x-amz-id-2", requestID)
}
