// Package parser turns an application's text into its tree, by recursive descent: one method a production, which stands in
// the method's comment.
package parser

import (
	"errors"
	"fmt"

	"github.com/millrace/millrace/internal/sql/ast"
	"github.com/millrace/millrace/internal/sql/scanner"
	"github.com/millrace/millrace/internal/sql/token"
)

// maxDepth is how deep expressions and queries may nest, maxOperators how many operators with two sides, and predicates, a
// statement may have. They keep hostile text from exhausting stack and time.
const (
	maxDepth     = 250
	maxOperators = 5000
)

// Parse reads a whole application. A statement with a syntax error is reported once and left out of the result; the rest
// is read all the same.
func Parse(file, src string) ([]ast.Statement, *token.Diagnostics) {
	diagnostics := &token.Diagnostics{}
	tokens, err := scanner.Scan(src)
	if err != nil {
		var fault *scanner.Error
		if !errors.As(err, &fault) {
			panic(fmt.Sprintf("BUG: scanner returned %T", err))
		}
		diagnostics.Add(file, fault.Pos, "%s", fault.Text)
		return nil, diagnostics
	}
	p := &parser{src: src, tokens: tokens}
	var all []ast.Statement
	for {
		for p.takeSymbol(";") {
		}
		if p.peek().Kind == token.EOF {
			return all, diagnostics
		}
		s, fault := p.tryStatement()
		if fault == nil {
			all = append(all, s)
			continue
		}
		diagnostics.Add(file, fault.pos, "%s", fault.text)
		for p.peek().Kind != token.EOF && !p.isSymbol(";") {
			p.at++
		}
	}
}

type parser struct {
	src    string
	tokens []token.Token
	at     int
	depth  int
	// operators is how many the statement has so far.
	operators int
}

// fault is the panic that leaves a statement at its first syntax error.
type fault struct {
	pos  token.Position
	text string
}

func (p *parser) tryStatement() (s ast.Statement, f *fault) {
	defer func() {
		switch r := recover().(type) {
		case nil:
		case *fault:
			f = r
		default:
			panic(r)
		}
	}()
	p.depth, p.operators = 0, 0
	s = p.statement()
	if !p.isSymbol(";") && p.peek().Kind != token.EOF {
		p.expected("; or the end of the text")
	}
	return s, nil
}

func (p *parser) fail(pos token.Position, format string, args ...any) {
	panic(&fault{pos, fmt.Sprintf(format, args...)})
}

func (p *parser) expected(what string) {
	p.fail(p.peek().Pos, "expected %s, found %s", what, p.peek())
}

func (p *parser) enter() {
	if p.depth++; p.depth > maxDepth {
		p.fail(p.peek().Pos, "the statement nests deeper than %d levels", maxDepth)
	}
}

// operator takes an operator that chains to the left.
func (p *parser) operator() token.Token {
	if p.operators++; p.operators > maxOperators {
		p.fail(p.peek().Pos, "the statement has more than %d operators", maxOperators)
	}
	return p.next()
}

func (p *parser) leave() { p.depth-- }

func (p *parser) peek() token.Token { return p.tokens[p.at] }

// ahead returns the token n places on, or the last one.
func (p *parser) ahead(n int) token.Token {
	return p.tokens[min(p.at+n, len(p.tokens)-1)]
}

func (p *parser) next() token.Token {
	t := p.tokens[p.at]
	if t.Kind != token.EOF {
		p.at++
	}
	return t
}

func isWord(t token.Token, words ...string) bool {
	if t.Kind != token.Word {
		return false
	}
	for _, w := range words {
		if t.Text == w {
			return true
		}
	}
	return false
}

func isSymbol(t token.Token, s string) bool { return t.Kind == token.Symbol && t.Text == s }

func (p *parser) isWord(words ...string) bool { return isWord(p.peek(), words...) }
func (p *parser) isSymbol(s string) bool      { return isSymbol(p.peek(), s) }

func (p *parser) takeWord(word string) bool {
	if p.isWord(word) {
		p.at++
		return true
	}
	return false
}

func (p *parser) takeSymbol(s string) bool {
	if p.isSymbol(s) {
		p.at++
		return true
	}
	return false
}

func (p *parser) word(word string) {
	if !p.takeWord(word) {
		p.expected(word)
	}
}

func (p *parser) symbol(s string) {
	if !p.takeSymbol(s) {
		p.expected(s)
	}
}

func (p *parser) isName() bool {
	t := p.peek()
	return t.Kind == token.Quoted || t.Kind == token.Word && !token.IsReserved(t.Text)
}

// name = word | quoted
func (p *parser) name(what string) ast.Ident {
	if !p.isName() {
		p.expected(what)
	}
	return identOf(p.next())
}

// object is the name of a stream, a pump or a function, which has no schema before it.
func (p *parser) object(what string) ast.Ident {
	n := p.name(what)
	if p.isSymbol(".") {
		p.fail(n.Pos, "%s. is not supported: the streams and pumps of an application have no schema", n)
	}
	return n
}

func identOf(t token.Token) ast.Ident {
	return ast.Ident{Pos: t.Pos, Name: t.Text, Quoted: t.Kind == token.Quoted}
}

// names = "(" name { "," name } ")"
func (p *parser) names(what string) []ast.Ident {
	p.symbol("(")
	all := []ast.Ident{p.name(what)}
	for p.takeSymbol(",") {
		all = append(all, p.name(what))
	}
	p.symbol(")")
	return all
}

func (p *parser) text(what string) string {
	if p.peek().Kind != token.String {
		p.expected(what)
	}
	return p.next().Text
}
