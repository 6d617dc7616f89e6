package policy

import (
	"fmt"
	"slices"
	"strings"
)

// CheckTrust tells whether a document has the form of a trust policy, which
// says who may assume a role: every statement names principals and STS actions,
// and no resource. What it says is not evaluated: conditions may hold any
// operator and key. Errors are *Error.
func CheckTrust(text string) error {
	d, err := readDocument(text)
	if err != nil {
		return err
	}
	for _, s := range d.statements {
		if err := checkTrustStatement(&s); err != nil {
			return err
		}
	}
	return nil
}

func checkTrustStatement(s *rawStatement) error {
	for _, name := range []string{"Resource", "NotResource"} {
		if _, ok := s.get(name); ok {
			return &Error{Message: msgProhibited + name, Detail: s.path}
		}
	}
	if err := checkPrincipal(s); err != nil {
		return err
	}
	texts, _, path, err := s.either("Action", "NotAction", msgMissing+"Action")
	if err != nil {
		return err
	}
	allowed := []string{"*", "sts:*", "sts:assumerole", "sts:assumerole*", "sts:assumerolewithsaml", "sts:assumerolewithwebidentity",
		"sts:tagsession", "sts:setsourceidentity", "sts:setcontext"}
	for _, text := range texts {
		if !slices.Contains(allowed, foldASCII(text)) {
			return &Error{Message: msgAssumeRole, Detail: path + ": " + show(text)}
		}
	}
	return checkTrustCondition(s)
}

// checkPrincipal takes "*" or an object of kinds, each with a name or several.
func checkPrincipal(s *rawStatement) error {
	value, ok := s.get("Principal")
	other, not := s.get("NotPrincipal")
	path := s.path + ".Principal"
	switch {
	case ok && not:
		return syntax(s.path, "has both Principal and NotPrincipal")
	case not:
		value, path = other, s.path+".NotPrincipal"
	case !ok:
		return &Error{Message: msgMissing + "Principal", Detail: s.path}
	}
	if value == "*" {
		return nil
	}
	kinds, ok := value.(object)
	if !ok || len(kinds) == 0 {
		return syntax(path, `expected "*" or an object such as {"Service": "firehose.amazonaws.com"}`)
	}
	for _, kind := range kinds {
		if !slices.Contains([]string{"AWS", "Service", "Federated", "CanonicalUser"}, kind.name) {
			return syntax(path+"."+kind.name, "no such kind of principal; expected AWS, Service, Federated or CanonicalUser")
		}
		names, err := stringList(kind.value, path+"."+kind.name)
		if err != nil {
			return err
		}
		for _, name := range names {
			if name == "" || kind.name == "Service" && !strings.Contains(name, ".") {
				return invalidPrincipal(kind.name, name, path)
			}
		}
	}
	return nil
}

func invalidPrincipal(kind, name, path string) error {
	return &Error{Message: fmt.Sprintf("Invalid principal in policy: \"%s\":\"%s\"", strings.ToUpper(clip(kind)), clip(name)), Detail: path}
}

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
