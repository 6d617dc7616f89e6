// Package corpus makes the records that benchmarks work on: access log lines
// of many hosts, pages and agents, unlike enough that neither caches nor
// compression see a dream. The same seed gives the same corpus.
package corpus

import (
	"fmt"
	"math/rand/v2"

	"github.com/millrace/millrace/internal/logformat"
)

// Options of New.
type Options struct {
	Records int
	Hosts   int // distinct hosts, all equally busy; 20 000 if 0
	Seed    uint64
}

// Corpus is the same records as log lines and as the JSON of LOGTOJSON.
type Corpus struct {
	Lines   [][]byte // without line end, 180 bytes on average
	Records [][]byte // JSON and a line end, as the agent sends them, 250 bytes on average
	Status  []int    // of each record
}

var (
	statuses = []int{200, 200, 200, 200, 200, 200, 200, 200, 301, 304, 304, 404, 403, 500}
	agents   = []string{
		"Mozilla/5.0 (X11; Linux x86_64; rv:142.0) Gecko/20100101 Firefox/142.0",
		"Mozilla/5.0 (iPhone; CPU iPhone OS 18_6 like Mac OS X)",
		"Mozilla/5.0 (Windows NT 10.0; Win64; x64) Chrome/141.0",
		"curl/8.15.0",
		`Mozilla/5.0 (compatible; \"quoted\")`,
	}
	methods = []string{"GET", "GET", "GET", "GET", "POST"}
)

// New makes a corpus.
func New(o Options) (*Corpus, error) {
	if o.Hosts == 0 {
		o.Hosts = 20_000
	}
	format, err := logformat.New(logformat.Spec{LogFormat: logformat.CombinedApacheLog})
	if err != nil {
		return nil, err
	}
	random := rand.New(rand.NewPCG(o.Seed, 1))
	pages := rand.NewZipf(random, 1.2, 8, 9_999)
	c := &Corpus{Lines: make([][]byte, o.Records), Records: make([][]byte, o.Records), Status: make([]int, o.Records)}
	for i := range o.Records {
		host, agent := random.IntN(o.Hosts), agents[random.IntN(4)]
		if random.IntN(200) == 0 {
			agent = agents[4] // escapes
		}
		c.Status[i] = statuses[random.IntN(len(statuses))]
		c.Lines[i] = fmt.Appendf(nil, `10.%d.%d.%d - - [22/Nov/2026:18:%02d:%02d +0000] "%s /catalogue/%d?session=%08x HTTP/1.1" %d %d "-" "%s"`,
			host>>16, host>>8&255, host&255, i/60%60, i%60, methods[random.IntN(len(methods))], pages.Uint64(), random.Uint32(), c.Status[i], random.IntN(100_000), agent)
		line, mismatch := format.Append(nil, c.Lines[i])
		if mismatch != nil {
			return nil, fmt.Errorf("convert line %q: %w", c.Lines[i], mismatch)
		}
		c.Records[i] = append(line, '\n')
	}
	return c, nil
}
