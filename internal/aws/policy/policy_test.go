package policy

import (
	"os"
	"strings"
	"testing"
)

var vocabulary = Vocabulary{
	Keys:     []string{"aws:PrincipalArn", "aws:PrincipalAccount", "aws:SourceIp", "aws:SecureTransport", "aws:Tag", "aws:Other"},
	Services: []string{"firehose", "s3", "es", "iam"},
}

func (d Decision) String() string { return [...]string{"deny", "allow", "refuse"}[d] }

// decisions calls f for each request of testdata/decisions.txt.
func decisions(t testing.TB, f func(policies []string, r Request, want string)) {
	text, err := os.ReadFile("testdata/decisions.txt")
	if err != nil {
		t.Fatal(err)
	}
	for block := range strings.SplitSeq(string(text), "\n====\n") {
		head, requests, _ := strings.Cut(block, "\n----\n")
		policies := strings.Split(withoutComments(head), "\n++++\n")
		for line := range strings.SplitSeq(strings.TrimSpace(requests), "\n") {
			fields := strings.Fields(line)
			r := Request{Action: fields[0], Resource: fields[1], Keys: map[string]string{}}
			for _, pair := range fields[2 : len(fields)-1] {
				key, value, _ := strings.Cut(pair, "=")
				r.Keys[key] = value
			}
			f(policies, r, fields[len(fields)-1])
		}
	}
}

func withoutComments(s string) string {
	var kept []string
	for line := range strings.SplitSeq(s, "\n") {
		if !strings.HasPrefix(line, "#") {
			kept = append(kept, line)
		}
	}
	return strings.TrimSpace(strings.Join(kept, "\n"))
}

func parseAll(t testing.TB, policies []string) []*Document {
	var documents []*Document
	for _, text := range policies {
		d, err := Parse([]byte(text), vocabulary)
		if err != nil {
			t.Fatalf("%s: %v", text, err)
		}
		documents = append(documents, d)
	}
	return documents
}

func TestDecisions(t *testing.T) {
	n := 0
	decisions(t, func(policies []string, r Request, want string) {
		n++
		if got, _ := Evaluate(parseAll(t, policies), r); got.String() != want {
			t.Errorf("%s\n%+v: %v, want %s", strings.Join(policies, "\n"), r, got, want)
		}
	})
	if n < 100 {
		t.Errorf("%d cases", n)
	}
}

func TestDenyNamesItsStatement(t *testing.T) {
	documents := parseAll(t, []string{`{"Statement": {"Sid": "Keep", "Effect": "Deny", "Action": "*", "Resource": "*"}}`})
	if _, sid := Evaluate(documents, Request{Action: "s3:GetObject", Resource: "*"}); sid != "Keep" {
		t.Error(sid)
	}
}

func TestRefusals(t *testing.T) {
	text, err := os.ReadFile("testdata/refusals.txt")
	if err != nil {
		t.Fatal(err)
	}
	for block := range strings.SplitSeq(withoutComments(string(text)), "\n\n") {
		policy, want, ok := strings.Cut(block, "\n")
		if !ok {
			policy, want = "", policy
		}
		if _, err := Parse([]byte(policy), vocabulary); err == nil || err.Error() != want {
			t.Errorf("%s\ngot  %v\nwant %s", policy, err, want)
		}
	}
	if _, err := Parse([]byte(strings.Repeat(" ", maxBytes+1)), vocabulary); err == nil {
		t.Error("took a long one")
	}
	if _, err := Parse([]byte("\xff"), vocabulary); err == nil {
		t.Error("took what is no text")
	}
}

func TestTrust(t *testing.T) {
	for policy, want := range map[string]string{
		`{"Statement": {"Effect": "Allow", "Principal": {"Service": "firehose.amazonaws.com"}, "Action": "sts:AssumeRole"}}`:                                                 "",
		`{"Statement": [{"Sid": "", "Effect": "Allow", "Principal": {"Service": "a"}, "Action": "sts:AssumeRole", "Condition": {"StringEquals": {"sts:ExternalId": "1"}}}]}`: "",
		`{"Statement": {"Effect": "Allow", "Action": "sts:AssumeRole"}}`:                                                                                                     "Statement[0]: Principal is missing",
		`{"Statement": {"Effect": "Allow", "Principal": "*"}}`:                                                                                                               "Statement[0]: Action is missing",
		`{"Statement": {"Effect": "Maybe", "Principal": "*", "Action": "*"}}`:                                                                                                "Statement[0].Effect: must be Allow or Deny",
		`{"Statement": {"Effect": "Allow", "Principal": "*", "Action": "*", "Resource": "*"}}`:                                                                               "Statement[0].Resource: not an element of a trust policy",
		`{"Statement": {"Effect": "Allow", "Principal": "*", "Action": "*"}, "Statement": {"Effect": 1}}`:                                                                    `the policy is no JSON at byte 79: "Statement" is given twice`,
	} {
		err := CheckTrust([]byte(policy))
		if want == "" && err != nil || want != "" && (err == nil || err.Error() != want) {
			t.Errorf("%s: %v, want %s", policy, err, want)
		}
	}
}
