package bind

import (
	"fmt"
	"math"
	"slices"
	"strings"

	"github.com/millrace/millrace/internal/sql/ast"
	"github.com/millrace/millrace/internal/sql/token"
	"github.com/millrace/millrace/internal/sql/types"
)

// TableFunction is TABLE(function(CURSOR(query), …)). Its rows have the cursor's columns and then its own, or its own alone.
type TableFunction struct {
	Name  string
	Input *Query
	// Passed is how many columns of the cursor its rows begin with: all or none.
	Passed int
	// Added are its own columns. The last Hidden ones are not part of *: they are further names of others.
	Added  []types.Column
	Hidden int
	// Values are the columns of the cursor that the function computes with.
	Values []int
	// Params are its arguments: *Forest, *Hotspots, *TopK, *CountDistinct or *GroupRank.
	Params fmt.Stringer
}

func (f *TableFunction) sources() []Source { return []Source{f.Input} }

// Columns are those of its rows.
func (f *TableFunction) Columns() []types.Column {
	var cols []types.Column
	for _, it := range f.Input.Items[:f.Passed] {
		cols = append(cols, types.Column{Name: it.Name, Type: it.Expr.Type()})
	}
	return append(cols, f.Added...)
}

// tableFunction resolves a table function in FROM into out.From and returns its scope.
func (b *binder) tableFunction(f *ast.TableFunction, out *Query) *scope {
	c := &tableCall{Call: f.Call, out: &TableFunction{Name: f.Call.Name.Name}}
	resolve := c.resolver()
	if resolve == nil {
		fail(f.Call.Name.Pos, "table function %s does not exist%s", c.Name.Name, suggest(c.Name.Name, tableFunctions()))
	}
	if len(c.Args) == 0 {
		fail(c.Name.Pos, "%s needs CURSOR(SELECT STREAM …) as its first argument", c.Name.Name)
	}
	cursor, ok := c.Args[0].(*ast.Cursor)
	if !ok {
		fail(c.Args[0].Position(), "%s needs CURSOR(SELECT STREAM …) as its first argument", c.Name.Name)
	}
	in := &Query{}
	columns := b.from(&ast.Derived{Pos: cursor.Pos, Query: cursor.Query}, in).columns
	c.out.Input = in.From.(*Query)
	resolve()
	out.From = c.out
	columns = columns[:c.out.Passed]
	for _, a := range c.out.Added {
		columns = append(columns, scopeColumn{name: a.Name, t: a.Type})
	}
	return newScope("", columns, c.out.Hidden).rename(f.Alias, f.Columns)
}

func tableFunctions() []string {
	return []string{
		"RANDOM_CUT_FOREST", "RANDOM_CUT_FOREST_WITH_EXPLANATION", "HOTSPOTS", "TOP_K_ITEMS_TUMBLING", "COUNT_DISTINCT_ITEMS_TUMBLING",
		"GROUP_RANK",
	}
}

// tableCall is a call of a table function while it is resolved. names are those of its parameters behind the cursor, in the
// words of the reference.
type tableCall struct {
	*ast.Call
	out   *TableFunction
	names []string
}

func (c *tableCall) resolver() func() {
	switch c.Name.Name {
	case "RANDOM_CUT_FOREST":
		return func() { c.forest(false) }
	case "RANDOM_CUT_FOREST_WITH_EXPLANATION":
		return func() { c.forest(true) }
	case "HOTSPOTS":
		return c.hotspots
	case "TOP_K_ITEMS_TUMBLING":
		return c.topK
	case "COUNT_DISTINCT_ITEMS_TUMBLING":
		return c.countDistinct
	case "GROUP_RANK":
		return c.groupRank
	}
	return nil
}

// takes names the parameters behind the cursor, of which the first ones are required.
func (c *tableCall) takes(required int, names ...string) {
	c.names = names
	found := len(c.Args) - 1
	if found >= required && found <= len(names) {
		return
	}
	expected := fmt.Sprintf("%d arguments", len(names))
	switch {
	case required == 0:
		expected = fmt.Sprintf("at most %d arguments", len(names))
	case required < len(names):
		expected = fmt.Sprintf("%d to %d arguments", required, len(names))
	}
	fail(c.Name.Pos, "%s: expected %s behind the cursor (%s), found %d", c.Name.Name, expected, strings.Join(names, ", "), found)
}

