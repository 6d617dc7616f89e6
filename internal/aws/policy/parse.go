package policy

import (
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// Parse reads an identity policy. Errors are *Error.
func Parse(text string, v Vocabulary) (*Policy, error) {
	d, err := readDocument(text)
	if err != nil {
		return nil, err
	}
	p := &Policy{}
	for _, raw := range d.statements {
		s, err := parseStatement(&raw, d.variables, v)
		if err != nil {
			return nil, err
		}
		p.statements = append(p.statements, s)
	}
	return p, nil
}

func parseStatement(raw *rawStatement, variables bool, v Vocabulary) (s statement, err error) {
	s.effect, s.label = raw.effect, raw.sid
	if s.label == "" {
		s.label = strconv.Itoa(raw.number)
	}
	for _, name := range []string{"Principal", "NotPrincipal"} {
		if _, ok := raw.get(name); ok {
			return s, &Error{Message: msgPrincipal, Detail: raw.path + "." + name}
		}
	}
	texts, negated, path, err := raw.either("Action", "NotAction", msgNoActions)
	if err != nil {
		return s, err
	}
	s.notActions = negated
	foreign := !negated
	for _, text := range texts {
		a, err := parseAction(text, path)
		if err != nil {
			return s, err
		}
		s.actions = append(s.actions, a)
		foreign = foreign && !slices.ContainsFunc(v.Services, func(service string) bool { return a.vendor.match(foldASCII(service)) })
	}
	if texts, negated, path, err = raw.either("Resource", "NotResource", msgNoResources); err != nil {
		return s, err
	}
	s.notResource = negated
	for _, text := range texts {
		p, err := parseResource(text, path, variables)
		if err != nil {
			return s, err
		}
		s.resources = append(s.resources, p)
	}
	s.conditions, err = parseConditions(raw, variables, func(key string) bool {
		return foreign || slices.ContainsFunc(v.Keys, func(known string) bool { return foldASCII(known) == key })
	})
	return s, err
}

// parseAction reads "*" or vendor:name.
func parseAction(text, path string) (a actionPattern, err error) {
	if text == "*" {
		return actionPattern{glob{anyRunes}, glob{anyRunes}}, nil
	}
	vendor, name, ok := strings.Cut(foldASCII(text), ":")
	if !ok || vendor == "" {
		return a, &Error{Message: msgVendor, Detail: path + ": " + show(text)}
	}
	if !isWord(vendor, "-*?") {
		return a, &Error{Message: fmt.Sprintf("Vendor %s is not valid", clip(vendor)), Detail: path + ": " + show(text)}
	}
	if name == "" || !isWord(name, "-*?") {
		return a, syntax(path, "%s names no action", show(text))
	}
	a.vendor, _ = compileGlob(vendor, false) // neither has variables
	a.name, _ = compileGlob(name, false)
	return a, nil
}

// isWord tells whether s has only letters, digits and the characters of more.
func isWord(s, more string) bool {
	return isAlphanumeric(strings.Map(func(r rune) rune {
		if strings.ContainsRune(more, r) {
			return -1
		}
		return r
	}, s))
}

func parseResource(text, path string, variables bool) (p arnPattern, err error) {
	if !isARN(text) {
		return p, &Error{Message: fmt.Sprintf("Resource %s must be in ARN format or \"*\".", clip(text)), Detail: path}
	}
	if p, err = compileARN(text, variables); err != nil {
		return p, syntax(path, "%s: %v", show(text), err)
	}
	return p, nil
}

func parseConditions(raw *rawStatement, variables bool, known func(key string) bool) ([]condition, error) {
	value, ok := raw.get("Condition")
	if !ok {
		return nil, nil
	}
	path := raw.path + ".Condition"
	operators, ok := value.(object)
	if !ok {
		return nil, syntax(path, "expected an object of operators")
	}
	var conditions []condition
	for _, operator := range operators {
		here := path + "." + operator.name
		keys, ok := operator.value.(object)
		if !ok || len(keys) == 0 {
			return nil, syntax(here, "expected an object of condition keys")
		}
		seen := map[string]bool{}
		for _, key := range keys {
			c, err := parseCondition(operator.name, key, here, variables)
			if err != nil {
				return nil, err
			}
			if !known(c.key) {
				return nil, syntax(here, "the condition key %s is not supported", show(key.name))
			}
			if seen[c.key] {
				return nil, syntax(here, "the condition key %s is given twice", show(key.name))
			}
			seen[c.key] = true
			conditions = append(conditions, c)
		}
	}
	return conditions, nil
}

func parseCondition(operator string, key member, path string, variables bool) (c condition, err error) {
	c.key = foldASCII(key.name)
	c.null = operator == "Null"
	name, ifExists := strings.CutSuffix(operator, "IfExists")
	c.ifExists = ifExists
	compile, negated, ok := operatorOf(name)
	if c.null {
		compile, ok = boolean, true
	}
	if !ok {
		return c, syntax(path, "the condition operator is not supported")
	}
	c.negated = negated
	values, err := conditionValues(key.value, path+"."+key.name)
	if err != nil {
		return c, err
	}
	for _, want := range values {
		t, err := compile(want, variables)
		if err != nil {
			return c, syntax(path+"."+key.name, "%v", err)
		}
		c.tests = append(c.tests, t)
	}
	return c, nil
}

// conditionValues reads one value or a list; true and 1 may stand without
// quotes.
func conditionValues(value any, path string) ([]string, error) {
	list, ok := value.([]any)
	if !ok {
		list = []any{value}
	}
	if len(list) == 0 {
		return nil, syntax(path, "the list is empty")
	}
	texts := make([]string, len(list))
	for i, v := range list {
		switch v := v.(type) {
		case string:
			texts[i] = v
		case bool, json.Number:
			texts[i] = fmt.Sprint(v)
		default:
			return nil, syntax(path, "expected a value or a list of values")
		}
	}
	return texts, nil
}

func clip(s string) string {
	if len(s) > 200 {
		return s[:200] + "…"
	}
	return s
}
