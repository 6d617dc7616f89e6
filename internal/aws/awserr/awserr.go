// Package awserr is AWS's own error vocabulary: a code, a status and a text,
// as clients parse them. Each service keeps a catalogue of its errors made from
// these; each protocol (jsonrpc, query) renders them.
package awserr

import (
	"errors"
	"fmt"
	"net/http"
)

// Error is what an AWS service answers instead of a result.
type Error struct {
	Code    string // "ResourceNotFoundException"
	Status  int    // HTTP status
	Message string
	// Members are what the error's shape has beside its message.
	Members map[string]any
	// Cause is for our log; clients never see it.
	Cause error
}

func (e *Error) Error() string {
	if e.Cause != nil {
		return fmt.Sprintf("%s: %s: %v", e.Code, e.Message, e.Cause)
	}
	return e.Code + ": " + e.Message
}

func (e *Error) Unwrap() error { return e.Cause }

// New makes a client error (400) with a formatted message.
func New(code, format string, args ...any) *Error {
	return &Error{Code: code, Status: http.StatusBadRequest, Message: fmt.Sprintf(format, args...)}
}

// With returns a copy with another HTTP status.
func (e *Error) With(status int) *Error {
	c := *e
	c.Status = status
	return &c
}

// From turns any error into one that a client may see: an *Error stays itself,
// anything else becomes InternalFailure whose cause is for the log alone.
func From(err error) *Error {
	var e *Error
	if errors.As(err, &e) {
		return e
	}
	return &Error{Code: "InternalFailure", Status: http.StatusInternalServerError,
		Message: "The request processing has failed because of an unknown error, exception or failure.", Cause: err}
}

// Is tells whether err is, or wraps, an Error with the code.
func Is(err error, code string) bool {
	var e *Error
	return errors.As(err, &e) && e.Code == code
}
