package policy

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
)

// maxBytes is more than AWS takes of any policy.
const maxBytes = 20480

// Parse reads an identity-based policy. Errors name the place:
// "Statement[1].Condition: …".
func Parse(text []byte, v Vocabulary) (*Document, error) {
	statements, err := parseStatements(text)
	if err != nil {
		return nil, err
	}
	d := &Document{}
	for i, members := range statements {
		s, err := parseStatement(members, v)
		if err != nil {
			return nil, fmt.Errorf("Statement[%d]%w", i, err)
		}
		d.statements = append(d.statements, s)
	}
	return d, nil
}

// CheckTrust reads a role's trust policy, which says who may assume it. It is
// kept and not evaluated, so its form alone is checked.
func CheckTrust(text []byte) error {
	statements, err := parseStatements(text)
	if err != nil {
		return err
	}
	for i, members := range statements {
		for _, m := range members {
			if !slices.Contains([]string{"Sid", "Effect", "Principal", "Action", "Condition"}, m.name) {
				return fmt.Errorf("Statement[%d].%s: not an element of a trust policy", i, m.name)
			}
		}
		if _, err := effect(members); err != nil {
			return fmt.Errorf("Statement[%d]%w", i, err)
		}
		for _, name := range []string{"Principal", "Action"} {
			if _, ok := members.get(name); !ok {
				return fmt.Errorf("Statement[%d]: %s is missing", i, name)
			}
		}
	}
	return nil
}

func parseStatements(text []byte) ([]members, error) {
	if len(text) > maxBytes {
		return nil, fmt.Errorf("the policy has %d bytes, more than %d", len(text), maxBytes)
	}
	root, err := parseJSON(text)
	if err != nil {
		return nil, err
	}
	top, ok := root.(members)
	if !ok {
		return nil, fmt.Errorf("the policy is no JSON object")
	}
	for _, m := range top {
		if !slices.Contains([]string{"Version", "Id", "Statement"}, m.name) {
			return nil, fmt.Errorf("%s: not an element of a policy", m.name)
		}
	}
	if version, ok := top.get("Version"); ok && version != "2012-10-17" && version != "2008-10-17" {
		return nil, fmt.Errorf("Version: must be 2012-10-17 or 2008-10-17")
	}
	value, _ := top.get("Statement")
	switch v := value.(type) {
	case members:
		return []members{v}, nil
	case []any:
		var all []members
		for i, element := range v {
			m, ok := element.(members)
			if !ok {
				return nil, fmt.Errorf("Statement[%d]: no JSON object", i)
			}
			all = append(all, m)
		}
		if len(all) > 0 {
			return all, nil
		}
	}
	return nil, fmt.Errorf("Statement: missing or empty")
}

// Errors below begin with ".Element" or ": text", after their statement.

func parseStatement(m members, v Vocabulary) (statement, error) {
	var s statement
	var err error
	for _, member := range m {
		switch member.name {
		case "Sid", "Effect", "Action", "NotAction", "Resource", "NotResource", "Condition":
		case "Principal", "NotPrincipal":
			return s, fmt.Errorf(".%s: a policy of an identity should not specify a principal", member.name)
		default:
			return s, fmt.Errorf(".%s: not an element of a statement", member.name)
		}
	}
	if s.sid, err = sid(m); err != nil {
		return s, err
	}
	if s.deny, err = effect(m); err != nil {
		return s, err
	}
	var texts []string
	if texts, s.notAction, err = either(m, "Action", "NotAction"); err != nil {
		return s, err
	}
	foreign := !s.notAction
	for _, text := range texts {
		if err := checkAction(text); err != nil {
			return s, fmt.Errorf(".Action: %w", err)
		}
		service, _, _ := strings.Cut(text, ":")
		foreign = foreign && !strings.ContainsAny(service, "*?") && !slices.Contains(v.Services, strings.ToLower(service))
		s.actions = append(s.actions, newPattern(strings.ToLower(text), 2))
	}
	if texts, s.notResource, err = either(m, "Resource", "NotResource"); err != nil {
		return s, err
	}
	for _, text := range texts {
		if err := checkARN(text); err != nil {
			return s, fmt.Errorf(".Resource: %w", err)
		}
		s.resources = append(s.resources, newPattern(text, arnParts))
	}
	if value, ok := m.get("Condition"); ok {
		if s.conditions, err = parseConditions(value, v.Keys, foreign); err != nil {
			return s, fmt.Errorf(".Condition%w", err)
		}
	}
	return s, nil
}

