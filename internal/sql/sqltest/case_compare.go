package sqltest

import (
	"fmt"
	"slices"
	"strings"

	"go.yaml.in/yaml/v4"

	"github.com/millrace/millrace/internal/sql/types"
)

// compareRows holds the rows of each stream that is expected to what is.
func (c *testCase) compareRows(r *caseRun) error {
	for i := 0; i+1 < len(c.Expect.Content); i += 2 {
		name, want := c.Expect.Content[i], c.Expect.Content[i+1]
		columns, ok := r.columns[name.Value]
		switch {
		case !ok:
			return r.at(name, fmt.Errorf("the SQL creates no stream %q", name.Value))
		case want.Kind != yaml.SequenceNode && want.Tag != "!!null":
			return r.at(want, fmt.Errorf("what is expected of a stream is a list of rows"))
		}
		if err := r.compare(name, want, columns); err != nil {
			return err
		}
	}
	return nil
}

func (r *caseRun) compare(name, want *yaml.Node, columns []types.Column) error {
	rows := r.rows[name.Value]
	got, wanted := make([]string, len(rows)), make([]string, len(want.Content))
	for i := range rows {
		got[i] = rows[i].show(columns, nil)
	}
	for i, row := range want.Content {
		asked, text, err := expectedRow(columns, row)
		if err != nil {
			return r.at(row, err)
		}
		wanted[i] = text
		if i < len(rows) {
			got[i] = rows[i].show(columns, asked)
		}
	}
	if slices.Equal(got, wanted) {
		return nil
	}
	return &Mismatch{fmt.Sprintf("%s:%d: stream %s (%s)", r.path, name.Line, name.Value, r.mode), lines(got), lines(wanted)}
}

// rowtimeColumn is what a row of an expectation calls its ROWTIME.
const rowtimeColumn = "ROWTIME"

// show prints the row as a mapping of the asked columns; nil asks for all.
func (g *gotRow) show(columns []types.Column, asked []string) string {
	var parts []string
	if asked == nil {
		for _, c := range columns {
			asked = append(asked, c.Name)
		}
		asked = append(asked, rowtimeColumn)
	}
	for _, name := range asked {
		value := g.rowtime
		if i := columnIndex(columns, name); i >= 0 {
			value = g.values[i]
		}
		parts = append(parts, name+": "+value)
	}
	return "{" + strings.Join(parts, ", ") + "}"
}

func columnIndex(columns []types.Column, name string) int {
	return slices.IndexFunc(columns, func(c types.Column) bool { return c.Name == name })
}

// expectedRow is a row of an expectation as show prints one, and the columns that
// it asks for.
func expectedRow(columns []types.Column, row *yaml.Node) (asked []string, text string, err error) {
	if row.Kind != yaml.MappingNode {
		return nil, "", fmt.Errorf("a row is a mapping of columns to values")
	}
	asked = []string{}
	var parts []string
	for i := 0; i+1 < len(row.Content); i += 2 {
		name, node := row.Content[i].Value, row.Content[i+1]
		at, value := columnIndex(columns, name), ""
		switch {
		case at < 0 && name == rowtimeColumn:
			t, err := caseTime(node.Value)
			if err != nil {
				return nil, "", err
			}
			value = writeTime(t)
		case at < 0:
			return nil, "", fmt.Errorf("there is no column %q", name)
		default:
			t := columns[at].Type
			v := &types.Vector{Kind: t.Kind}
			if err := appendNodeValue(v, t, node); err != nil {
				return nil, "", fmt.Errorf("column %q: %w", name, err)
			}
			value = writeValue(t, v, 0)
		}
		asked, parts = append(asked, name), append(parts, name+": "+value)
	}
	return asked, "{" + strings.Join(parts, ", ") + "}", nil
}

// compareErrors holds the error rows to those that are expected, in their order.
func (c *testCase) compareErrors(r *caseRun) error {
	var got, want []string
	for i := range r.failed {
		got = append(got, showError(&r.failed[i], nil))
	}
	line := c.SQL.Line
	for i := range c.Errors {
		node := &c.Errors[i]
		if i == 0 {
			line = node.Line
		}
		asked, text, err := expectedError(node)
		if err != nil {
			return r.at(node, err)
		}
		want = append(want, text)
		if i < len(r.failed) {
			got[i] = showError(&r.failed[i], asked)
		}
	}
	if slices.Equal(got, want) {
		return nil
	}
	return &Mismatch{fmt.Sprintf("%s:%d: errors (%s)", r.path, line, r.mode), lines(got), lines(want)}
}

// errorMembers are what an expectation may say of an error row.
var errorMembers = []string{"name", "pump", "at", "message"}

func showError(e *types.ErrorRow, asked []string) string {
	if asked == nil {
		asked = errorMembers
	}
	values := map[string]string{"name": e.Name, "pump": e.Pump, "at": writeTime(e.DataRowtime), "message": e.Message}
	var parts []string
	for _, name := range asked {
		parts = append(parts, name+": "+values[name])
	}
	return "{" + strings.Join(parts, ", ") + "}"
}

func expectedError(node *yaml.Node) (asked []string, text string, err error) {
	asked = []string{}
	var parts []string
	for i := 0; i+1 < len(node.Content); i += 2 {
		name, value := node.Content[i].Value, node.Content[i+1].Value
		switch {
		case !slices.Contains(errorMembers, name):
			return nil, "", fmt.Errorf("an error has no %q: it has %s", name, strings.Join(errorMembers, ", "))
		case name == "at":
			t, err := caseTime(value)
			if err != nil {
				return nil, "", err
			}
			value = writeTime(t)
		}
		asked, parts = append(asked, name), append(parts, name+": "+value)
	}
	return asked, "{" + strings.Join(parts, ", ") + "}", nil
}
