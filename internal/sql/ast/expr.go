package ast

import (
	"fmt"
	"strings"

	"github.com/millrace/millrace/internal/sql/token"
	"github.com/millrace/millrace/internal/sql/types"
)

// Expr is an expression.
type Expr interface {
	fmt.Stringer
	Position() token.Position
}

type (
	// Name is a column, with its qualifiers before it: ROWTIME, s.ROWTIME, l.r.COLUMN1.
	Name struct{ Parts []Ident }

	// Star is * or t.* in a select list or in COUNT(*).
	Star struct {
		Pos       token.Position
		Qualifier Ident
	}

	// Number is an unsigned numeric literal as written.
	Number struct {
		Pos  token.Position
		Text string
	}

	// Text is a character literal.
	Text struct {
		Pos   token.Position
		Value string
	}

	// Word is a literal or function that is a bare word: NULL, TRUE, FALSE, UNKNOWN, CURRENT_TIMESTAMP, ….
	Word struct {
		Pos  token.Position
		Word string
	}

	// Datetime is DATE, TIME or TIMESTAMP 'text'.
	Datetime struct {
		Pos  token.Position
		Kind types.Kind
		Text string
	}

	// Interval is INTERVAL 'text' qualifier.
	Interval struct {
		Pos       token.Position
		Text      string
		Qualifier Qualifier
	}

	// Unary is -x, +x or NOT x.
	Unary struct {
		Pos token.Position
		Op  string
		X   Expr
	}

	// Binary is an arithmetic, comparison, concatenation or logical operation. Pos is the operator's.
	Binary struct {
		Pos  token.Position
		Op   string
		L, R Expr
	}

	// Is is x IS [NOT] NULL, TRUE, FALSE or UNKNOWN.
	Is struct {
		Pos  token.Position
		X    Expr
		Not  bool
		What string
	}

	// IsDistinct is l IS [NOT] DISTINCT FROM r.
	IsDistinct struct {
		Pos  token.Position
		L, R Expr
		Not  bool
	}

	// Between is x [NOT] BETWEEN lo AND hi.
	Between struct {
		Pos       token.Position
		X, Lo, Hi Expr
		Not       bool
	}

	// Like is x [NOT] LIKE | SIMILAR TO pattern [ESCAPE escape].
	Like struct {
		Pos                token.Position
		X, Pattern, Escape Expr
		Not, Similar       bool
	}

	// In is x [NOT] IN (list) or x [NOT] IN (query).
	In struct {
		Pos   token.Position
		X     Expr
		List  []Expr
		Query Query
		Not   bool
	}

	// Exists is EXISTS (query).
	Exists struct {
		Pos   token.Position
		Query Query
	}

	// When is one branch of CASE.
	When struct{ When, Then Expr }

	// Case is CASE [operand] WHEN … THEN … [ELSE …] END.
	Case struct {
		Pos     token.Position
		Operand Expr
		Whens   []When
		Else    Expr
	}

	// Cast is CAST(x AS type).
	Cast struct {
		Pos  token.Position
		X    Expr
		Type types.Type
	}

	// FloorTo is FLOOR(x TO unit) or CEIL(x TO unit).
	FloorTo struct {
		Pos  token.Position
		Ceil bool
		X    Expr
		Unit types.Unit
	}

	// Step is STEP(x BY y).
	Step struct {
		Pos   token.Position
		X, By Expr
	}

	// Extract is EXTRACT(unit FROM x).
	Extract struct {
		Pos  token.Position
		Unit types.Unit
		X    Expr
	}

	// Position is POSITION(x IN y).
	Position struct {
		Pos  token.Position
		X, Y Expr
	}

	// Trim is TRIM([LEADING|TRAILING|BOTH] [chars] FROM x). Where is one of the three words.
	Trim struct {
		Pos      token.Position
		Where    string
		Chars, X Expr
	}

	// Qualified is (x) unit [TO unit]: the difference of two times as an interval.
	Qualified struct {
		Pos       token.Position
		X         Expr
		Qualifier Qualifier
	}

	// Cursor is CURSOR(query), an argument of a table function.
	Cursor struct {
		Pos   token.Position
		Query Query
	}

	// Similar is SUBSTRING(x SIMILAR pattern ESCAPE escape): the part of x between the marks in the pattern.
	Similar struct {
		Pos                token.Position
		X, Pattern, Escape Expr
	}

	// Period is (start, end), a side of a PeriodPredicate.
	Period struct {
		Pos        token.Position
		Start, End Expr
	}

	// PeriodPredicate is l op r. L is a *Period, or a *PeriodPredicate whose right side it goes on from: a PRECEDES b PRECEDES c.
	// R is a *Period, or a time behind CONTAINS.
	PeriodPredicate struct {
		Pos  token.Position
		Op   string
		L, R Expr
	}

	// Call is name(args) [FROM LAST] [IGNORE | RESPECT NULLS] [OVER window]. COUNT(*) has a Star as its argument. The words FROM,
	// FOR and PLACING of SUBSTRING and OVERLAY count as commas.
	Call struct {
		Name     Ident
		Distinct bool
		Args     []Expr
		FromLast bool
		// Nulls is IGNORE, RESPECT or nothing.
		Nulls string
		Over  *WindowSpec
	}
)

