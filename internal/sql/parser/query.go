package parser

import (
	"github.com/millrace/millrace/internal/sql/ast"
	"github.com/millrace/millrace/internal/sql/token"
)

// queryFollows reports whether the parentheses that open here hold a query.
func (p *parser) queryFollows() bool {
	n := 0
	for isSymbol(p.ahead(n), "(") {
		n++
	}
	return isWord(p.ahead(n), "SELECT", "VALUES")
}

// query = term { ( "UNION" [ "ALL" ] | "EXCEPT" | "INTERSECT" ) term }
func (p *parser) query() ast.Query {
	p.enter()
	defer p.leave()
	left := p.queryTerm()
	for p.isWord("UNION", "EXCEPT", "INTERSECT") {
		t := p.next()
		op := t.Text
		if p.takeWord("ALL") {
			op += " ALL"
		}
		left = &ast.SetOperation{Pos: t.Pos, Op: op, Left: left, Right: p.queryTerm()}
	}
	return left
}

// term = select | "(" query ")"
func (p *parser) queryTerm() ast.Query {
	if p.isSymbol("(") {
		p.next()
		q := p.query()
		p.symbol(")")
		return q
	}
	if p.isWord("VALUES") {
		p.fail(p.peek().Pos, "VALUES is not supported: it is no stream, and nothing would run it")
	}
	return p.selectQuery()
}

// select = "SELECT" [ "STREAM" ] [ "DISTINCT" | "ALL" ] items [ "FROM" froms ] [ "WHERE" expr ]
//
//	[ "GROUP" "BY" exprs | stagger ] [ "HAVING" expr ] [ windows ] [ orderBy ]
func (p *parser) selectQuery() ast.Query {
	s := &ast.Select{Pos: p.peek().Pos}
	p.word("SELECT")
	// STREAM may also be the name of a column: it is one where the list goes on behind it.
	if p.isWord("STREAM") && !isSymbol(p.ahead(1), ",") && !isSymbol(p.ahead(1), ".") && !isWord(p.ahead(1), "AS") {
		p.next()
		s.Stream = true
	}
	if p.isWord("DISTINCT") {
		pos := p.next().Pos
		s.Distinct = &pos
	} else {
		p.takeWord("ALL")
	}
	s.Items = append(s.Items, p.item())
	for p.takeSymbol(",") {
		s.Items = append(s.Items, p.item())
	}
	if !p.takeWord("FROM") {
		p.expected(", or FROM")
	}
	s.From = append(s.From, p.joined())
	for p.takeSymbol(",") {
		s.From = append(s.From, p.joined())
	}
	if p.takeWord("WHERE") {
		s.Where = p.expr()
	}
	if p.takeWord("GROUP") {
		p.word("BY")
		s.GroupBy = p.exprs()
	}
	if p.isWord("WINDOWED") {
		s.Stagger = p.stagger()
	}
	if p.takeWord("HAVING") {
		s.Having = p.expr()
	}
	if p.takeWord("WINDOW") {
		s.Windows = append(s.Windows, p.namedWindow())
		for p.takeSymbol(",") {
			s.Windows = append(s.Windows, p.namedWindow())
		}
	}
	if p.isWord("ORDER") {
		s.OrderBy = p.orderBy()
	}
	return s
}

// item = "*" | expr [ [ "AS" ] name ]
func (p *parser) item() ast.Item {
	if p.isSymbol("*") {
		return ast.Item{Expr: &ast.Star{Pos: p.next().Pos}}
	}
	it := ast.Item{Expr: p.expr()}
	if _, star := it.Expr.(*ast.Star); star {
		return it
	}
	it.Alias = p.alias()
	return it
}

// alias = [ [ "AS" ] name ]. Behind AS even a reserved word is one.
func (p *parser) alias() ast.Ident {
	if p.takeWord("AS") {
		if t := p.peek(); t.Kind == token.Word && token.IsReserved(t.Text) {
			p.next()
			return ast.Ident{Pos: t.Pos, Name: t.Text, Quoted: true}
		}
		return p.name("a name behind AS")
	}
	if p.isName() {
		return identOf(p.next())
	}
	return ast.Ident{}
}

// columns = [ alias [ names ] ]
func (p *parser) aliasWithColumns() (ast.Ident, []ast.Ident) {
	name := p.alias()
	if name.Name == "" || !p.isSymbol("(") {
		return name, nil
	}
	return name, p.names("the name of a column")
}

