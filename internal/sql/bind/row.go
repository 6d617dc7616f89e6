package bind

import (
	"strings"

	"github.com/millrace/millrace/internal/sql/ast"
	"github.com/millrace/millrace/internal/sql/function"
	"github.com/millrace/millrace/internal/sql/types"
)

// A log parser makes a row: one column of a sub-query, of which the query around it takes the columns.
//
//	SELECT STREAM l.r.COLUMN1, r.COLUMN2 FROM (SELECT STREAM W3C_LOG_PARSE(line, 'COMMON') FROM s) AS l (r)

// rowCall resolves a function that makes rows.
func (b *exprBinder) rowCall(e *ast.Call) Expr {
	name := e.Name.Name
	args := make([]Expr, len(e.Args))
	for i, a := range e.Args {
		args[i] = b.expr(a)
	}
	res, fields, err := function.ResolveRow(name, argsOf(args))
	call := apply(e.Name.Pos, callFormat(name, len(args)), res, err, args...)
	call.Fields = fields
	return call
}

// callFormat prints name(args).
func callFormat(name string, args int) string {
	return name + "(" + strings.TrimSuffix(strings.Repeat("%s, ", args), ", ") + ")"
}

// fieldsOf are the fields of an expression that is a row.
func fieldsOf(e Expr) []types.Column {
	switch e := e.(type) {
	case *Call:
		return e.Fields
	case *Column:
		return e.Fields
	}
	return nil
}

// field resolves row.column and stream.row.column, or returns nil where a name is no such thing.
func (b *exprBinder) field(e *ast.Name) Expr {
	n := len(e.Parts)
	lo, hi := 0, len(b.scope.columns)
	switch {
	case n == 3:
		r := b.scope.qualified(e.Parts[0])
		lo, hi = r.from, r.to
	case n != 2 || b.scope.relation(e.Parts[0].Name) != nil:
		return nil
	}
	row := b.row(e.Parts[n-2], lo, hi)
	if row == nil {
		return nil
	}
	last := e.Parts[n-1]
	for i, f := range row.Fields {
		if f.Name != last.Name {
			continue
		}
		if b.group != nil {
			fail(last.Pos, "column %s stands neither in GROUP BY nor in an aggregate", e)
		}
		return field(row, i)
	}
	fail(last.Pos, "column %s is not in the row %s%s", show(last.Name), show(row.Name), suggest(last.Name, columnNames(row.Fields)))
	return nil
}

// row finds a column from lo to before hi that is a row, or nil.
func (b *exprBinder) row(n ast.Ident, lo, hi int) *Column {
	var found *Column
	for i := lo; i < hi; i++ {
		c := b.scope.columns[i]
		if c.name != n.Name || c.fields == nil {
			continue
		}
		if found != nil {
			fail(n.Pos, "row %s is ambiguous; write whose it is, as in %s.%s.COLUMN1", show(n.Name), &b.scope.relations[0], show(n.Name))
		}
		found = b.scope.column(i)
	}
	return found
}

// field is field i of a row.
func field(row *Column, i int) Expr {
	f := row.Fields[i]
	f.Type.Nullable = true
	format := "%s." + strings.ReplaceAll(Show(f.Name), "%", "%%")
	return &Call{Format: format, Args: []Expr{row}, T: f.Type, Kernel: function.RowField(i, f.Type)}
}

// rowStar resolves row.*, or returns nil where the qualifier is no row.
func (b *exprBinder) rowStar(star *ast.Star) []Item {
	if star.Qualifier.Name == "" || b.scope.relation(star.Qualifier.Name) != nil {
		return nil
	}
	row := b.row(star.Qualifier, 0, len(b.scope.columns))
	if row == nil {
		return nil
	}
	items := make([]Item, len(row.Fields))
	for i, f := range row.Fields {
		items[i] = Item{Expr: field(row, i), Name: f.Name}
	}
	return items
}
