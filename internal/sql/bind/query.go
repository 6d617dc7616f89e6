package bind

import (
	"fmt"

	"github.com/millrace/millrace/internal/sql/token"
	"github.com/millrace/millrace/internal/sql/types"
)

// Source is what a query reads: a stream, or another query.
type Source interface {
	// sources are what it is made of.
	sources() []Source
}

// Stream is a stream or a reference table that a query reads.
type Stream struct {
	Name    string
	Columns []types.Column
	// Hidden is how many of the last columns * leaves out, such as APPROXIMATE_ARRIVAL_TIME of an input.
	Hidden int
}

// Query is a resolved SELECT. Its parts run in this order: source, where, group, having, over, items, then distinct and sort,
// or promote. Behind a Group, having and items see the group's keys and then its aggregates as columns, and the end of the
// window as ROWTIME.
type Query struct {
	From   Source
	Where  Expr
	Group  *Group
	Having Expr
	// Over is the functions with OVER. Items see them as columns behind those of the rows.
	Over  *Over
	Items []Item
	// Distinct, Sort and Promote are SELECT DISTINCT, ORDER BY and an item AS ROWTIME, which is not among Items; nil is none.
	Distinct *DistinctRows
	Sort     *Sort
	Promote  Expr
}

func (*Stream) sources() []Source  { return nil }
func (q *Query) sources() []Source { return []Source{q.From} }

// Item is a column of a result.
type Item struct {
	Expr Expr
	Name string
	// Alias tells that the text gives it the name.
	Alias bool
}

// Group is GROUP BY with the aggregates that the query uses, or WINDOWED BY STAGGER.
type Group struct {
	Keys       []Key
	Aggregates []Aggregate
	// Range is how long a stagger window lasts in milliseconds; 0 for GROUP BY.
	Range int64
}

// Key is a term of GROUP BY. Where it makes windows, Window is the same term as a monotonic function of ROWTIME alone.
type Key struct {
	Expr   Expr
	Window Expr
	// Motion is set where it makes windows and moves by itself, such as MONOTONIC(event).
	Motion Motion
	// Label is the term as the text has it.
	Label string
}

// Aggregate is an aggregate function. Arg is nil for COUNT(*).
type Aggregate struct {
	Func string
	Arg  Expr
	T    types.Type
	// N is the number of rows that LAG goes back and that NTH_VALUE counts; 1 for FIRST_VALUE.
	N int64
	// IgnoreNulls and FromLast are those of the functions that return one of the values.
	IgnoreNulls, FromLast bool
	// Default is what LAG returns before the window's first row; nil for NULL.
	Default Expr
	// HalfLife is that of EXP_AVG in milliseconds.
	HalfLife int64
	// Label is the call as the text has it.
	Label string
}

func (a Aggregate) String() string {
	if a.Arg == nil {
		return a.Func + "(*)"
	}
	args := a.Arg.String()
	switch {
	case a.Func == "LAG" || a.Func == "NTH_VALUE":
		args += fmt.Sprintf(", %d", a.N)
	case a.Func == "EXP_AVG":
		args += fmt.Sprintf(", %d ms", a.HalfLife)
	}
	if a.Default != nil {
		args += ", " + a.Default.String()
	}
	text := a.Func + "(" + args + ")"
	if a.FromLast {
		text += " from last"
	}
	if a.IgnoreNulls {
		text += " ignore nulls"
	}
	return text
}

// Pump is a resolved CREATE PUMP. Values has one expression a column of the target, over the query's items.
type Pump struct {
	Name   string
	Target string
	Query  *Query
	Values []Expr
	pos    token.Position
}

// Application is a resolved text: the streams it creates and its pumps, in its order. Inputs and tables are there before it.
type Application struct {
	Inputs  []Stream
	Tables  []Stream
	Streams []Stream
	Pumps   []Pump
}