// joined = from { [ "NATURAL" ] [ kind ] "JOIN" from [ "ON" expr | "USING" names ] }
func (p *parser) joined() ast.From {
	left := p.from()
	for p.isWord("NATURAL", "INNER", "LEFT", "RIGHT", "FULL", "CROSS", "OUTER", "JOIN") {
		j := &ast.Join{Pos: p.peek().Pos, Left: left}
		natural := p.takeWord("NATURAL")
		switch {
		case p.takeWord("INNER"):
			j.Kind = "INNER"
		case p.takeWord("CROSS"):
			j.Kind = "CROSS"
		case p.isWord("LEFT", "RIGHT", "FULL"):
			j.Kind = p.next().Text
			p.takeWord("OUTER")
		case p.takeWord("OUTER"):
			j.Kind = "FULL"
		default:
			j.Kind = "INNER"
		}
		if natural {
			j.Kind = "NATURAL " + j.Kind
		}
		p.word("JOIN")
		j.Right = p.from()
		switch {
		case p.takeWord("ON"):
			j.On = p.expr()
		case p.takeWord("USING"):
			j.Using = p.names("the name of a column")
		}
		left = j
	}
	return left
}

// from = "(" query ")" columns | "TABLE" "(" call ")" columns | name [ "OVER" window ] columns
func (p *parser) from() ast.From {
	start := p.peek()
	if p.takeSymbol("(") {
		f := &ast.Derived{Pos: start.Pos, Query: p.query()}
		p.symbol(")")
		f.Alias, f.Columns = p.aliasWithColumns()
		return f
	}
	if p.isWord("TABLE") && isSymbol(p.ahead(1), "(") {
		p.next()
		p.next()
		at := p.peek().Pos
		call, ok := p.expr().(*ast.Call)
		if !ok {
			p.fail(at, "expected a function with its arguments in TABLE(…)")
		}
		f := &ast.TableFunction{Pos: start.Pos, Call: call}
		p.symbol(")")
		f.Alias, f.Columns = p.aliasWithColumns()
		return f
	}
	f := &ast.StreamRef{Name: p.object("the name of a stream or a query in parentheses")}
	if p.takeWord("OVER") {
		f.Over = p.window()
	}
	f.Alias, f.Columns = p.aliasWithColumns()
	return f
}

// stagger = "WINDOWED" "BY" "STAGGER" "(" "PARTITION" "BY" exprs "RANGE" expr ")"
func (p *parser) stagger() *ast.Stagger {
	s := &ast.Stagger{Pos: p.next().Pos}
	p.word("BY")
	p.word("STAGGER")
	p.symbol("(")
	p.word("PARTITION")
	p.word("BY")
	s.PartitionBy = p.exprs()
	p.word("RANGE")
	s.Range = p.expr()
	p.symbol(")")
	return s
}

// namedWindow = name "AS" window
func (p *parser) namedWindow() ast.NamedWindow {
	w := ast.NamedWindow{Name: p.name("the name of a window")}
	p.word("AS")
	w.Spec = p.window()
	return w
}

// window = name | "(" [ "PARTITION" "BY" exprs ] [ orderBy ] [ ( "RANGE" | "ROWS" ) frame ] ")" | interval
//
//	frame = size "PRECEDING" | "BETWEEN" size "PRECEDING" "AND" "CURRENT" "ROW"
func (p *parser) window() *ast.WindowSpec {
	w := &ast.WindowSpec{Pos: p.peek().Pos}
	if !p.isSymbol("(") {
		w.Name = p.name("the name of a window or a window in parentheses")
		return w
	}
	p.next()
	if p.isWord("PARTITION") {
		p.next()
		p.word("BY")
		w.PartitionBy = p.exprs()
	}
	if p.isWord("ORDER") {
		w.OrderBy = p.orderBy()
	}
	if p.isWord("RANGE", "ROWS") {
		w.Frame, w.Rows = true, p.next().Text == "ROWS"
		between := p.takeWord("BETWEEN")
		if !p.takeWord("UNBOUNDED") {
			w.Size = p.primary()
		}
		if p.isWord("FOLLOWING") {
			p.fail(p.peek().Pos, "FOLLOWING is not supported: a window ends with the current row")
		}
		p.word("PRECEDING")
		if between {
			p.word("AND")
			p.word("CURRENT")
			p.word("ROW")
		}
	}
	p.symbol(")")
	return w
}

// orderBy = "ORDER" "BY" expr [ "ASC" | "DESC" ] { "," expr [ "ASC" | "DESC" ] }
func (p *parser) orderBy() []ast.Order {
	p.word("ORDER")
	p.word("BY")
	var all []ast.Order
	for {
		o := ast.Order{Expr: p.expr()}
		if p.takeWord("DESC") {
			o.Desc = true
		} else {
			p.takeWord("ASC")
		}
		if p.isWord("WITHIN") {
			p.fail(p.peek().Pos, "ORDER BY … WITHIN is not supported: order by ROWTIME, or by MONOTONIC(…)")
		}
		all = append(all, o)
		if !p.takeSymbol(",") {
			return all
		}
	}
}

// exprs = expr { "," expr }
func (p *parser) exprs() []ast.Expr {
	all := []ast.Expr{p.expr()}
	for p.takeSymbol(",") {
		all = append(all, p.expr())
	}
	return all
}
