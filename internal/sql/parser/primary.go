package parser

import (
	"github.com/millrace/millrace/internal/sql/ast"
	"github.com/millrace/millrace/internal/sql/token"
	"github.com/millrace/millrace/internal/sql/types"
)

// primary = literal | "(" expr ")" [ qualifier ] | case | function | column
func (p *parser) primary() ast.Expr {
	t := p.peek()
	switch t.Kind {
	case token.Number:
		p.next()
		return &ast.Number{Pos: t.Pos, Text: t.Text}
	case token.String:
		p.next()
		return &ast.Text{Pos: t.Pos, Value: t.Text}
	case token.Quoted:
		if isSymbol(p.ahead(1), "(") {
			return p.call()
		}
		return p.column()
	case token.Word:
		return p.wordExpr()
	}
	if !p.isSymbol("(") {
		p.expected("an expression")
	}
	p.next()
	if p.isWord("SELECT", "VALUES") {
		p.fail(t.Pos, "a sub-query as a value is not supported: join the stream or the table instead")
	}
	x := p.expr()
	if p.takeSymbol(",") {
		return p.periods(t.Pos, x)
	}
	p.symbol(")")
	if _, ok := types.ParseUnit(p.peek().Text); ok && p.peek().Kind == token.Word {
		return &ast.Qualified{Pos: t.Pos, X: x, Qualifier: p.qualifier()}
	}
	return x
}

func (p *parser) wordExpr() ast.Expr {
	t := p.peek()
	opens := isSymbol(p.ahead(1), "(")
	switch t.Text {
	case "NULL", "TRUE", "FALSE", "UNKNOWN",
		"CURRENT_DATE", "CURRENT_TIME", "CURRENT_TIMESTAMP", "LOCALTIME", "LOCALTIMESTAMP", "CURRENT_ROW_TIMESTAMP":
		p.next()
		return &ast.Word{Pos: t.Pos, Word: t.Text}
	case "DATE", "TIME", "TIMESTAMP":
		if p.ahead(1).Kind == token.String {
			return p.datetime()
		}
	case "INTERVAL":
		return p.interval()
	case "CASE":
		return p.caseExpr()
	case "CAST":
		return p.cast()
	}
	if opens {
		switch t.Text {
		case "FLOOR", "CEIL", "CEILING":
			return p.floor()
		case "STEP":
			return p.step()
		case "EXTRACT":
			return p.extract()
		case "POSITION":
			return p.position()
		case "TRIM":
			return p.trim()
		case "SUBSTRING":
			return p.substring()
		case "PERIOD":
			p.next()
			p.next()
			start := p.expr()
			p.symbol(",")
			return p.periods(t.Pos, start)
		case "EXISTS":
			p.next()
			p.next()
			e := &ast.Exists{Pos: t.Pos, Query: p.query()}
			p.symbol(")")
			return e
		case "CURSOR":
			p.next()
			p.next()
			e := &ast.Cursor{Pos: t.Pos, Query: p.query()}
			p.symbol(")")
			return e
		}
		if !token.IsReserved(t.Text) {
			return p.call()
		}
	}
	return p.column()
}

// column = name { "." name } [ "." "*" ]
func (p *parser) column() ast.Expr {
	e := &ast.Name{Parts: []ast.Ident{p.name("an expression")}}
	if first := &e.Parts[0]; first.Name == "STREAM" || first.Name == "DISTINCT" || first.Name == "ALL" {
		// Printed without quotes, the first column of a list would be read as a word of SELECT.
		first.Quoted = true
	}
	for p.isSymbol(".") {
		if isSymbol(p.ahead(1), "*") {
			if len(e.Parts) > 1 {
				p.expected("a name")
			}
			p.next()
			p.next()
			return &ast.Star{Pos: e.Parts[0].Pos, Qualifier: e.Parts[0]}
		}
		p.next()
		t := p.peek()
		if t.Kind != token.Word && t.Kind != token.Quoted {
			p.expected("a name behind the point")
		}
		part := identOf(p.next())
		if t.Kind == token.Word && token.IsReserved(t.Text) {
			part.Quoted = true
		}
		e.Parts = append(e.Parts, part)
	}
	return e
}

