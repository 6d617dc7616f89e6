package ast

import (
	"fmt"

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
