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

func errResourceNotFound(resource string) error {
	return awserr.New("ResourceNotFoundException", "Resource %s not found", resource)
}

func errExists(name string) error {
	return awserr.New("ResourceInUseException", "Application already exists with the given name: %s", name)
}

// errStatus refuses an operation that the application's status does not allow.
func errStatus(a *app, operation string) error {
	return awserr.New("ResourceInUseException", "Application %s is in status %s, which does not allow %s", a.ARN, a.Status, operation)
}

func errVersion(a *app, got int64) error {
	return awserr.New("ConcurrentModificationException", "CurrentApplicationVersionId is %d, but the application is at version %d", got, a.Config.ID)
}

func errToken(a *app) error {
	return awserr.New("ConcurrentModificationException", "ConditionalToken is not that of the application's version, which is %d", a.Config.ID)
}

func errArgument(format string, args ...any) error {
	return awserr.New("InvalidArgumentException", format, args...)
}

func errLimit(format string, args ...any) error {
	return awserr.New("LimitExceededException", format, args...)
}

// errUnsupported refuses a feature of AWS by name.
func errUnsupported(format string, args ...any) error {
	return awserr.New("UnsupportedOperationException", format, args...)
}

func errConfiguration(format string, args ...any) error {
	return awserr.New("InvalidApplicationConfigurationException", format, args...)
}

// runError turns what application.Check and application.Start answer into the
// service's errors.
func runError(err error) error {
	var diagnostics *sql.Diagnostics
	var invalid *application.InvalidError
	switch {
	case errors.As(err, &diagnostics):
		return awserr.New("CodeValidationException", "%v", diagnostics)
	case errors.As(err, &invalid):
		return errConfiguration("%s", invalid.Text)
	case awserr.Is(err, "AccessDeniedException"):
		return errPrivileges(err)
	}
	return err
}

// changeError is runError for changes of an application, which have no code of
// their own for a configuration that cannot be honoured.
func changeError(err error) error {
	if invalid := (*application.InvalidError)(nil); errors.As(err, &invalid) {
		return errArgument("%s", invalid.Text)
	}
	return runError(err)
}

// errPrivileges tells that a role may not do what the application needs.
// Terraform repeats requests that are answered so, until the role is ready.
func errPrivileges(denied error) error {
	return errArgument("Kinesis Analytics service doesn't have sufficient privileges to the Delivery Stream using assumed role. %s",
		awserr.From(denied).Message)
}
