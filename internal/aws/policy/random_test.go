package policy

import (
	"encoding/json"
	"testing"

	"pgregory.net/rapid"
)

// Documents and requests over few letters, so that patterns and requests meet
// often, are decided alike by both evaluators.
func TestRandomDocumentsAgreeWithNaive(t *testing.T) {
	actions := rapid.SampledFrom([]string{"*", "s3:*", "s3:GetObject", "S3:get*", "s?:*Object", "*:*", "es:*", "s3:????bject", "kms:Decrypt"})
	resources := rapid.SampledFrom([]string{"*", "arn:aws:s3:::b", "arn:aws:s3:::b/*", "arn:aws:s3:::*/k", "arn:*:s3:::b/?", "arn:aws:s3:*:*:*b*", "arn:aws:s3:::b/${*}", "arn:aws:*:::b/a*a*a*b"})
	values := map[string]*rapid.Generator[string]{
		"StringEquals": rapid.SampledFrom([]string{"a", "A", "a*", "${*}", ""}), "StringLike": rapid.SampledFrom([]string{"a", "a*", "*a", "?", "${?}", "*"}),
		"StringEqualsIgnoreCase": rapid.SampledFrom([]string{"a", "A", "ab"}),
		"ArnLike":                rapid.SampledFrom([]string{"*", "arn:aws:s3:::b", "arn:aws:s3:::*"}), "ArnEquals": rapid.SampledFrom([]string{"arn:aws:s3:::b", "arn:*:*:*:*:*"}),
		"Bool": rapid.SampledFrom([]string{"true", "false", "TRUE"}), "IpAddress": rapid.SampledFrom([]string{"10.0.0.0/8", "10.0.0.1", "::1", "0.0.0.0/0"}),
		"Null": rapid.SampledFrom([]string{"true", "false"}),
	}
	negated := map[string]string{"StringEquals": "StringNotEquals", "StringLike": "StringNotLike", "StringEqualsIgnoreCase": "StringNotEqualsIgnoreCase",
		"ArnLike": "ArnNotLike", "ArnEquals": "ArnNotEquals", "IpAddress": "NotIpAddress"}
	operators := rapid.SampledFrom([]string{"StringEquals", "StringLike", "StringEqualsIgnoreCase", "ArnLike", "ArnEquals", "Bool", "IpAddress", "Null"})
	keys := rapid.SampledFrom([]string{"aws:Tag", "aws:Other", "aws:SourceIp"})

	statement := rapid.Custom(func(t *rapid.T) map[string]any {
		s := map[string]any{"Effect": rapid.SampledFrom([]string{"Allow", "Allow", "Deny"}).Draw(t, "effect")}
		s[rapid.SampledFrom([]string{"Action", "Action", "NotAction"}).Draw(t, "action")] = rapid.SliceOfN(actions, 1, 3).Draw(t, "actions")
		s[rapid.SampledFrom([]string{"Resource", "Resource", "NotResource"}).Draw(t, "resource")] = rapid.SliceOfN(resources, 1, 3).Draw(t, "resources")
		conditions := map[string]map[string]any{}
		for range rapid.IntRange(0, 2).Draw(t, "conditions") {
			operator := operators.Draw(t, "operator")
			wanted := rapid.SliceOfN(values[operator], 1, 2).Draw(t, "values")
			if n := negated[operator]; n != "" && rapid.Bool().Draw(t, "negated") {
				operator = n
			}
			if operator != "Null" && rapid.Bool().Draw(t, "if exists") {
				operator += "IfExists"
			}
			conditions[operator] = map[string]any{keys.Draw(t, "key"): wanted}
		}
		if len(conditions) > 0 {
			s["Condition"] = conditions
		}
		return s
	})

	decided := map[Effect]int{}
	rapid.Check(t, func(t *rapid.T) {
		var policies []*Policy
		var texts []string
		for range rapid.IntRange(1, 3).Draw(t, "policies") {
			text, err := json.Marshal(map[string]any{
				"Version":   rapid.SampledFrom([]string{version2008, version2012}).Draw(t, "version"),
				"Statement": rapid.SliceOfN(statement, 1, 3).Draw(t, "statements"),
			})
			if err != nil {
				t.Fatal(err)
			}
			p, err := Parse(string(text), vocabulary)
			if err != nil {
				t.Fatalf("%s: %v", text, err)
			}
			policies, texts = append(policies, p), append(texts, string(text))
		}
		r := Request{
			Action:   rapid.SampledFrom([]string{"s3:GetObject", "s3:PutObject", "es:ESHttpGet", "kms:Decrypt"}).Draw(t, "asked action"),
			Resource: rapid.SampledFrom([]string{"*", "arn:aws:s3:::b", "arn:aws:s3:::b/k", "arn:aws:s3:::b/*", "arn:aws:s3:::b/aaaaaaaab", "arn:aws:s3:::a:b"}).Draw(t, "asked resource"),
			Keys:     map[string]string{},
		}
		for _, key := range []string{"aws:tag", "aws:other", "aws:sourceip"} {
			if value := rapid.SampledFrom([]string{"", "-", "a", "A", "ab", "*", "?", "true", "10.0.0.1", "::1", "arn:aws:s3:::b"}).Draw(t, key); value != "-" {
				r.Keys[key] = value
			}
		}
		got := Decide(policies, r).Effect
		if want := naiveEvaluate(texts, r); got != want {
			t.Fatalf("%v\n%+v: %v, naively %v", texts, r, got, want)
		}
		decided[got]++
	})
	for _, effect := range []Effect{None, Allow, Deny} {
		if decided[effect] == 0 {
			t.Errorf("no request ended in %v: %v", effect, decided)
		}
	}
}
