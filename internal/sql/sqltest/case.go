package sqltest

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"go.yaml.in/yaml/v4"

	"github.com/millrace/millrace/internal/sql"
	"github.com/millrace/millrace/internal/sql/types"
)

// testCase is a document of a YAML file:
//
//	name: hits of a page in ten seconds
//	sql: app.sql                               a file beside this one, or the text itself
//	streams:
//	  WEB: '"page" VARCHAR(64), "bytes" INTEGER'
//	tables:
//	  PAGES: {columns: 'ID INTEGER, NAME VARCHAR(8)', rows: [{ID: 1, NAME: home}]}
//	limits: {groups: 10, rows: 100}
//	input:
//	  - {at: 10:00:01, stream: WEB, row: {page: /home, bytes: 200}}
//	  - {bound: 10:00:05}
//	now: 10:01:00                              a bound behind the input
//	expect:
//	  OUT:
//	    - {page: /home, HITS: 1, ROWTIME: 10:00:10}
//	errors:
//	  - {name: DIVISION_BY_ZERO, pump: P, at: 10:00:01}
//
// Streams that expect does not name are not looked at, nor are columns that a
// row of it does not name. Without errors there must be none.
type testCase struct {
	Name    string               `yaml:"name"`
	SQL     yaml.Node            `yaml:"sql"`
	Streams yaml.Node            `yaml:"streams"`
	Tables  map[string]caseTable `yaml:"tables"`
	Limits  struct {
		Groups int `yaml:"groups"`
		Rows   int `yaml:"rows"`
	} `yaml:"limits"`
	Input  []caseInput `yaml:"input"`
	Now    yaml.Node   `yaml:"now"`
	Expect yaml.Node   `yaml:"expect"`
	Errors []yaml.Node `yaml:"errors"`
}

type caseTable struct {
	Columns string      `yaml:"columns"`
	Rows    []yaml.Node `yaml:"rows"`
}

type caseInput struct {
	At     yaml.Node `yaml:"at"`
	Stream string    `yaml:"stream"`
	Row    yaml.Node `yaml:"row"`
	Bound  yaml.Node `yaml:"bound"`
}

// RunCases runs every case of a YAML file in a mode and returns how many there
// are; the errors of those that fail are joined.
func RunCases(path string, mode Mode) (cases int, err error) {
	f, err := os.Open(path)
	if err != nil {
		return 0, err
	}
	defer f.Close()
	return runCases(path, f, mode)
}

// runCases runs the cases of a text that belongs to a file.
func runCases(path string, text io.Reader, mode Mode) (cases int, err error) {
	d := yaml.NewDecoder(text)
	d.KnownFields(true)
	for ; ; cases++ {
		var c testCase
		stop := d.Decode(&c)
		switch {
		case errors.Is(stop, io.EOF):
			return cases, err
		case stop != nil:
			return cases, errors.Join(err, fmt.Errorf("%s: %w", path, stop))
		}
		err = errors.Join(err, c.run(path, mode))
	}
}

// caseRun is a case while it runs.
type caseRun struct {
	*run
	columns map[string][]types.Column
	rows    map[string][]gotRow
	failed  []types.ErrorRow
}

// gotRow is a row that came out, its values as texts.
type gotRow struct {
	rowtime string
	values  []string
}

func (c *testCase) run(path string, mode Mode) error {
	r := &caseRun{run: newRun(mode, path), columns: map[string][]types.Column{}, rows: map[string][]gotRow{}}
	r.sink = r
	r.limits = sql.Limits{Groups: c.Limits.Groups, Rows: c.Limits.Rows}
	for _, step := range []func(*caseRun) error{c.declare, c.compile, c.feed, c.compareRows, c.compareErrors} {
		if err := step(r); err != nil {
			return err
		}
	}
	return nil
}

// at is an error at a place of the file.
func (r *caseRun) at(n *yaml.Node, err error) error {
	return fmt.Errorf("%s:%d: %w", r.path, n.Line, err)
}

func (c *testCase) declare(r *caseRun) error {
	for i := 0; i+1 < len(c.Streams.Content); i += 2 {
		name, columns := c.Streams.Content[i], c.Streams.Content[i+1]
		s, err := declared(r.path, name.Value, columns.Value)
		if err != nil {
			return r.at(columns, err)
		}
		r.inputs = append(r.inputs, s)
	}
	for name, t := range c.Tables {
		s, err := declared(r.path, name, t.Columns)
		if err != nil {
			return fmt.Errorf("%s: table %s: %w", r.path, name, err)
		}
		rows := types.NewBatch(s.Columns)
		for i := range t.Rows {
			if err := appendNode(rows, s.Columns, &t.Rows[i]); err != nil {
				return r.at(&t.Rows[i], err)
			}
		}
		r.tables = append(r.tables, table{s, rows})
	}
	slices.SortFunc(r.tables, func(a, b table) int { return strings.Compare(a.Name, b.Name) })
	return nil
}

