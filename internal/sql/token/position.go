// Package token holds the words of the language and the places in its text.
package token

import (
	"fmt"
	"sort"
	"strings"
)

// Position is a place in an application's text. Line and Column count from 1, columns in characters.
type Position struct {
	Offset, Line, Column int
}

func (p Position) String() string { return fmt.Sprintf("%d:%d", p.Line, p.Column) }

// Diagnostic is one thing wrong with a text.
type Diagnostic struct {
	File string
	Pos  Position
	Text string
}

func (d Diagnostic) String() string { return fmt.Sprintf("%s:%s: %s", d.File, d.Pos, d.Text) }

// Diagnostics is everything found wrong with a text, in the order of its places. As an error it prints one line each.
type Diagnostics struct {
	List []Diagnostic
}

// Add appends a diagnostic.
func (d *Diagnostics) Add(file string, pos Position, format string, args ...any) {
	d.List = append(d.List, Diagnostic{file, pos, fmt.Sprintf(format, args...)})
}

// Err returns the diagnostics sorted by place, or nil when there are none.
func (d *Diagnostics) Err() error {
	if len(d.List) == 0 {
		return nil
	}
	sort.SliceStable(d.List, func(i, j int) bool { return d.List[i].Pos.Offset < d.List[j].Pos.Offset })
	return d
}

func (d *Diagnostics) Error() string {
	lines := make([]string, len(d.List))
	for i, one := range d.List {
		lines[i] = one.String()
	}
	return strings.Join(lines, "\n")
}
