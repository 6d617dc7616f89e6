package bind

import (
	"slices"

	"github.com/millrace/millrace/internal/sql/ast"
)

// alterPump starts a pump, or stops it: a stopped pump is checked and does not run. The last word of the text counts.
func (b *binder) alterPump(s *ast.AlterPump) {
	b.existing(s.Name)
	b.stopped[s.Name.Name] = !s.Start
}

// existing is the number of a pump that must be there.
func (b *binder) existing(n ast.Ident) int {
	at := b.pump(n.Name)
	if at < 0 {
		var names []string
		for _, p := range b.app.Pumps {
			names = append(names, p.Name)
		}
		fail(n.Pos, "pump %s does not exist%s", show(n.Name), suggest(n.Name, names))
	}
	return at
}

// drop takes back what a statement above has made.
func (b *binder) drop(s *ast.Drop) {
	switch s.What {
	case "PUMP":
		at := b.existing(s.Name)
		b.app.Pumps = slices.Delete(b.app.Pumps, at, at+1)
	case "STREAM":
		name := b.target(s.Name).Name
		b.unused(s.Name, "dropped")
		b.app.Streams = slices.DeleteFunc(b.app.Streams, func(o Stream) bool { return o.Name == name })
	case "FUNCTION":
		b.functions.drop(s.Name)
	}
}

// unused refuses what would take a stream from the pumps that use it.
func (b *binder) unused(stream ast.Ident, what string) {
	for _, p := range b.app.Pumps {
		if p.Target == stream.Name || reads(p.Query, stream.Name) {
			fail(stream.Pos, "stream %s cannot be %s: pump %s above uses it", show(stream.Name), what, show(p.Name))
		}
	}
}
