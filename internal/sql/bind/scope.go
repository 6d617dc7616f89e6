package bind

import (
	"fmt"
	"strings"

	"github.com/millrace/millrace/internal/sql/ast"
	"github.com/millrace/millrace/internal/sql/types"
)

// scope is what the names of an expression may mean: the columns of the relations in FROM, one relation behind the other, and
// ROWTIME.
//
//	FROM A JOIN B       columns   A.x A.y [A.ROWTIME] B.x B.z [B.ROWTIME]
//	                    relations └──── A ──────────┘ └──── B ──────────┘
type scope struct {
	relations []relation
	columns   []scopeColumn
	// functions are those that the application creates; nil where none can be called.
	functions *functions
}

// relation is an item of FROM: a name, empty for a sub-query without alias, and its columns from from to before to, of which
// the last hidden ones are not part of *.
type relation struct {
	name             string
	from, to, hidden int
	// rowtime is the column that holds the ROWTIME of its rows, ownRowtime where that is the row's, or noRowtime.
	rowtime int
}

const (
	ownRowtime = -1
	noRowtime  = -2 // of a reference table
)

// scopeColumn is a column of a scope. pure is set when it is a function of the row's ROWTIME alone, motion when it is
// monotonic by itself, fields when it is a row. A column without a name is found by none, and one that USING has merged into
// another by no bare name; shared is that
// other.
type scopeColumn struct {
	name   string
	t      types.Type
	pure   Expr
	motion Motion
	fields []types.Column
	merged bool
	shared bool
}

// newScope returns the scope of one relation.
func newScope(name string, columns []scopeColumn, hidden int) *scope {
	return &scope{relations: []relation{{name: name, to: len(columns), hidden: hidden, rowtime: ownRowtime}}, columns: columns}
}

// relation finds what a qualifier names, or nil.
func (s *scope) relation(name string) *relation {
	for i := range s.relations {
		if s.relations[i].name == name && name != "" {
			return &s.relations[i]
		}
	}
	return nil
}

// qualified is relation, or fails at the qualifier.
func (s *scope) qualified(n ast.Ident) *relation {
	r := s.relation(n.Name)
	if r == nil {
		var names []string
		for _, other := range s.relations {
			names = append(names, other.name)
		}
		fail(n.Pos, "%s is not in FROM%s", show(n.Name), suggest(n.Name, names))
	}
	return r
}

// names are those of all columns that have one.
func (s *scope) names() []string {
	var all []string
	for _, c := range s.columns {
		if c.name != "" {
			all = append(all, c.name)
		}
	}
	return all
}

// rowtime writes the ROWTIME of the scope's rows.
func (s *scope) rowtime() string {
	if len(s.relations) != 1 || s.relations[0].name == "" {
		return "ROWTIME"
	}
	return show(s.relations[0].name) + ".ROWTIME"
}

// String names what the columns are from, for messages.
func (s *scope) String() string {
	var names []string
	for _, r := range s.relations {
		names = append(names, r.String())
	}
	return strings.Join(names, " and ")
}

func (r *relation) String() string {
	if r.name == "" {
		return "the sub-query"
	}
	return show(r.name)
}

// column is the expression that reads column i.
func (s *scope) column(i int) *Column {
	c := s.columns[i]
	return &Column{Index: i, Name: c.name, T: c.t, Pure: c.pure, Motion: c.motion, Fields: c.fields}
}

// find returns the column that a name stands for; only those from lo to before hi count.
func (s *scope) find(e *ast.Name, lo, hi int, where fmt.Stringer) int {
	last := e.Parts[len(e.Parts)-1]
	found := -1
	for i := lo; i < hi; i++ {
		if s.columns[i].name != last.Name || s.columns[i].merged && len(e.Parts) == 1 {
			continue
		}
		if found >= 0 {
			if len(s.relations) > 1 && hi-lo == len(s.columns) {
				fail(last.Pos, "column %s is ambiguous; write whose it is, as in %s.%s", show(last.Name), &s.relations[0], show(last.Name))
			}
			fail(last.Pos, "column %s is ambiguous: %s has it twice", show(last.Name), where)
		}
		found = i
	}
	if found >= 0 {
		return found
	}
	hint := suggest(last.Name, s.names())
	if last.Quoted && hint == "" {
		hint = "; double quotes enclose names, a text takes single ones"
	}
	fail(last.Pos, "column %s is not in %s%s", show(last.Name), where, hint)
	return -1
}

// rename gives a relation its alias and its columns other names.
func (s *scope) rename(alias ast.Ident, columns []ast.Ident) *scope {
	r := &s.relations[0]
	if alias.Name != "" {
		r.name = alias.Name
	}
	shown := r.to - r.from - r.hidden
	if len(columns) > 0 && len(columns) != shown {
		fail(columns[0].Pos, "%s has %d columns, found names for %d", show(r.name), shown, len(columns))
	}
	for i, c := range columns {
		s.columns[r.from+i].name = c.Name
	}
	return s
}
