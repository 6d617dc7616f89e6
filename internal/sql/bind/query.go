package bind

import (
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

// Query is a resolved SELECT. Its parts run in this order: source, where, group, having, items. Behind a Group, having and
// items see the group's keys and then its aggregates as columns, and the end of the window as ROWTIME.
type Query struct {
	From   Source
	Where  Expr
	Group  *Group
	Having Expr
	Items  []Item
}

func (*Stream) sources() []Source  { return nil }
func (q *Query) sources() []Source { return []Source{q.From} }

// Item is a column of a result.
type Item struct {
	Expr Expr
	Name string
}

// Group is GROUP BY with the aggregates that the query uses.
type Group struct {
	Keys       []Key
	Aggregates []Aggregate
}

// Key is a term of GROUP BY. Where it makes windows, Window is the same term as a monotonic function of ROWTIME alone.
type Key struct {
	Expr   Expr
	Window Expr
	// Label is the term as the text has it.
	Label string
}

// Aggregate is an aggregate function. Arg is nil for COUNT(*).
type Aggregate struct {
	Func string
	Arg  Expr
	T    types.Type
	// Label is the call as the text has it.
	Label string
}

func (a Aggregate) String() string {
	if a.Arg == nil {
		return a.Func + "(*)"
	}
	return a.Func + "(" + a.Arg.String() + ")"
}

// Pump is a resolved CREATE PUMP. Values has one expression a column of the target, over the query's items.
type Pump struct {
	Name   string
	Target string
	Query  *Query
	Values []Expr
}

// Application is a resolved text: the streams it creates and its pumps, in its order. Inputs and tables are there before it.
type Application struct {
	Inputs  []Stream
	Tables  []Stream
	Streams []Stream
	Pumps   []Pump
}
