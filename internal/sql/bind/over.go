package bind

import (
	"fmt"
	"slices"
	"strings"

	"github.com/millrace/millrace/internal/sql/ast"
	"github.com/millrace/millrace/internal/sql/function"
	"github.com/millrace/millrace/internal/sql/types"
)

// Frame says how far back a sliding window reaches.
type Frame uint8

const (
	// FrameUnbounded holds all rows of the partition so far.
	FrameUnbounded Frame = iota
	// FrameRange holds the rows of the last Size milliseconds.
	FrameRange
	// FrameRows holds the row itself and Size rows before it.
	FrameRows
)

// Window is a sliding window: for each row, those of its partition that the frame reaches, the row itself last.
type Window struct {
	Partition []Expr
	Frame     Frame
	Size      int64
}

// Over is the functions with OVER of a select list and their windows. Each function is a column behind those of the rows.
type Over struct {
	Windows   []Window
	Functions []Analytic
}

// Analytic is an aggregate function, or LAG, NTH_VALUE or EXP_AVG, over window number Window.
type Analytic struct {
	Aggregate
	Window int
}

func (w Window) String() string {
	var parts []string
	if len(w.Partition) > 0 {
		parts = append(parts, "partition by "+List(w.Partition))
	}
	switch w.Frame {
	case FrameRange:
		parts = append(parts, fmt.Sprintf("range %d ms preceding", w.Size))
	case FrameRows:
		parts = append(parts, fmt.Sprintf("rows %d preceding", w.Size))
	default:
		parts = append(parts, "unbounded preceding")
	}
	return "(" + strings.Join(parts, " ") + ")"
}

// over is an Over while its query is resolved: named are the windows of its WINDOW clause.
type over struct {
	*Over
	named                []ast.NamedWindow
	functionAt, windowAt places
}

// newOver takes the WINDOW clause of a query.
func newOver(s *ast.Select) *over {
	for i, w := range s.Windows {
		if slices.ContainsFunc(s.Windows[:i], func(other ast.NamedWindow) bool { return other.Name.Name == w.Name.Name }) {
			fail(w.Name.Pos, "window %s is there twice", show(w.Name.Name))
		}
		if w.Spec.Name.Name != "" {
			fail(w.Spec.Pos, "window %s has another window's name for its content; write it out in parentheses", show(w.Name.Name))
		}
	}
	return &over{&Over{}, s.Windows, places{}, places{}}
}

// analytic resolves a function with OVER to the column that holds it.
func (b *exprBinder) analytic(e *ast.Call) Expr {
	switch {
	case b.group != nil:
		fail(e.Over.Pos, "OVER cannot stand in a query with GROUP BY or STAGGER; group in a sub-query")
	case b.over == nil:
		fail(e.Over.Pos, "%s OVER stands only in a select list; use a sub-query to filter, group or join by it", e.Name.Name)
	}
	w := b.window(e.Over)
	f := Analytic{Window: b.over.window(w)}
	switch e.Name.Name {
	case "LAG":
		f.Aggregate = b.lag(e)
	case "NTH_VALUE":
		f.Aggregate = b.nthValue(e)
	case "EXP_AVG":
		f.Aggregate = b.expAvg(e)
	default:
		if !slices.Contains(aggregateNames(), e.Name.Name) {
			fail(e.Name.Pos, "%s has no OVER%s", e.Name.Name, suggest(e.Name.Name, slices.Concat(aggregateNames(), overNames())))
		}
		f.Aggregate = b.aggregateFunction(e)
	}
	f.Label = e.String()
	at, first := b.over.functionAt.of(fmt.Sprintf("%d %s", f.Window, f))
	if first {
		b.over.Functions = append(b.over.Functions, f)
	}
	return &Column{Index: len(b.scope.columns) + at, Name: f.Label, T: f.T}
}

// window returns the number of a window, which it has when another function has it too.
func (o *over) window(w Window) int {
	at, first := o.windowAt.of(w.String())
	if first {
		o.Windows = append(o.Windows, w)
	}
	return at
}

// window resolves OVER name and OVER (…).
func (b *exprBinder) window(spec *ast.WindowSpec) Window {
	spec = namedWindow(spec, b.over.named)
	w := Window{}
	for _, term := range spec.PartitionBy {
		if call := findCall(term, func(c *ast.Call) bool { return c.Over != nil || isAggregateCall(c) }); call != nil {
			fail(call.Name.Pos, "%s cannot stand in PARTITION BY", call.Name.Name)
		}
		w.Partition = append(w.Partition, (&exprBinder{scope: b.scope}).expr(term))
	}
	b.windowOrder(spec)
	switch {
	case spec.Size == nil:
	case spec.Rows:
		w.Frame, w.Size = FrameRows, int64(rowsOf(spec.Size))
	default:
		w.Frame, w.Size = FrameRange, rangeOf(spec.Size)
	}
	return w
}

