// Package exec runs plans: operators over columnar batches, the windows' state, and the engine that drives them in an order
// that depends on nothing but the rows.
package exec

import (
	"github.com/millrace/millrace/internal/sql/function"
	"github.com/millrace/millrace/internal/sql/types"
)

// Batch is rows on their way through the operators of a pump. It and everything in it belongs to the operator that made it
// and is valid during the call; nobody else writes to it.
type Batch struct {
	types.Batch
	// Sel are the rows that are still there, ascending.
	Sel []int32
	// Origin is, for each row, the number of the row of this round that caused it. It orders rows that meet in one stream.
	Origin []int32
}

// context is what the operators of an engine share.
type context struct {
	limits   Limits
	tables   []*relation
	found    []int64 // rows that a join has found for a key
	eval     function.Eval
	identity []int32
	zeros    []int32
	failed   []bool
	// cause is the row, by its number in the round, that makes operators emit what they hold; 0 where a bound does.
	cause  int32
	one    [1]int32
	errors []rowError
}

// rowError is an error row with what orders it among the others of its round.
type rowError struct {
	origin int32
	pump   int
	row    types.ErrorRow
}

// all returns the numbers 0 to n-1.
func (c *context) all(n int) []int32 {
	for i := len(c.identity); i < n; i++ {
		c.identity = append(c.identity, int32(i))
	}
	return c.identity[:n]
}

// none returns the origins of n rows that come from no single row: the cause of their being emitted.
func (c *context) none(n int) []int32 {
	c.zeros = grow(c.zeros, n)
	fill(c.zeros, c.cause)
	return c.zeros
}

// grow returns s with length n; what it held is lost where it had no room.
func grow[T any](s []T, n int) []T {
	if cap(s) < n {
		return make([]T, n, n+n/4)
	}
	return s[:n]
}

// prepare makes room for n values in a vector. It has no NULL afterwards.
func prepare(v *types.Vector, n int) {
	switch v.Kind.Physical() {
	case types.IntValues:
		v.Int = grow(v.Int, n)
	case types.FloatValues:
		v.Float = grow(v.Float, n)
	case types.StrValues:
		v.Str = grow(v.Str, n)
	}
	v.Null = v.Null[:0]
}

// nulls makes room for n marks of NULL, unset at the rows of sel.
func nulls(v *types.Vector, n int, sel []int32) {
	v.Null = grow(v.Null, n)
	for _, i := range sel {
		v.Null[i] = false
	}
}

// place is where an operator stands, for the errors of its rows: the pump's name and number and the columns it reads.
type place struct {
	pump   string
	number int
	cols   []types.Column
}

// settle turns the failures of the expressions just computed into error rows, the first one of each row, and returns sel
// without those rows, in buf. Without failures it returns sel itself.
func (c *context) settle(at *place, b *Batch, sel, buf []int32) []int32 {
	if len(c.eval.Failures) == 0 {
		return sel
	}
	c.failed = grow(c.failed, b.N)
	clear(c.failed)
	for _, f := range c.eval.Failures {
		if c.failed[f.Row] {
			continue
		}
		c.failed[f.Row] = true
		c.errors = append(c.errors, rowError{b.Origin[f.Row], at.number, types.ErrorRow{
			Time: b.Rowtime[f.Row], Name: f.Name, Message: f.Message, DataRowtime: b.Rowtime[f.Row],
			DataRow: appendRow(nil, at.cols, b, int(f.Row)), Pump: at.pump,
		}})
	}
	c.eval.Failures = c.eval.Failures[:0]
	buf = buf[:0]
	for _, i := range sel {
		if !c.failed[i] {
			buf = append(buf, i)
		}
	}
	return buf
}

// appendRow appends the columns of a row that were read, as a JSON object.
func appendRow(dst []byte, cols []types.Column, b *Batch, row int) []byte {
	read := types.Batch{}
	var names []types.Column
	for i, v := range b.Cols {
		if v != nil {
			read.Cols = append(read.Cols, v)
			names = append(names, cols[i])
		}
	}
	return types.AppendJSON(dst, names, &read, row)
}
