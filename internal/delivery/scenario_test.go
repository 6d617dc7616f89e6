package delivery

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"flag"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/millrace/millrace/internal/delivery/objectkey"
	"github.com/millrace/millrace/internal/destination"
	"github.com/millrace/millrace/internal/journal"
	"github.com/millrace/millrace/internal/record"
)

var rewrite = flag.Bool("rewrite", false, "write what the scenarios yield into their files")

// testdata/*.txt: commands, then after "----" what the last of them shows. Time
// is that of the commands "wait", from 2000-01-01 on. Ids of batches and objects
// are numbered as they first appear.
//
//	stream NAME=VALUE …       starts the pipeline; options below
//	put RECORD …              one call of a producer
//	wait DURATION             lets time pass
//	bucket|errors|processor down|up [CODE]
//	reconfigure NAME=VALUE …  changes the running pipeline
//	flush · stop · restart · kill    kill loses what is in memory
//	objects · errors · sealed · diagnostics · status NAME …
//
// Options: interval size parallel budget partitions version prefix error-prefix
// extension drop-after processor=on|off bucket=NAME.
func TestScenarios(t *testing.T) {
	files, err := filepath.Glob("testdata/*.txt")
	if err != nil || len(files) == 0 {
		t.Fatal("no scenarios", err)
	}
	for _, file := range files {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".txt"), func(t *testing.T) {
			text, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			var got string
			synctest.Test(t, func(t *testing.T) { got = runScenario(t, string(text)) })
			switch {
			case got == string(text):
			case *rewrite:
				if err := os.WriteFile(file, []byte(got), 0o644); err != nil {
					t.Fatal(err)
				}
			default:
				t.Errorf("%s yields\n%s", file, got)
			}
		})
	}
}

// stage is what a scenario plays on.
type stage struct {
	*rig
	t           *testing.T
	buckets     map[string]*bucket
	processor   *scripted
	pipeline    *Pipeline
	stop        func() error
	diagnostics []string
	ids         map[string]string
	mortal      *mortal
}

// runScenario returns the text with the outcomes as they are.
func runScenario(t *testing.T, text string) string {
	s := &stage{rig: newRig(t, time.Minute), t: t, processor: &scripted{}, ids: map[string]string{}}
	s.buckets = map[string]*bucket{"archive": s.archive}
	s.opts.Config.Version = 1
	s.opts.jitter = func(d time.Duration) time.Duration { return d }
	s.opts.Target = "arn:aws:s3:::archive"
	s.opts.Diagnose = func(d Diagnostic) {
		line := fmt.Sprintf("%s %s v%d %q", d.ErrorCode, d.Destination, d.Version, d.Message)
		if d.Processor != "" {
			line += " " + d.Processor
		}
		s.diagnostics = append(s.diagnostics, d.At.UTC().Format("15:04:05 ")+line)
	}
	var out strings.Builder
	expected := false
	for line := range strings.Lines(text) {
		line = strings.TrimSuffix(line, "\n")
		switch {
		case line == "":
			expected = false
		case line == "----" || expected:
			expected = true
			continue // written anew
		}
		fmt.Fprintln(&out, line)
		if line == "" || strings.HasPrefix(line, "#") {
			continue
		}
		words := strings.Fields(line)
		if shown := s.do(words[0], words[1:]); shown != "" {
			fmt.Fprintf(&out, "----\n%s", shown)
		}
	}
	return out.String()
}

func (s *stage) do(command string, args []string) (shown string) {
	switch command {
	case "stream":
		s.configure(args)
		s.run()
	case "reconfigure":
		s.configure(args)
		s.pipeline.Reconfigure(s.opts)
	case "put":
		s.put(s.t, args...)
	case "wait":
		d, err := time.ParseDuration(args[0])
		s.must(err)
		time.Sleep(d)
	case "bucket", "errors", "processor":
		if len(args) == 0 {
			return s.show(command, args)
		}
		s.turn(command, args)
	case "flush":
		ctx, cancel := context.WithTimeout(s.t.Context(), time.Second)
		defer cancel()
		if err := s.pipeline.Flush(ctx); err != nil {
			return err.Error() + "\n"
		}
	case "stop":
		s.must(s.stop())
	case "restart":
		s.must(s.stop())
		s.run()
	case "kill":
		s.mortal.kill()
		s.run()
	default:
		return s.show(command, args)
	}
	synctest.Wait()
	return ""
}