// windowOrder refuses another order than that in which rows come.
func (b *exprBinder) windowOrder(spec *ast.WindowSpec) {
	for i, term := range spec.OrderBy {
		_, isRowtime := (&exprBinder{scope: b.scope}).expr(term.Expr).(*Rowtime)
		if !isRowtime || term.Desc || i > 0 {
			fail(term.Expr.Position(), "a sliding window follows its rows as they come; ORDER BY in it can only be ROWTIME")
		}
	}
}

// lag is LAG(x [, n [, default]]).
func (b *exprBinder) lag(e *ast.Call) Aggregate {
	if len(e.Args) < 1 || len(e.Args) > 3 {
		fail(e.Name.Pos, "LAG: expected 1 to 3 arguments, found %d", len(e.Args))
	}
	a := Aggregate{Func: "LAG", N: 1, Arg: b.typed(e, e.Args[0]), IgnoreNulls: e.Nulls == "IGNORE"}
	a.T = a.Arg.Type()
	a.T.Nullable = true
	if len(e.Args) > 1 {
		a.N = b.wholeNumber(e, 1, 0)
	}
	if len(e.Args) > 2 {
		x := b.argument(e, e.Args[2])
		if !function.Assignable(x.Type(), a.T) {
			fail(e.Args[2].Position(), "LAG: the default is %s and the values are %s; CAST it", x.Type(), a.T)
		}
		a.Default = coerce(x, a.T, e.Args[2].Position())
	}
	return a
}

// nthValue is NTH_VALUE(x, n) [FROM FIRST | LAST].
func (b *exprBinder) nthValue(e *ast.Call) Aggregate {
	if len(e.Args) != 2 {
		fail(e.Name.Pos, "NTH_VALUE: expected 2 arguments, found %d", len(e.Args))
	}
	a := Aggregate{Func: "NTH_VALUE", Arg: b.typed(e, e.Args[0]), N: b.wholeNumber(e, 1, 1), FromLast: e.FromLast, IgnoreNulls: e.Nulls == "IGNORE"}
	a.T = a.Arg.Type()
	a.T.Nullable = true
	return a
}

// expAvg is EXP_AVG(x, INTERVAL …): the weight of a value halves with each interval of its age.
func (b *exprBinder) expAvg(e *ast.Call) Aggregate {
	if len(e.Args) != 2 {
		fail(e.Name.Pos, "EXP_AVG: expected 2 arguments, found %d", len(e.Args))
	}
	a := Aggregate{Func: "EXP_AVG", Arg: b.typed(e, e.Args[0]), T: types.Of(types.Double)}
	if t := a.Arg.Type(); !t.Kind.IsNumeric() {
		fail(e.Name.Pos, "EXP_AVG needs numbers, found %s", t)
	}
	half, ok := b.argument(e, e.Args[1]).(*Const)
	if !ok || half.T.Kind != types.Interval || half.Value.Int <= 0 {
		fail(e.Args[1].Position(), "EXP_AVG needs a day-time interval above 0, as in EXP_AVG(x, INTERVAL '10' SECOND)")
	}
	a.HalfLife = half.Value.Int
	return a
}

// typed is argument, and a NULL without type is an INTEGER.
func (b *exprBinder) typed(e *ast.Call, arg ast.Expr) Expr {
	x := b.argument(e, arg)
	if x.Type().Kind == types.Null {
		x = coerce(x, types.Of(types.Integer), arg.Position())
	}
	return x
}

// wholeNumber is argument i, which has to be a constant from least on.
func (b *exprBinder) wholeNumber(e *ast.Call, i int, least int64) int64 {
	n, ok := b.argument(e, e.Args[i]).(*Const)
	if !ok || !n.T.Kind.IsInteger() || n.Value.Null || n.Value.Int < least || n.Value.Int > maxOffset {
		fail(e.Args[i].Position(), "%s: argument %d has to be a whole number from %d to %d", e.Name.Name, i+1, least, maxOffset)
	}
	return n.Value.Int
}

// maxOffset is how many rows back LAG and NTH_VALUE may reach.
const maxOffset = 1 << 24
