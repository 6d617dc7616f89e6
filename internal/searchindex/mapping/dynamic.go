package mapping

import (
	"strconv"

	"github.com/millrace/millrace/internal/searchindex/date"
	"github.com/millrace/millrace/internal/searchindex/jsontree"
)

// DefaultIgnoreAbove limits the keyword beside a text that dynamic mapping makes.
const DefaultIgnoreAbove = 256

// guess is the field that dynamic mapping makes of the first value seen:
//
//	7 long · 0.5 float · true boolean · "2026-11-22T10:00:00Z", "2026/11/22 10:00:00" date · other strings text with .keyword
//
// Pure numbers in quotes are never taken for dates. "2026-11-22 10:00:00", with a space, is text, as on the real server.
func (m *Mapping) guess(path string, v jsontree.Value) *Field {
	f := &Field{Path: path, Column: path}
	switch {
	case v.Kind == jsontree.Bool:
		f.Type = Boolean
	case v.IsInteger():
		f.Type = Long
	case v.Kind == jsontree.Number:
		f.Type = Float
	case m.dateDetection && guessDate(f, v.Text):
		f.Type = Date
	default:
		f.Type = Text
		f.Multi = []*Field{{Path: path + ".keyword", Type: Keyword, Column: path, IgnoreAbove: DefaultIgnoreAbove}}
	}
	return f
}

func guessDate(f *Field, text string) bool {
	if len(text) < 4 || text[0] < '0' || text[0] > '9' {
		return false
	}
	if _, err := strconv.ParseFloat(text, 64); err == nil {
		return false
	}
	for _, format := range []date.Format{date.Default(), date.Slashes()} {
		if _, ok := format.Parse(text); ok {
			f.Format = format
			return true
		}
	}
	return false
}
