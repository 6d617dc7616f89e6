package bind

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/millrace/millrace/internal/sql/ast"
	"github.com/millrace/millrace/internal/sql/function"
	"github.com/millrace/millrace/internal/sql/token"
	"github.com/millrace/millrace/internal/sql/types"
)

// maxRepeated is how many parts of expressions may stand in an application's plan more often than in its text: operands that
// are computed twice, such as that of BETWEEN, and the bodies of its own functions. Nested in each other they could double at
// every step.
const maxRepeated = 100_000

// functions are those that an application creates. Several may share a name when their parameters differ.
type functions struct {
	byName map[string][]*userFunction
	// broken are those whose statement has a fault, which was reported: what calls them is not reported again.
	broken map[string]bool
	// room is what is left of maxRepeated.
	room int
}

// repeat accounts for an operand that stands n times more in the plan than in the text.
func (b *exprBinder) repeat(pos token.Position, x Expr, n int) {
	if fs := b.scope.functions; fs != nil {
		fs.take(pos, n*(maxRepeated-within(x, maxRepeated)))
	}
}

func (fs *functions) take(pos token.Position, parts int) {
	if fs.room -= parts; fs.room < 0 {
		fail(pos, "the application repeats too much: operands of BETWEEN, CASE, NULLIF and the bodies of its functions grow to more than %d parts", maxRepeated)
	}
}

// userFunction is a resolved CREATE FUNCTION. Its body reads its parameters as columns.
type userFunction struct {
	name       string
	params     []types.Type
	returns    types.Type
	nullOnNull bool
	body       Expr
	// parts is how many the body has, uses how often it reads each parameter.
	parts int
	uses  []int
}

func newFunctions() *functions {
	return &functions{byName: map[string][]*userFunction{}, broken: map[string]bool{}, room: maxRepeated}
}

func (b *binder) createFunction(s *ast.CreateFunction) {
	if name := s.Name.Name; !b.try(func() { b.newFunction(s) }) && b.functions.byName[name] == nil && !isBuiltin(name) {
		b.functions.broken[name] = true
	}
}

func (b *binder) newFunction(s *ast.CreateFunction) {
	name := s.Name.Name
	if isBuiltin(name) {
		fail(s.Name.Pos, "%s is a function of the language and cannot be created", show(name))
	}
	f := &userFunction{name: name, nullOnNull: s.NullOnNull, returns: s.Returns, uses: make([]int, len(s.Params))}
	var columns []scopeColumn
	for i, p := range s.Params {
		for _, other := range s.Params[:i] {
			if other.Name.Name == p.Name.Name {
				fail(p.Name.Pos, "parameter %s is there twice", show(p.Name.Name))
			}
		}
		f.params = append(f.params, p.Type)
		columns = append(columns, scopeColumn{name: p.Name.Name, t: p.Type})
	}
	for i, other := range b.functions.byName[name] {
		if !sameTypes(other.params, f.params) {
			continue
		}
		if !s.OrReplace {
			fail(s.Name.Pos, "function %s is there twice with the same parameters; CREATE OR REPLACE would replace the first", show(name))
		}
		f.bind(b, s, columns)
		b.functions.byName[name][i] = f
		return
	}
	f.bind(b, s, columns)
	b.functions.byName[name] = append(b.functions.byName[name], f)
}

// bind resolves the body. A function knows those created before it and so cannot call itself.
func (f *userFunction) bind(b *binder, s *ast.CreateFunction, columns []scopeColumn) {
	scope := newScope(f.name, columns, 0)
	scope.functions = b.functions
	if call := findCall(s.Body, func(c *ast.Call) bool { return c.Name.Name == f.name && b.functions.byName[f.name] == nil }); call != nil {
		fail(call.Name.Pos, "function %s calls itself, which is not supported", show(f.name))
	}
	body := (&exprBinder{scope: scope}).expr(s.Body)
	if from := body.Type(); !function.Assignable(from, s.Returns) && !from.Same(s.Returns) && (from.Kind != s.Returns.Kind || !from.Kind.IsInterval()) {
		fail(s.Body.Position(), "function %s returns %s, and its body is %s; CAST it", show(f.name), s.Returns, from)
	}
	f.body = coerce(body, s.Returns, s.Body.Position())
	f.parts = f.count(f.body)
}

// count counts the parts of an expression, and the uses of each parameter.
func (f *userFunction) count(e Expr) int {
	n := 1
	if c, ok := e.(*Column); ok {
		f.uses[c.Index]++
	}
	for _, child := range Children(e) {
		n += f.count(child)
	}
	return n
}

func (fs *functions) drop(n ast.Ident) {
	if fs.byName[n.Name] == nil {
		fail(n.Pos, "function %s does not exist%s", show(n.Name), suggest(n.Name, fs.names()))
	}
	delete(fs.byName, n.Name)
}

