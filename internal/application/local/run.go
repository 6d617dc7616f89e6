package local

import (
	"bufio"
	"cmp"
	"context"
	"fmt"
	"io"
	"maps"
	"math"
	"slices"
	"strings"
	"sync/atomic"
	"time"

	"github.com/millrace/millrace/internal/application/input"
	"github.com/millrace/millrace/internal/application/output"
	"github.com/millrace/millrace/internal/sql"
	"github.com/millrace/millrace/internal/sql/types"
)

// DefaultStream is the in-application stream that an input fills unless told
// otherwise.
const DefaultStream = "SOURCE_SQL_STREAM_001"

// Options are a run.
type Options struct {
	File, Code string // of the SQL; File stands in diagnostics
	Inputs     []Input
	Tables     []Table
	// From is the in-application stream whose rows are written, or error_stream;
	// "" is the last one that the code creates.
	From   string
	Output output.Format
	Out    io.Writer
	// Window is the reorder window.
	Window   time.Duration
	Limits   sql.Limits
	Progress *Progress // nil: nobody looks

	block int // bytes that are read at once; 0 is blockBytes
}

// Input is a file that fills an in-application stream. Several may fill the same.
type Input struct {
	Stream string
	File   string // "-" is standard input
	Format Format
	Schema *Schema // nil: of the format, or found out
	// Rowtime is the column that ROWTIME is read from; "" is the format's own.
	Rowtime string
}

// Table is a file that holds reference data.
type Table struct {
	Name   string
	File   string
	Format Format // JSON or CSV
	Schema *Schema
}

// Progress may be read while a run goes on.
type Progress struct {
	Bytes atomic.Int64 // read from the disk
	Rows  atomic.Int64 // given to the SQL
}

// Result is what came of a run.
type Result struct {
	From    string
	Rows    int64 // that were written
	Sources []*SourceCounts
	Errors  map[string]int64 // error rows by name
}

// OptionError says which option is wrong or missing.
type OptionError struct{ Option, Text string }

func (e *OptionError) Error() string { return e.Option + ": " + e.Text }

// Run reads the files to their ends. Its errors are *sql.Diagnostics for the
// code, *OptionError for options, and those of reading and writing.
func Run(ctx context.Context, o Options) (*Result, error) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	if o.Progress == nil {
		o.Progress = &Progress{}
	}
	r := &run{Options: o, result: &Result{Errors: map[string]int64{}}}
	defer r.closeUnread()
	if err := r.open(ctx); err != nil {
		return nil, err
	}
	if err := r.merge(ctx); err != nil {
		return nil, err
	}
	r.engine.Bound(end)
	return r.result, r.sink.close()
}

// end is a bound behind everything: all windows close.
const end = 1 << 60

type run struct {
	Options
	unread  []*file // opened, and not handed to a source that closes them
	program *sql.Program
	engine  *sql.Engine
	sink    *sink
	sources []*source
	result  *Result
}

// opened is an input whose columns are known.
type opened struct {
	Input
	file    *file
	records records
	layout  *input.Layout
}

// open prepares everything and starts reading.
func (r *run) open(ctx context.Context) error {
	slices.SortStableFunc(r.Inputs, func(a, b Input) int { return strings.Compare(a.Stream, b.Stream) })
	inputs, err := r.openInputs()
	if err != nil {
		return err
	}
	tables, loaded, err := openTables(r.Tables)
	if err != nil {
		return err
	}
	schema := sql.Schema{Tables: tables}
	for _, in := range inputs {
		if n := len(schema.Inputs); n == 0 || schema.Inputs[n-1].Name != in.Stream {
			schema.Inputs = append(schema.Inputs, sql.Stream{Name: in.Stream, Columns: in.layout.Columns(), Hidden: in.layout.Hidden()})
		}
	}
	if r.program, err = sql.Compile(r.File, r.Code, schema); err != nil {
		return err
	}
	if err := r.openSink(); err != nil {
		return err
	}
	r.engine = r.program.NewEngine(r.sink, r.Limits)
	for i, t := range tables {
		for _, b := range loaded[i] {
			r.engine.Load(t.Name, b)
		}
	}
	for _, in := range inputs {
		if err := r.start(ctx, in); err != nil {
			return err
		}
	}
	return nil
}

func (r *run) openInputs() (inputs []*opened, err error) {
	for i, in := range r.Inputs {
		f, err := openFile(in.File, &r.Progress.Bytes)
		if err != nil {
			return nil, err
		}
		r.unread = append(r.unread, f)
		one := &opened{Input: in, file: f}
		if i > 0 && in.Stream == r.Inputs[i-1].Stream && in.Schema == nil && in.Format.columns == nil {
			// files of the same stream have the same columns
			one.Schema = &Schema{Schema: inputs[i-1].records.schema, List: true}
		}
		if one.records, err = recordsOf(f, in.Format, one.Schema); err != nil {
			return nil, err
		}
		if one.layout, err = one.records.schema.Layout(); err != nil {
			return nil, fmt.Errorf("schema of %s: %w", in.Stream, err)
		}
		if err := one.checkRowtime(); err != nil {
			return nil, err
		}
		inputs = append(inputs, one)
	}
	return inputs, nil
}

