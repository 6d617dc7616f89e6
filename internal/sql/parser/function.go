package parser

import (
	"github.com/millrace/millrace/internal/sql/ast"
	"github.com/millrace/millrace/internal/sql/token"
	"github.com/millrace/millrace/internal/sql/types"
)

// function = "FUNCTION" name "(" [ param { "," param } ] ")" "RETURNS" type { option } "RETURN" expr
//
//	param = name type
func (p *parser) createFunction(pos token.Position, replace bool) ast.Statement {
	s := &ast.CreateFunction{Pos: pos, OrReplace: replace, Name: p.object("the name of the function")}
	p.symbol("(")
	if !p.isSymbol(")") {
		s.Params = append(s.Params, p.param())
		for p.takeSymbol(",") {
			s.Params = append(s.Params, p.param())
		}
	}
	p.symbol(")")
	p.word("RETURNS")
	if p.isWord("TABLE", "ROW") {
		p.fail(p.peek().Pos, "a function RETURNS %s is not supported: it returns one value", p.peek().Text)
	}
	s.Returns = p.valueType()
	for !p.takeWord("RETURN") {
		p.functionOption(s)
	}
	if p.isWord("SELECT") {
		p.expected("an expression: a function reads no stream")
	}
	s.Body = p.expr()
	return s
}

func (p *parser) param() ast.Param {
	return ast.Param{Name: p.name("the name of a parameter"), Type: p.valueType()}
}

// valueType = type | "INTERVAL" qualifier. Intervals live in expressions only, and so in functions.
func (p *parser) valueType() types.Type {
	if p.takeWord("INTERVAL") {
		q := p.qualifier()
		return types.IntervalOf(q.From, q.To)
	}
	return p.typeName()
}

// option = "LANGUAGE" "SQL" | "SPECIFIC" name | [ "NOT" ] "DETERMINISTIC" | "CONTAINS" "SQL" | "READS" "SQL" "DATA"
//
//	| "MODIFIES" "SQL" "DATA" | "RETURNS" "NULL" "ON" "NULL" "INPUT" | "CALLED" "ON" "NULL" "INPUT" | description
//
// A body is an expression, so it neither reads nor modifies anything and is as deterministic as what it calls: these options
// say what is so anyway.
func (p *parser) functionOption(s *ast.CreateFunction) {
	words := func(all ...string) {
		for _, w := range all {
			p.word(w)
		}
	}
	switch {
	case p.takeWord("LANGUAGE"):
		if !p.isWord("SQL") {
			p.fail(p.peek().Pos, "LANGUAGE %s is not supported: functions are written in SQL", p.peek().Text)
		}
		p.next()
	case p.takeWord("SPECIFIC"):
		p.name("the specific name")
	case p.takeWord("DETERMINISTIC"):
	case p.takeWord("NOT"):
		words("DETERMINISTIC")
	case p.takeWord("CONTAINS"):
		words("SQL")
	case p.takeWord("READS"), p.takeWord("MODIFIES"):
		words("SQL", "DATA")
	case p.takeWord("RETURNS"):
		words("NULL", "ON", "NULL", "INPUT")
		s.NullOnNull = true
	case p.takeWord("CALLED"):
		words("ON", "NULL", "INPUT")
		s.NullOnNull = false
	case p.isWord("DESCRIPTION"):
		s.Description = p.description()
	default:
		p.expected("RETURN, or an option of CREATE FUNCTION")
	}
}
