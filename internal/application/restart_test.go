package application

import (
	"context"
	"encoding/hex"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"math/rand/v2"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/millrace/millrace/internal/application/applicationtest"
	"github.com/millrace/millrace/internal/application/input"
	"github.com/millrace/millrace/internal/sql/types"
)

var (
	restarts = flag.Int("restarts", 150, "random schedules that TestRestarts plays")
	seed     = flag.Uint64("seed", rand.Uint64(), "of the first of them")
)

// TestRestarts plays random schedules of records, time, stops, starts and kills
// with functions that fail at random and never answer alike twice, and holds the
// outputs to each other: every record is there once, windows are the sums of the
// rows that were let out, and the function has taken what the stream beside it
// holds.
func TestRestarts(t *testing.T) {
	const workers = 2
	for worker := range workers {
		t.Run(strconv.Itoa(worker), func(t *testing.T) {
			t.Parallel()
			for i := worker; i < *restarts && !t.Failed(); i += workers {
				playSchedule(t, *seed+uint64(i))
			}
		})
	}
}

// schedule is one of them.
type schedule struct {
	*world
	rng *rand.Rand
	ids map[int]int64 // of the records that were put: when they arrived
	// changed: a function was added or taken away, so that windows began anew.
	changed bool

	mu    sync.Mutex // of what functions share with the test
	calls int
	chaos *rand.Rand
}

func playSchedule(t *testing.T, seed uint64) {
	s := &schedule{rng: rand.New(rand.NewPCG(seed, 1)), chaos: rand.New(rand.NewPCG(seed, 2)), ids: map[int]int64{}}
	s.world = newWorld(t, &scenario{config: s.config()}, mode{snapshots: []time.Duration{1, time.Millisecond, time.Hour}[s.rng.IntN(3)]})
	ledger := s.ledgers["SUMS"]
	s.functions[applicationtest.FunctionARN("vary")] = s.vary
	s.functions[applicationtest.FunctionARN("SUMS")] = func(e applicationtest.Event) (applicationtest.Answer, error) { return s.take(ledger, e) }
	s.start(LastStoppedPoint)
	for range 4 + s.rng.IntN(12) {
		s.step()
	}
	in, _ := s.streams.Stream(s.s.config.Input.ARN)
	s.clock.Store(max(s.clock.Load(), s.disk.Extent(in).Arrival) + 20_000)
	s.settle()
	s.app.Stop(context.Background())
	if s.killer.isDead() {
		s.revive()
		s.settle()
		s.app.Stop(context.Background())
	}
	s.check(seed)
}

// config is an application with a stream of all rows, their sums in windows, and
// the sums once more for a function.
func (s *schedule) config() Config {
	c := Config{Name: "app", ARN: "arn:aws:kinesisanalytics:us-east-1:000000000000:application/app",
		Input: Input{Prefix: "S", Parallelism: 1 + s.rng.IntN(3), ARN: applicationtest.ARN("in"), Schema: input.Schema{RowPath: "$", Columns: []input.Column{
			{Name: "id", SQLType: "INTEGER", Mapping: "$.id"}, {Name: "c", SQLType: "INTEGER", Mapping: "$.c"}}}},
		Outputs: []Output{
			{Stream: "EACH", ARN: applicationtest.ARN("EACH")}, {Stream: "SUMS", ARN: applicationtest.ARN("SUMS")},
			{Stream: "SUMS", ARN: applicationtest.FunctionARN("SUMS"), Kind: ToFunction}, {Stream: types.ErrorStream, ARN: applicationtest.ARN("errors")},
		},
		Code: `CREATE STREAM "EACH" ("id" INTEGER, "c" INTEGER, "at" TIMESTAMP);
			CREATE STREAM "SUMS" ("w" TIMESTAMP, "n" BIGINT, "c" BIGINT);
			CREATE PUMP "PS" AS INSERT INTO "SUMS" SELECT STREAM STEP("EACH".ROWTIME BY INTERVAL '10' SECOND), COUNT(*), SUM("c")
			FROM "EACH" GROUP BY STEP("EACH".ROWTIME BY INTERVAL '10' SECOND);`,
	}
	if s.rng.IntN(3) > 0 {
		c.Input.Processor = &Function{ARN: applicationtest.FunctionARN("vary")}
	}
	for i, name := range c.Input.Streams() {
		c.Code += fmt.Sprintf("CREATE PUMP \"P%d\" AS INSERT INTO \"EACH\" SELECT STREAM \"id\", \"c\", APPROXIMATE_ARRIVAL_TIME FROM %q;\n", i, name)
	}
	return c
}

func (s *schedule) step() {
	if s.killer.isDead() {
		s.revive()
	}
	switch n := s.rng.IntN(12); {
	case n < 5:
		s.put()
	case n < 7:
		s.clock.Add(int64(s.rng.IntN(9000)))
	case n < 8:
		if s.rng.IntN(3) == 0 {
			s.change()
		}
		s.do("restart")
	case n < 9:
		if s.rng.IntN(5) == 0 {
			s.change()
		}
		s.do("kill")
		if s.rng.IntN(3) == 0 {
			s.clock.Add(-int64(s.rng.IntN(5000))) // the next process's clock may be behind
		}
	case n < 11:
		k := s.killer
		k.mu.Lock()
		k.mode.killAt, k.mode.late = k.count+1+int64(s.rng.IntN(5)), s.rng.IntN(2) == 0
		k.mu.Unlock()
	default:
		s.settle()
	}
}

