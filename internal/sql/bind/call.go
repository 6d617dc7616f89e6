package bind

import (
	"cmp"
	"slices"

	"github.com/millrace/millrace/internal/sql/ast"
	"github.com/millrace/millrace/internal/sql/function"
	"github.com/millrace/millrace/internal/sql/token"
)

var zeroPosition = token.Position{}

// callForms are functions that are resolved here, because their arguments are no plain values, or that stand elsewhere: for
// suggestions, and so that an application does not create one of the same name.
func callForms() []string {
	return []string{"COALESCE", "NULLIF", "STEP", "MONOTONIC", "EXTRACT", "CAST", "CEILING"}
}

// isBuiltin reports whether a name is that of a function of the language.
func isBuiltin(name string) bool {
	return function.Exists(name) || function.IsRow(name) || slices.Contains(callForms(), name) || analytic(name) || tableFunction(name)
}

// analytic reports functions that stand before OVER, or need GROUP BY.
func analytic(name string) bool {
	return slices.Contains(aggregateNames(), name) || slices.Contains(overNames(), name)
}

// tableFunction reports functions that stand in TABLE(…).
func tableFunction(name string) bool {
	switch name {
	case "GROUP_RANK", "HOTSPOTS", "RANDOM_CUT_FOREST", "RANDOM_CUT_FOREST_WITH_EXPLANATION", "TOP_K_ITEMS_TUMBLING", "COUNT_DISTINCT_ITEMS_TUMBLING":
		return true
	}
	return false
}

// elsewhere reports functions that other dialects have, with what to do here.
func elsewhere(name string) string {
	switch name {
	case "COUNT_DISTINCT", "APPROX_COUNT_DISTINCT":
		return "use COUNT_DISTINCT_ITEMS_TUMBLING or a DISTINCT sub-query"
	case "RANK", "DENSE_RANK":
		return "use GROUP_RANK"
	case "ROW_NUMBER", "NTILE", "LEAD", "PERCENTILE_CONT", "PERCENTILE_DISC", "LINEAR_INTERP":
		return "the language has no such analytic function"
	case "NOW", "GETDATE", "SYSDATE":
		return "use CURRENT_TIMESTAMP"
	case "LENGTH", "LEN":
		return "use CHAR_LENGTH"
	case "CONCAT":
		return "use ||"
	case "SUBSTR":
		return "use SUBSTRING"
	case "IFNULL", "NVL", "ISNULL":
		return "use COALESCE"
	case "IF", "IIF", "DECODE":
		return "use CASE"
	case "REPLACE", "REGEXP_REPLACE":
		return "use REGEX_REPLACE"
	case "TO_CHAR", "DATE_FORMAT", "FORMAT_TIMESTAMP":
		return "use TIMESTAMP_TO_CHAR"
	case "TO_DATE":
		return "use CHAR_TO_DATE"
	case "TRUNC", "DATE_TRUNC":
		return "use FLOOR(… TO …)"
	case "ROUND":
		return "use CAST to a DECIMAL or an INTEGER, which rounds"
	case "TUMBLE", "HOP", "SESSION":
		return "group by STEP(… BY …), or use WINDOWED BY STAGGER"
	}
	return ""
}

// call resolves name(args).
func (b *exprBinder) call(e *ast.Call) Expr {
	name := e.Name.Name
	if hint := elsewhere(name); hint != "" && e.Over != nil {
		fail(e.Name.Pos, "function %s does not exist; %s", name, hint)
	}
	if e.Over != nil {
		return b.analytic(e)
	}
	if isAggregateCall(e) {
		return b.aggregate(e)
	}
	if e.Distinct {
		fail(e.Name.Pos, "DISTINCT has no meaning in %s", name)
	}
	if e.Nulls != "" || e.FromLast {
		fail(e.Name.Pos, "%s NULLS has no meaning in %s", cmp.Or(e.Nulls, "FROM LAST and"), name)
	}
	switch name {
	case "COALESCE":
		return b.coalesce(e)
	case "NULLIF":
		return b.nullif(e)
	case "MONOTONIC":
		return b.monotonic(e)
	}
	if x := b.scope.functions.call(b, e); x != nil {
		return x
	}
	if function.IsRow(name) {
		return b.rowCall(e)
	}
	if analytic(name) {
		fail(e.Name.Pos, "%s stands only before OVER, as in %s(…) OVER (ROWS 10 PRECEDING)", name, name)
	}
	if tableFunction(name) {
		fail(e.Name.Pos, "%s stands only in FROM, as in TABLE(%s(CURSOR(SELECT STREAM …), …))", name, name)
	}
	if !function.Exists(name) || name == "TRIM" || name == "POSITION" {
		hint := elsewhere(name)
		if hint != "" {
			hint = "; " + hint
		} else {
			hint = suggest(name, slices.Concat(aggregateNames(), overNames(), callForms(), function.Names(), function.RowNames(), b.scope.functions.names()))
		}
		fail(e.Name.Pos, "function %s does not exist%s", name, hint)
	}
	args := make([]Expr, len(e.Args))
	for i, a := range e.Args {
		args[i] = b.expr(a)
	}
	return b.resolve(e.Name.Pos, callFormat(name, len(args)), name, args...)
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
	case *ast.Similar:
		return []ast.Expr{e.X, e.Pattern, e.Escape}
	case *ast.Period:
		return []ast.Expr{e.Start, e.End}
	case *ast.PeriodPredicate:
		return []ast.Expr{e.L, e.R}
	case *ast.Call:
		return e.Args
	}
	return nil
}
