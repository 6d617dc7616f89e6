package application

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"os"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/cockroachdb/pebble/v2/vfs"

	"github.com/millrace/millrace/internal/application/applicationtest"
	"github.com/millrace/millrace/internal/application/input"
	"github.com/millrace/millrace/internal/application/output"
	"github.com/millrace/millrace/internal/journal"
	"github.com/millrace/millrace/internal/journal/memory"
	"github.com/millrace/millrace/internal/journal/pebble"
	"github.com/millrace/millrace/internal/sql/types"
)

// scenario is a file of testdata/scenarios: an application, what happens to it
// and what its outputs hold at the end.
//
//	column "k" VARCHAR(8) $.k       a column of the input
//	csv , \n                        the input is CSV, with these delimiters
//	parallelism 2                   in-application streams of the input
//	processor clean                 a function of functions_test.go before the schema
//	output OUT                      an output of that in-application stream
//	csvoutput OUT                   the same, as CSV
//	function OUT                    an output to a function, which takes all
//	code … end                      the SQL
//	put 00:00:01 {…} | {…}          one frame that arrives then
//	clock 00:00:10                  time passes
//	restart, kill, start NOW        end the application, and start it again
//	----
//	OUT {…}                         records of the output's delivery stream, or that its function took
type scenario struct {
	config     Config
	directives []string
	want       string
}

func readScenario(t *testing.T, path string) *scenario {
	file, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	head, want, ok := strings.Cut(string(file), "\n----\n")
	if !ok {
		t.Fatalf("%s: no line of dashes", path)
	}
	s := &scenario{want: strings.TrimSpace(want), config: Config{Name: "app", ARN: "arn:aws:kinesisanalytics:us-east-1:000000000000:application/app", Input: Input{
		Prefix: "SOURCE_SQL_STREAM", ARN: applicationtest.ARN("in"), RoleARN: "arn:aws:iam::000000000000:role/app", Schema: input.Schema{RowPath: "$"},
	}}}
	code := false
	for line := range strings.Lines(head) {
		word, rest, _ := strings.Cut(strings.TrimSpace(line), " ")
		switch {
		case code && word == "end":
			code = false
		case code:
			s.config.Code += line
		case word == "code":
			code = true
		case word == "" || word[0] == '#':
		case word == "column":
			name, rest, _ := strings.Cut(rest, " ")
			sqlType, mapping, _ := strings.Cut(rest, " ")
			s.config.Input.Schema.Columns = append(s.config.Input.Schema.Columns, input.Column{Name: strings.Trim(name, `"`), SQLType: sqlType, Mapping: mapping})
		case word == "csv":
			in := &s.config.Input.Schema
			in.Format = input.CSV
			in.ColumnDelimiter, in.RowDelimiter, _ = strings.Cut(strings.ReplaceAll(rest, `\n`, "\n"), " ")
		case word == "parallelism":
			s.config.Input.Parallelism, _ = strconv.Atoi(rest)
		case word == "processor":
			s.config.Input.Processor = &Function{applicationtest.FunctionARN(rest), s.config.Input.RoleARN}
		case word == "output":
			s.config.Outputs = append(s.config.Outputs, Output{Stream: rest, ARN: applicationtest.ARN(rest), RoleARN: s.config.Input.RoleARN})
		case word == "csvoutput":
			s.config.Outputs = append(s.config.Outputs, Output{Stream: rest, ARN: applicationtest.ARN(rest), RoleARN: s.config.Input.RoleARN, Format: output.CSV})
		case word == "function":
			s.config.Outputs = append(s.config.Outputs, Output{Stream: rest, ARN: applicationtest.FunctionARN(rest), RoleARN: s.config.Input.RoleARN, Kind: ToFunction})
		default:
			s.directives = append(s.directives, strings.TrimSpace(line))
		}
	}
	return s
}

// mode is how a scenario is run.
type mode struct {
	snapshots time.Duration
	killAt    int64 // the application's Begin that fails, counted from 1; 0 is none
	late      bool  // it fails after it took effect
	backlog   int64 // that a function may leave; 0 is as usual
	pebble    bool  // on the journal that servers have
}

// world is a journal with its clock, delivery streams and one application.
type world struct {
	t         *testing.T
	s         *scenario
	mode      mode
	clock     atomic.Int64
	disk      journal.Journal
	reborn    func() journal.Journal // what the next process finds of disk
	killer    *killer
	streams   *applicationtest.Streams
	functions applicationtest.Functions
	ledgers   map[string]*applicationtest.Ledger // by the output's in-application stream
	objects   *applicationtest.Objects
	app       *Application
	fired     bool // the mode's kill
}

// newWorld makes what surrounds the application, with the ledgers of its
// functions and the functions of the file for its input.
func newWorld(t *testing.T, s *scenario, m mode) *world {
	w := &world{t: t, s: s, mode: m, functions: processors(), ledgers: map[string]*applicationtest.Ledger{}, objects: &applicationtest.Objects{}}
	w.clock.Store(at(t, "00:00:00"))
	w.disk = memory.New(memory.Options{Now: w.clock.Load})
	w.reborn = func() journal.Journal { return w.disk.(*memory.Journal).Reopen() }
	if m.pebble {
		w.reborn = onPebble(t, w.clock.Load)
		w.disk = w.reborn()
	}
	arns := []string{s.config.Input.ARN}
	for _, o := range s.config.Outputs {
		if o.Kind == ToFunction {
			ledger := &applicationtest.Ledger{}
			w.ledgers[o.Stream], w.functions[o.ARN] = ledger, takes(t, ledger)
		} else {
			arns = append(arns, o.ARN)
		}
	}
	w.streams = applicationtest.NewStreams(arns...)
	w.killer = &killer{Journal: w.disk, mode: m}
	return w
}

