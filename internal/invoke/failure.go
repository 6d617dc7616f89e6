package invoke

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/millrace/millrace/internal/record"
)

// The codes that Firehose gives to invocations that failed, in error objects and
// in its log lines.
const (
	FunctionError       = "Lambda.FunctionError"
	FunctionTimedOut    = "Lambda.FunctionTimedOut"
	InvokeAccessDenied  = "Lambda.InvokeAccessDenied"
	InvokeLimitExceeded = "Lambda.InvokeLimitExceeded"
	ResourceNotFound    = "Lambda.ResourceNotFound"
	RequestTooLarge     = "Lambda.RequestTooLargeException"
	InternalServerError = "Lambda.InternalServerError"
	ServiceUnavailable  = "Lambda.ServiceUnavailable"
)

// errTimeout is the cause of a context that an invocation's own timeout ended.
var errTimeout = errors.New("timeout of the invocation")

func withTimeout(ctx context.Context, d time.Duration) (context.Context, context.CancelFunc) {
	return context.WithTimeoutCause(ctx, d, errTimeout)
}

func timedOut(ctx context.Context) bool { return context.Cause(ctx) == errTimeout }

func timeoutFailure(after time.Duration) error {
	return retryable(FunctionTimedOut, "the function did not answer within %s", after)
}

// tooLarge is what Lambda says of a result above its limit: the function failed.
func tooLarge() error {
	return retryable(FunctionError, "the function's result is larger than %d bytes", MaxPayloadBytes)
}

func retryable(code, format string, args ...any) *record.Failure {
	return &record.Failure{Kind: record.Retryable, Code: code, Message: fmt.Sprintf(format, args...)}
}

func permanent(code, format string, args ...any) *record.Failure {
	return &record.Failure{Kind: record.Permanent, Code: code, Message: fmt.Sprintf(format, args...)}
}

// excerpt makes what the other side said fit for a message: one line of text, at
// most 1 KiB.
func excerpt(b []byte) string {
	const most = 1024
	b = b[:min(len(b), most)]
	text := strings.Map(func(r rune) rune {
		if r < ' ' || r == 0x7f {
			return ' '
		}
		return r
	}, strings.ToValidUTF8(string(b), ""))
	return strings.Join(strings.Fields(text), " ")
}
