package bench

import (
	"encoding/json"
	"testing"

	"github.com/millrace/millrace/bench/corpus"
	"github.com/millrace/millrace/internal/application/input/jsonscan"
)

// BenchmarkScan reads some of a record's nine members: one and three, as an
// application's pumps need them, beside encoding/json with a struct of three.
func BenchmarkScan(b *testing.B) {
	c := newCorpus(b, corpus.Options{Records: 512})
	var data []byte
	ends := make([]int, len(c.Records))
	for i, r := range c.Records {
		data = append(data, r...)
		ends[i] = len(data)
	}
	scan := func(paths ...jsonscan.Path) func() {
		s, values := jsonscan.New(paths), make([]jsonscan.Value, len(paths))
		return func() {
			start := 0
			for _, end := range ends {
				if _, err := s.Scan(data, start, end, values); err != nil {
					b.Fatal(err)
				}
				start = end
			}
			s.Reset()
		}
	}
	compare(b, "record",
		candidate{name: "host+datetime+response", units: len(ends), run: scan(jsonscan.Path{"host"}, jsonscan.Path{"datetime"}, jsonscan.Path{"response"})},
		candidate{name: "response", units: len(ends), run: scan(jsonscan.Path{"response"})},
		candidate{name: "plain", units: len(ends), run: func() {
			for _, r := range c.Records {
				var row struct{ Host, Datetime, Response string }
				if err := json.Unmarshal(r, &row); err != nil {
					b.Fatal(err)
				}
			}
		}},
	)
}
