package discover

import (
	"bytes"
	"encoding/csv"
	"slices"
	"strings"

	"github.com/millrace/millrace/internal/application/input"
)

// fromCSV guesses the delimiter that cuts rows into the same number of fields, the most of them; less than half of the rows may
// have another number.
func fromCSV(records [][]byte) (input.Schema, bool) {
	var best [][]string
	delimiter := ""
	for _, d := range []rune{',', '\t', '|', ';', ' '} {
		if rows := cut(records, d); len(rows) > 0 && (best == nil || len(rows[0]) > len(best[0])) {
			best, delimiter = rows, string(d)
		}
	}
	if best == nil || len(best[0]) < 2 || len(best[0]) > maxColumns {
		return input.Schema{}, false
	}
	schema := input.Schema{Format: input.CSV, RowDelimiter: "\n", ColumnDelimiter: delimiter}
	for i := range best[0] {
		c := &column{name: columnName("", i)}
		for _, row := range best {
			if s := strings.TrimSpace(row[i]); s != "" && s != "null" {
				c.word(s, true)
			}
			c.characters = max(c.characters, len([]rune(row[i])))
		}
		schema.Columns = append(schema.Columns, input.Column{Name: c.name, SQLType: c.sqlType()})
	}
	return schema, true
}

// cut cuts records into rows and fields, and returns those that have as many fields as most. It returns nil where most differ.
func cut(records [][]byte, delimiter rune) [][]string {
	var rows [][]string
	for _, r := range records {
		reader := csv.NewReader(bytes.NewReader(r))
		reader.Comma = delimiter
		reader.FieldsPerRecord = -1
		all, err := reader.ReadAll()
		if err != nil {
			all = [][]string{nil}
		}
		rows = append(rows, all...)
	}
	counts := map[int]int{}
	for _, row := range rows {
		counts[len(row)]++
	}
	for fields, n := range counts {
		if fields > 0 && 2*n > len(rows) {
			return slices.DeleteFunc(rows, func(row []string) bool { return len(row) != fields })
		}
	}
	return nil
}