// datetime = ( "DATE" | "TIME" | "TIMESTAMP" ) string
func (p *parser) datetime() ast.Expr {
	t := p.next()
	kind := map[string]types.Kind{"DATE": types.Date, "TIME": types.Time, "TIMESTAMP": types.Timestamp}[t.Text]
	return &ast.Datetime{Pos: t.Pos, Kind: kind, Text: p.next().Text}
}

// interval = "INTERVAL" [ "-" | "+" ] string qualifier
func (p *parser) interval() ast.Expr {
	pos := p.next().Pos
	sign := ""
	if p.takeSymbol("-") {
		sign = "-"
	} else {
		p.takeSymbol("+")
	}
	text := p.text("a number in single quotes, as in INTERVAL '10' SECOND")
	return &ast.Interval{Pos: pos, Text: sign + text, Qualifier: p.qualifier()}
}

// qualifier = unit [ "(" number [ "," number ] ")" ] [ "TO" unit [ "(" number ")" ] ]
func (p *parser) qualifier() ast.Qualifier {
	q := ast.Qualifier{From: p.unit()}
	q.To = q.From
	if p.takeSymbol("(") {
		q.Precision = p.integer()
		if q.From == types.Second && p.takeSymbol(",") {
			q.FractionSize = p.integer()
		}
		p.symbol(")")
	}
	// FLOOR((a - b) SECOND TO MINUTE) would be read as an interval SECOND TO MINUTE, which cannot be: units get finer.
	if to, ok := types.ParseUnit(p.ahead(1).Text); p.isWord("TO") && ok && to > q.From {
		p.next()
		q.To = p.unit()
		if p.takeSymbol("(") {
			q.FractionSize = p.integer()
			p.symbol(")")
		}
	}
	return q
}

func (p *parser) unit() types.Unit {
	u, ok := types.ParseUnit(p.peek().Text)
	if !ok || p.peek().Kind != token.Word {
		p.expected("YEAR, MONTH, DAY, HOUR, MINUTE or SECOND")
	}
	p.next()
	return u
}

// case = "CASE" [ expr ] "WHEN" expr "THEN" expr { "WHEN" … } [ "ELSE" expr ] "END"
func (p *parser) caseExpr() ast.Expr {
	e := &ast.Case{Pos: p.next().Pos}
	if !p.isWord("WHEN") {
		e.Operand = p.expr()
	}
	if !p.isWord("WHEN") {
		p.expected("WHEN")
	}
	for p.takeWord("WHEN") {
		w := ast.When{When: p.expr()}
		p.word("THEN")
		w.Then = p.expr()
		e.Whens = append(e.Whens, w)
	}
	if p.takeWord("ELSE") {
		e.Else = p.expr()
	}
	p.word("END")
	return e
}

// cast = "CAST" "(" expr "AS" ( type | "INTERVAL" qualifier ) ")"
func (p *parser) cast() ast.Expr {
	pos := p.next().Pos
	p.symbol("(")
	e := &ast.Cast{Pos: pos, X: p.expr()}
	p.word("AS")
	e.Type = p.valueType()
	p.symbol(")")
	return e
}

// floor = ( "FLOOR" | "CEIL" ) "(" expr [ "TO" unit ] ")"
func (p *parser) floor() ast.Expr {
	t := p.next()
	p.symbol("(")
	x := p.expr()
	if p.takeWord("TO") {
		e := &ast.FloorTo{Pos: t.Pos, Ceil: t.Text != "FLOOR", X: x, Unit: p.unit()}
		p.symbol(")")
		return e
	}
	p.symbol(")")
	name := "FLOOR"
	if t.Text != "FLOOR" {
		name = "CEIL"
	}
	return &ast.Call{Name: ast.Ident{Pos: t.Pos, Name: name}, Args: []ast.Expr{x}}
}

// step = "STEP" "(" expr "BY" expr ")"
func (p *parser) step() ast.Expr {
	e := &ast.Step{Pos: p.next().Pos}
	p.symbol("(")
	e.X = p.expr()
	p.word("BY")
	e.By = p.expr()
	p.symbol(")")
	return e
}

// extract = "EXTRACT" "(" unit "FROM" expr ")"
func (p *parser) extract() ast.Expr {
	e := &ast.Extract{Pos: p.next().Pos}
	p.symbol("(")
	e.Unit = p.unit()
	p.word("FROM")
	e.X = p.expr()
	p.symbol(")")
	return e
}