func parseConditions(value any, keys []string, anyKey bool) ([]condition, error) {
	byOperator, ok := value.(members)
	if !ok {
		return nil, fmt.Errorf(": no JSON object")
	}
	var all []condition
	for _, o := range byOperator {
		name, ifExists := strings.CutSuffix(o.name, "IfExists")
		op, known := operators()[name]
		if !known || ifExists && op.null {
			return nil, fmt.Errorf(": the operator %s is not supported", o.name)
		}
		byKey, ok := o.value.(members)
		if !ok || len(byKey) == 0 {
			return nil, fmt.Errorf(".%s: no JSON object, or an empty one", o.name)
		}
		for _, k := range byKey {
			if !anyKey && !slices.ContainsFunc(keys, func(key string) bool { return strings.EqualFold(key, k.name) }) {
				return nil, fmt.Errorf(".%s: the key %s is not supported", o.name, k.name)
			}
			values, err := list(k.value, true)
			if err != nil {
				return nil, fmt.Errorf(".%s.%s: %w", o.name, k.name, err)
			}
			for _, v := range values {
				if err := checkValue(op, v); err != nil {
					return nil, fmt.Errorf(".%s.%s: %w", o.name, k.name, err)
				}
			}
			all = append(all, condition{key: strings.ToLower(k.name), operator: op, ifExists: ifExists, values: values})
		}
	}
	return all, nil
}

var sidForm = regexp.MustCompile(`^[A-Za-z0-9]*$`)

func sid(m members) (string, error) {
	value, ok := m.get("Sid")
	if !ok {
		return "", nil
	}
	text, isText := value.(string)
	if !isText || !sidForm.MatchString(text) {
		return "", fmt.Errorf(".Sid: must be letters and digits")
	}
	return text, nil
}

func effect(m members) (deny bool, err error) {
	switch value, _ := m.get("Effect"); value {
	case "Allow":
		return false, nil
	case "Deny":
		return true, nil
	}
	return false, fmt.Errorf(".Effect: must be Allow or Deny")
}

// either reads one of two elements that exclude each other.
func either(m members, name, negated string) ([]string, bool, error) {
	value, ok := m.get(name)
	notValue, isNegated := m.get(negated)
	if ok == isNegated {
		return nil, false, fmt.Errorf(": exactly one of %s and %s is needed", name, negated)
	}
	if isNegated {
		name, value = negated, notValue
	}
	texts, err := list(value, false)
	if err != nil {
		return nil, false, fmt.Errorf(".%s: %w", name, err)
	}
	return texts, isNegated, nil
}

// list reads a text or a list of texts; booleans count as texts in conditions.
func list(value any, booleans bool) ([]string, error) {
	elements, ok := value.([]any)
	if !ok {
		elements = []any{value}
	}
	var texts []string
	for _, e := range elements {
		switch v := e.(type) {
		case string:
			texts = append(texts, v)
			continue
		case bool:
			if booleans {
				texts = append(texts, fmt.Sprint(v))
				continue
			}
		}
		return nil, fmt.Errorf("must be a string or a list of strings")
	}
	if len(texts) == 0 {
		return nil, fmt.Errorf("the list is empty")
	}
	return texts, nil
}

var actionForm = regexp.MustCompile(`^[A-Za-z0-9*?-]+:[A-Za-z0-9*?]+$`)

func checkAction(s string) error {
	if s != "*" && !actionForm.MatchString(s) {
		return fmt.Errorf("%q is no action such as firehose:PutRecord", s)
	}
	return nil
}

func checkARN(s string) error {
	if s == "*" {
		return nil
	}
	if err := noVariables(s); err != nil {
		return err
	}
	if parts := strings.SplitN(s, ":", arnParts); len(parts) != arnParts || parts[0] != "arn" || parts[2] == "" {
		return fmt.Errorf("%q must be in ARN format or \"*\"", s)
	}
	return nil
}

func checkBool(s string) error {
	if !strings.EqualFold(s, "true") && !strings.EqualFold(s, "false") {
		return fmt.Errorf("%q must be true or false", s)
	}
	return nil
}

func checkPrefix(s string) error {
	if _, err := parsePrefix(s); err != nil {
		return fmt.Errorf("%q is no address or range: %w", s, err)
	}
	return nil
}

func checkValue(op operator, s string) error {
	if err := noVariables(s); err != nil {
		return err
	}
	if op.check == nil {
		return nil
	}
	return op.check(s)
}

// noVariables refuses ${aws:username} and its kin, which would be compared as
// plain text.
func noVariables(s string) error {
	if strings.Contains(s, "${") {
		return fmt.Errorf("%q: policy variables are not supported", s)
	}
	return nil
}
