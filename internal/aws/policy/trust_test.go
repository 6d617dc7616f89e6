package policy

import (
	"os"
	"strings"
	"testing"
)

// Each block of testdata/assume.txt is a trust policy, "----" and who asks:
// service [key=value …] decision.
func TestAssume(t *testing.T) {
	text, err := os.ReadFile("testdata/assume.txt")
	if err != nil {
		t.Fatal(err)
	}
	n := 0
	for block := range strings.SplitSeq(string(text), "\n====\n") {
		head, requests, _ := strings.Cut(block, "\n----\n")
		trust, err := ParseTrust(withoutComments(head), trustVocabulary)
		if err != nil {
			t.Fatalf("%s: %v", head, err)
		}
		for line := range strings.SplitSeq(strings.TrimSpace(requests), "\n") {
			fields := strings.Fields(line)
			keys := map[string]string{}
			for _, pair := range fields[1 : len(fields)-1] {
				key, value, _ := strings.Cut(pair, "=")
				keys[key] = value
			}
			n++
			if got := trust.Decide(fields[0], keys); got.Effect.String() != fields[len(fields)-1] {
				t.Errorf("%s\n%s: got %v", head, line, got)
			}
		}
	}
	if n < 30 {
		t.Errorf("%d cases", n)
	}
}
