package bind

import (
	"github.com/millrace/millrace/internal/sql/ast"
)

// stagger resolves WINDOWED BY STAGGER: one window a key, which opens with the key's first row and closes Range later.
func (b *binder) stagger(s *ast.Select, scope *scope) *group {
	if len(s.GroupBy) > 0 {
		fail(s.Stagger.Pos, "WINDOWED BY STAGGER stands in place of GROUP BY, found both")
	}
	g := newGroup()
	for _, term := range s.Stagger.PartitionBy {
		g.add(b.key(term, scope, "PARTITION BY"), term)
	}
	g.Range = rangeOf(s.Stagger.Range)
	return g
}
