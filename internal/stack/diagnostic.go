package stack

import (
	"fmt"
	"sort"
	"strings"
)

// Position is a place in a template's text, counted from 1.
type Position struct{ Line, Column int }

// Diagnostic is one thing that is wrong with a template.
type Diagnostic struct {
	File string
	Position
	Text string
}

func (d Diagnostic) Error() string {
	return fmt.Sprintf("%s:%d:%d: %s", d.File, d.Line, d.Column, d.Text)
}

// Diagnostics is everything that is wrong with a template, in its order.
type Diagnostics []Diagnostic

func (ds Diagnostics) Error() string {
	lines := make([]string, len(ds))
	for i, d := range ds {
		lines[i] = d.Error()
	}
	return strings.Join(lines, "\n")
}

// maxDiagnostics keeps the answer to a text that is no template at all short.
const maxDiagnostics = 50

// findings collects diagnostics while a template is read.
type findings struct {
	file string
	list Diagnostics
}

func (f *findings) add(at Position, format string, args ...any) {
	if len(f.list) < maxDiagnostics {
		f.list = append(f.list, Diagnostic{f.file, at, fmt.Sprintf(format, args...)})
	}
}

// err is nil if nothing was found.
func (f *findings) err() error {
	if len(f.list) == 0 {
		return nil
	}
	sort.SliceStable(f.list, func(i, k int) bool {
		a, b := f.list[i].Position, f.list[k].Position
		return a.Line < b.Line || a.Line == b.Line && a.Column < b.Column
	})
	return f.list
}

// didYouMean is a hint such as `; did you mean "BucketName"?`, or nothing when
// no known name is near.
func didYouMean(name string, known []string) string {
	best, nearest := "", max(len(name)/3, 1)
	for _, k := range known {
		if d := distance(strings.ToLower(name), strings.ToLower(k)); d <= nearest && (best == "" || d < nearest) {
			best, nearest = k, d
		}
	}
	if best == "" {
		return ""
	}
	return fmt.Sprintf("; did you mean %q?", best)
}

// distance is the Levenshtein distance of two names, by bytes. A long name is
// nobody's typing error, and its distance is its length.
func distance(a, b string) int {
	const longest = 128
	if len(a) > longest || len(b) > longest {
		return max(len(a), len(b))
	}
	row := make([]int, len(b)+1)
	for k := range row {
		row[k] = k
	}
	for i := range len(a) {
		diagonal := row[0]
		row[0] = i + 1
		for k := range len(b) {
			substituted := diagonal
			if a[i] != b[k] {
				substituted++
			}
			diagonal = row[k+1]
			row[k+1] = min(substituted, row[k]+1, row[k+1]+1)
		}
	}
	return row[len(b)]
}