func (fs *functions) names() []string {
	if fs == nil {
		return nil
	}
	return slices.Sorted(maps.Keys(fs.byName))
}

// call replaces a call by the body of its function with the arguments in it. It returns nil when there is no such function.
func (fs *functions) call(b *exprBinder, e *ast.Call) Expr {
	if fs == nil {
		return nil
	}
	if fs.broken[e.Name.Name] {
		panic(&fault{})
	}
	if fs.byName[e.Name.Name] == nil {
		return nil
	}
	args := make([]Expr, len(e.Args))
	for i, a := range e.Args {
		args[i] = b.expr(a)
	}
	f := fs.choose(e.Name.Pos, e.Name.Name, args)
	fs.take(e.Name.Pos, f.parts)
	for i, a := range args {
		b.repeat(e.Name.Pos, a, f.uses[i]+1)
		args[i] = coerce(a, f.params[i], e.Name.Pos)
	}
	body := substitute(f.body, args)
	if !f.nullOnNull {
		return body
	}
	return nullWhereAny(args, body)
}

// nullWhereAny is NULL where one of args is, else e.
func nullWhereAny(args []Expr, e Expr) Expr {
	t := e.Type()
	t.Nullable = true
	null := &Const{Value: function.Value{Null: true}, T: t}
	c := &Case{Else: e, T: t}
	for _, a := range args {
		if a.Type().Nullable {
			c.Whens = append(c.Whens, When{Cond: &Test{X: a, What: "NULL"}, Then: null})
		}
	}
	if len(c.Whens) == 0 {
		return e
	}
	return c
}

// choose finds the function whose parameters have the types of the arguments.
func (fs *functions) choose(pos token.Position, name string, args []Expr) *userFunction {
	given := make([]types.Type, len(args))
	for i, a := range args {
		given[i] = a.Type()
	}
	var there []string
	for _, f := range fs.byName[name] {
		if f.takes(given) {
			return f
		}
		there = append(there, f.String())
	}
	fail(pos, "no function %s(%s); there is %s, and arguments are not converted: CAST them", show(name), typeList(given), strings.Join(there, " and "))
	return nil
}

// takes reports whether arguments have the types of the parameters. A shorter text fits a longer parameter, a NULL any.
func (f *userFunction) takes(given []types.Type) bool {
	if len(given) != len(f.params) {
		return false
	}
	for i, t := range given {
		p := f.params[i]
		same := t.Kind == p.Kind || t.Kind.IsText() && p.Kind == types.Varchar || t.Kind.IsBytes() && p.Kind.IsBytes()
		if t.Kind != types.Null && (!same || function.NeedsCast(t, p)) {
			return false
		}
	}
	return true
}

func (f *userFunction) String() string { return show(f.name) + "(" + typeList(f.params) + ")" }

func typeList(all []types.Type) string {
	texts := make([]string, len(all))
	for i, t := range all {
		texts[i] = t.String()
	}
	return strings.Join(texts, ", ")
}

func sameTypes(a, b []types.Type) bool {
	if len(a) != len(b) {
		return false
	}
	for i := range a {
		if !a[i].Same(b[i]) {
			return false
		}
	}
	return true
}

// substitute copies an expression, its columns replaced by values.
func substitute(e Expr, values []Expr) Expr {
	all := func(list []Expr) []Expr {
		out := make([]Expr, len(list))
		for i, x := range list {
			out[i] = substitute(x, values)
		}
		return out
	}
	call := func(c *Call) *Call {
		again := *c
		again.Args = all(c.Args)
		return &again
	}
	switch e := e.(type) {
	case *Column:
		return values[e.Index]
	case *Const, *Rowtime:
		return e
	case *Call:
		return call(e)
	case *Monotonic:
		return &Monotonic{X: substitute(e.X, values)}
	case *Logic:
		return &Logic{Or: e.Or, L: substitute(e.L, values), R: substitute(e.R, values)}
	case *Test:
		return &Test{X: substitute(e.X, values), What: e.What, Not: e.Not}
	case *Distinct:
		return &Distinct{Equal: call(e.Equal), Not: e.Not}
	case *Coalesce:
		return &Coalesce{Args: all(e.Args), T: e.T}
	case *In:
		in := &In{X: substitute(e.X, values), Not: e.Not}
		for _, c := range e.Equal {
			again := *c
			again.Args = []Expr{in.X, substitute(c.Args[1], values)}
			if c.Args[0] != e.X {
				again.Args[0] = substitute(c.Args[0], values)
			}
			in.Equal = append(in.Equal, &again)
		}
		return in
	case *Case:
		c := &Case{T: e.T}
		for _, w := range e.Whens {
			c.Whens = append(c.Whens, When{substitute(w.Cond, values), substitute(w.Then, values)})
		}
		if e.Else != nil {
			c.Else = substitute(e.Else, values)
		}
		return c
	}
	panic(fmt.Sprintf("BUG: %T in the body of a function", e))
}
