// Package jsonrpc speaks AWS JSON 1.1: POST / with X-Amz-Target
// "<Prefix>.<Operation>", a JSON object in and out, errors as
// {"__type":…,"message":…}. A service is a table of operations; the edge has
// verified the signature before a Call reaches it.
package jsonrpc

import (
	"context"
	"encoding/json"
	"log/slog"
	"maps"
	"net/http"
	"slices"
	"strings"

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

// Serve runs one operation and writes its answer. The call's Operation is
// empty afterwards if the service has none of that name.
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
	i := slices.IndexFunc(s.Operations, func(op Operation) bool { return op.Name == c.Operation })
	if i < 0 {
		c.Operation = ""
		return nil, awserr.New("UnknownOperationException", "")
	}
	if r.Method != http.MethodPost || r.URL.Path != "/" {
		return nil, awserr.New("UnknownOperationException", "operations are asked for with POST /").With(http.StatusMethodNotAllowed)
	}
	if sent := r.Header.Get("Content-Type"); !isJSON(sent) {
		return nil, awserr.New("SerializationException", "the Content-Type %.100s is not supported; send %s", sent, ContentType).With(http.StatusUnsupportedMediaType)
	}
	return s.Operations[i].Handle(r.Context(), c)
}

// isJSON tells what is decoded here from the other forms that AWS's clients
// can speak, such as CBOR. Requests made by hand may leave the type out.
func isJSON(contentType string) bool {
	mediaType, _, _ := strings.Cut(contentType, ";")
	switch strings.ToLower(strings.TrimSpace(mediaType)) {
	case "", ContentType, "application/x-amz-json-1.0", "application/json":
		return true
	}
	return false
}

// WriteError renders an error.
func WriteError(w http.ResponseWriter, requestID string, e *awserr.Error) {
	members := map[string]any{"__type": e.Code, "message": e.Message}
	maps.Copy(members, e.Members)
	body, _ := json.Marshal(members)
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
