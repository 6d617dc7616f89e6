package sql

import (
	"slices"

	"github.com/millrace/millrace/internal/sql/bind"
	"github.com/millrace/millrace/internal/sql/exec"
	"github.com/millrace/millrace/internal/sql/parser"
	"github.com/millrace/millrace/internal/sql/plan"
	"github.com/millrace/millrace/internal/sql/token"
	"github.com/millrace/millrace/internal/sql/types"
)

// MaxCode is the greatest length of an application's text in bytes, as AWS has it.
const MaxCode = 102_400

// maxCopies is how many rows of a stream one row of an input may become by being read several times. They are in memory at
// once.
const maxCopies = 100_000

// Program is a checked application text, ready to run.
type Program struct {
	plan        *plan.Application
	fingerprint [32]byte
}

// Compile checks a whole application text against its input streams and reference tables. Its error is a *Diagnostics that names every fault
// found. A text without pumps is a program all the same: it has streams, and no row enters them.
func Compile(file, code string, schema Schema) (*Program, error) {
	if len(code) > MaxCode {
		d := &Diagnostics{}
		d.Add(file, token.Position{Line: 1, Column: 1}, "the text has %d bytes, at most %d are allowed", len(code), MaxCode)
		return nil, d.Err()
	}
	tree, diagnostics := parser.Parse(file, code)
	if err := diagnostics.Err(); err != nil {
		// Names would be missed that only the broken statements make.
		return nil, err
	}
	app := bind.Bind(file, tree, schema.Inputs, schema.Tables, diagnostics)
	if err := diagnostics.Err(); err != nil {
		return nil, err
	}
	p := &Program{plan: plan.Build(app)}
	if w := p.plan.Weight(); w.Rows > maxCopies {
		diagnostics.Add(file, token.Position{Line: 1, Column: 1}, "stream %s gets more than %d rows for each row of an input, by pumps and UNION ALL that repeat it", w.Most, maxCopies)
		return nil, diagnostics.Err()
	}
	p.fingerprint = p.plan.Fingerprint()
	return p, nil
}

// Needed says for each column of an input whether any pump reads it. It is nil for a stream that is no input.
func (p *Program) Needed(input string) []bool {
	for _, in := range p.plan.Inputs {
		if in.Name == input {
			return p.plan.Needed(input, len(in.Columns))
		}
	}
	return nil
}

// Streams returns the in-application streams that the text creates, in its order, and then error_stream.
func (p *Program) Streams() []Stream {
	return append(slices.Clone(p.plan.Streams), Stream{Name: types.ErrorStream, Columns: types.ErrorStreamColumns()})
}

// Fingerprint identifies the plan. A snapshot of another plan is refused.
func (p *Program) Fingerprint() [32]byte { return p.fingerprint }

// Pumps returns the names of the pumps, in the order of the text.
func (p *Program) Pumps() []string {
	var names []string
	for _, pump := range p.plan.Pumps {
		names = append(names, pump.Pump)
	}
	return names
}

// Explain prints the plan of a pump as an indented tree, or nothing when there is no such pump.
func (p *Program) Explain(pump string) string {
	for _, n := range p.plan.Pumps {
		if n.Pump == pump {
			return plan.Explain(n)
		}
	}
	return ""
}

// Engine runs a program. It is a pure function of its calls: it reads no clock, and its outputs depend neither on how rows
// were batched nor on chance. It belongs to one goroutine.
type Engine struct{ run *exec.Engine }

// NewEngine returns an engine that has seen no row. Several engines of one program are independent.
func (p *Program) NewEngine(s Sink, l Limits) *Engine { return &Engine{exec.NewEngine(p.plan, s, l)} }

// Load adds rows to a reference table, before the first row of an input. They are part of every snapshot. Loading a table that
// is none panics.
func (e *Engine) Load(table string, b *types.Batch) { e.run.Load(table, b) }

// Push takes rows of an input stream in ROWTIME order. Of several inputs the caller interleaves rows by ROWTIME, then input.
// Columns that Needed does not ask for may be nil vectors. A row behind an earlier one or behind a bound is late: it becomes
// an error row. Pushing rows of a stream that is no input panics.
func (e *Engine) Push(input string, b *types.Batch) { e.run.Push(input, b) }

// Bound says that no row of any input with ROWTIME < t will come: windows whose end is ≤ t close.
func (e *Engine) Bound(t int64) { e.run.Bound(t) }

// Snapshot appends all state of the operators as versioned bytes with a checksum.
func (e *Engine) Snapshot(dst []byte) []byte { return e.run.Snapshot(dst) }

// Restore takes the state of a snapshot of the same plan. After an error the engine must not be used.
func (e *Engine) Restore(snapshot []byte) error { return e.run.Restore(snapshot) }
