package parser

import (
	"strconv"

	"github.com/millrace/millrace/internal/sql/ast"
	"github.com/millrace/millrace/internal/sql/token"
	"github.com/millrace/millrace/internal/sql/types"
)

// statement = "CREATE" [ "OR" "REPLACE" ] ( stream | pump )
func (p *parser) statement() ast.Statement {
	start := p.peek()
	if p.isWord("ALTER", "DROP", "SET") {
		p.fail(start.Pos, "%s statements are not supported yet", start.Text)
	}
	if p.isWord("SELECT") {
		p.fail(start.Pos, "a SELECT stands alone here: only a pump runs a query (CREATE PUMP … AS INSERT INTO … SELECT STREAM …)")
	}
	if p.isWord("INSERT") {
		p.fail(start.Pos, "an INSERT stands alone here: only a pump inserts (CREATE PUMP … AS INSERT INTO …)")
	}
	if !p.takeWord("CREATE") {
		p.expected("CREATE STREAM or CREATE PUMP")
	}
	replace := false
	if p.takeWord("OR") {
		p.word("REPLACE")
		replace = true
	}
	switch {
	case p.takeWord("STREAM"):
		return p.createStream(start.Pos, replace)
	case p.takeWord("PUMP"):
		return p.createPump(start.Pos, replace)
	case p.isWord("FUNCTION", "SCHEMA", "VIEW", "TABLE", "FOREIGN"):
		p.fail(start.Pos, "CREATE %s is not supported yet", p.peek().Text)
	}
	p.expected("STREAM or PUMP")
	return nil
}

// stream = "STREAM" name "(" column { "," column } ")" [ description ]
func (p *parser) createStream(pos token.Position, replace bool) ast.Statement {
	s := &ast.CreateStream{Pos: pos, OrReplace: replace, Name: p.name("the name of the stream")}
	p.symbol("(")
	for {
		s.Columns = append(s.Columns, p.columnDef())
		if !p.takeSymbol(",") {
			break
		}
	}
	if !p.isSymbol(")") {
		p.expected(", or )")
	}
	p.next()
	s.Description = p.description()
	return s
}

// columnDef = name type [ "NOT" "NULL" ]
func (p *parser) columnDef() ast.ColumnDef {
	c := ast.ColumnDef{Name: p.name("the name of a column"), Type: p.typeName()}
	if p.takeWord("NOT") {
		p.word("NULL")
		c.Type.Nullable = false
	}
	return c
}

// description = "DESCRIPTION" string
func (p *parser) description() string {
	if !p.takeWord("DESCRIPTION") {
		return ""
	}
	return p.text("a description in single quotes")
}

// pump = "PUMP" name [ "STOPPED" ] [ description ] "AS" "INSERT" [ "EXPEDITED" ] "INTO" name [ names ] query
func (p *parser) createPump(pos token.Position, replace bool) ast.Statement {
	s := &ast.CreatePump{Pos: pos, OrReplace: replace, Name: p.name("the name of the pump")}
	s.Stopped = p.takeWord("STOPPED")
	s.Description = p.description()
	p.word("AS")
	p.word("INSERT")
	p.takeWord("EXPEDITED")
	p.word("INTO")
	s.Target = p.name("the name of the stream to insert into")
	if p.isSymbol("(") && !p.queryFollows() {
		s.Columns = p.names("the name of a column")
	}
	s.Query = p.query()
	return s
}

// typeName = word [ word ] [ "(" number [ "," number ] ")" ]
func (p *parser) typeName() types.Type {
	start := p.peek()
	if start.Kind != token.Word {
		p.expected("a type")
	}
	name := p.next().Text
	switch {
	case name == "DOUBLE" && p.takeWord("PRECISION"):
	case (name == "CHARACTER" || name == "CHAR") && p.takeWord("VARYING"):
		name = "VARCHAR"
	case name == "BINARY" && p.takeWord("VARYING"):
		name = "VARBINARY"
	}
	var args []int
	if p.takeSymbol("(") {
		args = append(args, p.integer())
		for p.takeSymbol(",") {
			args = append(args, p.integer())
		}
		p.symbol(")")
	}
	t, err := types.NewType(name, args)
	if err != nil {
		p.fail(start.Pos, "%s", err)
	}
	return t
}

func (p *parser) integer() int {
	t := p.peek()
	n, err := strconv.Atoi(t.Text)
	if t.Kind != token.Number || err != nil {
		p.expected("a whole number")
	}
	p.next()
	return n
}
