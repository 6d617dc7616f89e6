package exec

import (
	"github.com/millrace/millrace/internal/sql/bind"
	"github.com/millrace/millrace/internal/sql/types"
)

// logicEval is AND and OR. The right side is computed where the left does not decide, so that x <> 0 AND 1/x > 2 is safe.
type logicEval struct {
	or   bool
	l, r evaluator
	out  types.Vector
	open []int32
}

func (e *logicEval) eval(c *context, b *Batch, sel []int32) *types.Vector {
	decides := int64(0)
	if e.or {
		decides = 1
	}
	l := e.l.eval(c, b, sel)
	prepare(&e.out, b.N)
	nulls(&e.out, b.N, sel)
	e.open = e.open[:0]
	for _, i := range sel {
		if l.IsNull(int(i)) || l.Int[i] != decides {
			e.open = append(e.open, i)
			continue
		}
		e.out.Int[i] = decides
	}
	if len(e.open) == 0 {
		return &e.out
	}
	r := e.r.eval(c, b, e.open)
	for _, i := range e.open {
		switch {
		case !r.IsNull(int(i)) && r.Int[i] == decides:
			e.out.Int[i] = decides
		case l.IsNull(int(i)) || r.IsNull(int(i)):
			e.out.Null[i] = true
		default:
			e.out.Int[i] = 1 - decides
		}
	}
	return &e.out
}

// testEval is IS [NOT] NULL, TRUE, FALSE.
type testEval struct {
	x    evaluator
	what string
	not  bool
	out  types.Vector
}

func (e *testEval) eval(c *context, b *Batch, sel []int32) *types.Vector {
	x := e.x.eval(c, b, sel)
	prepare(&e.out, b.N)
	for _, i := range sel {
		null := x.IsNull(int(i))
		holds := false
		switch e.what {
		case "NULL":
			holds = null
		case "TRUE":
			holds = !null && x.Int[i] != 0
		case "FALSE":
			holds = !null && x.Int[i] == 0
		}
		e.out.Int[i] = 0
		if holds != e.not {
			e.out.Int[i] = 1
		}
	}
	return &e.out
}

// distinctEval is IS [NOT] DISTINCT FROM: NULLs equal each other.
type distinctEval struct {
	equal *callEval
	not   bool
	out   types.Vector
}

func (e *distinctEval) eval(c *context, b *Batch, sel []int32) *types.Vector {
	equal := e.equal.eval(c, b, sel)
	l, r := e.equal.values[0], e.equal.values[1]
	prepare(&e.out, b.N)
	for _, i := range sel {
		nl, nr := l.IsNull(int(i)), r.IsNull(int(i))
		same := nl && nr || !nl && !nr && equal.Int[i] != 0
		e.out.Int[i] = 0
		if same == e.not {
			e.out.Int[i] = 1
		}
	}
	return &e.out
}

// caseEval computes each branch at the rows that take it.
type caseEval struct {
	conds, thens []evaluator
	otherwise    evaluator
	out          types.Vector
	rest, taken  []int32
}

func compileCase(e *bind.Case) *caseEval {
	k := &caseEval{out: types.Vector{Kind: e.T.Kind}}
	for _, w := range e.Whens {
		k.conds = append(k.conds, compile(w.Cond))
		k.thens = append(k.thens, compile(w.Then))
	}
	if e.Else != nil {
		k.otherwise = compile(e.Else)
	}
	return k
}

func (e *caseEval) eval(c *context, b *Batch, sel []int32) *types.Vector {
	prepare(&e.out, b.N)
	nulls(&e.out, b.N, sel)
	e.rest = append(e.rest[:0], sel...)
	for k, cond := range e.conds {
		if len(e.rest) == 0 {
			break
		}
		v := cond.eval(c, b, e.rest)
		e.taken = e.taken[:0]
		left := e.rest[:0]
		for _, i := range e.rest {
			if !v.IsNull(int(i)) && v.Int[i] != 0 {
				e.taken = append(e.taken, i)
			} else {
				left = append(left, i)
			}
		}
		e.rest = left
		if len(e.taken) > 0 {
			copyRows(&e.out, e.thens[k].eval(c, b, e.taken), e.taken)
		}
	}
	switch {
	case len(e.rest) == 0:
	case e.otherwise != nil:
		copyRows(&e.out, e.otherwise.eval(c, b, e.rest), e.rest)
	default:
		for _, i := range e.rest {
			e.out.Null[i] = true
		}
	}
	return &e.out
}

// coalesceEval is the first argument that is not NULL.
type coalesceEval struct {
	args []evaluator
	out  types.Vector
	rest []int32
}

func (e *coalesceEval) eval(c *context, b *Batch, sel []int32) *types.Vector {
	prepare(&e.out, b.N)
	nulls(&e.out, b.N, sel)
	e.rest = append(e.rest[:0], sel...)
	for _, a := range e.args {
		if len(e.rest) == 0 {
			break
		}
		copyRows(&e.out, a.eval(c, b, e.rest), e.rest)
		left := e.rest[:0]
		for _, i := range e.rest {
			if e.out.Null[i] {
				left = append(left, i)
			}
		}
		e.rest = left
	}
	return &e.out
}

// inEval is [NOT] IN: true where an element equals, else NULL where a comparison was, else false.
type inEval struct {
	x     evaluator
	given *givenEval
	equal []*callEval
	not   bool
	out   types.Vector
	rest  []int32
}

// givenEval is a value that was computed before.
type givenEval struct{ v *types.Vector }

func (e *givenEval) eval(*context, *Batch, []int32) *types.Vector { return e.v }

func compileIn(e *bind.In) *inEval {
	in := &inEval{x: compile(e.X), given: &givenEval{}, not: e.Not, out: types.Vector{Kind: types.Boolean}}
	for _, equal := range e.Equal {
		k := &callEval{values: make([]*types.Vector, len(equal.Args)), kernel: equal.Kernel, out: types.Vector{Kind: equal.T.Kind}}
		for _, a := range equal.Args {
			if a == e.X {
				k.args = append(k.args, in.given)
				continue
			}
			k.args = append(k.args, compile(a))
		}
		in.equal = append(in.equal, k)
	}
	return in
}

func (e *inEval) eval(c *context, b *Batch, sel []int32) *types.Vector {
	e.given.v = e.x.eval(c, b, sel)
	found, missed := int64(1), int64(0)
	if e.not {
		found, missed = 0, 1
	}
	prepare(&e.out, b.N)
	nulls(&e.out, b.N, sel)
	for _, i := range sel {
		e.out.Int[i] = missed
	}
	e.rest = append(e.rest[:0], sel...)
	for _, equal := range e.equal {
		if len(e.rest) == 0 {
			break
		}
		v := equal.eval(c, b, e.rest)
		left := e.rest[:0]
		for _, i := range e.rest {
			switch {
			case v.IsNull(int(i)):
				e.out.Null[i] = true
				left = append(left, i)
			case v.Int[i] != 0:
				e.out.Int[i] = found
				e.out.Null[i] = false
			default:
				left = append(left, i)
			}
		}
		e.rest = left
	}
	return &e.out
}
