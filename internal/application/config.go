package application

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	"github.com/millrace/millrace/internal/application/input"
	"github.com/millrace/millrace/internal/application/output"
	"github.com/millrace/millrace/internal/sql"
)

// Config is what an application is, as its creator described it.
type Config struct {
	Name    string // unique; names the application's state in the journal
	ARN     string // functions are told it
	Code    string
	Input   Input
	Tables  []Table
	Outputs []Output
	// Revision names the start or update by which reference data is read: an
	// application that goes on under another one reads it anew, under the same
	// one it keeps what it has. The application's version and when it was started
	// make a good one.
	Revision string
}

// Input is the delivery stream that an application reads.
type Input struct {
	// Prefix and Parallelism name the in-application streams that it fills:
	// PREFIX_001 … PREFIX_00N. 0 is one.
	Prefix      string
	Parallelism int
	ARN         string
	RoleARN     string // must allow firehose:GetRecords
	Schema      input.Schema
	// Processor gets the records before the schema; nil if there is none.
	Processor *Function
}

// MaxParallelism is how many in-application streams an input may fill.
const MaxParallelism = 64

// Streams are the names of the in-application streams that the input fills.
func (in Input) Streams() []string {
	names := make([]string, max(in.Parallelism, 1))
	for i := range names {
		names[i] = fmt.Sprintf("%s_%03d", in.Prefix, i+1)
	}
	return names
}

// Function is a Lambda function that an application invokes.
type Function struct {
	ARN     string
	RoleARN string // must allow lambda:InvokeFunction
}

// Table is reference data: an object that is read at start and when the
// application is updated.
type Table struct {
	Name           string
	BucketARN, Key string
	RoleARN        string // must allow s3:GetObject
	Schema         input.Schema
}

// Output binds an in-application stream to where its rows go. A row becomes one
// record.
type Output struct {
	Stream  string // exact name, or error_stream
	ARN     string
	RoleARN string // must allow firehose:PutRecordBatch or lambda:InvokeFunction
	Kind    OutputKind
	Format  output.Format
}

// OutputKind is what an output's ARN names.
type OutputKind uint8

const (
	ToDeliveryStream OutputKind = iota
	ToFunction
)

// InvalidError says what about a Config cannot be honoured.
type InvalidError struct{ Text string }

func (e *InvalidError) Error() string { return e.Text }

func invalid(format string, args ...any) error {
	return &InvalidError{fmt.Sprintf(format, args...)}
}

// plan is a Config that has been checked whole.
type plan struct {
	Config
	program *sql.Program
	layout  *input.Layout
	inputs  []sql.Stream    // that the input fills
	layouts []*input.Layout // of the tables
	streams []sql.Stream    // created by the code, and error_stream
}

// Check tells whether the application could run. Errors are *sql.Diagnostics
// for its code and *InvalidError for the rest.
func Check(c Config) error {
	_, err := c.plan()
	return err
}

func (c Config) plan() (*plan, error) {
	p := &plan{Config: c}
	if err := p.checkInput(); err != nil {
		return nil, err
	}
	tables, err := p.checkTables()
	if err != nil {
		return nil, err
	}
	if p.program, err = sql.Compile(c.Name+".sql", c.Code, sql.Schema{Inputs: p.inputs, Tables: tables}); err != nil {
		return nil, err
	}
	p.streams = p.program.Streams()
	return p, p.checkOutputs()
}

func (p *plan) checkInput() (err error) {
	if n := p.Input.Parallelism; n < 0 || n > MaxParallelism {
		return invalid("InputParallelism has a Count of %d, want 1 to %d", n, MaxParallelism)
	}
	if p.layout, err = p.Input.Schema.Layout(); err != nil {
		return invalid("the input schema: %v", err)
	}
	for _, name := range p.Input.Streams() {
		p.inputs = append(p.inputs, sql.Stream{Name: name, Columns: p.layout.Columns(), Hidden: p.layout.Hidden()})
	}
	return nil
}

func (p *plan) checkTables() (tables []sql.Stream, err error) {
	for _, t := range p.Tables {
		l, err := t.Schema.Layout()
		if err != nil {
			return nil, invalid("the schema of reference table %q: %v", t.Name, err)
		}
		if _, ok := bucketName(t.BucketARN); !ok {
			return nil, invalid("reference table %q: BucketARN is %q, want arn:aws:s3:::NAME", t.Name, t.BucketARN)
		}
		columns := l.Columns()
		p.layouts = append(p.layouts, l)
		tables = append(tables, sql.Stream{Name: t.Name, Columns: columns[:len(columns)-l.Hidden()]})
	}
	return tables, nil
}

// fingerprint identifies what the rows of the input and of the code depend on:
// with another one, windows begin anew. Where results go is not part of it, nor
// what a function does.
func (p *plan) fingerprint() string {
	program := p.program.Fingerprint()
	in := p.Input
	text, err := json.Marshal(struct {
		Program   []byte
		Streams   []string
		Schema    input.Schema
		Processed bool
		Tables    []Table
	}{program[:], in.Streams(), in.Schema, in.Processor != nil, p.Tables})
	if err != nil {
		panic("BUG: " + err.Error()) // texts and numbers
	}
	sum := sha256.Sum256(text)
	return hex.EncodeToString(sum[:])
}

// surroundings checks that what the application calls is there.
func (p *plan) surroundings(o Options) error {
	if len(p.Tables) > 0 && o.Objects == nil {
		return invalid("reference data is not supported here: there are no objects")
	}
	functions := p.Input.Processor != nil
	for _, out := range p.Outputs {
		functions = functions || out.Kind == ToFunction
	}
	if functions && o.Functions == nil {
		return invalid("functions are not supported here: there is no way to invoke them")
	}
	return nil
}

func (p *plan) checkOutputs() error {
	for _, o := range p.Outputs {
		if !p.has(o.Stream) {
			return invalid("output %q is bound to no in-application stream of the code; it creates %s", o.Stream, p.names())
		}
	}
	return nil
}

func (p *plan) has(stream string) bool {
	for _, s := range p.streams {
		if s.Name == stream {
			return true
		}
	}
	return false
}

func (p *plan) names() string {
	names := make([]string, len(p.streams))
	for i, s := range p.streams {
		names[i] = `"` + s.Name + `"`
	}
	return strings.Join(names, ", ")
}

// ErrNoStream says that an application has no in-application stream of a name.
var ErrNoStream = errors.New("no such in-application stream")
