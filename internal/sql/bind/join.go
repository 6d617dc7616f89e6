package bind

import (
	"math"

	"github.com/millrace/millrace/internal/sql/ast"
	"github.com/millrace/millrace/internal/sql/token"
	"github.com/millrace/millrace/internal/sql/types"
)

// Join pairs the rows of two sides that are in each other's window and for which the keys are equal and On is true. Its
// columns are those of the left side, then those of the right one; a pair has the later one's ROWTIME.
type Join struct {
	Left, Right Side
	// On reads the columns of the join; nil where the keys say all.
	On Expr
}

// Side is one side of a join. The right one may be a reference table instead of a source.
type Side struct {
	Source Source
	Table  *Stream
	// Range is for how many milliseconds a row is kept, so that one of the other side may meet it: 0 for a side without OVER,
	// whose rows meet those of the same ROWTIME alone, Unbounded for ever. Where Rows is not 0, that many rows are kept instead.
	Range int64
	Rows  int
	// Stamped sides have the ROWTIME of their rows as a further column, behind the others.
	Stamped bool
	// Outer: a row that met none until its window ended is given out beside NULLs.
	Outer bool
	// Keys are what has to be equal on both sides, over the side's own columns.
	Keys []Expr
	cols []types.Column
}

// Unbounded is the range of a window that never ends.
const Unbounded = int64(math.MaxInt64)

func (j *Join) sources() []Source {
	if j.Right.Table != nil {
		return []Source{j.Left.Source}
	}
	return []Source{j.Left.Source, j.Right.Source}
}

// Columns are those of the side as the join shows them.
func (s *Side) Columns() []types.Column { return s.cols }

// operand is a side while FROM is resolved, with what its names mean.
type operand struct {
	Side
	*scope
	pos token.Position
}

// fromAll resolves FROM: a comma joins like CROSS JOIN.
func (b *binder) fromAll(s *ast.Select, out *Query) *scope {
	left := b.operand(s.From[0], s.Windows)
	for _, f := range s.From[1:] {
		left = b.join(&ast.Join{Pos: positionOf(f), Kind: "CROSS"}, left, b.operand(f, s.Windows))
	}
	switch {
	case left.Table != nil:
		fail(left.pos, "%s is a reference table and no stream; join it to one", left.scope)
	case left.Range != 0 || left.Rows != 0:
		fail(left.pos, "%s has a window (OVER) and is not joined", left.scope)
	}
	out.From = left.Source
	return left.scope
}

func (b *binder) operand(f ast.From, windows []ast.NamedWindow) *operand {
	o := &operand{pos: positionOf(f)}
	switch f := f.(type) {
	case *ast.Join:
		return b.join(f, b.operand(f.Left, windows), b.operand(f.Right, windows))
	case *ast.StreamRef:
		stream := b.stream(f.Name)
		if b.isTable(stream) {
			o.Table = stream
		} else {
			o.Source = stream
		}
		o.scope = streamScope(f.Name.Name, stream).rename(f.Alias, f.Columns)
		if f.Over != nil {
			b.joinWindow(o, namedWindow(f.Over, windows))
		}
	default:
		var q Query
		o.scope = b.from(f, &q)
		o.Source = q.From
	}
	for _, c := range o.columns {
		o.cols = append(o.cols, types.Column{Name: c.name, Type: c.t})
	}
	return o
}

func streamScope(name string, s *Stream) *scope {
	columns := make([]scopeColumn, len(s.Columns))
	for i, c := range s.Columns {
		columns[i] = scopeColumn{name: c.Name, t: c.Type}
	}
	return newScope(name, columns, s.Hidden)
}

// namedWindow returns the window that OVER name means.
func namedWindow(w *ast.WindowSpec, windows []ast.NamedWindow) *ast.WindowSpec {
	if w.Name.Name == "" {
		return w
	}
	var names []string
	for _, n := range windows {
		if n.Name.Name == w.Name.Name {
			return n.Spec
		}
		names = append(names, n.Name.Name)
	}
	fail(w.Name.Pos, "window %s does not exist%s", show(w.Name.Name), suggest(w.Name.Name, names))
	return nil
}

// joinWindow resolves OVER behind a stream in FROM.
func (b *binder) joinWindow(o *operand, w *ast.WindowSpec) {
	switch {
	case o.Table != nil:
		fail(w.Pos, "%s is a reference table; its rows are there all the time, without a window", o.scope)
	case len(w.PartitionBy) > 0:
		fail(w.PartitionBy[0].Position(), "the window of a join has no PARTITION BY")
	case len(w.OrderBy) > 1 || len(w.OrderBy) == 1 && (w.OrderBy[0].Desc || !isRowtimeName(w.OrderBy[0].Expr)):
		fail(w.OrderBy[0].Expr.Position(), "the window of a join is ordered by ROWTIME")
	case !w.Frame || w.Size == nil:
		o.Range = Unbounded
	case w.Rows:
		o.Rows = rowsOf(w.Size) + 1
	default:
		o.Range = rangeOf(w.Size)
	}
}

