package searchindex

import (
	"slices"
	"strings"

	"github.com/millrace/millrace/internal/searchindex/wire"
)

// catTable is what a request under _cat answers: names of columns, and rows of cells. Names that begin with > have
// their cells on the right.
type catTable struct {
	names []string
	rows  [][]string
}

// answer writes the table as text or JSON, the columns that h names in the order that s names.
func (t catTable) answer(r *request) answer {
	columns := make([]catColumn, len(t.names))
	for i, name := range t.names {
		columns[i] = catColumn{name: strings.TrimPrefix(name, ">"), right: strings.HasPrefix(name, ">")}
	}
	if by := r.params.Get("s"); by != "" {
		keys := strings.Split(by, ",")
		for _, key := range slices.Backward(keys) { // a stable sort by the last key first
			name, direction, _ := strings.Cut(key, ":")
			i := findColumn(columns, name)
			if i < 0 || direction != "" && direction != "asc" && direction != "desc" {
				return refusal(wire.Unsupported("sorting by [" + key + "]"))
			}
			slices.SortStableFunc(t.rows, func(a, b []string) int {
				if direction == "desc" {
					a, b = b, a
				}
				return strings.Compare(a[i], b[i])
			})
		}
	}
	if r.params.Has("h") {
		var chosen []catColumn
		var places []int
		for name := range strings.SplitSeq(r.params.Get("h"), ",") {
			i := findColumn(columns, name)
			if i < 0 {
				return refusal(wire.Unsupported("column [" + name + "] of " + r.URL.Path))
			}
			chosen, places = append(chosen, columns[i]), append(places, i)
		}
		for n, row := range t.rows {
			cells := make([]string, len(places))
			for i, place := range places {
				cells[i] = row[place]
			}
			t.rows[n] = cells
		}
		columns = chosen
	}
	return r.catAnswer(columns, t.rows)
}

// catAnswer writes rows as text or, with format=json, as objects.
func (r *request) catAnswer(columns []catColumn, rows [][]string) answer {
	switch format := r.params.Get("format"); format {
	case "json":
		return answer{object: catObjects(columns, rows)}
	case "", "text":
	default:
		return refusal(wire.Unsupported("[format=" + format + "]"))
	}
	headed, err := r.flag("v", false)
	if err != nil {
		return refusal(err)
	}
	return answer{text: catText(columns, rows, headed)}
}
