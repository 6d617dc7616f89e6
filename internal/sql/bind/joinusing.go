package bind

import "github.com/millrace/millrace/internal/sql/ast"

// common are the names of columns that both scopes have, for NATURAL.
func common(left, right *scope) []ast.Ident {
	var all []ast.Ident
	for _, r := range left.relations {
		for _, c := range left.columns[r.from : r.to-r.hidden] {
			for _, s := range right.relations {
				for _, d := range right.columns[s.from : s.to-s.hidden] {
					if c.name == d.name && c.name != "" {
						all = append(all, ast.Ident{Name: c.name, Quoted: true})
					}
				}
			}
		}
	}
	return all
}

// using makes the columns of USING equal. By its bare name such a column is the left one's, or the right one's where only
// that is always there. In * it stands before all others.
func (b *binder) using(f *ast.Join, kind string, e *exprBinder, left, right *operand, width int, names []ast.Ident) []Expr {
	if kind == "FULL" {
		fail(f.Pos, "a FULL JOIN with USING or NATURAL is not supported; write ON and COALESCE the columns")
	}
	var equal []Expr
	for _, n := range names {
		name := &ast.Name{Parts: []ast.Ident{n}}
		l := left.find(name, 0, len(left.columns), left.scope)
		r := width + right.find(name, 0, len(right.columns), right.scope)
		equal = append(equal, e.compare(f.Pos, "=", e.scope.column(l), e.scope.column(r)))
		if kind == "RIGHT" {
			l, r = r, l
		}
		e.scope.columns[l].shared, e.scope.columns[r].merged = true, true
	}
	return equal
}