func (s *stage) must(err error) {
	s.t.Helper()
	if err != nil {
		s.t.Fatal(err)
	}
}

// run starts a process on the journal as it is.
func (s *stage) run() {
	s.mortal = &mortal{Journal: s.journal, fate: &fate{}}
	s.opts.Journal = s.mortal
	p, stop := s.start(s.t)
	s.pipeline, s.stop = p, stop
	s.mortal.end = func() {
		if err := stop(); err != nil && !errors.Is(err, errKilled) {
			s.t.Error(err)
		}
	}
}

func (s *stage) configure(args []string) {
	s.t.Helper()
	key := *s.opts.Config.Key
	for _, arg := range args {
		name, value, _ := strings.Cut(arg, "=")
		var err error
		switch name {
		case "interval":
			s.opts.Config.Interval, err = time.ParseDuration(value)
		case "drop-after":
			s.opts.DropAfter, err = time.ParseDuration(value)
		case "size":
			s.opts.Config.BufferBytes, err = strconv.Atoi(value)
		case "parallel":
			s.opts.Parallel, err = strconv.Atoi(value)
		case "budget":
			s.opts.BudgetBytes, err = strconv.Atoi(value)
		case "partitions":
			s.opts.MaxPartitions, err = strconv.Atoi(value)
		case "version":
			s.opts.Config.Version, err = strconv.Atoi(value)
		case "prefix":
			key.Prefix, err = objectkey.Parse(value)
		case "extension":
			key.Extension = value
		case "processor":
			s.opts.Processor = nil
			if value == "on" {
				s.opts.Processor = s.processor
			}
		case "bucket":
			s.opts.jitter = func(d time.Duration) time.Duration { return d }
			s.opts.Target = "arn:aws:s3:::" + value
			s.opts.Destination = s.bucketNamed(value)
		default:
			s.t.Fatalf("no option %q", name)
		}
		s.must(err)
	}
	s.opts.Config.Key = &key
}

func (s *stage) turn(what string, args []string) {
	var failure *record.Failure
	fail := func(int) error { return nil }
	if args[0] == "down" {
		failure = &record.Failure{Kind: record.Retryable, Code: "S3.ServiceUnavailable", Message: "out of order"}
		if len(args) > 1 {
			failure.Code = args[1]
		}
		fail = func(int) error { return failure }
	}
	switch what {
	case "bucket":
		s.archive.setFail(fail)
	case "errors":
		s.errors.setFail(fail)
	case "processor":
		s.processor.fail.Store(failure)
	}
}

func (s *stage) show(command string, args []string) string {
	var out strings.Builder
	switch command {
	case "objects":
		for _, name := range slices.Sorted(maps.Keys(s.buckets)) {
			b, prefix := s.buckets[name], ""
			if name != "archive" {
				prefix = name + ":"
			}
			objects := b.objects(s.t)
			slices.SortFunc(objects, func(a, b write) int { return a.at.Compare(b.at)*2 + cmp.Compare(a.key, b.key) })
			for _, o := range objects {
				fmt.Fprintf(&out, "%s%s %s\n", prefix, o.key, o.body)
			}
		}
	case "errors":
		for _, o := range s.errors.objects(s.t) {
			fmt.Fprintf(&out, "%s\n%s", o.key, indent(o.body))
		}
	case "sealed":
		for e, err := range s.journal.Scan(StatePrefix(s.stream)) {
			s.must(err)
			fmt.Fprintf(&out, "%s %s\n", strings.TrimPrefix(e.Key, StatePrefix(s.stream)), e.Value)
		}
		next, _, err := journal.Cursor(s.journal, s.stream, s.opts.Cursor)
		s.must(err)
		fmt.Fprintf(&out, "cursor %d\n", next)
	case "diagnostics":
		for _, d := range s.diagnostics {
			fmt.Fprintln(&out, d)
		}
		s.diagnostics = nil
	case "status":
		st := s.pipeline.Status()
		for _, name := range args {
			fmt.Fprintf(&out, "%s\n", statusLine(st, name))
		}
	default:
		s.t.Fatalf("no command %q", command)
	}
	if out.Len() == 0 {
		return "none\n"
	}
	return uuids.ReplaceAllStringFunc(out.String(), func(id string) string {
		if s.ids[id] == "" {
			s.ids[id] = fmt.Sprintf("<%d>", len(s.ids)+1)
		}
		return s.ids[id]
	})
}