// Qualifier is the unit of an interval, with optional precision: DAY(3) TO SECOND(3). 0 means none given.
type Qualifier struct {
	From, To                types.Unit
	Precision, FractionSize int
}

func (q Qualifier) String() string {
	s := q.From.String()
	switch {
	case q.From == q.To && q.From == types.Second && q.FractionSize > 0:
		return fmt.Sprintf("%s(%d,%d)", s, q.Precision, q.FractionSize)
	case q.Precision > 0:
		s = fmt.Sprintf("%s(%d)", s, q.Precision)
	}
	if q.To == q.From {
		return s
	}
	s += " TO " + q.To.String()
	if q.FractionSize > 0 {
		s += fmt.Sprintf("(%d)", q.FractionSize)
	}
	return s
}

func (e *Name) Position() token.Position       { return e.Parts[0].Pos }
func (e *Star) Position() token.Position       { return e.Pos }
func (e *Number) Position() token.Position     { return e.Pos }
func (e *Text) Position() token.Position       { return e.Pos }
func (e *Word) Position() token.Position       { return e.Pos }
func (e *Datetime) Position() token.Position   { return e.Pos }
func (e *Interval) Position() token.Position   { return e.Pos }
func (e *Unary) Position() token.Position      { return e.Pos }
func (e *Binary) Position() token.Position     { return e.Pos }
func (e *Is) Position() token.Position         { return e.Pos }
func (e *IsDistinct) Position() token.Position { return e.Pos }
func (e *Between) Position() token.Position    { return e.Pos }
func (e *Like) Position() token.Position       { return e.Pos }
func (e *In) Position() token.Position         { return e.Pos }
func (e *Exists) Position() token.Position     { return e.Pos }
func (e *Case) Position() token.Position       { return e.Pos }
func (e *Cast) Position() token.Position       { return e.Pos }
func (e *FloorTo) Position() token.Position    { return e.Pos }
func (e *Step) Position() token.Position       { return e.Pos }
func (e *Extract) Position() token.Position    { return e.Pos }
func (e *Position) Position() token.Position   { return e.Pos }
func (e *Trim) Position() token.Position       { return e.Pos }
func (e *Qualified) Position() token.Position  { return e.Pos }
func (e *Cursor) Position() token.Position     { return e.Pos }
func (e *Call) Position() token.Position       { return e.Name.Pos }
func (e *Similar) Position() token.Position    { return e.Pos }
func (e *Period) Position() token.Position     { return e.Pos }

func (e *PeriodPredicate) Position() token.Position { return e.Pos }

func (e *Name) String() string {
	parts := make([]string, len(e.Parts))
	for i, p := range e.Parts {
		parts[i] = p.String()
	}
	return strings.Join(parts, ".")
}

func (e *Star) String() string {
	if e.Qualifier.Name != "" {
		return e.Qualifier.String() + ".*"
	}
	return "*"
}

func (e *Number) String() string   { return e.Text }
func (e *Text) String() string     { return quote(e.Value) }
func (e *Word) String() string     { return e.Word }
func (e *Datetime) String() string { return e.Kind.String() + " " + quote(e.Text) }
func (e *Interval) String() string {
	return "INTERVAL " + quote(e.Text) + " " + e.Qualifier.String()
}

