package exec

import (
	"fmt"

	"github.com/millrace/millrace/internal/sql/bind"
	"github.com/millrace/millrace/internal/sql/function"
	"github.com/millrace/millrace/internal/sql/types"
)

// evaluator computes an expression at the rows of sel. The vector it returns is its own and is overwritten by the next call;
// at other rows it may hold anything.
type evaluator interface {
	eval(c *context, b *Batch, sel []int32) *types.Vector
}

// compile makes the evaluator of an expression.
func compile(e bind.Expr) evaluator {
	switch e := e.(type) {
	case *bind.Column:
		return &columnEval{e.Index, e.Name}
	case *bind.Rowtime:
		return &rowtimeEval{out: types.Vector{Kind: types.Timestamp}}
	case *bind.Const:
		return &constEval{value: e.Value, out: types.Vector{Kind: e.T.Kind}}
	case *bind.Call:
		return compileCall(e)
	case *bind.Monotonic:
		return compile(e.X)
	case *bind.Logic:
		return &logicEval{or: e.Or, l: compile(e.L), r: compile(e.R), out: types.Vector{Kind: types.Boolean}}
	case *bind.Test:
		return &testEval{x: compile(e.X), what: e.What, not: e.Not, out: types.Vector{Kind: types.Boolean}}
	case *bind.Distinct:
		return &distinctEval{equal: compileCall(e.Equal), not: e.Not, out: types.Vector{Kind: types.Boolean}}
	case *bind.Case:
		return compileCase(e)
	case *bind.Coalesce:
		return &coalesceEval{args: compileAll(e.Args), out: types.Vector{Kind: e.T.Kind}}
	case *bind.In:
		return compileIn(e)
	}
	panic(fmt.Sprintf("BUG: no evaluator for %T", e))
}

// compileAll compiles a list. A nil expression, which nobody needs, stays nil.
func compileAll(all []bind.Expr) []evaluator {
	out := make([]evaluator, len(all))
	for i, e := range all {
		if e != nil {
			out[i] = compile(e)
		}
	}
	return out
}

type columnEval struct {
	index int
	name  string
}

func (e *columnEval) eval(_ *context, b *Batch, _ []int32) *types.Vector {
	v := b.Cols[e.index]
	if v == nil {
		panic(fmt.Sprintf("BUG: column %d (%s) is read and was left out of the batch", e.index, e.name))
	}
	return v
}

type rowtimeEval struct{ out types.Vector }

func (e *rowtimeEval) eval(_ *context, b *Batch, _ []int32) *types.Vector {
	e.out.Int = b.Rowtime
	return &e.out
}

type constEval struct {
	value function.Value
	out   types.Vector
	n     int
}

func (e *constEval) eval(_ *context, b *Batch, _ []int32) *types.Vector {
	if b.N <= e.n {
		return &e.out
	}
	e.n = b.N
	prepare(&e.out, b.N)
	if e.value.Null {
		e.out.Null = grow(e.out.Null, b.N)
	}
	for i := range b.N {
		switch {
		case e.value.Null:
			e.out.Null[i] = true
		case e.out.Kind.Physical() == types.IntValues:
			e.out.Int[i] = e.value.Int
		case e.out.Kind.Physical() == types.FloatValues:
			e.out.Float[i] = e.value.Float
		default:
			e.out.Str[i] = e.value.Str
		}
	}
	return &e.out
}

// callEval runs a kernel where no argument is NULL.
type callEval struct {
	args   []evaluator
	values []*types.Vector
	kernel function.Kernel
	out    types.Vector
	live   []int32
}

func compileCall(e *bind.Call) *callEval {
	return &callEval{args: compileAll(e.Args), values: make([]*types.Vector, len(e.Args)), kernel: e.Kernel, out: types.Vector{Kind: e.T.Kind}}
}

func (e *callEval) eval(c *context, b *Batch, sel []int32) *types.Vector {
	null := false
	for i, a := range e.args {
		e.values[i] = a.eval(c, b, sel)
		null = null || len(e.values[i].Null) > 0
	}
	prepare(&e.out, b.N)
	if null {
		sel = e.notNull(b.N, sel)
	}
	e.kernel(&c.eval, sel, e.values, &e.out)
	return &e.out
}

// notNull marks the rows with a NULL argument and returns the others.
func (e *callEval) notNull(n int, sel []int32) []int32 {
	nulls(&e.out, n, sel)
	for _, v := range e.values {
		if len(v.Null) == 0 {
			continue
		}
		for _, i := range sel {
			if v.Null[i] {
				e.out.Null[i] = true
			}
		}
	}
	e.live = e.live[:0]
	for _, i := range sel {
		if !e.out.Null[i] {
			e.live = append(e.live, i)
		}
	}
	return e.live
}

// copyRows copies the values and NULLs of rows. dst has its marks of NULL already.
func copyRows(dst, src *types.Vector, sel []int32) {
	if len(src.Null) > 0 {
		for _, i := range sel {
			dst.Null[i] = src.Null[i]
		}
	} else {
		for _, i := range sel {
			dst.Null[i] = false
		}
	}
	switch dst.Kind.Physical() {
	case types.IntValues:
		for _, i := range sel {
			if !dst.Null[i] {
				dst.Int[i] = src.Int[i]
			}
		}
	case types.FloatValues:
		for _, i := range sel {
			if !dst.Null[i] {
				dst.Float[i] = src.Float[i]
			}
		}
	case types.StrValues:
		for _, i := range sel {
			if !dst.Null[i] {
				dst.Str[i] = src.Str[i]
			}
		}
	}
}