// change adds the function before the schema, or takes it away.
func (s *schedule) change() {
	s.changed = true
	if in := &s.s.config.Input; in.Processor == nil {
		in.Processor = &Function{ARN: applicationtest.FunctionARN("vary")}
	} else {
		in.Processor = nil
	}
}

func (s *schedule) put() {
	var records []string
	for range 1 + s.rng.IntN(4) {
		id := len(s.ids) + 1
		s.ids[id] = 0
		records = append(records, fmt.Sprintf(`{"id":%d,"c":%d}`, id, 3*id))
	}
	arn := s.s.config.Input.ARN
	s.streams.Put(s.t, s.disk, arn, records...)
	in, _ := s.streams.Stream(arn)
	for i := range records {
		s.ids[len(s.ids)-i] = s.disk.Extent(in).Arrival
	}
}

var errChaos = errors.New("chaos")

// vary is the function before the schema: it answers otherwise each time.
func (s *schedule) vary(e applicationtest.Event) (a applicationtest.Answer, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.chaos.IntN(5) == 0 {
		return a, errChaos
	}
	for _, r := range e.Records {
		s.calls++
		id := idOf(r.Data)
		out := applicationtest.AnswerRecord{RecordID: r.RecordID, Result: resultOk, Data: fmt.Appendf(nil, `{"id":%d,"c":%d}`, id, s.calls)}
		switch {
		case id%7 == 0:
			out.Result = resultDropped
		case id%11 == 0:
			out.Result = resultProcessingFailed
		}
		a.Records = append(a.Records, out)
	}
	if s.chaos.IntN(8) == 0 {
		a.Records = a.Records[1:]
	}
	return a, nil
}

// take is the function as an output: it takes some, and may fail afterwards.
func (s *schedule) take(l *applicationtest.Ledger, e applicationtest.Event) (a applicationtest.Answer, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, r := range e.Records {
		out := applicationtest.AnswerRecord{RecordID: r.RecordID, Result: resultOk}
		if s.chaos.IntN(4) == 0 {
			out.Result = resultDeliveryFailed
		} else {
			l.Take(s.t, r.RecordID, r.Data)
		}
		a.Records = append(a.Records, out)
	}
	if s.chaos.IntN(6) == 0 {
		return a, errChaos
	}
	return a, nil
}

func idOf(data []byte) int {
	var row struct{ ID int }
	_ = json.Unmarshal(data, &row) // 0 is no id
	return row.ID
}

type sum struct {
	W    string `json:"w"`
	N, C int
}

// check holds the outputs to what was put and to each other.
func (s *schedule) check(seed uint64) {
	fail := func(format string, args ...any) {
		s.t.Errorf("schedule -restarts 1 -seed %d: %s", seed, fmt.Sprintf(format, args...))
	}
	outputs := s.s.config.Outputs
	sums := map[string]*sum{}
	for _, text := range s.records(outputs[0]) {
		var row struct {
			ID, C int
			At    string
		}
		if err := json.Unmarshal([]byte(text), &row); err != nil {
			fail("%v", err)
		}
		at, _ := types.ParseTimestamp(row.At)
		if put, ok := s.ids[row.ID]; !ok || put != at {
			fail("row %s came again or was never put (arrived %d)", text, put)
		}
		delete(s.ids, row.ID)
		w := string(types.AppendTimestamp(nil, at-at%10_000))
		if sums[w] == nil {
			sums[w] = &sum{W: w}
		}
		sums[w].N, sums[w].C = sums[w].N+1, sums[w].C+row.C
	}
	for _, text := range s.records(outputs[3]) {
		var row struct {
			Name string `json:"ERROR_NAME"`
			Data string `json:"DATA_ROW"`
		}
		if err := json.Unmarshal([]byte(text), &row); err != nil {
			fail("%v", err)
		}
		data, _ := hex.DecodeString(row.Data)
		id := idOf(data)
		if _, ok := s.ids[id]; !ok || id%11 != 0 || row.Name != errorProcessingFailed {
			fail("error row %s", text)
		}
		delete(s.ids, id)
	}
	for id := range s.ids {
		if id%7 != 0 || s.s.config.Input.Processor == nil && !s.changed {
			fail("record %d is lost", id)
		}
	}
	let := s.records(outputs[1])
	for _, text := range let {
		var row sum
		if err := json.Unmarshal([]byte(text), &row); err != nil {
			fail("%v", err)
		}
		if want := sums[row.W]; !s.changed && (want == nil || *want != row) {
			fail("window %s, want %+v", text, want)
		}
		delete(sums, row.W)
	}
	if len(sums) > 0 && !s.changed {
		fail("windows %v are missing", sums)
	}
	taken := s.records(outputs[2])
	slices.Sort(let)
	slices.Sort(taken)
	if !slices.Equal(let, taken) {
		fail("the function took\n%s\nand the stream\n%s", strings.Join(taken, "\n"), strings.Join(let, "\n"))
	}
}
