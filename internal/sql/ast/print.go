package ast

import (
	"fmt"
	"strings"

	"github.com/millrace/millrace/internal/sql/types"
)

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
