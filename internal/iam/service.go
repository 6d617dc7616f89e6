package iam

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"sync"
	"sync/atomic"
	"time"

	"github.com/millrace/millrace/internal/aws/awserr"
	"github.com/millrace/millrace/internal/aws/call"
	"github.com/millrace/millrace/internal/aws/query"
	"github.com/millrace/millrace/internal/journal"
)

// Options of Open.
type Options struct {
	Journal journal.Journal
	Logger  *slog.Logger
	// Strict refuses roles that do not exist.
	Strict bool
	// Now is the clock; the system's if nil.
	Now func() time.Time
}

// Service keeps the roles. It is a call.Authorizer.
type Service struct {
	opts Options

	changing sync.Mutex // held while a change goes to the journal
	roles    atomic.Pointer[roles]

	warned  sync.Mutex
	unknown map[string]bool // ARNs without a role that were warned of
}

// Open restores the roles from the journal.
func Open(opts Options) (*Service, error) {
	if opts.Now == nil {
		opts.Now = time.Now
	}
	s := &Service{opts: opts, unknown: map[string]bool{}}
	restored, err := restore(opts.Journal)
	if err != nil {
		return nil, err
	}
	s.roles.Store(restored)
	return s, nil
}

// API is the two services' tables of operations.
func (s *Service) API() []*query.Service {
	return []*query.Service{
		{Name: "iam", Version: "2010-05-08", XMLNS: "https://iam.amazonaws.com/doc/2010-05-08/", Logger: s.opts.Logger, Operations: []query.Operation{
			query.Typed("CreateRole", s.createRole),
			query.Typed("GetRole", s.getRole),
			query.Typed("ListRoles", s.listRoles),
			query.Typed("DeleteRole", s.deleteRole),
			query.Typed("UpdateAssumeRolePolicy", s.updateAssumeRolePolicy),
			query.Typed("PutRolePolicy", s.putRolePolicy),
			query.Typed("GetRolePolicy", s.getRolePolicy),
			query.Typed("ListRolePolicies", s.listRolePolicies),
			query.Typed("DeleteRolePolicy", s.deleteRolePolicy),
			query.Typed("ListAttachedRolePolicies", s.listAttachedRolePolicies),
			query.Typed("ListInstanceProfilesForRole", s.listInstanceProfilesForRole),
			query.Typed("TagRole", s.tagRole),
			query.Typed("UntagRole", s.untagRole),
			query.Typed("ListRoleTags", s.listRoleTags),
		}},
		{Name: "sts", Version: "2011-06-15", XMLNS: "https://sts.amazonaws.com/doc/2011-06-15/", Logger: s.opts.Logger, Operations: []query.Operation{
			query.Typed("GetCallerIdentity", s.getCallerIdentity),
		}},
	}
}

// find returns a role that the caller may run the operation on. A caller who
// may not does not learn whether there is such a role.
func (s *Service) find(ctx context.Context, c *call.Call, name string) (*role, error) {
	if err := checkName("roleName", name, maxRoleName); err != nil {
		return nil, err
	}
	r := s.roles.Load().named(name)
	arn := roleARN("/", name)
	if r != nil {
		arn = r.ARN
	}
	if err := s.permit(ctx, c, arn); err != nil {
		return nil, err
	}
	if r == nil {
		return nil, errNoRole(name)
	}
	return r, nil
}

// permit asks the caller's policies. IAM words a refusal in its own way.
func (s *Service) permit(ctx context.Context, c *call.Call, resource string) error {
	err := s.Authorize(ctx, c.Identity, "iam:"+c.Operation, resource)
	var denied *awserr.Error
	if errors.As(err, &denied) {
		denied = denied.With(http.StatusForbidden)
		denied.Code = "AccessDenied"
		return denied
	}
	return err
}
