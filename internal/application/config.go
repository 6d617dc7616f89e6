package application

import (
	"fmt"
	"strings"

	"github.com/millrace/millrace/internal/sql"
	"github.com/millrace/millrace/internal/sql/types"
)

// Config is what an application is, as its creator described it.
type Config struct {
	Name    string // unique; names the application's state in the journal
	Code    string
	Input   Input
	Outputs []Output
}

// Input is the delivery stream that an application reads.
type Input struct {
	Stream  string // in-application name: "SOURCE_SQL_STREAM_001"
	ARN     string
	RoleARN string // must allow firehose:GetRecords
	Schema  Schema
}

// Schema makes columns of a record, which holds one or more JSON objects.
type Schema struct {
	RowPath string // "$", or the path of the object that the columns are in
	Columns []Column
}

// Column is one column of a schema.
type Column struct {
	Name    string
	SQLType string // "VARCHAR(16)"
	Mapping string // "$.a.b"
}

// Output binds an in-application stream to a delivery stream. A row becomes
// one record, a JSON object.
type Output struct {
	Stream  string // exact name, or error_stream
	ARN     string
	RoleARN string // must allow firehose:PutRecordBatch
}

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
	columns []types.Column // of the input
	paths   [][]string     // of the input's columns, from the record's root
	streams []sql.Stream   // created by the code, and error_stream
}

// Check tells whether the application could run. Errors are *sql.Diagnostics
// for its code and *InvalidError for the rest.
func Check(c Config) error {
	_, err := c.plan()
	return err
}

func (c Config) plan() (*plan, error) {
	p := &plan{Config: c}
	if err := p.schema(); err != nil {
		return nil, err
	}
	var err error
	if p.program, err = sql.Compile(c.Name+".sql", c.Code, sql.Schema{Inputs: []sql.Stream{{Name: c.Input.Stream, Columns: p.columns}}}); err != nil {
		return nil, err
	}
	p.streams = p.program.Streams()
	for _, o := range c.Outputs {
		if !p.has(o.Stream) {
			return nil, invalid("output %q is bound to no in-application stream of the code; it creates %s", o.Stream, p.names())
		}
	}
	return p, nil
}

func (p *plan) schema() error {
	root, err := parsePath(p.Input.Schema.RowPath)
	if err != nil {
		return invalid("RecordRowPath: %v", err)
	}
	if len(p.Input.Schema.Columns) == 0 {
		return invalid("the input schema has no RecordColumns")
	}
	seen := map[string]bool{}
	for _, c := range p.Input.Schema.Columns {
		t, err := types.ParseType(c.SQLType)
		if err != nil {
			return invalid("column %q: %v", c.Name, err)
		}
		path, err := parsePath(c.Mapping)
		if err == nil && len(path) == 0 {
			err = fmt.Errorf("Mapping is %q, want the path of a member such as $.status", c.Mapping)
		}
		if err != nil {
			return invalid("column %q: %v", c.Name, err)
		}
		if seen[c.Name] {
			return invalid("column %q is there twice", c.Name)
		}
		seen[c.Name] = true
		p.columns = append(p.columns, types.Column{Name: c.Name, Type: t})
		p.paths = append(p.paths, append(root[:len(root):len(root)], path...))
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

// parsePath reads the part of JSONPath that mappings use.
//
//	path = "$" { "." name }
func parsePath(s string) ([]string, error) {
	rest, ok := strings.CutPrefix(s, "$")
	if !ok || rest != "" && rest[0] != '.' && rest[0] != '[' {
		return nil, fmt.Errorf("path %q does not begin with $ or $.", s)
	}
	if strings.ContainsRune(rest, '[') {
		return nil, fmt.Errorf("path %q: arrays are not supported yet", s)
	}
	if rest == "" {
		return nil, nil
	}
	names := strings.Split(rest[1:], ".")
	for _, n := range names {
		if n == "" {
			return nil, fmt.Errorf("path %q has an empty name", s)
		}
	}
	return names, nil
}
