package sqltest

import (
	"fmt"
	"strings"

	"github.com/millrace/millrace/internal/sql"
	"github.com/millrace/millrace/internal/sql/types"
)

// feeder collects rows of one input until they are pushed.
type feeder struct {
	run    *run
	stream *sql.Stream
	batch  *types.Batch
}

func (r *run) input(b *block) ([]string, error) {
	f := &feeder{run: r}
	args := strings.Fields(b.args)
	r.json = len(args) > 1 && args[1] == "json"
	for n, line := range b.body {
		if strings.TrimSpace(line) == "" || strings.HasPrefix(line, "#") {
			continue
		}
		if err := f.line(line, args); err != nil {
			return nil, fmt.Errorf("row %d: %w", n+1, err)
		}
	}
	if err := f.flush(); err != nil {
		return nil, err
	}
	return r.take(), nil
}

func (f *feeder) line(line string, args []string) error {
	all, quoted, err := words(line)
	if err != nil {
		return err
	}
	if bound, ok := strings.CutPrefix(all[0], "^"); ok {
		t, err := readTime(bound)
		if err != nil {
			return err
		}
		if err := f.flush(); err != nil {
			return err
		}
		f.run.engine.Bound(t)
		return f.step()
	}
	name := ""
	if len(args) > 0 {
		name = args[0]
	} else {
		name, all, quoted = all[0], all[1:], quoted[1:]
	}
	if err := f.choose(name); err != nil {
		return err
	}
	if err := f.row(all, quoted); err != nil {
		return err
	}
	if f.run.mode != Whole {
		return f.flush()
	}
	return nil
}

func (f *feeder) choose(name string) error {
	if f.stream != nil && f.stream.Name == name {
		return nil
	}
	if err := f.flush(); err != nil {
		return err
	}
	for i := range f.run.inputs {
		if f.run.inputs[i].Name == name {
			f.stream = &f.run.inputs[i]
			f.batch = types.NewBatch(f.stream.Columns)
			return nil
		}
	}
	return fmt.Errorf("stream %q is no input", name)
}

func (f *feeder) row(words []string, quoted []bool) error {
	if len(words) != len(f.stream.Columns)+1 {
		return fmt.Errorf("found %d values, expected a time and %d", len(words), len(f.stream.Columns))
	}
	t, err := readTime(words[0])
	if err != nil {
		return err
	}
	f.batch.N++
	f.batch.Rowtime = append(f.batch.Rowtime, t)
	for i, c := range f.stream.Columns {
		if err := appendValue(f.batch.Cols[i], c.Type, words[i+1], quoted[i+1]); err != nil {
			return err
		}
	}
	return nil
}

// flush pushes what was collected, without the columns that nobody reads.
func (f *feeder) flush() error {
	if f.batch == nil || f.batch.N == 0 {
		return nil
	}
	pruned := *f.batch
	pruned.Cols = append([]*types.Vector(nil), f.batch.Cols...)
	for i, needed := range f.run.program.Needed(f.stream.Name) {
		if !needed {
			pruned.Cols[i] = nil
		}
	}
	f.run.engine.Push(f.stream.Name, &pruned)
	f.batch.Reset()
	return f.step()
}

func (f *feeder) step() error {
	if f.run.mode == Restored {
		return f.run.restart()
	}
	return nil
}
