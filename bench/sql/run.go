//go:build linux

package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"hash/fnv"
	"io"
	"os"
	"runtime"
	"slices"

	"github.com/millrace/millrace/internal/application/input"
	"github.com/millrace/millrace/internal/application/output"
	"github.com/millrace/millrace/internal/sql"
	"github.com/millrace/millrace/internal/sql/types"
)

// schema is that of the generated rows.
var schema = input.Schema{Format: input.JSON, RowPath: "$", Columns: []input.Column{
	{Name: "ts", SQLType: "BIGINT", Mapping: "$.ts"}, {Name: "host", SQLType: "VARCHAR(16)", Mapping: "$.host"},
	{Name: "method", SQLType: "VARCHAR(8)", Mapping: "$.method"}, {Name: "status", SQLType: "INTEGER", Mapping: "$.status"},
	{Name: "bytes", SQLType: "INTEGER", Mapping: "$.bytes"}, {Name: "seconds", SQLType: "DOUBLE", Mapping: "$.seconds"},
}}

// run is a query while it reads a file.
type run struct {
	program *sql.Program
	engine  *sql.Engine
	columns map[string][]types.Column
	record  []byte
	out     int64
	// compared runs add up their results in digest.
	compared bool
	digest   uint64
}

// runChild runs a query over a file on one core and prints what it measured.
func runChild(name, file string) error {
	runtime.GOMAXPROCS(1)
	for _, q := range queries() {
		if q.name == name {
			m, err := runFile(q, file)
			if err != nil {
				return err
			}
			return json.NewEncoder(os.Stdout).Encode(m)
		}
	}
	return fmt.Errorf("there is no query %q", name)
}

func runFile(q query, file string) (measured, error) {
	layout, err := schema.Layout()
	if err != nil {
		return measured{}, err
	}
	inputs := []sql.Stream{{Name: "S", Columns: layout.Columns(), Hidden: layout.Hidden()}}
	if q.two {
		inputs = append(inputs, sql.Stream{Name: "T", Columns: layout.Columns(), Hidden: layout.Hidden()})
	}
	r := &run{columns: map[string][]types.Column{}, compared: q.flink}
	if r.program, err = sql.Compile("bench.sql", q.code, sql.Schema{Inputs: inputs}); err != nil {
		return measured{}, err
	}
	for _, s := range r.program.Streams() {
		r.columns[s.Name] = s.Columns
	}
	r.engine = r.program.NewEngine(r, sql.Limits{})
	f, err := os.Open(file)
	if err != nil {
		return measured{}, err
	}
	defer f.Close()
	rows, err := r.read(f, layout, inputs)
	if err != nil {
		return measured{}, err
	}
	r.engine.Bound(1 << 60)
	return measured{Rows: rows, Out: r.out, Digest: r.digest}, nil
}

// blockBytes are read at once.
const blockBytes = 1 << 18

// read pushes the rows of a file, which are in the order of their times. Where
// there are two inputs, blocks go to them in turns.
func (r *run) read(f io.Reader, layout *input.Layout, inputs []sql.Stream) (rows int64, err error) {
	var readers []*input.Reader
	for _, in := range inputs {
		needed := slices.Clone(r.program.Needed(in.Name))
		needed[0] = true // its time
		readers = append(readers, input.NewReader(layout, needed, func(b *types.Batch) {
			copy(b.Rowtime, b.Cols[0].Int)
			rows += int64(b.N)
			r.engine.Push(in.Name, b)
		}, fail))
	}
	none := &input.Metadata{}
	buffer := make([]byte, blockBytes)
	held := 0
	for turn := 0; ; turn++ {
		n, err := io.ReadFull(f, buffer[held:])
		held += n
		end := bytes.LastIndexByte(buffer[:held], '\n') + 1
		reader := readers[turn%len(readers)]
		for at := 0; at < end; {
			stop := at + bytes.IndexByte(buffer[at:end], '\n')
			reader.Part(buffer, at, stop, 0, none)
			at = stop + 1
		}
		reader.Flush()
		held = copy(buffer, buffer[end:held])
		if err != nil {
			if err == io.EOF || err == io.ErrUnexpectedEOF {
				err = nil
			}
			return rows, err
		}
	}
}

func fail(e types.ErrorRow) { panic("the generated rows are good: " + e.Message) }

// Rows writes the rows of a stream as an output would.
func (r *run) Rows(stream string, b *types.Batch) {
	cols := r.columns[stream]
	for i := range b.N {
		r.record = output.JSON.Append(r.record[:0], cols, b, i)
		if r.compared {
			h := fnv.New64a()
			h.Write(r.record)
			r.digest += h.Sum64()
		}
	}
	r.out += int64(b.N)
}

// Error ends the run: the queries have no error rows.
func (r *run) Error(e types.ErrorRow) { panic("error row: " + e.Message) }
