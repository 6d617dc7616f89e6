// Package cloudformation serves the CloudFormation API of 2010-05-15; package
// stack does the work. Templates and parameters are checked before a stack is
// made, and what is not honoured is refused by name and place.
package cloudformation

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"regexp"
	"slices"

	"github.com/millrace/millrace/internal/aws/awserr"
	"github.com/millrace/millrace/internal/aws/call"
	"github.com/millrace/millrace/internal/aws/query"
	"github.com/millrace/millrace/internal/stack"
)

// Options of New.
type Options struct {
	Stacks     *stack.Engine
	Authorizer call.Authorizer
	Logger     *slog.Logger
}

// Service is the API on one engine.
type Service struct {
	stacks     *stack.Engine
	authorizer call.Authorizer
	log        *slog.Logger
	stackName  *regexp.Regexp
}

// New returns the service.
func New(o Options) *Service {
	return &Service{stacks: o.Stacks, authorizer: o.Authorizer, log: o.Logger, stackName: regexp.MustCompile(`^` + stackNamePattern + `$`)}
}

const stackNamePattern = "[a-zA-Z][-a-zA-Z0-9]*"

// API is the service's table of operations.
func (s *Service) API() *query.Service {
	operations := []query.Operation{
		query.Typed("CreateStack", s.createStack),
		query.Typed("DeleteStack", s.deleteStack),
		query.Typed("DescribeStackEvents", s.describeStackEvents),
		query.Typed("DescribeStackResource", s.describeStackResource),
		query.Typed("DescribeStackResources", s.describeStackResources),
		query.Typed("DescribeStacks", s.describeStacks),
		query.Typed("GetTemplate", s.getTemplate),
		query.Typed("ListStackResources", s.listStackResources),
		query.Typed("ListStacks", s.listStacks),
		query.Typed("ValidateTemplate", s.validateTemplate),
	}
	for _, name := range refusedOperations {
		operations = append(operations, refused(name))
	}
	return &query.Service{Name: "cloudformation", Version: "2010-05-15",
		XMLNS: "http://cloudformation.amazonaws.com/doc/2010-05-15/", Operations: operations, Logger: s.log}
}

// refusedOperations are those that clients try on their own, so that they get
// told what is missing.
var refusedOperations = []string{"CancelUpdateStack", "ContinueUpdateRollback", "CreateChangeSet", "DeleteChangeSet", "DescribeChangeSet",
	"ExecuteChangeSet", "ListChangeSets", "UpdateStack", "UpdateTerminationProtection"}

func refused(name string) query.Operation {
	return query.Operation{Name: name, Handle: func(context.Context, *call.Call) (any, error) {
		return nil, awserr.New("UnsupportedOperation",
			"%s is not supported: stacks are made with CreateStack and cannot be changed yet", name)
	}}
}

// The errors of the API.

func errValidation(format string, args ...any) *awserr.Error {
	return awserr.New("ValidationError", format, args...)
}

// errMember is a member that breaks a constraint of its shape.
func errMember(shown, member, constraint string) error {
	return awserr.Violation("ValidationError", shown, member, constraint)
}

// errNoStack wraps stack.ErrNoStack. Waiters look for "does not exist".
func errNoStack(name string) *awserr.Error {
	e := errValidation("Stack with id %s does not exist", name)
	e.Cause = stack.ErrNoStack
	return e
}

func errExists(name string) *awserr.Error {
	return awserr.New("AlreadyExistsException", "Stack [%s] already exists", name)
}

// find returns a stack that the caller may look at with the action.
func (s *Service) find(ctx context.Context, c *call.Call, name string) (*stack.Stack, error) {
	if name == "" {
		return nil, errMember(awserr.Null, "stackName", "not be null")
	}
	found, err := s.stacks.Stack(name)
	if errors.Is(err, stack.ErrNoStack) {
		if err := s.authorize(ctx, c, arnOf(c, name, "*")); err != nil {
			return nil, err
		}
		return nil, errNoStack(name)
	}
	if err != nil {
		return nil, err
	}
	return found, s.authorize(ctx, c, found.ID)
}

func (s *Service) authorize(ctx context.Context, c *call.Call, resource string) error {
	return s.authorizer.Authorize(ctx, c.Identity, "cloudformation:"+c.Operation, resource)
}

func arnOf(c *call.Call, name, id string) string {
	return fmt.Sprintf("arn:aws:cloudformation:%s:%s:stack/%s/%s", c.Region, call.AccountID, name, id)
}

// parse reads a request's template.
func parse(body, url string) (*stack.Template, error) {
	switch {
	case url != "":
		return nil, errValidation("TemplateURL is not supported; send the template as TemplateBody")
	case body == "":
		return nil, errValidation("Either Template URL or Template Body must be specified.")
	}
	t, err := stack.Parse("template", []byte(body))
	if err != nil {
		return nil, errValidation("Template format error: %v", err)
	}
	return t, nil
}

// needs returns the capability that the template needs and that is not among
// the acknowledged ones.
func needs(t *stack.Template, acknowledged []string) []string {
	var missing []string
	for _, c := range t.Capabilities() {
		if !slices.Contains(acknowledged, c) && !slices.Contains(acknowledged, stack.CapabilityNamedIAM) {
			missing = append(missing, c)
		}
	}
	return missing
}
