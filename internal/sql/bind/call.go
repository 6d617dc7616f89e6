package bind

import (
	"strings"

	"github.com/millrace/millrace/internal/sql/ast"
	"github.com/millrace/millrace/internal/sql/function"
	"github.com/millrace/millrace/internal/sql/token"
)

var zeroPosition = token.Position{}

// known reports functions that the language has and this engine has not, so that they are not taken for a slip of the pen.
func known(name string) bool {
	switch name {
	case "STDDEV_SAMP", "STDDEV_POP", "VAR_SAMP", "VAR_POP", "FIRST_VALUE", "LAST_VALUE", "NTH_VALUE", "LAG", "EXP_AVG", "ANY",
		"EVERY", "EXP", "LN", "LOG10", "POWER", "SQRT", "TSDIFF", "CHAR_TO_DATE", "CHAR_TO_TIME", "DATE_TO_CHAR", "TIME_TO_CHAR",
		"MONOTONIC", "INITCAP", "OVERLAY", "REGEX_REPLACE", "REGEX_LOG_PARSE", "FAST_REGEX_LOG_PARSE", "FAST_REGEX_LOG_PARSER",
		"VARIABLE_COLUMN_LOG_PARSE", "FIXED_COLUMN_LOG_PARSE", "SYS_LOG_PARSE", "W3C_LOG_PARSE", "GROUP_RANK", "HOTSPOTS",
		"RANDOM_CUT_FOREST", "RANDOM_CUT_FOREST_WITH_EXPLANATION", "TOP_K_ITEMS_TUMBLING", "COUNT_DISTINCT_ITEMS_TUMBLING":
		return true
	}
	return false
}

// call resolves name(args).
func (b *exprBinder) call(e *ast.Call) Expr {
	name := e.Name.Name
	if e.Over != nil {
		fail(e.Over.Pos, "sliding windows (OVER) are not supported yet")
	}
	if isAggregateCall(e) {
		return b.aggregate(e)
	}
	if e.Distinct {
		fail(e.Name.Pos, "DISTINCT has no meaning in %s", name)
	}
	switch name {
	case "COALESCE":
		return b.coalesce(e)
	case "NULLIF":
		return b.nullif(e)
	}
	if known(name) {
		fail(e.Name.Pos, "function %s is not supported yet", name)
	}
	if !function.Exists(name) || name == "TRIM" || name == "POSITION" {
		fail(e.Name.Pos, "function %s does not exist%s", name, suggest(name, append([]string{"COUNT", "SUM", "AVG", "MIN", "MAX", "COALESCE", "NULLIF", "STEP"}, function.Names()...)))
	}
	args := make([]Expr, len(e.Args))
	for i, a := range e.Args {
		args[i] = b.expr(a)
	}
	format := name + "(" + strings.TrimSuffix(strings.Repeat("%s, ", len(args)), ", ") + ")"
	return b.resolve(e.Name.Pos, format, name, args...)
}

// findAggregate returns an aggregate in the list or HAVING of a query.
func findAggregate(s *ast.Select) *ast.Call {
	for _, it := range s.Items {
		if c := findCall(it.Expr, isAggregateCall); c != nil {
			return c
		}
	}
	if s.Having != nil {
		return findCall(s.Having, isAggregateCall)
	}
	return nil
}

// findCall returns the first call within an expression for which is holds.
func findCall(e ast.Expr, is func(*ast.Call) bool) *ast.Call {
	if c, ok := e.(*ast.Call); ok && is(c) {
		return c
	}
	for _, child := range children(e) {
		if child == nil {
			continue
		}
		if c := findCall(child, is); c != nil {
			return c
		}
	}
	return nil
}

func children(e ast.Expr) []ast.Expr {
	switch e := e.(type) {
	case *ast.Unary:
		return []ast.Expr{e.X}
	case *ast.Binary:
		return []ast.Expr{e.L, e.R}
	case *ast.Is:
		return []ast.Expr{e.X}
	case *ast.IsDistinct:
		return []ast.Expr{e.L, e.R}
	case *ast.Between:
		return []ast.Expr{e.X, e.Lo, e.Hi}
	case *ast.Like:
		return []ast.Expr{e.X, e.Pattern, e.Escape}
	case *ast.In:
		return append([]ast.Expr{e.X}, e.List...)
	case *ast.Case:
		all := []ast.Expr{e.Operand, e.Else}
		for _, w := range e.Whens {
			all = append(all, w.When, w.Then)
		}
		return all
	case *ast.Cast:
		return []ast.Expr{e.X}
	case *ast.FloorTo:
		return []ast.Expr{e.X}
	case *ast.Step:
		return []ast.Expr{e.X, e.By}
	case *ast.Extract:
		return []ast.Expr{e.X}
	case *ast.Position:
		return []ast.Expr{e.X, e.Y}
	case *ast.Trim:
		return []ast.Expr{e.Chars, e.X}
	case *ast.Qualified:
		return []ast.Expr{e.X}
	case *ast.Call:
		return e.Args
	}
	return nil
}
