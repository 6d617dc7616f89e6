package policy

import (
	"encoding/json"
	"net/netip"
	"regexp"
	"strings"
	"testing"
)

// The naive evaluator reads the policy with encoding/json and decides with
// regular expressions, statement by statement, in no hurry.

type naiveStatement struct {
	Effect                                   string
	Action, NotAction, Resource, NotResource any
	Condition                                map[string]map[string]any
}

func naiveEvaluate(policies []string, r Request) Decision {
	decision := ImplicitDeny
	for _, text := range policies {
		var d struct{ Statement any }
		_ = json.Unmarshal([]byte(text), &d)
		list, ok := d.Statement.([]any)
		if !ok {
			list = []any{d.Statement}
		}
		for _, element := range list {
			raw, _ := json.Marshal(element)
			var s naiveStatement
			_ = json.Unmarshal(raw, &s)
			if !naiveCovers(s, r) {
				continue
			}
			if s.Effect == "Deny" {
				return ExplicitDeny
			}
			decision = Allow
		}
	}
	return decision
}

func naiveCovers(s naiveStatement, r Request) bool {
	about := func(positive, negative any, matches func(string) bool) bool {
		if positive != nil {
			return anyOf(positive, matches)
		}
		return !anyOf(negative, matches)
	}
	action := func(p string) bool {
		return p == "*" || naiveParts(strings.ToLower(p), strings.ToLower(r.Action), 2)
	}
	resource := func(p string) bool { return p == "*" || naiveParts(p, r.Resource, 6) }
	if !about(s.Action, s.NotAction, action) || !about(s.Resource, s.NotResource, resource) {
		return false
	}
	for operator, byKey := range s.Condition {
		for key, values := range byKey {
			have, present := r.Keys[strings.ToLower(key)]
			if !naiveHolds(operator, values, have, present) {
				return false
			}
		}
	}
	return true
}

func naiveHolds(operator string, values any, have string, present bool) bool {
	operator, ifExists := strings.CutSuffix(operator, "IfExists")
	if operator == "Null" {
		return anyOf(values, func(v string) bool { return (strings.ToLower(v) == "true") == !present })
	}
	positive := strings.Replace(operator, "Not", "", 1)
	negated := positive != operator
	if !present {
		return negated || ifExists
	}
	return negated != anyOf(values, func(want string) bool {
		switch positive {
		case "StringEquals":
			return want == have
		case "StringEqualsIgnoreCase", "Bool":
			return strings.EqualFold(want, have)
		case "StringLike":
			return naiveGlob(want, have)
		case "ArnEquals", "ArnLike":
			return want == "*" || naiveParts(want, have, 6)
		case "IpAddress":
			address, err := netip.ParseAddr(have)
			if err != nil {
				return false
			}
			if !strings.Contains(want, "/") {
				single, err := netip.ParseAddr(want)
				return err == nil && single == address.Unmap()
			}
			prefix, err := netip.ParsePrefix(want)
			return err == nil && prefix.Contains(address.Unmap())
		}
		panic("BUG: operator " + operator)
	})
}

func anyOf(values any, f func(string) bool) bool {
	switch v := values.(type) {
	case string:
		return f(v)
	case bool:
		return f(map[bool]string{true: "true", false: "false"}[v])
	case []any:
		for _, e := range v {
			if anyOf(e, f) {
				return true
			}
		}
	}
	return false
}

// naiveParts matches the first n-1 parts without colons and the last with any.
func naiveParts(pattern, s string, n int) bool {
	p, q := strings.SplitN(pattern, ":", n), strings.SplitN(s, ":", n)
	if len(p) > len(q) || len(p) < len(q) && len(p) == n {
		return false
	}
	if len(p) < n { // an action without a colon, which Parse refuses
		return false
	}
	for i := range p {
		if !naiveGlob(p[i], q[i]) {
			return false
		}
	}
	return true
}

func naiveGlob(pattern, s string) bool {
	var b strings.Builder
	b.WriteString(`(?s)\A`)
	for i := range len(pattern) {
		switch pattern[i] {
		case '*':
			b.WriteString(`.*`)
		case '?':
			b.WriteString(`.`)
		default:
			b.WriteString(regexp.QuoteMeta(string(rune(pattern[i]))))
		}
	}
	// Bytes as runes, so that ? is one byte on both sides.
	wide := make([]rune, len(s))
	for i := range len(s) {
		wide[i] = rune(s[i])
	}
	return regexp.MustCompile(b.String() + `\z`).MatchString(string(wide))
}

// The two evaluators agree on the table, and on whatever the fuzzer makes of
// it.
func FuzzAgainstNaive(f *testing.F) {
	decisions(f, func(policies []string, r Request, _ string) {
		keys := ""
		for key, value := range r.Keys {
			keys += key + "=" + value + "\n"
		}
		f.Add(policies[len(policies)-1], r.Action, r.Resource, keys)
	})
	f.Fuzz(func(t *testing.T, policy, action, resource, keys string) {
		d, err := Parse([]byte(policy), vocabulary)
		if err != nil {
			return
		}
		r := Request{Action: action, Resource: resource, Keys: map[string]string{}}
		for line := range strings.SplitSeq(keys, "\n") {
			if key, value, ok := strings.Cut(line, "="); ok {
				r.Keys[strings.ToLower(key)] = value
			}
		}
		got, _ := Evaluate([]*Document{d}, r)
		if want := naiveEvaluate([]string{policy}, r); got != want {
			t.Errorf("%s\n%+v: %v, naively %v", policy, r, got, want)
		}
	})
}

func TestNaiveAgreesOnTheTable(t *testing.T) {
	decisions(t, func(policies []string, r Request, want string) {
		if got := naiveEvaluate(policies, r); got.String() != want {
			t.Errorf("%v %+v: naively %v, want %s", policies, r, got, want)
		}
	})
}
