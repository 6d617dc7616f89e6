package policy

import (
	"bytes"
	"encoding/json"
	"net/netip"
	"regexp"
	"strings"
	"testing"
	"unicode/utf8"
)

// The naive evaluator reads the policy with encoding/json and decides with
// regular expressions, statement by statement, in no hurry.

type naiveStatement struct {
	Effect                                   string
	Action, NotAction, Resource, NotResource any
	Condition                                map[string]map[string]any
}

func naiveEvaluate(policies []string, r Request) Effect {
	effect := None
	for _, text := range policies {
		var d struct {
			Version   string
			Statement any
		}
		naiveDecode([]byte(text), &d)
		list, ok := d.Statement.([]any)
		if !ok {
			list = []any{d.Statement}
		}
		for _, element := range list {
			raw, _ := json.Marshal(element)
			var s naiveStatement
			naiveDecode(raw, &s)
			if d.Version == "2012-10-17" {
				s.Resource, s.NotResource = naiveEscapes(s.Resource), naiveEscapes(s.NotResource)
				for _, byKey := range s.Condition {
					for key, values := range byKey {
						byKey[key] = naiveEscapes(values)
					}
				}
			}
			if !naiveCovers(s, r) {
				continue
			}
			if s.Effect == "Deny" {
				return Deny
			}
			effect = Allow
		}
	}
	return effect
}

func naiveDecode(text []byte, v any) {
	d := json.NewDecoder(bytes.NewReader(text))
	d.UseNumber()
	_ = d.Decode(v)
}

// naiveEscapes keeps escaped characters apart from wildcards as private ones.
func naiveEscapes(values any) any {
	switch v := values.(type) {
	case string:
		return strings.NewReplacer("${*}", "\U0010FFF0", "${?}", "\U0010FFF1", "${$}", "\U0010FFF2").Replace(v)
	case []any:
		for i := range v {
			v[i] = naiveEscapes(v[i])
		}
	}
	return values
}

func naivePlain(s string) string {
	return strings.NewReplacer("\U0010FFF0", "*", "\U0010FFF1", "?", "\U0010FFF2", "$").Replace(s)
}

func naiveCovers(s naiveStatement, r Request) bool {
	about := func(positive, negative any, matches func(string) bool) bool {
		if positive != nil {
			return anyOf(positive, matches)
		}
		return !anyOf(negative, matches)
	}
	action := func(p string) bool {
		lower := func(s string) string {
			return strings.Map(func(r rune) rune {
				if 'A' <= r && r <= 'Z' {
					r += 'a' - 'A'
				}
				return r
			}, s)
		}
		return p == "*" || naiveParts(lower(p), lower(r.Action), 2)
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
			return naivePlain(want) == have
		case "StringEqualsIgnoreCase", "Bool":
			return strings.EqualFold(naivePlain(want), have)
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
	case json.Number:
		return f(string(v))
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
	for _, r := range pattern {
		switch r {
		case '*':
			b.WriteString(`.*`)
		case '?':
			b.WriteString(`.`)
		default:
			b.WriteString(regexp.QuoteMeta(naivePlain(string(r))))
		}
	}
	// What is no UTF-8 must not match a replacement character.
	var valid strings.Builder
	for i := 0; i < len(s); {
		r, size := utf8.DecodeRuneInString(s[i:])
		if r == utf8.RuneError && size == 1 {
			r = '\U0010FFF3'
		}
		valid.WriteRune(r)
		i += size
	}
	return regexp.MustCompile(b.String() + `\z`).MatchString(valid.String())
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
		p, err := Parse(policy, vocabulary)
		if err != nil || strings.ContainsFunc(policy, func(r rune) bool { return r >= '\U0010FFF0' }) {
			return
		}
		r := Request{Action: action, Resource: resource, Keys: map[string]string{}}
		for line := range strings.SplitSeq(keys, "\n") {
			if key, value, ok := strings.Cut(line, "="); ok {
				r.Keys[strings.ToLower(key)] = value
			}
		}
		got := Decide([]*Policy{p}, r).Effect
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
