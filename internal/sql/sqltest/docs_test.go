package sqltest

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/millrace/millrace/internal/sql"
	"github.com/millrace/millrace/internal/sql/function"
	"github.com/millrace/millrace/internal/sql/types"
)

const docs = "../../../docs/sql"

// Every example of the documentation runs: blocks of slt and of YAML cases, and
// the tables of expressions with their values.
func TestDocs(t *testing.T) {
	files, err := filepath.Glob(docs + "/*.md")
	if err != nil || len(files) == 0 {
		t.Fatal(files, err)
	}
	for _, file := range files {
		t.Run(filepath.Base(file), func(t *testing.T) {
			src, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			d := &document{t: t, path: file}
			text := d.run(string(src))
			if *rewrite && text != string(src) {
				if err := os.WriteFile(file, []byte(text), 0o644); err != nil {
					t.Fatal(err)
				}
			}
		})
	}
}

// document is a page while its examples run.
type document struct {
	t    *testing.T
	path string
	out  []string
}

const expressionTable = "| expression | value |"

func (d *document) run(src string) string {
	lines := strings.Split(src, "\n")
	for i := 0; i < len(lines); i++ {
		d.out = append(d.out, lines[i])
		kind, fenced := strings.CutPrefix(lines[i], "```")
		switch {
		case fenced:
			end := slices.Index(lines[i+1:], "```")
			if end < 0 {
				d.t.Fatalf("%s:%d: the block has no end", d.path, i+1)
			}
			end += i + 1
			d.out = append(d.out, d.block(kind, lines[i+1:end], i+1)...)
			d.out = append(d.out, lines[end])
			i = end
		case strings.HasPrefix(lines[i], expressionTable):
			for i++; i < len(lines) && strings.HasPrefix(lines[i], "|"); i++ {
				d.out = append(d.out, d.row(lines[i], i+1))
			}
			i--
		}
	}
	return strings.Join(d.out, "\n")
}

// block runs a fenced block behind a line of the page.
func (d *document) block(kind string, lines []string, line int) []string {
	text := strings.Join(lines, "\n")
	switch {
	case kind == "slt":
		if *rewrite {
			blocks, err := parse(d.path, text, line)
			if err == nil {
				text, err = rewriteBlocks(blocks, d.path)
			}
			if err != nil {
				d.t.Error(err)
				return lines
			}
			lines = strings.Split(strings.TrimRight(text, "\n"), "\n")
		}
		for _, mode := range Modes {
			blocks, err := parse(d.path, text, line)
			if err == nil {
				err = runBlocks(blocks, d.path, mode)
			}
			if err != nil {
				d.t.Error(err)
			}
		}
	case kind == "yaml" && strings.HasPrefix(text, "name:"):
		for _, mode := range Modes {
			if _, err := runCases(d.path, strings.NewReader(strings.Repeat("\n", line)+text), mode); err != nil {
				d.t.Error(err)
			}
		}
	}
	return lines
}

var expressionRow = regexp.MustCompile("^\\| `(.+?)` \\| `?(.*?)`? \\|(.*)$")

// row computes the expression of a table's row.
func (d *document) row(line string, number int) string {
	if strings.HasPrefix(line, "|-") {
		return line
	}
	m := expressionRow.FindStringSubmatch(line)
	if m == nil {
		d.t.Errorf("%s:%d: the row is no expression with its value: %s", d.path, number, line)
		return line
	}
	got := strings.ReplaceAll(compute(d.t, strings.ReplaceAll(m[1], `\|`, "|")), "|", `\|`)
	if !*rewrite && got != m[2] {
		d.t.Errorf("%s:%d: %s is %s, the page has %s", d.path, number, m[1], got, m[2])
	}
	return fmt.Sprintf("| `%s` | `%s` |%s", m[1], got, m[3])
}

// oneValue keeps the value of a row.
type oneValue struct{ text string }

func (o *oneValue) Rows(_ string, b *types.Batch) {
	if o.text = "NULL"; !b.Cols[0].IsNull(0) {
		o.text = b.Cols[0].Str[0]
	}
}

func (o *oneValue) Error(e types.ErrorRow) { o.text = "error " + e.Name }

// compute is the value of an expression as a text, for a row of 10:00:05.
func compute(t *testing.T, expression string) string {
	code := `CREATE STREAM O (V VARCHAR(4096)); CREATE PUMP P AS INSERT INTO O SELECT STREAM CAST(` + expression + ` AS VARCHAR(4096)) FROM S;`
	stream, err := definition("docs", "S (N INTEGER)")
	if err != nil {
		t.Fatal(err)
	}
	p, err := sql.Compile("docs", code, sql.Schema{Inputs: []sql.Stream{stream}})
	if err != nil {
		t.Errorf("%s: %v", expression, err)
		return ""
	}
	var out oneValue
	b := types.NewBatch(stream.Columns)
	at, _ := readTime("10:00:05")
	b.N, b.Rowtime, b.Cols[0].Int, b.Cols[0].Null = 1, []int64{at}, []int64{0}, []bool{true}
	p.NewEngine(&out, sql.Limits{}).Push("S", b)
	return out.text
}

// Every function of the language is on the page of functions.
func TestEveryFunctionIsDocumented(t *testing.T) {
	page, err := os.ReadFile(docs + "/functions.md")
	if err != nil {
		t.Fatal(err)
	}
	others := []string{
		"COUNT", "SUM", "AVG", "MIN", "MAX", "STDDEV_SAMP", "STDDEV_POP", "VAR_SAMP", "VAR_POP", "FIRST_VALUE", "LAST_VALUE", "ANY", "EVERY",
		"LAG", "NTH_VALUE", "EXP_AVG", "STEP", "MONOTONIC", "EXTRACT", "CAST", "COALESCE", "NULLIF", "CASE",
		"RANDOM_CUT_FOREST", "RANDOM_CUT_FOREST_WITH_EXPLANATION", "HOTSPOTS", "TOP_K_ITEMS_TUMBLING", "COUNT_DISTINCT_ITEMS_TUMBLING", "GROUP_RANK",
	}
	for _, name := range slices.Concat(function.Names(), function.RowNames(), others) {
		if !regexp.MustCompile(`\b` + regexp.QuoteMeta(name) + `\b`).Match(page) {
			t.Errorf("functions.md does not have %s", name)
		}
	}
}
