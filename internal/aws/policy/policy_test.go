package policy

import (
	"flag"
	"os"
	"strings"
	"testing"
)

var rewrite = flag.Bool("rewrite", false, "write the refusals as they are into testdata")

var vocabulary = Vocabulary{
	Keys:     []string{"aws:PrincipalArn", "aws:PrincipalAccount", "aws:SourceIp", "aws:SecureTransport", "aws:Tag", "aws:Other"},
	Services: []string{"firehose", "s3", "es", "iam"},
}

var trustVocabulary = Vocabulary{
	Keys:     []string{"sts:ExternalId", "aws:SourceAccount", "aws:SourceArn"},
	Services: []string{"firehose.amazonaws.com", "kinesisanalytics.amazonaws.com"},
}

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

func parseAll(t testing.TB, policies []string) []*Policy {
	var parsed []*Policy
	for _, text := range policies {
		d, err := Parse(text, vocabulary)
		if err != nil {
			t.Fatalf("%s: %v", text, err)
		}
		parsed = append(parsed, d)
	}
	return parsed
}

func TestDecisions(t *testing.T) {
	n := 0
	decisions(t, func(policies []string, r Request, want string) {
		n++
		if got := Decide(parseAll(t, policies), r); got.Effect.String() != want {
			t.Errorf("%s\n%+v: %v, want %s", strings.Join(policies, "\n"), r, got, want)
		}
	})
	if n < 300 {
		t.Errorf("%d cases", n)
	}
}

// What decided is named by its Sid, or its number.
func TestDecisionNamesItsSource(t *testing.T) {
	policies := parseAll(t, []string{
		`{"Statement": {"Effect": "Allow", "Action": "s3:*", "Resource": "*"}}`,
		`{"Statement": [{"Effect": "Deny", "Action": "es:*", "Resource": "*"}, {"Effect": "Deny", "Action": "s3:Put*", "Resource": "*"},
			{"Sid": "Keep", "Effect": "Deny", "Action": "s3:Delete*", "Resource": "*"}]}`,
	})
	for action, want := range map[string]Decision{
		"s3:GetObject":       {Allow, 0, "1"},
		"s3:PutObject":       {Deny, 1, "2"},
		"s3:DeleteObject":    {Deny, 1, "Keep"},
		"firehose:PutRecord": {},
	} {
		if got := Decide(policies, Request{Action: action, Resource: "*"}); got != want {
			t.Errorf("%s: %+v, want %+v", action, got, want)
		}
	}
}

// Each block of a file of refusals is a document, "----" and why it is not
// taken.
func refusals(t *testing.T, file string, parse func(text string) error) {
	source, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	blocks := strings.Split(strings.TrimSuffix(string(source), "\n"), "\n====\n")
	for i, block := range blocks {
		text, want, _ := strings.Cut(block, "\n----\n")
		got := "taken"
		if err := parse(text); err != nil {
			got = err.Error()
		}
		if got != want {
			t.Errorf("%s\ngot  %s\nwant %s", text, got, want)
		}
		blocks[i] = text + "\n----\n" + got
	}
	if *rewrite {
		if err := os.WriteFile(file, []byte(strings.Join(blocks, "\n====\n")+"\n"), 0o644); err != nil {
			t.Fatal(err)
		}
	}
}

func TestRefusals(t *testing.T) {
	refusals(t, "testdata/refusals.txt", func(text string) error { _, err := Parse(text, vocabulary); return err })
	if _, err := Parse("{\"Id\": \"\xff\"}", vocabulary); err == nil || err.Error() != "This policy contains invalid Json (the text is not UTF-8)" {
		t.Errorf("what is no text: %v", err)
	}
}

func TestTrust(t *testing.T) {
	refusals(t, "testdata/trust.txt", func(text string) error { _, err := ParseTrust(text, trustVocabulary); return err })
}