// constant returns argument i behind the cursor, or nil where it was left out.
func (c *tableCall) constant(i int, needs string) *Const {
	if i+1 >= len(c.Args) {
		return nil
	}
	arg := c.Args[i+1]
	x := tryExpr(&exprBinder{scope: &scope{}}, arg)
	value, ok := x.(*Const)
	if !ok || value.Value.Null {
		fail(arg.Position(), "%s must be %s, found %s", c.names[i], needs, arg)
	}
	return value
}

func (c *tableCall) wrong(i int, needs string) {
	fail(c.Args[i+1].Position(), "%s must be %s, found %s", c.names[i], needs, c.Args[i+1])
}

func (c *tableCall) integer(i, otherwise int) int {
	const needs = "a whole number"
	v := c.constant(i, needs)
	if v == nil {
		return otherwise
	}
	if !v.T.Kind.IsInteger() {
		c.wrong(i, needs)
	}
	return int(v.Value.Int)
}

// within is integer for a required argument with a range.
func (c *tableCall) within(i, lo, hi int) int {
	v := c.integer(i, 0)
	if v < lo || v > hi {
		fail(c.Args[i+1].Position(), "%s must be from %d to %d, it is %d", c.names[i], lo, hi, v)
	}
	return v
}

func (c *tableCall) number(i int) float64 {
	const needs = "a number"
	v := c.constant(i, needs)
	switch {
	case v.T.Kind.IsInteger():
		return float64(v.Value.Int)
	case v.T.Kind == types.Decimal:
		return float64(v.Value.Int) / math.Pow10(v.T.Scale)
	case v.T.Kind.IsApprox():
		return v.Value.Float
	}
	c.wrong(i, needs)
	return 0
}

func (c *tableCall) boolean(i int) bool {
	const needs = "TRUE or FALSE"
	v := c.constant(i, needs)
	if v == nil {
		return false
	}
	if v.T.Kind != types.Boolean {
		c.wrong(i, needs)
	}
	return v.Value.Int != 0
}

func (c *tableCall) text(i int, needs string) string {
	v := c.constant(i, needs)
	if !v.T.Kind.IsText() {
		c.wrong(i, needs)
	}
	return v.Value.Str
}

// column resolves an argument that names a column of the cursor: as it is, or folded as a name without quotes is.
func (c *tableCall) column(i int) int {
	name := c.text(i, "the name of a column in single quotes")
	names := make([]string, len(c.out.Input.Items))
	for k, it := range c.out.Input.Items {
		names[k] = it.Name
	}
	for _, spelt := range []string{name, strings.ToUpper(name)} {
		if at := slices.Index(names, spelt); at >= 0 {
			return at
		}
	}
	fail(c.Args[i+1].Position(), "column %s is not in the cursor%s", show(name), suggest(name, names))
	return -1
}

// numeric finds the columns that a function of points takes. DECIMALs are none of them, as AWS has it.
func (c *tableCall) numeric() {
	for i, it := range c.out.Input.Items {
		if k := it.Expr.Type().Kind; k.IsInteger() || k.IsApprox() {
			c.out.Values = append(c.out.Values, i)
		}
	}
	if len(c.out.Values) == 0 {
		fail(c.Args[0].Position(), "%s needs a numeric column in its cursor; CAST a DECIMAL to DOUBLE, it takes none", c.Name.Name)
	}
	c.out.Passed = len(c.out.Input.Items)
}

// check fails at the argument that an error names first.
func (c *tableCall) check(err error) {
	if err == nil {
		return
	}
	pos := c.Name.Pos
	for i, name := range c.names[:len(c.Args)-1] {
		if strings.HasPrefix(err.Error(), name) {
			pos = c.position(i)
		}
	}
	fail(pos, "%s", err)
}

func (c *tableCall) position(i int) token.Position { return c.Args[i+1].Position() }

func added(name string, t types.Type) types.Column {
	t.Nullable = true
	return types.Column{Name: name, Type: t}
}
