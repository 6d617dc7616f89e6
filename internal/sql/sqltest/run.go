package sqltest

import (
	"fmt"
	"path/filepath"
	"strings"

	"github.com/millrace/millrace/internal/sql"
	"github.com/millrace/millrace/internal/sql/ast"
	"github.com/millrace/millrace/internal/sql/parser"
	"github.com/millrace/millrace/internal/sql/types"
)

// Mode is a way to feed an engine. The outputs are the same in every one.
type Mode string

const (
	// Whole pushes rows of the same input that follow each other as one batch.
	Whole Mode = "whole"
	// ByRow pushes each row alone.
	ByRow Mode = "row by row"
	// Restored pushes each row alone and continues on a new engine, restored from a snapshot, after each.
	Restored Mode = "restored after each row"
)

// Modes are all of them.
var Modes = []Mode{Whole, ByRow, Restored}

// Mismatch is an expectation that was not met.
type Mismatch struct {
	Place     string
	Got, Want string
}

func (m *Mismatch) Error() string {
	return fmt.Sprintf("%s:\n--- got\n%s--- want\n%s", m.Place, m.Got, m.Want)
}

// Run runs a file in a mode. The error of an expectation not met is a *Mismatch.
func Run(path string, mode Mode) error {
	blocks, err := read(path)
	if err != nil {
		return err
	}
	return runBlocks(blocks, path, mode)
}

func runBlocks(blocks []*block, path string, mode Mode) error {
	r := newRun(mode, path)
	for _, b := range blocks {
		got, err := r.block(b)
		if err != nil {
			return fmt.Errorf("%s:%d: %w", path, b.line, err)
		}
		if want := strings.Join(b.expect, "\n"); b.answered && strings.Join(got, "\n") != want {
			return &Mismatch{fmt.Sprintf("%s:%d (%s)", path, b.line, mode), lines(got), lines(b.expect)}
		}
	}
	return nil
}

func lines(all []string) string {
	if len(all) == 0 {
		return ""
	}
	return strings.Join(all, "\n") + "\n"
}

// Rewrite returns the file with the expectations that it meets.
func Rewrite(path string) (string, error) {
	blocks, err := read(path)
	if err != nil {
		return "", err
	}
	return rewriteBlocks(blocks, path)
}

func rewriteBlocks(blocks []*block, path string) (string, error) {
	r := newRun(Whole, path)
	for _, b := range blocks {
		var err error
		if b.expect, err = r.block(b); err != nil {
			return "", fmt.Errorf("%s:%d: %w", path, b.line, err)
		}
	}
	return render(blocks), nil
}

// run is a file while it runs.
type run struct {
	mode    Mode
	path    string
	inputs  []sql.Stream
	tables  []table
	limits  sql.Limits
	program *sql.Program
	engine  *sql.Engine
	out     map[string][]string
	errors  []string
	json    bool
	// sink takes what the engine gives out: the run itself, unless somebody else looks at it.
	sink sql.Sink
}

func newRun(mode Mode, path string) *run {
	r := &run{mode: mode, path: path}
	r.sink = r
	return r
}

func (r *run) block(b *block) ([]string, error) {
	switch b.directive {
	case "stream":
		s, err := definition(r.path, b.args)
		r.inputs = append(r.inputs, s)
		return nil, err
	case "table":
		return nil, r.table(b)
	case "limits":
		_, err := fmt.Sscanf(b.args, "groups=%d rows=%d", &r.limits.Groups, &r.limits.Rows)
		return nil, err
	case "code":
		return r.code(b)
	}
	if r.engine == nil {
		return nil, fmt.Errorf("%s stands before any code", b.directive)
	}
	switch b.directive {
	case "input":
		return r.input(b)
	case "end":
		r.engine.Bound(1 << 60)
		return r.take(), nil
	case "explain":
		return strings.Split(strings.TrimRight(r.program.Explain(b.args), "\n"), "\n"), nil
	}
	return nil, r.restart()
}

// table is a reference table with its rows.
type table struct {
	sql.Stream
	rows *types.Batch
}

// definition reads a name and columns.
func definition(path, text string) (sql.Stream, error) {
	tree, d := parser.Parse(path, "CREATE STREAM "+text)
	if err := d.Err(); err != nil {
		return sql.Stream{}, err
	}
	def := tree[0].(*ast.CreateStream)
	s := sql.Stream{Name: def.Name.Name}
	for _, c := range def.Columns {
		s.Columns = append(s.Columns, types.Column{Name: c.Name.Name, Type: c.Type})
	}
	return s, nil
}

func (r *run) table(b *block) error {
	s, err := definition(r.path, b.args)
	if err != nil {
		return err
	}
	t := table{s, types.NewBatch(s.Columns)}
	for n, line := range b.body {
		all, quoted, err := words(line)
		if err == nil && len(all) != len(s.Columns) {
			err = fmt.Errorf("found %d values, expected %d", len(all), len(s.Columns))
		}
		for i := 0; err == nil && i < len(all); i++ {
			err = appendValue(t.rows.Cols[i], s.Columns[i].Type, all[i], quoted[i])
		}
		if err != nil {
			return fmt.Errorf("row %d: %w", n+1, err)
		}
		t.rows.N++
	}
	r.tables = append(r.tables, t)
	return nil
}

func (r *run) code(b *block) ([]string, error) {
	p, err := sql.Compile(filepath.Base(r.path), strings.Join(b.body, "\n"), r.schema())
	if b.args == "error" {
		if err == nil {
			return []string{"ok"}, nil
		}
		return strings.Split(err.Error(), "\n"), nil
	}
	if err != nil {
		return nil, err
	}
	r.program, r.out = p, map[string][]string{}
	r.engine = p.NewEngine(r.sink, r.limits)
	for _, t := range r.tables {
		r.engine.Load(t.Name, t.rows)
	}
	return []string{"ok"}, nil
}

func (r *run) schema() sql.Schema {
	s := sql.Schema{Inputs: r.inputs}
	for _, t := range r.tables {
		s.Tables = append(s.Tables, t.Stream)
	}
	return s
}

// Rows takes rows from the engine and prints them.
func (r *run) Rows(stream string, b *types.Batch) {
	var cols []types.Column
	for _, s := range r.program.Streams() {
		if s.Name == stream {
			cols = s.Columns
		}
	}
	for i := range b.N {
		line := stream + " @" + writeTime(b.Rowtime[i])
		if r.json {
			line += " " + string(types.AppendJSON(nil, cols, b, i))
		} else {
			for c, col := range cols {
				line += " " + writeValue(col.Type, b.Cols[c], i)
			}
		}
		r.out[stream] = append(r.out[stream], line)
	}
}

// Error takes an error row from the engine and prints it.
func (r *run) Error(e types.ErrorRow) {
	r.errors = append(r.errors, fmt.Sprintf("error @%s %s %s: %s %s", writeTime(e.DataRowtime), e.Name, e.Pump, e.Message, e.DataRow))
}

func (r *run) take() []string {
	var all []string
	for _, s := range r.program.Streams() {
		all = append(all, r.out[s.Name]...)
	}
	all = append(all, r.errors...)
	clear(r.out)
	r.errors = nil
	return all
}

func (r *run) restart() error {
	again := r.program.NewEngine(r.sink, r.limits)
	if err := again.Restore(r.engine.Snapshot(nil)); err != nil {
		return err
	}
	r.engine = again
	return nil
}
