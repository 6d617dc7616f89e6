package parser

import (
	"github.com/millrace/millrace/internal/sql/ast"
	"github.com/millrace/millrace/internal/sql/token"
)

// periods = period predicate right { predicate right }, of which "(" expr "," has been read
//
//	period    = [ "PERIOD" ] "(" expr "," expr ")"
//	predicate = [ "STRICTLY" | "IMMEDIATELY" ] ( "CONTAINS" | "OVERLAPS" | "EQUALS" | "PRECEDES" | "SUCCEEDS" | "LEADS" | "LAGS" )
//	right     = period | "(" expr ")" | sum, the latter two behind CONTAINS
//
// A chain stands for its links joined by AND.
func (p *parser) periods(pos token.Position, start ast.Expr) ast.Expr {
	var all ast.Expr = p.period(pos, start)
	for first := true; first || p.isPeriodPredicate(); first = false {
		t := p.peek()
		op := p.periodPredicate()
		e := &ast.PeriodPredicate{Pos: t.Pos, Op: op, L: all, R: p.rightPeriod(op)}
		all = e
		if _, is := e.R.(*ast.Period); !is {
			break
		}
	}
	return all
}

// period reads what follows the comma of a period.
func (p *parser) period(pos token.Position, start ast.Expr) *ast.Period {
	e := &ast.Period{Pos: pos, Start: start, End: p.expr()}
	p.symbol(")")
	return e
}

func isPeriodWord(t token.Token) bool {
	return isWord(t, "CONTAINS", "OVERLAPS", "EQUALS", "PRECEDES", "SUCCEEDS", "LEADS", "LAGS")
}

func (p *parser) isPeriodPredicate() bool {
	return isPeriodWord(p.peek()) || p.isWord("STRICTLY", "IMMEDIATELY") && isPeriodWord(p.ahead(1))
}

func (p *parser) periodPredicate() string {
	if !p.isPeriodPredicate() {
		p.expected("a predicate of periods, such as OVERLAPS, behind (start, end)")
	}
	op := p.operator().Text
	if !isPeriodWord(token.Token{Kind: token.Word, Text: op}) {
		op += " " + p.next().Text
	}
	return op
}

func (p *parser) rightPeriod(op string) ast.Expr {
	contains := op == "CONTAINS" || op == "STRICTLY CONTAINS"
	pos := p.peek().Pos
	word := p.isWord("PERIOD") && isSymbol(p.ahead(1), "(")
	if !word && !p.isSymbol("(") {
		if !contains {
			p.expected("a period (start, end)")
		}
		return p.sum()
	}
	if word {
		p.next()
	}
	p.next()
	start := p.expr()
	if p.takeSymbol(",") {
		return p.period(pos, start)
	}
	if !contains || word {
		p.expected(",")
	}
	p.symbol(")")
	return start
}
