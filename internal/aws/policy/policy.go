// Package policy evaluates identity-based policies: the documented subset of
// AWS's policy language that this program enforces. What it cannot enforce it
// refuses to load, so a statement never means less than it says.
//
//	Version   2012-10-17 or 2008-10-17
//	Statement one or a list of
//	  Sid, Effect
//	  Action or NotAction       service:Name, * and ? in both parts
//	  Resource or NotResource   an ARN, * and ? in each part, or *
//	  Condition                 String…, Arn…, Bool, Null, IpAddress; …IfExists
package policy

import "strings"

// Vocabulary is what the caller can tell an evaluation.
type Vocabulary struct {
	// Keys are the condition keys that every Request carries or knows to be
	// absent ("aws:PrincipalArn"). Others are refused: a condition on something unknown
	// would decide by accident.
	Keys []string
	// Services are the prefixes of the actions that are ever evaluated. The
	// conditions of statements about other services alone ("kms") may name any
	// key, since nobody will ask.
	Services []string
}

// Document is a policy that can be enforced whole.
type Document struct{ statements []statement }

type statement struct {
	sid         string
	deny        bool
	actions     []pattern
	notAction   bool
	resources   []pattern
	notResource bool
	conditions  []condition
}

// Request is what somebody wants to do.
type Request struct {
	Action   string // "firehose:PutRecord"
	Resource string // ARN, or "*" for actions on nothing in particular
	// Keys are the values of the vocabulary's keys, names in lower case.
	Keys map[string]string
}

// Decision is the outcome. The zero value is deny.
type Decision int

// The decisions. An explicit deny overrides every allow.
const (
	ImplicitDeny Decision = iota // no statement says anything
	Allow
	ExplicitDeny
)

// Evaluate decides over all the policies of one identity. With an explicit deny
// it returns the Sid of the statement, if it has one.
func Evaluate(documents []*Document, r Request) (Decision, string) {
	decision := ImplicitDeny
	for _, d := range documents {
		for i := range d.statements {
			s := &d.statements[i]
			if decision == Allow && !s.deny || !s.covers(r) {
				continue
			}
			if s.deny {
				return ExplicitDeny, s.sid
			}
			decision = Allow
		}
	}
	return decision, ""
}

// covers tells whether the statement is about the request.
func (s *statement) covers(r Request) bool {
	if anyMatches(s.actions, strings.ToLower(r.Action)) == s.notAction || anyMatches(s.resources, r.Resource) == s.notResource {
		return false
	}
	for i := range s.conditions {
		if !s.conditions[i].holds(r.Keys) {
			return false
		}
	}
	return true
}

func anyMatches(patterns []pattern, s string) bool {
	for _, p := range patterns {
		if p.matches(s) {
			return true
		}
	}
	return false
}