func (e *Unary) String() string {
	if e.Op == "NOT" {
		return "(NOT " + e.X.String() + ")"
	}
	return "(" + e.Op + " " + e.X.String() + ")"
}

func (e *Binary) String() string {
	return "(" + e.L.String() + " " + e.Op + " " + e.R.String() + ")"
}

func not(yes bool) string {
	if yes {
		return "NOT "
	}
	return ""
}

func (e *Is) String() string { return fmt.Sprintf("(%s IS %s%s)", e.X, not(e.Not), e.What) }
func (e *IsDistinct) String() string {
	return fmt.Sprintf("(%s IS %sDISTINCT FROM %s)", e.L, not(e.Not), e.R)
}
func (e *Between) String() string {
	return fmt.Sprintf("(%s %sBETWEEN %s AND %s)", e.X, not(e.Not), e.Lo, e.Hi)
}

func (e *Like) String() string {
	op := "LIKE"
	if e.Similar {
		op = "SIMILAR TO"
	}
	s := fmt.Sprintf("(%s %s%s %s", e.X, not(e.Not), op, e.Pattern)
	if e.Escape != nil {
		s += " ESCAPE " + e.Escape.String()
	}
	return s + ")"
}

func (e *In) String() string {
	inside := list(e.List)
	if e.Query != nil {
		inside = e.Query.String()
	}
	return fmt.Sprintf("(%s %sIN (%s))", e.X, not(e.Not), inside)
}

func (e *Exists) String() string { return "EXISTS (" + e.Query.String() + ")" }

func (e *Case) String() string {
	var b strings.Builder
	b.WriteString("CASE")
	if e.Operand != nil {
		b.WriteString(" " + e.Operand.String())
	}
	for _, w := range e.Whens {
		b.WriteString(" WHEN " + w.When.String() + " THEN " + w.Then.String())
	}
	if e.Else != nil {
		b.WriteString(" ELSE " + e.Else.String())
	}
	return b.String() + " END"
}

func (e *Cast) String() string { return fmt.Sprintf("CAST(%s AS %s)", e.X, e.Type) }

func (e *FloorTo) String() string {
	name := "FLOOR"
	if e.Ceil {
		name = "CEIL"
	}
	return fmt.Sprintf("%s(%s TO %s)", name, e.X, e.Unit)
}

func (e *Step) String() string     { return fmt.Sprintf("STEP(%s BY %s)", e.X, e.By) }
func (e *Extract) String() string  { return fmt.Sprintf("EXTRACT(%s FROM %s)", e.Unit, e.X) }
func (e *Position) String() string { return fmt.Sprintf("POSITION(%s IN %s)", e.X, e.Y) }
func (e *Trim) String() string {
	return fmt.Sprintf("TRIM(%s %s FROM %s)", e.Where, e.Chars, e.X)
}
func (e *Qualified) String() string { return "(" + e.X.String() + ") " + e.Qualifier.String() }
func (e *Cursor) String() string    { return "CURSOR(" + e.Query.String() + ")" }
func (e *Similar) String() string {
	return fmt.Sprintf("SUBSTRING(%s SIMILAR %s ESCAPE %s)", e.X, e.Pattern, e.Escape)
}
func (e *Period) String() string          { return fmt.Sprintf("PERIOD (%s, %s)", e.Start, e.End) }
func (e *PeriodPredicate) String() string { return "(" + e.chain() + ")" }

func (e *PeriodPredicate) chain() string {
	left := e.L.String()
	if inner, ok := e.L.(*PeriodPredicate); ok {
		left = inner.chain()
	}
	return fmt.Sprintf("%s %s %s", left, e.Op, e.R)
}

func (e *Call) String() string {
	distinct := ""
	if e.Distinct {
		distinct = "DISTINCT "
	}
	s := e.Name.String() + "(" + distinct + list(e.Args) + ")"
	if e.FromLast {
		s += " FROM LAST"
	}
	if e.Nulls != "" {
		s += " " + e.Nulls + " NULLS"
	}
	if e.Over != nil {
		s += " OVER " + e.Over.String()
	}
	return s
}
