package iam

import (
	"context"
	"strings"

	"github.com/millrace/millrace/internal/aws/call"
)

type getCallerIdentityOutput struct {
	Arn     string
	UserId  string
	Account string
}

// getCallerIdentity needs no permission: no policy can forbid it.
func (s *Service) getCallerIdentity(_ context.Context, c *call.Call, _ *struct{}) (*getCallerIdentityOutput, error) {
	out := &getCallerIdentityOutput{Arn: c.Identity.ARN, UserId: call.AccountID, Account: call.AccountID}
	if c.Identity.RoleARN == "" {
		return out, nil
	}
	session := out.Arn[strings.LastIndexByte(out.Arn, '/')+1:]
	out.UserId = c.Identity.AccessKeyID + ":" + session
	if r := s.roles.Load().byARN[c.Identity.RoleARN]; r != nil {
		out.UserId = r.ID + ":" + session
	}
	return out, nil
}
