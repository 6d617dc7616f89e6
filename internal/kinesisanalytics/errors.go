package kinesisanalytics

import (
	"errors"

	"github.com/millrace/millrace/internal/application"
	"github.com/millrace/millrace/internal/aws/awserr"
	"github.com/millrace/millrace/internal/sql"
)

// The service's errors: AWS's codes, and its texts where they are known.

func errNotFound(name string) error {
	return awserr.New("ResourceNotFoundException", "Application %s not found", name)
}

func errExists(name string) error {
	return awserr.New("ResourceInUseException", "Application already exists with the given name: %s", name)
}

// errStatus refuses an operation that the application's status does not allow.
func errStatus(a *app, operation string) error {
	return awserr.New("ResourceInUseException", "Application %s is in status %s, which does not allow %s", a.Detail.ApplicationARN, a.Detail.ApplicationStatus, operation)
}

func errVersion(a *app, got int64) error {
	return awserr.New("ConcurrentModificationException", "CurrentApplicationVersionId is %d, but the application is at version %d", got, a.Detail.ApplicationVersionId)
}

func errArgument(format string, args ...any) error {
	return awserr.New("InvalidArgumentException", format, args...)
}

// errUnsupported refuses a feature of AWS by name.
func errUnsupported(format string, args ...any) error {
	return awserr.New("UnsupportedOperationException", format, args...)
}

func errConfiguration(format string, args ...any) error {
	return awserr.New("InvalidApplicationConfigurationException", format, args...)
}

// startError turns what application.Start answers into the service's errors.
func startError(err error) error {
	var diagnostics *sql.Diagnostics
	var invalid *application.InvalidError
	switch {
	case errors.As(err, &diagnostics):
		return awserr.New("CodeValidationException", "%v", diagnostics)
	case errors.As(err, &invalid):
		return errConfiguration("%s", invalid.Text)
	case awserr.Is(err, "AccessDeniedException"):
		return errArgument("Kinesis Analytics service doesn't have sufficient privileges to the Delivery Stream using assumed role. %s", awserr.From(err).Message)
	}
	return err
}
