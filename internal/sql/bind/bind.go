package bind

import (
	"fmt"
	"slices"
	"strings"

	"github.com/millrace/millrace/internal/sql/ast"
	"github.com/millrace/millrace/internal/sql/dialect"
	"github.com/millrace/millrace/internal/sql/function"
	"github.com/millrace/millrace/internal/sql/token"
	"github.com/millrace/millrace/internal/sql/types"
)

// Bind resolves an application. What it refuses goes to diagnostics; the result counts only when there are none.
func Bind(file string, statements []ast.Statement, inputs, tables []Stream, diagnostics *token.Diagnostics) *Application {
	b := &binder{
		file: file, diagnostics: diagnostics, app: &Application{Inputs: inputs, Tables: tables},
		stopped: map[string]bool{}, functions: newFunctions(),
	}
	for _, s := range statements {
		b.try(func() { b.statement(s) })
	}
	b.checkTimes()
	b.app.Pumps = slices.DeleteFunc(b.app.Pumps, func(p Pump) bool { return b.stopped[p.Name] })
	return b.app
}

type binder struct {
	file        string
	diagnostics *token.Diagnostics
	app         *Application
	// stopped are the pumps that do not run.
	stopped   map[string]bool
	functions *functions
}

func (b *binder) statement(s ast.Statement) {
	switch s := s.(type) {
	case *ast.CreateStream:
		b.createStream(s)
	case *ast.CreatePump:
		b.createPump(s)
	case *ast.CreateFunction:
		b.createFunction(s)
	case *ast.AlterPump:
		b.alterPump(s)
	case *ast.Drop:
		b.drop(s)
	default:
		panic(fmt.Sprintf("BUG: statement %T", s))
	}
}

// fault is the panic that leaves a clause at its first error. One without text leaves what depends on a clause that failed
// and was reported.
type fault struct {
	pos  token.Position
	text string
}

func fail(pos token.Position, format string, args ...any) {
	panic(&fault{pos, fmt.Sprintf(format, args...)})
}

// try runs a part of binding and records the fault that ends it. It reports whether there was none.
func (b *binder) try(f func()) (ok bool) {
	defer func() {
		switch r := recover().(type) {
		case nil:
		case *fault:
			ok = false
			if r.text != "" {
				b.diagnostics.Add(b.file, r.pos, "%s", r.text)
			}
		default:
			panic(r)
		}
	}()
	f()
	return true
}

func (b *binder) createStream(s *ast.CreateStream) {
	name := s.Name.Name
	if strings.EqualFold(name, types.ErrorStream) {
		fail(s.Name.Pos, "%s is reserved: the application makes it by itself", show(name))
	}
	if slices.ContainsFunc(b.app.Inputs, func(in Stream) bool { return in.Name == name }) {
		fail(s.Name.Pos, "%s is an input of the application and cannot be created", show(name))
	}
	if slices.ContainsFunc(b.app.Tables, func(t Stream) bool { return t.Name == name }) {
		fail(s.Name.Pos, "%s is a reference table of the application and cannot be created", show(name))
	}
	stream := Stream{Name: name}
	for _, c := range s.Columns {
		if slices.ContainsFunc(stream.Columns, func(o types.Column) bool { return o.Name == c.Name.Name }) {
			fail(c.Name.Pos, "column %s is there twice", show(c.Name.Name))
		}
		stream.Columns = append(stream.Columns, types.Column{Name: c.Name.Name, Type: c.Type})
	}
	at := slices.IndexFunc(b.app.Streams, func(o Stream) bool { return o.Name == name })
	if at < 0 {
		b.app.Streams = append(b.app.Streams, stream)
		return
	}
	if !s.OrReplace {
		fail(s.Name.Pos, "stream %s is there twice; CREATE OR REPLACE would replace the first", show(name))
	}
	b.unused(s.Name, "replaced")
	b.app.Streams[at] = stream
}

func reads(s Source, stream string) bool {
	if from, ok := s.(*Stream); ok {
		return from.Name == stream
	}
	return slices.ContainsFunc(s.sources(), func(from Source) bool { return reads(from, stream) })
}

// stream finds a stream or a reference table that a query may read.
func (b *binder) stream(n ast.Ident) *Stream {
	if strings.EqualFold(n.Name, types.ErrorStream) {
		fail(n.Pos, "%s cannot be read in SQL; bind an output to it", show(n.Name))
	}
	var names []string
	for _, all := range [][]Stream{b.app.Inputs, b.app.Streams, b.app.Tables} {
		for i := range all {
			if all[i].Name == n.Name {
				return &all[i]
			}
			names = append(names, all[i].Name)
		}
	}
	fail(n.Pos, "stream %s does not exist%s", show(n.Name), suggest(n.Name, names))
	return nil
}

