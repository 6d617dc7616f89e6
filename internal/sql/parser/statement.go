package parser

import (
	"strconv"

	"github.com/millrace/millrace/internal/sql/ast"
	"github.com/millrace/millrace/internal/sql/token"
	"github.com/millrace/millrace/internal/sql/types"
)

// statement = "CREATE" [ "OR" "REPLACE" ] ( stream | pump | function ) | "ALTER" "PUMP" name ( "START" | "STOP" )
//
//	| "DROP" ( "STREAM" | "PUMP" | "FUNCTION" ) name
func (p *parser) statement() ast.Statement {
	start := p.peek()
	switch {
	case p.takeWord("CREATE"):
		return p.create(start.Pos)
	case p.takeWord("ALTER"):
		return p.alter(start.Pos)
	case p.takeWord("DROP"):
		return p.drop(start.Pos)
	case p.isWord("SELECT", "WITH", "VALUES"):
		p.fail(start.Pos, "a %s stands alone here: only a pump runs a query (CREATE PUMP … AS INSERT INTO … SELECT STREAM …)", start.Text)
	case p.isWord("INSERT"):
		p.fail(start.Pos, "an INSERT stands alone here: only a pump inserts (CREATE PUMP … AS INSERT INTO …)")
	case p.isWord("SET", "DELETE", "UPDATE", "MERGE", "TRUNCATE", "GRANT", "START", "STOP"):
		p.fail(start.Pos, "%s statements are not supported: an application consists of streams, functions and pumps", start.Text)
	}
	p.expected("CREATE STREAM or CREATE PUMP")
	return nil
}

func (p *parser) create(pos token.Position) ast.Statement {
	replace := false
	if p.takeWord("OR") {
		p.word("REPLACE")
		replace = true
	}
	switch {
	case p.takeWord("STREAM"):
		return p.createStream(pos, replace)
	case p.takeWord("PUMP"):
		return p.createPump(pos, replace)
	case p.takeWord("FUNCTION"):
		return p.createFunction(pos, replace)
	case p.isWord("SCHEMA"):
		p.fail(pos, "CREATE SCHEMA is not supported: the streams and pumps of an application have no schema")
	case p.isWord("VIEW"):
		p.fail(pos, "CREATE VIEW is not supported: make a stream, and a pump that fills it")
	case p.isWord("TABLE", "FOREIGN"):
		p.fail(pos, "CREATE %s is not supported: tables are the reference data of the application's configuration", p.peek().Text)
	case p.isWord("MATERIALIZED", "TEMPORARY", "INDEX", "SERVER", "JAR", "TYPE", "USER"):
		p.fail(pos, "CREATE %s is not supported: an application consists of streams, functions and pumps", p.peek().Text)
	}
	p.expected("STREAM, PUMP or FUNCTION")
	return nil
}

func (p *parser) alter(pos token.Position) ast.Statement {
	if !p.takeWord("PUMP") {
		p.fail(pos, "ALTER %s is not supported; only ALTER PUMP is", p.peek().Text)
	}
	s := &ast.AlterPump{Pos: pos, Name: p.object("the name of the pump")}
	if !p.isWord("START", "STOP") {
		p.expected("START or STOP")
	}
	s.Start = p.next().Text == "START"
	return s
}

func (p *parser) drop(pos token.Position) ast.Statement {
	if !p.isWord("STREAM", "PUMP", "FUNCTION") {
		p.fail(pos, "DROP %s is not supported; only DROP STREAM, DROP PUMP and DROP FUNCTION are", p.peek().Text)
	}
	return &ast.Drop{Pos: pos, What: p.next().Text, Name: p.object("a name")}
}

// stream = "STREAM" name "(" column { "," column } ")" [ description ]
func (p *parser) createStream(pos token.Position, replace bool) ast.Statement {
	s := &ast.CreateStream{Pos: pos, OrReplace: replace, Name: p.object("the name of the stream")}
	if !p.takeSymbol("(") {
		p.expected("the columns of the stream in parentheses")
	}
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
	s := &ast.CreatePump{Pos: pos, OrReplace: replace, Name: p.object("the name of the pump")}
	s.Stopped = p.takeWord("STOPPED")
	s.Description = p.description()
	p.word("AS")
	p.word("INSERT")
	p.takeWord("EXPEDITED")
	p.word("INTO")
	s.Target = p.object("the name of the stream to insert into")
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