var uuids = regexp.MustCompile(`[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}`)

func indent(b []byte) string {
	return "  " + strings.ReplaceAll(strings.TrimSuffix(string(b), "\n"), "\n", "\n  ") + "\n"
}

func statusLine(s Status, name string) string {
	switch name {
	case "state":
		return fmt.Sprintf("state %s, delivered to %d, %d under way", s.State, s.Delivered, s.UnderWay)
	case "counts":
		return fmt.Sprintf("records %d, bytes %d, batches %d, sent %d in %d objects with %d bytes, refused %d, dropped %d",
			s.Records, s.Bytes, s.Batches, s.SentRecords, s.Objects, s.SentBytes, s.Refused, s.Dropped)
	case "attempts":
		return fmt.Sprintf("attempts: %d succeeded, %d failed", s.SucceededAttempts, s.FailedAttempts)
	case "processing":
		return fmt.Sprintf("processing %+v", *s.Processing)
	case "partitions":
		return fmt.Sprintf("partitions: %d active, %d records beyond", s.Partitions.Active, s.Partitions.Exceeded)
	case "buffer":
		return fmt.Sprintf("buffer: %d records, %d bytes, next flush %s", s.Buffer.Records, s.Buffer.Bytes, s.Buffer.NextFlush.UTC().Format(time.TimeOnly))
	case "budget":
		return fmt.Sprintf("budget: %d of %d", s.Budget.Used, s.Budget.Limit)
	case "breaker":
		return fmt.Sprintf("breaker: %s", s.Breaker.State)
	case "oldest":
		if s.Oldest == 0 {
			return "oldest: none"
		}
		return "oldest: " + time.UnixMilli(s.Oldest).UTC().Format(time.TimeOnly)
	case "error":
		return "error: " + s.LastError
	}
	return "no " + name
}

// scripted processes records as their texts say:
//
//	drop…        on purpose
//	fail…        refused by a function
//	zip…         refused by decompression
//	a+b          two records, a and b
//	x@de         partition key c is "de"
//	others       in upper case
type scripted struct {
	keep bool // the case
	fail atomic.Pointer[record.Failure]
}

const functionARN = "arn:aws:lambda:us-east-1:000000000000:function:f"

func (p *scripted) Process(_ context.Context, b *destination.Batch) (destination.Processed, error) {
	if f := p.fail.Load(); f != nil {
		return destination.Processed{}, f
	}
	var out destination.Processed
	for _, r := range b.Records {
		refuse := func(errorType, code, message, function string) {
			out.Refusals = append(out.Refusals, destination.Refusal{Type: errorType, Record: r, Attempts: 1, Code: code, Message: message,
				AttemptedAt: time.Now().UnixMilli(), LambdaARN: function})
		}
		switch {
		case bytes.HasPrefix(r.Data, []byte("drop")):
			out.Dropped++
		case bytes.HasPrefix(r.Data, []byte("fail")):
			refuse(ProcessingFailed, "Lambda.ProcessingFailedStatus", "ProcessingFailed status set for record", functionARN)
		case bytes.HasPrefix(r.Data, []byte("zip")):
			refuse(DecompressionFailed, "Decompression failed.", "not in gzip format", "")
		default:
			for i, part := range bytes.Split(r.Data, []byte("+")) {
				text, value, _ := strings.Cut(string(part), "@")
				if !p.keep {
					text = strings.ToUpper(text)
				}
				out.Records = append(out.Records, record.Record{Sequence: r.Sequence, Arrival: r.Arrival, Sub: i, Data: []byte(text)})
				out.Partitions = append(out.Partitions, destination.Partition{Query: map[string]string{"c": value}})
			}
		}
	}
	return out, nil
}
