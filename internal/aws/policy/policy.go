package policy

import "strings"

// Effect is what a policy, or several together, say about a request.
type Effect int

const (
	// None: no statement applies. The request is refused, unless another
	// policy allows it.
	None Effect = iota
	Allow
	// Deny overrides every Allow.
	Deny
)

func (e Effect) String() string {
	switch e {
	case Allow:
		return "allow"
	case Deny:
		return "deny"
	}
	return "none"
}

// Request is what is to be decided.
type Request struct {
	Action   string // "firehose:PutRecord"
	Resource string // an ARN, or "*" for actions that have no resource
	// Keys are the values of the vocabulary's condition keys, names in lower
	// case; those that the request has none for are absent.
	Keys map[string]string
}

// Vocabulary is what requests will be about.
type Vocabulary struct {
	// Keys are the condition keys that every Request carries, or knows to be
	// absent. A condition on another one would decide by accident, so it is
	// refused.
	Keys []string
	// Services are the prefixes of the actions that are ever asked for. The
	// conditions of a statement about other services alone ("kms") may name any
	// key: nobody will ask.
	Services []string
}

// Decision is an effect and where it comes from.
type Decision struct {
	Effect    Effect
	Policy    int    // index of the policy that decided
	Statement string // its Sid, or its number from 1; empty for None
}

// Policy is a document ready to be evaluated. It does not change, and may be
// used by many goroutines.
type Policy struct{ statements []statement }

// statement applies to a request if the action, the resource and all
// conditions match.
type statement struct {
	label       string
	effect      Effect
	actions     []actionPattern
	notActions  bool // actions are those of NotAction
	resources   []arnPattern
	notResource bool // resources are those of NotResource
	conditions  []condition
}

// Decide evaluates the policies together: a Deny anywhere wins, then an Allow
// anywhere. The time it takes is bounded by the sizes of the patterns times
// the lengths of action and resource.
func Decide(policies []*Policy, r Request) Decision {
	vendor, name, _ := strings.Cut(foldASCII(r.Action), ":")
	var best Decision
	for at, p := range policies {
		for i := range p.statements {
			s := &p.statements[i]
			if s.effect <= best.Effect || !s.applies(vendor, name, r) {
				continue
			}
			best = Decision{s.effect, at, s.label}
			if best.Effect == Deny {
				return best
			}
		}
	}
	return best
}

// actionPattern is vendor:name in lower case. Wildcards do not reach over the
// colon.
type actionPattern struct{ vendor, name glob }

func (s *statement) applies(vendor, name string, r Request) bool {
	if s.matchesAction(vendor, name) == s.notActions || s.matchesResource(r.Resource) == s.notResource {
		return false
	}
	for i := range s.conditions {
		if !s.conditions[i].holds(r) {
			return false
		}
	}
	return true
}

func (s *statement) matchesAction(vendor, name string) bool {
	for _, a := range s.actions {
		if a.vendor.match(vendor) && a.name.match(name) {
			return true
		}
	}
	return false
}

func (s *statement) matchesResource(resource string) bool {
	for i := range s.resources {
		if s.resources[i].match(resource) {
			return true
		}
	}
	return false
}
