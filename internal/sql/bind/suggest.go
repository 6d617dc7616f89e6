package bind

import (
	"strings"
	"unicode"
)

// suggest returns ", did you mean X?" for the candidate nearest to a name, or nothing when none is near: one letter in three
// may differ, and case does not count.
func suggest(name string, candidates []string) string {
	best, distance := "", len(name)/3
	for _, c := range candidates {
		if strings.EqualFold(c, name) {
			best, distance = c, 0
			continue
		}
		if d := editDistance(strings.ToUpper(name), strings.ToUpper(c)); d < distance || d == distance && d > 0 && best == "" {
			best, distance = c, d
		}
	}
	if best == "" {
		return ""
	}
	return ", did you mean " + show(best) + "?"
}

// show writes a name as a text would: quoted unless it is plain and in upper case.
func show(name string) string {
	for i, r := range name {
		if !(r >= 'A' && r <= 'Z' || r == '_' || i > 0 && r >= '0' && r <= '9') {
			return `"` + name + `"`
		}
	}
	return name
}

// Show writes the name of a column for people: bare, or in brackets where it is an expression.
func Show(name string) string {
	for _, r := range name {
		if r != '_' && r != '$' && r != '-' && !unicode.IsLetter(r) && !unicode.IsDigit(r) {
			return "[" + name + "]"
		}
	}
	return name
}

func editDistance(a, b string) int {
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		diagonal := row[0]
		row[0] = i + 1
		for j := range len(b) {
			cost := diagonal
			if a[i] != b[j] {
				cost++
			}
			diagonal = row[j+1]
			row[j+1] = min(cost, row[j]+1, row[j+1]+1)
		}
	}
	return row[len(b)]
}
