package bench

import (
	"encoding/json"
	"regexp"
	"testing"

	"github.com/millrace/millrace/bench/corpus"
	"github.com/millrace/millrace/internal/logformat"
)

// combinedPattern is how a program without a log parser reads the combined format.
var (
	combinedPattern = regexp.MustCompile(`^(\S+) (\S+) (\S+) \[([^\]]*)\] "((?:[^"\\]|\\.)*)" (\d{3}) (\d+|-) "((?:[^"\\]|\\.)*)" "((?:[^"\\]|\\.)*)"$`)
	combinedFields  = []string{"host", "ident", "authuser", "datetime", "request", "response", "bytes", "referer", "agent"}
)

// BenchmarkLineToJSON is the agent's conversion: a line of the combined format
// to a JSON object, beside regexp, map and encoding/json.
func BenchmarkLineToJSON(b *testing.B) {
	c := newCorpus(b, corpus.Options{Records: 512})
	format, err := logformat.New(logformat.Spec{LogFormat: logformat.CombinedApacheLog})
	if err != nil {
		b.Fatal(err)
	}
	bytes := 0
	for _, line := range c.Lines {
		bytes += len(line) + 1
	}
	out := make([]byte, 0, 4096)
	compare(b, "line",
		candidate{name: "millrace", units: len(c.Lines), bytes: bytes, run: func() {
			for _, line := range c.Lines {
				var mismatch *logformat.Mismatch
				if out, mismatch = format.Append(out[:0], line); mismatch != nil {
					b.Fatal(mismatch)
				}
			}
		}},
		candidate{name: "plain", units: len(c.Lines), bytes: bytes, run: func() {
			for _, line := range c.Lines {
				groups := combinedPattern.FindSubmatch(line)
				if groups == nil {
					b.Fatalf("no match: %s", line)
				}
				fields := make(map[string]any, len(combinedFields))
				for i, name := range combinedFields {
					fields[name] = string(groups[i+1])
				}
				if _, err := json.Marshal(fields); err != nil {
					b.Fatal(err)
				}
			}
		}},
	)
}

func newCorpus(b *testing.B, o corpus.Options) *corpus.Corpus {
	b.Helper()
	c, err := corpus.New(o)
	if err != nil {
		b.Fatal(err)
	}
	return c
}
