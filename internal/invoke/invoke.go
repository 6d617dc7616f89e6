// Package invoke calls the Lambda functions that a pipeline names by their ARN.
// Where a function runs is written in millrace.yaml:
//
//	functions:
//	  arn:aws:lambda:us-east-1:000000000000:function:clean: http://127.0.0.1:3001
//	  arn:aws:lambda:us-east-1:000000000000:function:mask:
//	    command: [python3, mask.py]
//	    timeout: 10s
//
// An address speaks the Lambda Invoke API, as `sam local start-lambda` and the
// Runtime Interface Emulator do. A command is started for each invocation.
package invoke

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"os"
	"time"

	"github.com/millrace/millrace/internal/config"
	"github.com/millrace/millrace/internal/outbound"
	"github.com/millrace/millrace/internal/record"
)

const (
	// MaxPayloadBytes bounds the event and the result, as Lambda does for
	// synchronous invocations.
	MaxPayloadBytes = 6 << 20
	// DefaultTimeout of an invocation that has none of its own.
	DefaultTimeout = time.Minute
	// maxCommands run at once, of all functions together.
	maxCommands = 5
	// idleConnections are as many as a stream invokes at once.
	idleConnections = 5
)

// Options of New.
type Options struct {
	// Functions by ARN, with or without a qualifier.
	Functions map[string]config.Function
	// Transport of invocations by address; nil for outbound's.
	Transport http.RoundTripper
	// Environ is what commands inherit; nil for the server's own. What begins
	// with AWS_ or MILLRACE_ is left out: the server's keys are not the function's.
	Environ []string
	Logger  *slog.Logger
}

// Functions calls functions; it is safe for concurrent use.
type Functions struct {
	functions map[string]caller // by ARN without qualifier
	log       *slog.Logger
}

// caller is one way to reach a function.
type caller interface {
	call(ctx context.Context, to name, payload []byte) ([]byte, error)
}

// New refuses functions that cannot be told apart or reached.
func New(opts Options) (*Functions, error) {
	if opts.Transport == nil {
		opts.Transport = outbound.NewTransport(idleConnections)
	}
	if opts.Environ == nil {
		opts.Environ = os.Environ()
	}
	if opts.Logger == nil {
		opts.Logger = slog.New(slog.DiscardHandler)
	}
	f := &Functions{functions: map[string]caller{}, log: opts.Logger}
	slots := make(chan struct{}, maxCommands)
	for arn, function := range opts.Functions {
		n, err := parseName(arn)
		if err != nil {
			return nil, fmt.Errorf("functions: %w", err)
		}
		if f.functions[n.arn] != nil {
			return nil, fmt.Errorf("functions: %s: stands there twice, and qualifiers do not tell functions apart", n.arn)
		}
		if f.functions[n.arn], err = newCaller(opts, function, slots); err != nil {
			return nil, fmt.Errorf("functions: %s: %w", arn, err)
		}
	}
	return f, nil
}

func newCaller(opts Options, f config.Function, slots chan struct{}) (caller, error) {
	timeout := f.Timeout
	if timeout <= 0 {
		timeout = DefaultTimeout
	}
	switch {
	case f.URL != "":
		return newRemote(opts.Transport, f.URL, timeout)
	case len(f.Command) > 0:
		return &command{args: f.Command, environ: opts.Environ, timeout: timeout, slots: slots}, nil
	}
	return nil, errors.New("want an address or a command")
}

// Invoke calls the function with the ARN, which may carry a version or an alias,
// and returns what it answered. The payload is not kept.
//
// An error that is a *record.Failure has one of Firehose's codes and says
// whether another attempt may go better: the function threw, timed out, does
// not exist, was not reached. When ctx ends, its error comes back instead.
func (f *Functions) Invoke(ctx context.Context, functionARN string, payload []byte) ([]byte, error) {
	n, err := parseName(functionARN)
	if err != nil {
		return nil, &record.Failure{Kind: record.Permanent, Code: ResourceNotFound, Message: err.Error()}
	}
	c := f.functions[n.arn]
	if c == nil {
		return nil, &record.Failure{Kind: record.Permanent, Code: ResourceNotFound,
			Message: fmt.Sprintf("function %s is not known here: give its address or a command under the key functions of millrace.yaml", n.arn)}
	}
	if len(payload) > MaxPayloadBytes {
		return nil, &record.Failure{Kind: record.Permanent, Code: RequestTooLarge,
			Message: fmt.Sprintf("an event of %d bytes, at most %d", len(payload), MaxPayloadBytes)}
	}
	start := time.Now()
	result, err := c.call(ctx, n, payload)
	if ctx.Err() != nil {
		return nil, fmt.Errorf("invoke function %s: %w", n.arn, ctx.Err())
	}
	f.log.Debug("function invoked", "function_arn", functionARN, "event_bytes", len(payload), "result_bytes", len(result),
		"duration", time.Since(start), "error", err)
	return result, err
}