// killer is a journal that stops working at a given Begin, as if the process
// had been killed there.
type killer struct {
	journal.Journal
	mu    sync.Mutex
	count int64
	mode  mode
	dead  bool
	fired bool // by its mode
}

func (k *killer) Begin(b *journal.Batch) (journal.Commit, error) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.count++; k.count == k.mode.killAt {
		k.dead, k.fired = true, true
		if k.mode.late {
			if c, err := k.Journal.Begin(b); err == nil {
				_ = c.Wait()
			}
		}
	}
	if k.dead {
		return nil, journal.ErrClosed
	}
	return k.Journal.Begin(b)
}

func (k *killer) isDead() bool {
	k.mu.Lock()
	defer k.mu.Unlock()
	return k.dead
}

// run plays the scenario and returns the outputs, and whether the kill fired.
func (s *scenario) run(t *testing.T, m mode) (got string, killed bool) {
	w := newWorld(t, s, m)
	w.start(LastStoppedPoint)
	for _, d := range s.directives {
		w.do(d)
		w.settle()
	}
	w.app.Stop(context.Background())
	if w.killer.isDead() { // in the last moments
		w.revive()
		w.settle()
		w.app.Stop(context.Background())
	}
	var out strings.Builder
	for _, o := range s.config.Outputs {
		for _, r := range w.records(o) {
			fmt.Fprintf(&out, "%s %s\n", o.Stream, strings.TrimSuffix(r, "\n"))
		}
	}
	return strings.TrimSpace(out.String()), w.fired
}

// records are what an output holds: a function's in the order of their ids.
func (w *world) records(o Output) (records []string) {
	if o.Kind != ToFunction {
		return w.streams.Records(w.t, w.disk, o.ARN)
	}
	byID, _ := w.ledgers[o.Stream].Records()
	for _, id := range slices.Sorted(maps.Keys(byID)) {
		records = append(records, byID[id])
	}
	return records
}

func at(t *testing.T, clock string) int64 {
	ms, ok := types.ParseTimestamp("2020-01-01 " + clock)
	if !ok {
		t.Fatalf("%q is no time", clock)
	}
	return ms
}

func (w *world) do(directive string) {
	word, rest, _ := strings.Cut(directive, " ")
	switch directive {
	case "restart":
		w.app.Stop(context.Background())
		w.start(LastStoppedPoint)
		return
	case "kill":
		w.killer.mu.Lock()
		w.killer.dead = true
		w.killer.mu.Unlock()
		w.revive()
		return
	case "start NOW":
		w.app.Stop(context.Background())
		w.start(Now)
		return
	}
	clock, records, _ := strings.Cut(rest, " ")
	w.clock.Store(at(w.t, clock))
	switch word {
	case "put":
		w.streams.Put(w.t, w.disk, w.s.config.Input.ARN, strings.Split(records, " | ")...)
	case "clock":
	default:
		w.t.Fatalf("unknown directive %q", directive)
	}
}

func (w *world) start(from Position) {
	var err error
	w.app, err = Start(context.Background(), w.options(), w.s.config, from)
	if errors.Is(err, journal.ErrClosed) {
		w.reopen()
		w.app, err = Start(context.Background(), w.options(), w.s.config, from)
	}
	if err != nil {
		w.t.Fatal(err)
	}
}

func (w *world) options() Options {
	return Options{
		Journal: w.killer, Streams: w.streams, Authorizer: applicationtest.Roles{}, Logger: slog.New(slog.DiscardHandler),
		Functions: w.functions, Objects: w.objects, FunctionInterval: 200 * time.Microsecond, BacklogBytes: w.mode.backlog,
		IdleInterval: 200 * time.Microsecond, SnapshotInterval: w.mode.snapshots,
	}
}

// reopen is what a new process finds.
func (w *world) reopen() {
	w.fired = w.fired || w.killer.fired
	w.disk = w.reborn()
	w.killer = &killer{Journal: w.disk}
}

func (w *world) revive() {
	old := w.app
	ended, cancel := context.WithCancel(context.Background())
	cancel()
	old.Stop(ended)
	w.reopen()
	w.start(LastStoppedPoint)
}

// settle waits until the application has seen everything, starting it again
// when it was killed.
func (w *world) settle() {
	id, _ := w.streams.Stream(w.s.config.Input.ARN)
	deadline := time.Now().Add(10 * time.Second)
	for {
		w.app.mu.Lock()
		p := w.app.progress
		w.app.mu.Unlock()
		if w.killer.isDead() {
			w.revive()
			continue
		}
		if p.idle && p.input >= w.disk.Extent(id).Next && p.bound >= w.clock.Load() && w.delivered() {
			return
		}
		if time.Now().After(deadline) {
			w.t.Fatalf("not settled: %+v, want input %d, bound %d; waits for %q", p, w.disk.Extent(id).Next, w.clock.Load(), w.app.waits.String())
		}
		time.Sleep(100 * time.Microsecond)
	}
}

// delivered tells whether functions have taken all results.
func (w *world) delivered() bool {
	for _, o := range w.app.functions {
		if o.backlog() > 0 {
			return false
		}
	}
	return true
}

// onPebble opens a journal, and at each further call closes it and opens it
// again.
func onPebble(t *testing.T, now func() int64) func() journal.Journal {
	files := vfs.NewMem()
	var j *pebble.Journal
	t.Cleanup(func() { _ = j.Close() })
	return func() journal.Journal {
		if j != nil {
			if err := j.Close(); err != nil {
				t.Fatal(err)
			}
		}
		var err error
		if j, err = pebble.Open(pebble.Options{Dir: "journal", FS: files, Now: now, Logger: slog.New(slog.DiscardHandler)}); err != nil {
			t.Fatal(err)
		}
		return j
	}
}
