// Package call is one authenticated request to an AWS operation, whatever the
// protocol it came in by.
package call

import (
	"context"
	"log/slog"
	"net/http"

	"github.com/millrace/millrace/internal/aws/awserr"
)

// AccountID is the account that everything belongs to.
const AccountID = "000000000000"

// Identity is who signed a request.
type Identity struct {
	AccessKeyID string
	// ARN of the user or the assumed role; policies are evaluated for it.
	ARN string
	// RoleARN is set for credentials of a role: its policies decide. Without it
	// the caller is the account's root and may do everything.
	RoleARN string
}

// Call is a request whose signature has been verified and whose body has been
// read whole.
type Call struct {
	Identity  Identity
	Service   string // signing name: "firehose"
	Operation string // "PutRecordBatch"
	Region    string // from the credential scope
	RequestID string
	Header    http.Header
	// Body is given back to a pool after the handler: nothing of it is kept.
	Body []byte
}

// Explain turns an operation's error into what the client is told. The cause of
// an internal failure goes to the log, where a person finds it by the request id
// that the client got.
func (c *Call) Explain(log *slog.Logger, err error) *awserr.Error {
	e := awserr.From(err)
	if e.Status >= http.StatusInternalServerError && e.Cause != nil {
		log.Error("operation failed", "service", c.Service, "operation", c.Operation, "request_id", c.RequestID, "error", e.Cause)
	}
	return e
}

// Authorizer evaluates the policies of roles.
type Authorizer interface {
	// Authorize answers nil or an AccessDeniedException that names identity,
	// action ("firehose:PutRecord") and resource.
	Authorize(ctx context.Context, who Identity, action, resource string) error
	// AuthorizeRole does the same for a role that a service assumes, such as a
	// delivery stream's. A role that does not exist is accepted, with one
	// warning in the log, unless the server is strict.
	AuthorizeRole(ctx context.Context, roleARN, action, resource string) error
}

// Denied is the answer to a caller whose policies do not allow the action.
func Denied(who, action, resource string) *awserr.Error {
	return awserr.New("AccessDeniedException",
		"User: %s is not authorized to perform: %s on resource: %s because no identity-based policy allows the %s action",
		who, action, resource, action)
}