// declared is a stream of a name as it stands there.
func declared(path, name, columns string) (sql.Stream, error) {
	return definition(path, `"`+name+`" (`+columns+`)`)
}

func (c *testCase) compile(r *caseRun) error {
	code, name := c.SQL.Value, "sql"
	if !strings.ContainsAny(code, ";\n") {
		name = code
		text, err := os.ReadFile(filepath.Join(filepath.Dir(r.path), code))
		if err != nil {
			return r.at(&c.SQL, err)
		}
		code = string(text)
	}
	var err error
	if r.program, err = sql.Compile(name, code, r.schema()); err != nil {
		return r.at(&c.SQL, err)
	}
	for _, s := range r.program.Streams() {
		r.columns[s.Name] = s.Columns
	}
	r.engine = r.program.NewEngine(r.sink, r.limits)
	for _, t := range r.tables {
		r.engine.Load(t.Name, t.rows)
	}
	return nil
}

func (c *testCase) feed(r *caseRun) error {
	f := &feeder{run: r.run}
	for i := range c.Input {
		if node, err := c.Input[i].feed(f); err != nil {
			return r.at(node, err)
		}
	}
	if err := f.flush(); err != nil {
		return err
	}
	if c.Now.Value == "" {
		return nil
	}
	if err := f.bound(&c.Now); err != nil {
		return r.at(&c.Now, err)
	}
	return nil
}

func (f *feeder) bound(node *yaml.Node) error {
	t, err := caseTime(node.Value)
	if err != nil {
		return err
	}
	if err := f.flush(); err != nil {
		return err
	}
	f.run.engine.Bound(t)
	return f.step()
}

// feed gives the engine a row or a bound; an error is at the node.
func (in *caseInput) feed(f *feeder) (*yaml.Node, error) {
	if in.Bound.Value != "" {
		return &in.Bound, f.bound(&in.Bound)
	}
	if in.Stream == "" && len(f.run.inputs) == 1 {
		in.Stream = f.run.inputs[0].Name
	}
	if err := f.choose(in.Stream); err != nil {
		return &in.Row, err
	}
	t, err := caseTime(in.At.Value)
	if err != nil {
		return &in.At, err
	}
	if err := appendNode(f.batch, f.stream.Columns, &in.Row); err != nil {
		return &in.Row, err
	}
	f.batch.Rowtime = append(f.batch.Rowtime, t)
	if f.run.mode != Whole {
		return &in.Row, f.flush()
	}
	return nil, nil
}

// caseTime reads a time as readTime does, with a blank or T.
func caseTime(s string) (int64, error) { return readTime(strings.Replace(s, " ", "T", 1)) }

// appendNode appends a row that is a mapping by the names of columns; those that
// it does not name are NULL.
func appendNode(b *types.Batch, columns []types.Column, row *yaml.Node) error {
	if row.Kind != yaml.MappingNode {
		return errors.New("a row is a mapping of columns to values")
	}
	given := map[string]*yaml.Node{}
	for i := 0; i+1 < len(row.Content); i += 2 {
		name := row.Content[i].Value
		if !slices.ContainsFunc(columns, func(c types.Column) bool { return c.Name == name }) {
			return fmt.Errorf("there is no column %q", name)
		}
		given[name] = row.Content[i+1]
	}
	for i, c := range columns {
		value := given[c.Name]
		if value == nil {
			value = &yaml.Node{Tag: "!!null"}
		}
		if err := appendNodeValue(b.Cols[i], c.Type, value); err != nil {
			return fmt.Errorf("column %q: %w", c.Name, err)
		}
	}
	b.N++
	return nil
}

func appendNodeValue(v *types.Vector, t types.Type, value *yaml.Node) error {
	text := value.Value
	switch {
	case value.Tag == "!!null":
		return appendValue(v, t, "NULL", false)
	case t.Kind == types.Timestamp:
		text = strings.Replace(text, " ", "T", 1)
	case t.Kind == types.Boolean:
		text = strings.ToUpper(text)
	}
	return appendValue(v, t, text, true)
}

// Rows implements sql.Sink.
func (r *caseRun) Rows(stream string, b *types.Batch) {
	for i := range b.N {
		row := gotRow{rowtime: writeTime(b.Rowtime[i])}
		for c, col := range r.columns[stream] {
			row.values = append(row.values, writeValue(col.Type, b.Cols[c], i))
		}
		r.rows[stream] = append(r.rows[stream], row)
	}
}

// Error implements sql.Sink.
func (r *caseRun) Error(e types.ErrorRow) { r.failed = append(r.failed, e) }
