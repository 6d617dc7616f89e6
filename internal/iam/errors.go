package iam

import (
	"errors"
	"net/http"

	"github.com/millrace/millrace/internal/aws/awserr"
	"github.com/millrace/millrace/internal/aws/policy"
)

func errNoRole(name string) error {
	return awserr.New("NoSuchEntity", "The role with name %s cannot be found.", name).With(http.StatusNotFound)
}

func errNoRolePolicy(name string) error {
	return awserr.New("NoSuchEntity", "The role policy with name %s cannot be found.", name).With(http.StatusNotFound)
}

func errRoleExists(name string) error {
	return awserr.New("EntityAlreadyExists", "Role with name %s already exists.", name).With(http.StatusConflict)
}

func errHasPolicies() error {
	return awserr.New("DeleteConflict", "Cannot delete entity, must delete policies first.").With(http.StatusConflict)
}

func errQuota(format string, args ...any) error {
	return awserr.New("LimitExceeded", format, args...).With(http.StatusConflict)
}

func errMarker() error { return awserr.New("ValidationError", "Invalid Marker.") }

// malformed answers a document that package policy refuses.
func malformed(err error) error {
	var refused *policy.Error
	if errors.As(err, &refused) {
		return awserr.New("MalformedPolicyDocument", "%s", refused.Error())
	}
	return err
}

// errNull, errLong and errRange word a member's constraint as AWS does.
func errNull(member string) error {
	return awserr.New("ValidationError", "1 validation error detected: Value null at '%s' failed to satisfy constraint: Member must not be null", member)
}

func errLong(member string, most int) error {
	return awserr.New("ValidationError", "1 validation error detected: Value at '%s' failed to satisfy constraint: Member must have length less than or equal to %d", member, most)
}

func errRange(member string, value int64, constraint string, bound int64) error {
	return awserr.New("ValidationError", "1 validation error detected: Value '%d' at '%s' failed to satisfy constraint: Member must have value %s than or equal to %d",
		value, member, constraint, bound)
}
