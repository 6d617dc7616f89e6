// Package ast holds the tree of an application's text. Every node knows its place, and String prints SQL that parses back
// to the same tree.
package ast

import (
	"fmt"
	"strings"

	"github.com/millrace/millrace/internal/sql/token"
	"github.com/millrace/millrace/internal/sql/types"
)

// Ident is a name: folded to upper case unless it was quoted.
type Ident struct {
	Pos    token.Position
	Name   string
	Quoted bool
}

func (n Ident) String() string {
	if n.Quoted {
		return `"` + strings.ReplaceAll(n.Name, `"`, `""`) + `"`
	}
	return n.Name
}

// Statement is one statement of an application.
type Statement interface {
	fmt.Stringer
	statement()
}

// ColumnDef is a column of CREATE STREAM.
type ColumnDef struct {
	Name Ident
	Type types.Type
}

func (c ColumnDef) String() string {
	s := c.Name.String() + " " + c.Type.String()
	if !c.Type.Nullable {
		s += " NOT NULL"
	}
	return s
}

// CreateStream is CREATE [OR REPLACE] STREAM name (columns) [DESCRIPTION 'text'].
type CreateStream struct {
	Pos         token.Position
	OrReplace   bool
	Name        Ident
	Columns     []ColumnDef
	Description string
}

// CreatePump is CREATE [OR REPLACE] PUMP name [STOPPED] [DESCRIPTION 'text'] AS INSERT INTO stream [(columns)] query.
type CreatePump struct {
	Pos         token.Position
	OrReplace   bool
	Name        Ident
	Stopped     bool
	Description string
	Target      Ident
	Columns     []Ident
	Query       Query
}

// Param is a parameter of CREATE FUNCTION.
type Param struct {
	Name Ident
	Type types.Type
}

func (p Param) String() string { return p.Name.String() + " " + p.Type.String() }

// CreateFunction is CREATE [OR REPLACE] FUNCTION name (parameters) RETURNS type options RETURN expression. Of the options only
// RETURNS NULL ON NULL INPUT changes anything.
type CreateFunction struct {
	Pos         token.Position
	OrReplace   bool
	Name        Ident
	Params      []Param
	Returns     types.Type
	NullOnNull  bool
	Description string
	Body        Expr
}

// AlterPump is ALTER PUMP name START | STOP.
type AlterPump struct {
	Pos   token.Position
	Name  Ident
	Start bool
}

// Drop is DROP STREAM | PUMP | FUNCTION name.
type Drop struct {
	Pos  token.Position
	What string
	Name Ident
}

func (*CreateStream) statement()   {}
func (*CreatePump) statement()     {}
func (*CreateFunction) statement() {}
func (*AlterPump) statement()      {}
func (*Drop) statement()           {}

func (s *CreateStream) String() string {
	return fmt.Sprintf("CREATE %sSTREAM %s (%s)%s", orReplace(s.OrReplace), s.Name, list(s.Columns), description(s.Description))
}

func (s *CreatePump) String() string {
	stopped, columns := "", ""
	if s.Stopped {
		stopped = " STOPPED"
	}
	if len(s.Columns) > 0 {
		columns = " (" + list(s.Columns) + ")"
	}
	return fmt.Sprintf("CREATE %sPUMP %s%s%s AS INSERT INTO %s%s %s",
		orReplace(s.OrReplace), s.Name, stopped, description(s.Description), s.Target, columns, s.Query)
}

func (s *CreateFunction) String() string {
	null := ""
	if s.NullOnNull {
		null = " RETURNS NULL ON NULL INPUT"
	}
	return fmt.Sprintf("CREATE %sFUNCTION %s (%s) RETURNS %s%s%s RETURN %s",
		orReplace(s.OrReplace), s.Name, list(s.Params), s.Returns, description(s.Description), null, s.Body)
}

func (s *AlterPump) String() string {
	if s.Start {
		return "ALTER PUMP " + s.Name.String() + " START"
	}
	return "ALTER PUMP " + s.Name.String() + " STOP"
}

func (s *Drop) String() string { return "DROP " + s.What + " " + s.Name.String() }

func orReplace(yes bool) string {
	if yes {
		return "OR REPLACE "
	}
	return ""
}

func description(s string) string {
	if s == "" {
		return ""
	}
	return " DESCRIPTION " + quote(s)
}

func quote(s string) string { return "'" + strings.ReplaceAll(s, "'", "''") + "'" }

func list[T fmt.Stringer](items []T) string {
	parts := make([]string, len(items))
	for i, it := range items {
		parts[i] = it.String()
	}
	return strings.Join(parts, ", ")
}