// closeUnread closes what was opened in vain.
func (r *run) closeUnread() {
	for _, f := range r.unread {
		_ = f.close() // nothing was written to it
	}
}

// checkRowtime settles the column that ROWTIME is read from.
func (in *opened) checkRowtime() error {
	columns := in.records.schema.Columns
	var names []string
	for _, c := range columns {
		names = append(names, c.Name)
	}
	if in.Rowtime == "" {
		in.Rowtime = in.Format.rowtime
	}
	at := slices.Index(names, in.Rowtime)
	switch {
	case in.Rowtime == "":
		return &OptionError{"--rowtime", fmt.Sprintf("say which column of %s holds the time of a record: %s", in.file.name, strings.Join(names, ", "))}
	case at < 0 && !in.Format.has(in.Rowtime):
		return &OptionError{"--rowtime", fmt.Sprintf("%s has no column %q; it has %s", in.file.name, in.Rowtime, strings.Join(names, ", "))}
	case at >= 0 && strings.Contains(columns[at].Mapping, "[0:]."):
		return &OptionError{"--rowtime", fmt.Sprintf("column %q is in the elements of an array, and a record has one time: take a column beside the array", in.Rowtime)}
	}
	return nil
}

func (r *run) openSink() error {
	streams := r.program.Streams()
	if r.From == "" {
		r.From = streams[max(len(streams)-2, 0)].Name // error_stream is the last
	}
	var names []string
	for _, s := range streams {
		names = append(names, s.Name)
		if s.Name == r.From {
			r.sink = &sink{from: s, format: r.Output, out: bufio.NewWriterSize(r.Out, 1<<16), result: r.result}
		}
	}
	r.result.From = r.From
	if r.sink == nil {
		return &OptionError{"--from", fmt.Sprintf("the SQL creates no in-application stream %q; there are %s", r.From, strings.Join(names, ", "))}
	}
	return nil
}

func (r *run) start(ctx context.Context, in *opened) error {
	s := &source{file: in.file, block: cmp.Or(r.block, blockBytes), window: r.Window.Milliseconds(), fail: r.sink.Error, counts: &SourceCounts{File: in.file.name}}
	r.result.Sources = append(r.result.Sources, s.counts)
	s.reader = input.NewReader(in.layout, r.program.Needed(in.Stream), func(b *types.Batch) {
		r.engine.Push(in.Stream, b)
		r.Progress.Rows.Add(int64(b.N))
	}, r.sink.Error)
	r.sources = append(r.sources, s)
	r.unread = slices.DeleteFunc(r.unread, func(f *file) bool { return f == in.file })
	return s.start(ctx, newSplitter(in.Format, in.records), func() (*worker, error) { return newWorker(in.Format, in.records, in.Rowtime) })
}

// merge gives the engine the records of all sources by time; of the same time,
// those of an earlier source come first.
func (r *run) merge(ctx context.Context) error {
	heads := make([]int64, len(r.sources))
	for i, s := range r.sources {
		if err := s.head(ctx, &heads[i]); err != nil {
			return err
		}
	}
	for {
		first := 0
		for i, t := range heads {
			if t < heads[first] {
				first = i
			}
		}
		if len(heads) == 0 || heads[first] == math.MaxInt64 {
			return r.sink.err
		}
		until, inclusive := int64(math.MaxInt64), true
		for i, t := range heads {
			if i != first && (t < until) {
				until, inclusive = t, first < i
			}
		}
		s := r.sources[first]
		s.release(until, inclusive)
		s.reader.Flush()
		if r.sink.err != nil {
			return r.sink.err
		}
		if err := s.head(ctx, &heads[first]); err != nil {
			return err
		}
	}
}

// head sets the time of the next record, or the greatest time at the end.
func (s *source) head(ctx context.Context, t *int64) error {
	next, ok, err := s.next(ctx)
	if !ok {
		next = math.MaxInt64
	}
	*t = next
	return err
}

// sink writes the rows of one stream and counts error rows.
type sink struct {
	from   sql.Stream
	format output.Format
	out    *bufio.Writer
	record []byte
	result *Result
	err    error
}

// Rows implements sql.Sink.
func (s *sink) Rows(stream string, b *types.Batch) {
	if stream == s.from.Name {
		s.write(b)
	}
}

// Error implements sql.Sink.
func (s *sink) Error(e types.ErrorRow) {
	s.result.Errors[e.Name]++
	if s.from.Name != types.ErrorStream {
		return
	}
	b := types.NewBatch(s.from.Columns)
	types.AppendErrorRow(b, e)
	s.write(b)
}

func (s *sink) write(b *types.Batch) {
	for i := range b.N {
		s.record = s.format.Append(s.record[:0], s.from.Columns, b, i)
		if s.format != output.CSV { // whose rows end with one
			s.record = append(s.record, '\n')
		}
		if _, err := s.out.Write(s.record); err != nil && s.err == nil {
			s.err = fmt.Errorf("write rows: %w", err)
		}
	}
	s.result.Rows += int64(b.N)
}

func (s *sink) close() error {
	if err := s.out.Flush(); err != nil && s.err == nil {
		s.err = fmt.Errorf("write rows: %w", err)
	}
	return s.err
}

// ErrorNames are the names of the error rows, in their order.
func (r *Result) ErrorNames() []string { return slices.Sorted(maps.Keys(r.Errors)) }