func isRowtimeName(e ast.Expr) bool {
	n, ok := e.(*ast.Name)
	return ok && n.Parts[len(n.Parts)-1].Name == "ROWTIME"
}

// join joins two operands. Of a stream and a reference table the stream's columns come first, whatever the order in FROM.
func (b *binder) join(f *ast.Join, left, right *operand) *operand {
	kind, natural := f.Kind, false
	if len(kind) > 8 && kind[:8] == "NATURAL " {
		kind, natural = kind[8:], true
	}
	for _, r := range right.relations {
		if left.relation(r.name) != nil {
			fail(right.pos, "%s is in FROM twice; give one of them an alias", show(r.name))
		}
	}
	relations := len(left.relations)
	swapped := left.Table != nil
	if swapped {
		if right.Table != nil {
			fail(f.Pos, "%s and %s are reference tables; a join needs a stream", left.scope, right.scope)
		}
		left, right, kind = right, left, mirrored(kind)
	}
	j := &Join{Left: left.Side, Right: right.Side}
	j.Left.Outer, j.Right.Outer = kind == "LEFT" || kind == "FULL", kind == "RIGHT" || kind == "FULL"
	b.checkJoin(f, j, right)
	o := &operand{pos: left.pos, scope: &scope{functions: b.functions}}
	j.Left.Stamped = o.add(left, j.Right.Outer)
	width := len(o.columns)
	j.Right.Stamped = o.add(right, j.Left.Outer)
	j.Left.cols, j.Right.cols = o.cols[:width:width], o.cols[width:]
	o.Source = j
	if swapped {
		o.relations = append(o.relations[len(o.relations)-relations:], o.relations[:len(o.relations)-relations]...)
	}
	e := &exprBinder{scope: o.scope}
	var conditions []Expr
	switch {
	case natural:
		conditions = b.using(f, kind, e, left, right, width, common(left.scope, right.scope))
	case len(f.Using) > 0:
		conditions = b.using(f, kind, e, left, right, width, f.Using)
	case f.On != nil:
		if call := findCall(f.On, isAggregateCall); call != nil {
			fail(call.Name.Pos, "%s cannot stand in ON", call.Name.Name)
		}
		conditions = conjuncts(e.condition(f.On, "ON"))
	case kind != "CROSS":
		fail(f.Pos, "%s JOIN needs ON with its condition", kind)
	}
	j.On = conjunction(j.addKeys(conditions))
	return o
}

func mirrored(kind string) string {
	switch kind {
	case "LEFT":
		return "RIGHT"
	case "RIGHT":
		return "LEFT"
	}
	return kind
}

// checkJoin refuses what would never end or has no meaning.
func (b *binder) checkJoin(f *ast.Join, j *Join, right *operand) {
	switch {
	case j.Right.Table != nil && j.Right.Outer:
		fail(f.Pos, "an outer join cannot keep the rows of reference table %s; only the stream's (the stream LEFT JOIN the table)", right.scope)
	case j.Left.Outer && j.Left.Range == Unbounded || j.Right.Outer && j.Right.Range == Unbounded:
		fail(f.Pos, "the rows that an outer join keeps need a window that ends; give it a RANGE")
	}
	if j.Right.Table != nil && (j.Left.Range != 0 || j.Left.Rows != 0) {
		fail(f.Pos, "a stream that is joined to a reference table has no window")
	}
}

// add puts the columns of an operand behind those that are there. Its ROWTIME is that of the joined row, unless it has a
// window or may be missing: then it becomes a column.
func (o *operand) add(side *operand, nullable bool) (stamped bool) {
	from := len(o.columns)
	stamped = side.Table == nil && (side.Range != 0 || side.Rows != 0 || nullable)
	for _, c := range side.columns {
		c.motion = Unknown
		if stamped {
			c.pure = nil
		}
		c.t.Nullable = c.t.Nullable || nullable
		o.columns = append(o.columns, c)
	}
	if stamped {
		o.columns = append(o.columns, scopeColumn{t: types.Type{Kind: types.Timestamp, Nullable: nullable}})
	}
	for _, c := range o.columns[from:] {
		name := c.name
		if name == "" {
			name = "ROWTIME"
		}
		o.cols = append(o.cols, types.Column{Name: name, Type: c.t})
	}
	for _, r := range side.relations {
		r.from, r.to = r.from+from, r.to+from
		switch {
		case side.Table != nil:
			r.rowtime = noRowtime
		case r.rowtime >= 0:
			r.rowtime += from
		case stamped && r.rowtime == ownRowtime:
			r.rowtime = len(o.columns) - 1
		}
		o.relations = append(o.relations, r)
	}
	return stamped
}

// conjuncts takes a condition apart at its ANDs.
func conjuncts(e Expr) []Expr {
	if l, ok := e.(*Logic); ok && !l.Or {
		return append(conjuncts(l.L), conjuncts(l.R)...)
	}
	if e == nil {
		return nil
	}
	return []Expr{e}
}

// conjunction puts conditions together again; nil when there is none.
func conjunction(all []Expr) Expr {
	var e Expr
	for _, c := range all {
		if e == nil {
			e = c
		} else {
			e = &Logic{L: e, R: c}
		}
	}
	return e
}
