package sql_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/millrace/millrace/internal/sql"
	"github.com/millrace/millrace/internal/sql/ast"
	"github.com/millrace/millrace/internal/sql/parser"
	"github.com/millrace/millrace/internal/sql/types"
)

// Applications as people wrote them for Kinesis Data Analytics, told anew: each compiles, has a plan for every pump, and makes of
// odd rows the same whether they come as batches, one by one, or with a restart after each.
func TestApplications(t *testing.T) {
	files, err := filepath.Glob("testdata/applications/*.sql")
	if err != nil || len(files) < 15 {
		t.Fatalf("find testdata: %v, %d files", err, len(files))
	}
	for _, file := range files {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".sql"), func(t *testing.T) {
			text, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			schema := schemaOf(t, string(text))
			p, err := sql.Compile(filepath.Base(file), string(text), schema)
			if err != nil {
				t.Fatal(err)
			}
			if pumps := strings.Count(strings.ToUpper(string(text)), " PUMP "); pumps != len(p.Pumps()) {
				t.Errorf("the text has %d pumps, the program %d", pumps, len(p.Pumps()))
			}
			for _, pump := range p.Pumps() {
				if !strings.Contains(p.Explain(pump), "scan ") {
					t.Errorf("pump %s has no plan: %s", pump, p.Explain(pump))
				}
			}
			want := transcript(t, p, schema, "whole")
			if len(want) == 0 {
				t.Error("no row came out")
			}
			for _, mode := range []string{"rows", "restarts"} {
				if got := transcript(t, p, schema, mode); strings.Join(got, "\n") != strings.Join(want, "\n") {
					t.Errorf("%s: another outcome than of whole batches\n%s\n--- whole\n%s", mode, strings.Join(got, "\n"), strings.Join(want, "\n"))
				}
			}
		})
	}
}

// schemaOf reads the lines "-- input NAME (COLUMNS)", "-- table NAME (COLUMNS)" and "-- metadata" of a text.
func schemaOf(t *testing.T, text string) sql.Schema {
	t.Helper()
	var schema sql.Schema
	for _, line := range strings.Split(text, "\n") {
		word, rest, _ := strings.Cut(strings.TrimPrefix(line, "-- "), " ")
		switch {
		case line == "-- metadata":
			for i := range schema.Inputs {
				in := &schema.Inputs[i]
				in.Hidden = 4
				in.Columns = append(in.Columns, types.Column{Name: "APPROXIMATE_ARRIVAL_TIME", Type: types.Of(types.Timestamp)},
					types.Column{Name: "PARTITION_KEY", Type: types.VarcharOf(256)}, types.Column{Name: "SEQUENCE_NUMBER", Type: types.VarcharOf(128)},
					types.Column{Name: "SHARD_ID", Type: types.VarcharOf(64)})
			}
		case strings.HasPrefix(line, "-- ") && word == "input":
			schema.Inputs = append(schema.Inputs, streamOf(t, rest))
		case strings.HasPrefix(line, "-- ") && word == "table":
			schema.Tables = append(schema.Tables, streamOf(t, rest))
		}
	}
	return schema
}

func streamOf(t *testing.T, text string) sql.Stream {
	t.Helper()
	tree, d := parser.Parse("schema", "CREATE STREAM "+text)
	if d.Err() != nil {
		t.Fatal(d)
	}
	def := tree[0].(*ast.CreateStream)
	s := sql.Stream{Name: def.Name.Name}
	for _, c := range def.Columns {
		s.Columns = append(s.Columns, types.Column{Name: c.Name.Name, Type: c.Type})
	}
	return s
}

// transcript plays odd rows to a program and returns what came out, stream by stream.
func transcript(t *testing.T, p *sql.Program, schema sql.Schema, mode string) []string {
	t.Helper()
	sink := &collector{program: p, rows: map[string][]string{}}
	e := p.NewEngine(sink, sql.Limits{})
	for _, table := range schema.Tables {
		e.Load(table.Name, oddRows(table.Columns, 0))
	}
	restart := func() {
		if mode != "restarts" {
			return
		}
		again := p.NewEngine(sink, sql.Limits{})
		if err := again.Restore(e.Snapshot(nil)); err != nil {
			t.Fatal(err)
		}
		e = again
	}
	for step := range int64(12) {
		for k, in := range schema.Inputs {
			b := usualRows(in.Columns, step, int64(k))
			if mode == "whole" {
				e.Push(in.Name, b)
				continue
			}
			for row := range b.N {
				var one types.Batch
				b.Slice(&one, row, row+1)
				e.Push(in.Name, &one)
				restart()
			}
		}
	}
	e.Bound(1 << 60)
	var all []string
	for _, s := range p.Streams() {
		all = append(all, sink.rows[s.Name]...)
	}
	return append(all, sink.errors...)
}

type collector struct {
	program *sql.Program
	rows    map[string][]string
	errors  []string
}

func (c *collector) Rows(stream string, b *types.Batch) {
	for _, s := range c.program.Streams() {
		if s.Name != stream {
			continue
		}
		for i := range b.N {
			line := string(types.AppendJSON(types.AppendTimestamp([]byte(stream+" @"), b.Rowtime[i]), s.Columns, b, i))
			c.rows[stream] = append(c.rows[stream], line)
		}
	}
}

func (c *collector) Error(e types.ErrorRow) {
	c.errors = append(c.errors, string(types.AppendTimestamp([]byte("error @"), e.DataRowtime))+" "+e.Pump+": "+e.Message)
}

// usualRows are rows with values that applications look for. The k-th of several inputs stands a millisecond behind the first one, as
// rows are pushed in the order of their ROWTIMEs only within one input.
func usualRows(cols []types.Column, step, k int64) *types.Batch {
	texts := []string{
		"click", "impression", "192.168.254.30 - John [24/May/2004:22:01:02 -0700] \"GET /icons/a.gif HTTP/1.1\" 304 0", "web", "pageview",
		"login", "level_started", "level_completed", "oil_temp", "high", "TECH", "custom", "20/Nov/2019:10:00:17 +0000", "2020-01-01T10:00:30",
	}
	b := types.NewBatch(cols)
	for row := range int64(8) {
		b.N++
		b.Rowtime = append(b.Rowtime, 1_577_872_800_000+step*9_000+k*8_000/2+row*400)
		for i, c := range cols {
			n := row*row + step*3 + int64(i)
			v := b.Cols[i]
			v.Null = append(v.Null, c.Type.Nullable && n%11 == 10)
			switch c.Type.Kind.Physical() {
			case types.FloatValues:
				v.Float = append(v.Float, float64(n%40)/4)
			case types.StrValues:
				v.Str = append(v.Str, types.Cut(texts[n%int64(len(texts))], c.Type.Length))
			default:
				value := n % 7 * 100
				switch c.Type.Kind {
				case types.Boolean:
					value = n % 2
				case types.Timestamp:
					value = b.Rowtime[row] - n%5*1000
				}
				v.Int = append(v.Int, value)
			}
		}
	}
	return b
}
