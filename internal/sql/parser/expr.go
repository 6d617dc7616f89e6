package parser

import (
	"github.com/millrace/millrace/internal/sql/ast"
	"github.com/millrace/millrace/internal/sql/token"
)

// expr = and { "OR" and }
func (p *parser) expr() ast.Expr {
	p.enter()
	defer p.leave()
	left := p.and()
	for p.isWord("OR") {
		t := p.operator()
		left = &ast.Binary{Pos: t.Pos, Op: "OR", L: left, R: p.and()}
	}
	return left
}

// and = not { "AND" not }
func (p *parser) and() ast.Expr {
	left := p.not()
	for p.isWord("AND") {
		t := p.operator()
		left = &ast.Binary{Pos: t.Pos, Op: "AND", L: left, R: p.not()}
	}
	return left
}

// not = [ "NOT" ] not | predicate
func (p *parser) not() ast.Expr {
	if !p.isWord("NOT") {
		return p.predicate()
	}
	p.enter()
	defer p.leave()
	t := p.next()
	return &ast.Unary{Pos: t.Pos, Op: "NOT", X: p.not()}
}

// predicate = sum { comparison sum | "IS" … | [ "NOT" ] ( "BETWEEN" … | "LIKE" … | "SIMILAR" "TO" … | "IN" … ) }
func (p *parser) predicate() ast.Expr {
	left := p.sum()
	for {
		t := p.peek()
		switch {
		case t.Kind == token.Symbol && isComparison(t.Text):
			p.operator()
			op := t.Text
			if p.isSymbol("=") {
				p.fail(t.Pos, "%s= is no operator: = compares", op)
			}
			if op == "!=" {
				op = "<>"
			}
			left = &ast.Binary{Pos: t.Pos, Op: op, L: left, R: p.sum()}
		case p.isWord("IS"):
			left = p.is(left)
		case p.isWord("BETWEEN", "LIKE", "SIMILAR", "IN"):
			left = p.suffix(left, false)
		case p.isWord("NOT") && isWord(p.ahead(1), "BETWEEN", "LIKE", "SIMILAR", "IN"):
			p.next()
			left = p.suffix(left, true)
		default:
			return left
		}
	}
}

func isComparison(s string) bool {
	return s == "=" || s == "<>" || s == "!=" || s == "<" || s == "<=" || s == ">" || s == ">="
}

// is = "IS" [ "NOT" ] ( "NULL" | "TRUE" | "FALSE" | "UNKNOWN" | "DISTINCT" "FROM" sum )
func (p *parser) is(x ast.Expr) ast.Expr {
	pos := p.operator().Pos
	not := p.takeWord("NOT")
	if p.takeWord("DISTINCT") {
		p.word("FROM")
		return &ast.IsDistinct{Pos: pos, L: x, R: p.sum(), Not: not}
	}
	if !p.isWord("NULL", "TRUE", "FALSE", "UNKNOWN") {
		p.expected("NULL, TRUE, FALSE, UNKNOWN or DISTINCT FROM")
	}
	return &ast.Is{Pos: pos, X: x, Not: not, What: p.next().Text}
}

// suffix = "BETWEEN" sum "AND" sum | ( "LIKE" | "SIMILAR" "TO" ) sum [ "ESCAPE" sum ] | "IN" "(" ( exprs | query ) ")"
func (p *parser) suffix(x ast.Expr, not bool) ast.Expr {
	t := p.operator()
	switch t.Text {
	case "BETWEEN":
		e := &ast.Between{Pos: t.Pos, X: x, Not: not, Lo: p.sum()}
		p.word("AND")
		e.Hi = p.sum()
		return e
	case "LIKE", "SIMILAR":
		e := &ast.Like{Pos: t.Pos, X: x, Not: not, Similar: t.Text == "SIMILAR"}
		if e.Similar {
			p.word("TO")
		}
		e.Pattern = p.sum()
		if p.takeWord("ESCAPE") {
			e.Escape = p.sum()
		}
		return e
	}
	e := &ast.In{Pos: t.Pos, X: x, Not: not}
	if p.isSymbol("(") && isWord(p.ahead(1), "SELECT", "VALUES") {
		p.next()
		e.Query = p.query()
		p.symbol(")")
		return e
	}
	p.symbol("(")
	e.List = p.exprs()
	p.symbol(")")
	return e
}

// sum = product { ( "+" | "-" | "||" ) product }
func (p *parser) sum() ast.Expr {
	left := p.product()
	for p.isSymbol("+") || p.isSymbol("-") || p.isSymbol("||") {
		t := p.operator()
		left = &ast.Binary{Pos: t.Pos, Op: t.Text, L: left, R: p.product()}
	}
	return left
}

// product = unary { ( "*" | "/" ) unary }
func (p *parser) product() ast.Expr {
	left := p.unary()
	for p.isSymbol("*") || p.isSymbol("/") {
		t := p.operator()
		left = &ast.Binary{Pos: t.Pos, Op: t.Text, L: left, R: p.unary()}
	}
	return left
}

// unary = [ "-" | "+" ] unary | primary
func (p *parser) unary() ast.Expr {
	if !p.isSymbol("-") && !p.isSymbol("+") {
		return p.primary()
	}
	p.enter()
	defer p.leave()
	t := p.next()
	return &ast.Unary{Pos: t.Pos, Op: t.Text, X: p.unary()}
}
