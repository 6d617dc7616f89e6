package searchindex

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/millrace/millrace/internal/searchindex/store"
	"github.com/millrace/millrace/internal/searchindex/wire"
)

// catColumn is a column of _cat/indices.
type catColumn struct {
	name    string
	aliases []string
	right   bool // numbers stand right
	value   func(*store.Index) string
	number  func(*store.Index) int64 // to sort by
}

func (r *request) catColumns() []catColumn {
	size := func(x *store.Index) string { return bytesText(x.Bytes, r.params.Get("bytes")) }
	bytes := func(x *store.Index) int64 { return x.Bytes }
	return []catColumn{
		{name: "health", aliases: []string{"h"}, value: func(x *store.Index) string {
			if replicas(x) > 0 {
				return "yellow"
			}
			return "green"
		}},
		{name: "status", aliases: []string{"s"}, value: func(*store.Index) string { return "open" }},
		{name: "index", aliases: []string{"i", "idx"}, value: func(x *store.Index) string { return x.Name }},
		{name: "uuid", aliases: []string{"id"}, value: func(x *store.Index) string { return x.UUID }},
		{name: "pri", aliases: []string{"p", "shards.primary"}, right: true, value: func(*store.Index) string { return "1" }},
		{name: "rep", aliases: []string{"r", "shards.replica"}, right: true, value: func(x *store.Index) string { return strconv.Itoa(replicas(x)) }},
		{name: "docs.count", aliases: []string{"dc", "docsCount"}, right: true, value: func(x *store.Index) string { return strconv.FormatInt(x.Live, 10) }, number: func(x *store.Index) int64 { return x.Live }},
		{name: "docs.deleted", aliases: []string{"dd", "docsDeleted"}, right: true, value: func(*store.Index) string { return "0" }},
		{name: "store.size", aliases: []string{"ss", "storeSize"}, right: true, value: size, number: bytes},
		{name: "pri.store.size", right: true, value: size, number: bytes},
	}
}

// catIndices lists indices as text or, with format=json, as objects. Sizes are those of the documents' sources.
func catIndices(r *request) answer {
	var indices []*store.Index
	columns, err := r.chosenColumns()
	if err != nil {
		return refusal(err)
	}
	var rows [][]string
	failed := r.domain.index.store.View(r.domain.name, func(v *store.View) error {
		found, err := r.resolve(viewLister{v})
		if err != nil {
			return err
		}
		indices = found
		if err := r.sortCat(indices); err != nil {
			return err
		}
		for _, x := range indices {
			row := make([]string, len(columns))
			for i, c := range columns {
				row[i] = c.value(x)
			}
			rows = append(rows, row)
		}
		return nil
	})
	if failed != nil {
		return failure(failed)
	}
	return r.catAnswer(columns, rows)
}

func (r *request) chosenColumns() ([]catColumn, *wire.Error) {
	all := r.catColumns()
	if !r.params.Has("h") {
		return all, nil
	}
	var out []catColumn
	for name := range strings.SplitSeq(r.params.Get("h"), ",") {
		i := findColumn(all, name)
		if i < 0 {
			return nil, wire.Unsupported("column [" + name + "] of _cat/indices")
		}
		out = append(out, all[i])
	}
	return out, nil
}

func findColumn(all []catColumn, name string) int {
	return slices.IndexFunc(all, func(c catColumn) bool { return c.name == name || slices.Contains(c.aliases, name) })
}

func (r *request) sortCat(indices []*store.Index) error {
	if !r.params.Has("s") {
		return nil
	}
	all := r.catColumns()
	name, direction, _ := strings.Cut(r.params.Get("s"), ":")
	i := findColumn(all, name)
	if i < 0 || direction != "" && direction != "asc" && direction != "desc" {
		return wire.Unsupported("sorting _cat/indices by [" + r.params.Get("s") + "]")
	}
	slices.SortStableFunc(indices, func(a, b *store.Index) (d int) {
		if all[i].number != nil {
			d = cmp.Compare(all[i].number(a), all[i].number(b))
		} else {
			d = strings.Compare(all[i].value(a), all[i].value(b))
		}
		if direction == "desc" {
			return -d
		}
		return d
	})
	return nil
}

func catObjects(columns []catColumn, rows [][]string) []any {
	out := []any{}
	for _, row := range rows {
		var o wire.Object
		for i, c := range columns {
			o = append(o, wire.Member{Name: c.name, Value: row[i]})
		}
		out = append(out, o)
	}
	return out
}

func catText(columns []catColumn, rows [][]string, headed bool) string {
	if headed {
		var head []string
		for _, c := range columns {
			head = append(head, c.name)
		}
		rows = slices.Insert(rows, 0, head)
	}
	widths := make([]int, len(columns))
	for _, row := range rows {
		for i, cell := range row {
			widths[i] = max(widths[i], utf8.RuneCountInString(cell))
		}
	}
	var b strings.Builder
	for n, row := range rows {
		for i, cell := range row {
			pad := strings.Repeat(" ", widths[i]-utf8.RuneCountInString(cell))
			switch right := columns[i].right && (n > 0 || !headed); {
			case right:
				b.WriteString(pad + cell)
			case i < len(row)-1:
				b.WriteString(cell + pad)
			default:
				b.WriteString(cell)
			}
			if i < len(row)-1 {
				b.WriteByte(' ')
			}
		}
		b.WriteByte('\n')
	}
	return b.String()
}

// bytesText writes a size as 10.8kb, or in the unit asked for.
func bytesText(n int64, unit string) string {
	if unit == "b" {
		return strconv.FormatInt(n, 10)
	}
	f, names := float64(n), []string{"b", "kb", "mb", "gb", "tb"}
	i := 0
	for ; f >= 1024 && i < len(names)-1; i++ {
		f /= 1024
	}
	return strings.TrimSuffix(fmt.Sprintf("%.1f", f), ".0") + names[i]
}
