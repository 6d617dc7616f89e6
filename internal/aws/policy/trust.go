package policy

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// Trust is a trust policy, which says who may assume a role, ready to be asked
// about AWS's services. It does not change, and may be used by many goroutines.
type Trust struct{ statements []trustStatement }

// trustStatement applies to a service if principal, action and all conditions
// match.
type trustStatement struct {
	label      string
	effect     Effect
	principals principals
	actions    []glob
	notActions bool // actions are those of NotAction
	conditions []condition
}

// principals are those of a statement that a service can be: accounts, users
// and identity providers are not among them.
type principals struct {
	negated  bool // all but these
	everyone bool
	services []string
}

// ParseTrust reads a trust policy: every statement names principals and STS
// actions, and no resource. The vocabulary's services are the principals that
// are ever asked about ("firehose.amazonaws.com"). What is said of others alone
// may have conditions of any operator and key; what is said of everyone may
// have any key, which a service has no value for. Errors are *Error.
func ParseTrust(text string, v Vocabulary) (*Trust, error) {
	d, err := readDocument(text)
	if err != nil {
		return nil, err
	}
	t := &Trust{}
	for _, raw := range d.statements {
		s, err := parseTrustStatement(&raw, d.variables, v)
		if err != nil {
			return nil, err
		}
		t.statements = append(t.statements, s)
	}
	return t, nil
}

// Decide says whether a service may assume the role. keys are as in Request.
func (t *Trust) Decide(service string, keys map[string]string) Decision {
	var best Decision
	for i := range t.statements {
		if s := &t.statements[i]; s.effect > best.Effect && s.applies(service, keys) {
			best = Decision{Effect: s.effect, Statement: s.label}
		}
	}
	return best
}

func (s *trustStatement) applies(service string, keys map[string]string) bool {
	assume := func(g glob) bool { return g.match("sts:assumerole") }
	if !s.principals.cover(service) || slices.ContainsFunc(s.actions, assume) == s.notActions {
		return false
	}
	return !slices.ContainsFunc(s.conditions, func(c condition) bool { return !c.holds(Request{Keys: keys}) })
}

func (p *principals) cover(service string) bool {
	return (p.everyone || slices.Contains(p.services, service)) != p.negated
}

func parseTrustStatement(raw *rawStatement, variables bool, v Vocabulary) (s trustStatement, err error) {
	s.effect, s.label = raw.effect, raw.sid
	if s.label == "" {
		s.label = strconv.Itoa(raw.number)
	}
	for _, name := range []string{"Resource", "NotResource"} {
		if _, ok := raw.get(name); ok {
			return s, &Error{Message: msgProhibited + name, Detail: raw.path}
		}
	}
	if s.principals, err = parsePrincipals(raw); err != nil {
		return s, err
	}
	texts, negated, path, err := raw.either("Action", "NotAction", msgMissing+"Action")
	if err != nil {
		return s, err
	}
	s.notActions = negated
	allowed := []string{"*", "sts:*", "sts:assumerole", "sts:assumerole*", "sts:assumerolewithsaml", "sts:assumerolewithwebidentity",
		"sts:tagsession", "sts:setsourceidentity", "sts:setcontext"}
	for _, text := range texts {
		if !slices.Contains(allowed, foldASCII(text)) {
			return s, &Error{Message: msgAssumeRole, Detail: path + ": " + show(text)}
		}
		g, _ := compileGlob(foldASCII(text), false) // has no variables
		s.actions = append(s.actions, g)
	}
	if !slices.ContainsFunc(v.Services, s.principals.cover) {
		return s, checkTrustCondition(raw)
	}
	s.conditions, err = parseConditions(raw, variables, func(key string) bool {
		return s.principals.everyone || slices.ContainsFunc(v.Keys, func(known string) bool { return foldASCII(known) == key })
	})
	return s, err
}

// parsePrincipals takes "*" or an object of kinds, each with a name or several.
func parsePrincipals(s *rawStatement) (p principals, err error) {
	value, ok := s.get("Principal")
	other, not := s.get("NotPrincipal")
	path := s.path + ".Principal"
	switch {
	case ok && not:
		return p, syntax(s.path, "has both Principal and NotPrincipal")
	case not:
		value, path, p.negated = other, s.path+".NotPrincipal", true
	case !ok:
		return p, &Error{Message: msgMissing + "Principal", Detail: s.path}
	}
	if value == "*" {
		p.everyone = true
		return p, nil
	}
	kinds, ok := value.(object)
	if !ok || len(kinds) == 0 {
		return p, syntax(path, `expected "*" or an object such as {"Service": "firehose.amazonaws.com"}`)
	}
	for _, kind := range kinds {
		if !slices.Contains([]string{"AWS", "Service", "Federated", "CanonicalUser"}, kind.name) {
			return p, syntax(path+"."+kind.name, "no such kind of principal; expected AWS, Service, Federated or CanonicalUser")
		}
		names, err := stringList(kind.value, path+"."+kind.name)
		if err != nil {
			return p, err
		}
		for _, name := range names {
			if name == "" || kind.name == "Service" && !strings.Contains(name, ".") {
				return p, invalidPrincipal(kind.name, name, path)
			}
		}
		switch {
		case kind.name == "Service":
			p.services = append(p.services, names...)
		case kind.name == "AWS" && slices.Contains(names, "*"): // the same as "*"
			p.everyone = true
		}
	}
	return p, nil
}

func invalidPrincipal(kind, name, path string) error {
	return &Error{Message: fmt.Sprintf("Invalid principal in policy: \"%s\":\"%s\"", strings.ToUpper(clip(kind)), clip(name)), Detail: path}
}

// checkTrustCondition looks at the form alone.
func checkTrustCondition(s *rawStatement) error {
	value, ok := s.get("Condition")
	if !ok {
		return nil
	}
	path := s.path + ".Condition"
	operators, ok := value.(object)
	if !ok {
		return syntax(path, "expected an object of operators")
	}
	for _, operator := range operators {
		keys, ok := operator.value.(object)
		if !ok {
			return syntax(path+"."+operator.name, "expected an object of condition keys")
		}
		for _, key := range keys {
			if _, err := conditionValues(key.value, path+"."+operator.name+"."+key.name); err != nil {
				return err
			}
		}
	}
	return nil
}
