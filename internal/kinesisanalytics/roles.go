package kinesisanalytics

import (
	"context"
	"slices"
	"strings"

	"github.com/millrace/millrace/internal/application"
	"github.com/millrace/millrace/internal/aws/awserr"
)

// grant is what an application's role has to allow.
type grant struct{ role, action, resource string }

// grants are those that an application cannot begin without. That of its outputs
// is asked when there is something to deliver; until then results wait.
func grants(c *application.Config) []grant {
	all := []grant{{c.Input.RoleARN, "firehose:GetRecords", c.Input.ARN}}
	if p := c.Input.Processor; p != nil {
		all = append(all, grant{p.RoleARN, "lambda:InvokeFunction", p.ARN})
	}
	for _, t := range c.Tables {
		all = append(all, grant{t.RoleARN, "s3:GetObject", t.BucketARN + "/" + t.Key})
	}
	for _, o := range c.Outputs {
		if o.Kind == application.ToFunction {
			all = append(all, grant{o.RoleARN, "lambda:InvokeFunction", o.ARN})
		}
	}
	return all
}

// checkRoles refuses an application whose roles the service may not assume, or
// which do not allow what it needs.
func (s *Service) checkRoles(ctx context.Context, c *application.Config) error {
	all := grants(c)
	roles := make([]string, len(all))
	for i, g := range all {
		roles[i] = g.role
	}
	for _, o := range c.Outputs {
		roles = append(roles, o.RoleARN)
	}
	slices.Sort(roles)
	for _, role := range slices.Compact(roles) {
		if err := s.checkAssume(role, c.ARN); err != nil {
			return err
		}
	}
	for _, g := range all {
		if err := s.checkGrant(ctx, g); err != nil {
			return err
		}
	}
	return nil
}

// checkAssume asks the role's trust policy.
func (s *Service) checkAssume(role, resource string) error {
	if s.assume == nil {
		return nil
	}
	if err := s.assume(role, resource); err != nil {
		s.log.Warn("role cannot be assumed", "resource", resource, "role_arn", role, "error", err)
		return errArgument("Kinesis Analytics service doesn't have sufficient privileges to assume the role %s", role)
	}
	return nil
}

// checkGrant asks the role's policies. Terraform repeats requests that are
// answered in these words, until the role is ready.
func (s *Service) checkGrant(ctx context.Context, g grant) error {
	err := s.opts.Authorizer.AuthorizeRole(ctx, g.role, g.action, g.resource)
	switch {
	case err == nil:
		return nil
	case !awserr.Is(err, "AccessDeniedException"):
		return err
	case strings.HasPrefix(g.action, "lambda:"):
		return errArgument("Given IAM role arn : %s does not provide Invoke permissions on the Lambda resource : %s", g.role, g.resource)
	case strings.HasPrefix(g.action, "s3:"):
		bucket, key, _ := strings.Cut(g.resource, "/")
		return errArgument("Please check the role provided or validity of S3 location you provided. "+
			"We are unable to get the specified fileKey: %s in the specified bucket: %s", key, strings.TrimPrefix(bucket, "arn:aws:s3:::"))
	}
	return errPrivileges(err)
}
