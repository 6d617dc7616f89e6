package ast

import (
	"fmt"
	"strings"

	"github.com/millrace/millrace/internal/sql/token"
)

// Query is a SELECT or a set operation.
type Query interface {
	fmt.Stringer
	query()
}

// Select is SELECT [STREAM] [DISTINCT] items FROM items [WHERE] [GROUP BY | WINDOWED BY] [HAVING] [WINDOW] [ORDER BY].
type Select struct {
	Pos      token.Position
	Stream   bool
	Distinct *token.Position
	Items    []Item
	From     []From
	Where    Expr
	GroupBy  []Expr
	Stagger  *Stagger
	Having   Expr
	Windows  []NamedWindow
	OrderBy  []Order
}

// SetOperation is left UNION [ALL] | EXCEPT | INTERSECT right.
type SetOperation struct {
	Pos         token.Position
	Op          string
	Left, Right Query
}

// Item is an expression of a select list with its alias; Alias.Name is empty when there is none.
type Item struct {
	Expr  Expr
	Alias Ident
}

// Order is a term of ORDER BY.
type Order struct {
	Expr Expr
	Desc bool
}

// Stagger is WINDOWED BY STAGGER (PARTITION BY exprs RANGE interval).
type Stagger struct {
	Pos         token.Position
	PartitionBy []Expr
	Range       Expr
}

// WindowSpec is the inside of OVER (…) or of WINDOW name AS (…). Name is set for OVER name; Rows tells ROWS from RANGE.
// Size is nil for UNBOUNDED and for a window without frame, and Frame says which.
type WindowSpec struct {
	Pos         token.Position
	Name        Ident
	PartitionBy []Expr
	OrderBy     []Order
	Frame       bool
	Rows        bool
	Size        Expr
}

// NamedWindow is one definition of the WINDOW clause.
type NamedWindow struct {
	Name Ident
	Spec *WindowSpec
}

// From is an item of the FROM clause.
type From interface {
	fmt.Stringer
	from()
}

// StreamRef names a stream: name [OVER window] [[AS] alias [(columns)]].
type StreamRef struct {
	Name    Ident
	Over    *WindowSpec
	Alias   Ident
	Columns []Ident
}

// Derived is a sub-query: (query) [[AS] alias [(columns)]].
type Derived struct {
	Pos     token.Position
	Query   Query
	Alias   Ident
	Columns []Ident
}

// TableFunction is TABLE(function(CURSOR(query), …)) [[AS] alias [(columns)]].
type TableFunction struct {
	Pos     token.Position
	Call    *Call
	Alias   Ident
	Columns []Ident
}

// Join is left kind JOIN right [ON cond | USING (columns)].
type Join struct {
	Pos         token.Position
	Kind        string
	Left, Right From
	On          Expr
	Using       []Ident
}

func (*Select) query()       {}
func (*SetOperation) query() {}

func (*StreamRef) from()     {}
func (*Derived) from()       {}
func (*TableFunction) from() {}
func (*Join) from()          {}

func (s *Select) String() string {
	var b strings.Builder
	b.WriteString("SELECT ")
	if s.Stream {
		b.WriteString("STREAM ")
	}
	if s.Distinct != nil {
		b.WriteString("DISTINCT ")
	}
	b.WriteString(list(s.Items))
	if len(s.From) > 0 {
		b.WriteString(" FROM " + list(s.From))
	}
	if s.Where != nil {
		b.WriteString(" WHERE " + s.Where.String())
	}
	if len(s.GroupBy) > 0 {
		b.WriteString(" GROUP BY " + list(s.GroupBy))
	}
	if s.Stagger != nil {
		b.WriteString(" WINDOWED BY STAGGER (PARTITION BY " + list(s.Stagger.PartitionBy) + " RANGE " + s.Stagger.Range.String() + ")")
	}
	if s.Having != nil {
		b.WriteString(" HAVING " + s.Having.String())
	}
	if len(s.Windows) > 0 {
		b.WriteString(" WINDOW " + list(s.Windows))
	}
	if len(s.OrderBy) > 0 {
		b.WriteString(" ORDER BY " + list(s.OrderBy))
	}
	return b.String()
}

func (s *SetOperation) String() string {
	return fmt.Sprintf("(%s) %s (%s)", s.Left, s.Op, s.Right)
}

func (it Item) String() string {
	if it.Alias.Name == "" {
		return it.Expr.String()
	}
	return it.Expr.String() + " AS " + it.Alias.String()
}

func (o Order) String() string {
	if o.Desc {
		return o.Expr.String() + " DESC"
	}
	return o.Expr.String()
}

func (w NamedWindow) String() string { return w.Name.String() + " AS " + w.Spec.String() }

func (w *WindowSpec) String() string {
	if w.Name.Name != "" {
		return w.Name.String()
	}
	var parts []string
	if len(w.PartitionBy) > 0 {
		parts = append(parts, "PARTITION BY "+list(w.PartitionBy))
	}
	if len(w.OrderBy) > 0 {
		parts = append(parts, "ORDER BY "+list(w.OrderBy))
	}
	if w.Frame {
		frame := "RANGE "
		if w.Rows {
			frame = "ROWS "
		}
		if w.Size == nil {
			frame += "UNBOUNDED"
		} else {
			frame += w.Size.String()
		}
		parts = append(parts, frame+" PRECEDING")
	}
	return "(" + strings.Join(parts, " ") + ")"
}

func alias(name Ident, columns []Ident) string {
	if name.Name == "" {
		return ""
	}
	if len(columns) == 0 {
		return " AS " + name.String()
	}
	return " AS " + name.String() + " (" + list(columns) + ")"
}

func (f *StreamRef) String() string {
	s := f.Name.String()
	if f.Over != nil {
		s += " OVER " + f.Over.String()
	}
	return s + alias(f.Alias, f.Columns)
}

func (f *Derived) String() string { return "(" + f.Query.String() + ")" + alias(f.Alias, f.Columns) }

func (f *TableFunction) String() string {
	return "TABLE(" + f.Call.String() + ")" + alias(f.Alias, f.Columns)
}

func (f *Join) String() string {
	right := f.Right.String()
	if _, nested := f.Right.(*Join); nested {
		right = "(" + right + ")"
	}
	s := f.Left.String() + " " + f.Kind + " JOIN " + right
	if f.On != nil {
		s += " ON " + f.On.String()
	}
	if len(f.Using) > 0 {
		s += " USING (" + list(f.Using) + ")"
	}
	return s
}
