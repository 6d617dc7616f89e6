package store

import (
	"maps"
	"slices"
	"strings"
)

// Alias is a further name of an index. Write says whether it is the one that writes to the name go to: "true", "false"
// or "", which leaves it open.
type Alias struct{ Write string }

// Aliases by name. The ones that an Index holds are not to be changed.
type Aliases map[string]Alias

// SetAliases replaces the aliases of an index.
func (tx *Tx) SetAliases(x *Index, aliases Aliases) { x.Aliases = aliases }

// An alias at rest is a line: its name, a tab and Write. Names hold neither.
func (a Aliases) text() string {
	var b strings.Builder
	for _, name := range slices.Sorted(maps.Keys(a)) {
		b.WriteString(name + "\t" + a[name].Write + "\n")
	}
	return b.String()
}

func loadAliases(text string) Aliases {
	a := Aliases{}
	for line := range strings.Lines(text) {
		if name, write, ok := strings.Cut(strings.TrimSuffix(line, "\n"), "\t"); ok {
			a[name] = Alias{write}
		}
	}
	return a
}
