package firehose

import (
	"net/http"
	"strings"

	"github.com/millrace/millrace/internal/aws/awserr"
	"github.com/millrace/millrace/internal/aws/call"
)

// The catalogue of this service's errors. Texts are AWS's own where they are
// known.

func errNotFound(name string) *awserr.Error {
	return awserr.New("ResourceNotFoundException", "Firehose %s under account %s not found.", name, call.AccountID)
}

func errExists(name string) *awserr.Error {
	return awserr.New("ResourceInUseException", "Firehose %s under accountId %s already exists", name, call.AccountID)
}

func errInUse(name string, s status) *awserr.Error {
	return awserr.New("ResourceInUseException", "Firehose %s under accountId %s is in state %s", name, call.AccountID, s)
}

func errVersion(name string, current int, specified string) *awserr.Error {
	return awserr.New("ConcurrentModificationException",
		"Cannot update firehose: %s since the current version id: %d and specified version id: %s do not match", name, current, specified)
}

// errLimit is of quotas that only time or another call gives room in.
func errLimit(format string, args ...any) *awserr.Error {
	return awserr.New("LimitExceededException", format, args...)
}

// errRate is what AWS's control planes answer to too many calls.
func errRate() *awserr.Error { return awserr.New("ThrottlingException", "Rate exceeded") }

// errSource has the member code that AWS's model gives it and whose values are
// documented nowhere. Some clients take it for the error's type, which it is here.
func errSource(format string, args ...any) *awserr.Error {
	e := awserr.New("InvalidSourceException", format, args...)
	e.Members = map[string]any{"code": e.Code}
	return e
}

// errRole has the reason as its cause, which is for the log alone.
func errRole(roleARN string, why error) *awserr.Error {
	e := errArgument("Firehose is unable to assume role %s. Please check the role provided.", roleARN)
	e.Cause = why
	return e
}

func errOneDestination() *awserr.Error {
	return errArgument("Exactly one destination configuration is supported for a Firehose")
}

func errArgument(format string, args ...any) *awserr.Error {
	return awserr.New("InvalidArgumentException", format, args...)
}

func errUnsupported(paths []string) *awserr.Error {
	if len(paths) == 1 {
		return errArgument("%s is not supported", paths[0])
	}
	return errArgument("%s are not supported", strings.Join(paths, ", "))
}

func errBatchTooLarge() *awserr.Error {
	return errArgument("Records size exceeds 4 MB limit")
}

// errSlowDown is what a full journal or a used-up limit answers: the client
// tries again.
func errSlowDown() *awserr.Error {
	return awserr.New("ServiceUnavailableException", "Slow down.").With(http.StatusServiceUnavailable)
}