// position = "POSITION" "(" sum "IN" sum ")"
func (p *parser) position() ast.Expr {
	e := &ast.Position{Pos: p.next().Pos}
	p.symbol("(")
	e.X = p.sum()
	p.word("IN")
	e.Y = p.sum()
	p.symbol(")")
	return e
}

// trim = "TRIM" "(" [ [ "LEADING" | "TRAILING" | "BOTH" ] [ expr ] "FROM" ] expr ")"
func (p *parser) trim() ast.Expr {
	e := &ast.Trim{Pos: p.next().Pos, Where: "BOTH"}
	p.symbol("(")
	e.Chars = &ast.Text{Pos: e.Pos, Value: " "}
	if p.isWord("LEADING", "TRAILING", "BOTH") && !isSymbol(p.ahead(1), ")") {
		e.Where = p.next().Text
		if !p.isWord("FROM") {
			e.Chars = p.expr()
		}
		p.word("FROM")
		e.X = p.expr()
	} else {
		e.X = p.expr()
		if p.takeWord("FROM") {
			e.Chars, e.X = e.X, p.expr()
		}
	}
	p.symbol(")")
	return e
}

// substring = "SUBSTRING" "(" sum ( ( "FROM" | "," ) expr [ ( "FOR" | "," ) expr ] | "SIMILAR" sum "ESCAPE" sum ) ")"
//
// The words FROM and FOR read as if they were commas.
func (p *parser) substring() ast.Expr {
	name := identOf(p.next())
	p.symbol("(")
	x := p.sum()
	if p.takeWord("SIMILAR") {
		e := &ast.Similar{Pos: name.Pos, X: x, Pattern: p.sum()}
		p.word("ESCAPE")
		e.Escape = p.sum()
		p.symbol(")")
		return e
	}
	e := &ast.Call{Name: name, Args: []ast.Expr{x}}
	if !p.isWord("FROM") && !p.isSymbol(",") {
		p.expected("FROM, SIMILAR or ,")
	}
	p.next()
	e.Args = append(e.Args, p.expr())
	for p.takeSymbol(",") || p.takeWord("FOR") {
		e.Args = append(e.Args, p.expr())
	}
	p.symbol(")")
	return e
}

// call = name "(" [ "*" | [ "ALL" | "DISTINCT" ] exprs ] ")" [ "FROM" ( "FIRST" | "LAST" ) ] [ ( "IGNORE" | "RESPECT" ) "NULLS" ]
//
//	[ "OVER" window ]
//
// OVERLAY(x PLACING y FROM n FOR m) reads as if with commas.
func (p *parser) call() ast.Expr {
	e := &ast.Call{Name: identOf(p.next())}
	p.symbol("(")
	if p.isSymbol("*") {
		e.Args = append(e.Args, &ast.Star{Pos: p.next().Pos})
	} else if !p.isSymbol(")") {
		if p.takeWord("DISTINCT") {
			e.Distinct = true
		} else {
			p.takeWord("ALL")
		}
		e.Args = append(e.Args, p.expr())
		for p.takeSymbol(",") || p.takesWords(e.Name.Name) {
			e.Args = append(e.Args, p.expr())
		}
	}
	p.symbol(")")
	p.nulls(e)
	if p.takeWord("OVER") {
		e.Over = p.window()
	}
	return e
}

// nulls reads what may stand between the arguments of an analytic function and its OVER.
func (p *parser) nulls(e *ast.Call) {
	if e.Name.Name == "NTH_VALUE" && p.isWord("FROM") && isWord(p.ahead(1), "FIRST", "LAST") && isWord(p.ahead(2), "IGNORE", "RESPECT", "OVER") {
		p.next()
		e.FromLast = p.next().Text == "LAST"
	}
	if p.isWord("IGNORE", "RESPECT") && isWord(p.ahead(1), "NULLS") {
		e.Nulls = p.next().Text
		p.next()
	}
}

func (p *parser) takesWords(function string) bool {
	return function == "OVERLAY" && (p.takeWord("PLACING") || p.takeWord("FROM") || p.takeWord("FOR"))
}
