package record

import (
	"errors"
	"fmt"
)

// Kind says what a failure means for the data at hand.
type Kind uint8

const (
	// Retryable: the same call may succeed later; nothing is decided.
	Retryable Kind = iota
	// Permanent: the same call will fail again until a person changes something.
	Permanent
)

func (k Kind) String() string {
	if k == Permanent {
		return "permanent"
	}
	return "retryable"
}

// Failure is an error with its kind, the code that AWS or the remote side
// gave it, and a text. Failures of single records are Refusals, not errors.
type Failure struct {
	Kind    Kind
	Code    string // e.g. "S3.NoSuchBucket", "403"
	Message string
	Cause   error
}

func (f *Failure) Error() string {
	text := f.Code + ": " + f.Message
	if f.Cause != nil {
		text = fmt.Sprintf("%s: %v", text, f.Cause)
	}
	return text
}

func (f *Failure) Unwrap() error { return f.Cause }

// IsPermanent tells whether err is, or wraps, a permanent Failure. An error of
// unknown kind is retryable: giving up loses data, trying again does not.
func IsPermanent(err error) bool {
	var f *Failure
	return errors.As(err, &f) && f.Kind == Permanent
}