func (b *binder) createPump(s *ast.CreatePump) {
	name := s.Name.Name
	target := b.target(s.Target)
	pump := Pump{Name: name, pos: s.Name.Pos, Target: target.Name, Query: b.query(s.Query)}
	if b.try(func() { pump.Values = b.values(promoteColumn(s, target, pump.Query), target, pump.Query) }) {
		b.checkCircle(s, &pump)
	}
	b.stopped[name] = s.Stopped && !dialect.StoppedPumpsRun
	at := b.pump(name)
	switch {
	case at >= 0 && !s.OrReplace:
		fail(s.Name.Pos, "pump %s is there twice; CREATE OR REPLACE would replace the first", show(name))
	case at >= 0:
		b.app.Pumps[at] = pump
	default:
		b.app.Pumps = append(b.app.Pumps, pump)
	}
}

// pump is the number of a pump, or -1.
func (b *binder) pump(name string) int {
	return slices.IndexFunc(b.app.Pumps, func(p Pump) bool { return p.Name == name })
}

func (b *binder) target(n ast.Ident) *Stream {
	for i := range b.app.Streams {
		if b.app.Streams[i].Name == n.Name {
			return &b.app.Streams[i]
		}
	}
	var names []string
	for _, there := range [][]Stream{b.app.Inputs, b.app.Tables} {
		if slices.ContainsFunc(there, func(s Stream) bool { return s.Name == n.Name }) {
			fail(n.Pos, "%s is an input of the application; a pump inserts into a stream that CREATE STREAM makes", show(n.Name))
		}
	}
	for _, s := range b.app.Streams {
		names = append(names, s.Name)
	}
	fail(n.Pos, "stream %s does not exist%s", show(n.Name), suggest(n.Name, names))
	return nil
}

// values matches the items of a query with the columns of the target, by position.
func (b *binder) values(s *ast.CreatePump, target *Stream, q *Query) []Expr {
	values := make([]Expr, len(target.Columns))
	into := make([]int, 0, len(target.Columns))
	for i := range target.Columns {
		into = append(into, i)
	}
	if len(s.Columns) > 0 {
		into = into[:0]
		for _, n := range s.Columns {
			at := slices.IndexFunc(target.Columns, func(c types.Column) bool { return c.Name == n.Name })
			if at < 0 {
				fail(n.Pos, "stream %s has no column %s%s", show(target.Name), show(n.Name), suggest(n.Name, columnNames(target.Columns)))
			}
			if slices.Contains(into, at) {
				fail(n.Pos, "column %s is there twice", show(n.Name))
			}
			into = append(into, at)
		}
	}
	if len(into) != len(q.Items) {
		fail(s.Target.Pos, "the query has %d columns, expected %d to insert into %s", len(q.Items), len(into), show(target.Name))
	}
	for i, at := range into {
		to := target.Columns[at]
		from := q.Items[i].Expr.Type()
		if from.Kind == types.Row {
			fail(s.Target.Pos, "column %d of the query (%s) is a row; take its columns in a query around it, as in SELECT STREAM t.r.COLUMN1 FROM (…) AS t (r)",
				i+1, show(q.Items[i].Name))
		}
		if !function.Assignable(from, to.Type) {
			fail(s.Target.Pos, "column %d of the query (%s) is %s and does not go into %s %s; CAST it",
				i+1, show(q.Items[i].Name), from, show(to.Name), to.Type)
		}
		values[at] = assign(&Column{Index: i, Name: q.Items[i].Name, T: from}, to.Type, s.Target.Pos)
	}
	for i, v := range values {
		if v == nil {
			if !target.Columns[i].Type.Nullable {
				fail(s.Target.Pos, "column %s is NOT NULL and gets no value", show(target.Columns[i].Name))
			}
			values[i] = &Const{Value: function.Value{Null: true}, T: target.Columns[i].Type}
		}
	}
	return values
}

// assign brings a column of a query to the type of the target's.
func assign(x *Column, to types.Type, pos token.Position) Expr {
	cast := coerce(x, to, pos)
	if call, ok := cast.(*Call); ok && x.T.Kind.IsText() && to.Kind.IsText() {
		call.Kernel = function.Assign(to)
	}
	return cast
}

func columnNames(cols []types.Column) []string {
	names := make([]string, len(cols))
	for i, c := range cols {
		names[i] = c.Name
	}
	return names
}

// checkCircle refuses a pump whose rows would come back to it.
func (b *binder) checkCircle(s *ast.CreatePump, pump *Pump) {
	var visit func(stream string, path []string)
	visit = func(stream string, path []string) {
		path = append(path, show(stream))
		if reads(pump.Query, stream) {
			fail(s.Name.Pos, "pump %s closes a circle of streams: %s", show(pump.Name), strings.Join(append(path, path[0]), " → "))
		}
		for _, p := range b.app.Pumps {
			if p.Name != pump.Name && reads(p.Query, stream) {
				visit(p.Target, path)
			}
		}
	}
	visit(pump.Target, nil)
}
