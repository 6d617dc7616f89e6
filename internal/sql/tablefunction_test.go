package sql

import (
	"fmt"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

// Programs of random table functions over streams, over each other and over windows: how rows are batched, bounded and
// restarted changes nothing, with limits and without.
func TestRandomTableFunctions(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		code := drawTableFunctions(t)
		p, err := Compile("random.sql", code, Schema{Inputs: testInputs})
		if err != nil {
			t.Fatalf("%v\n%s", err, code)
		}
		data := rapid.SliceOfN(rapid.Byte(), 0, 600).Draw(t, "rows")
		cuts := rapid.SliceOfN(rapid.Bool(), 1, 20).Draw(t, "cuts")
		limits := Limits{Rows: rapid.SampledFrom([]int{0, 0, 1, 3}).Draw(t, "rows held")}
		checkLimited(t, p, limits, events(data), func(i int) bool { return cuts[i%len(cuts)] })
	})
}

func drawTableFunctions(t *rapid.T) string {
	var code strings.Builder
	sources := []string{"A"}
	for i := range rapid.IntRange(1, 5).Draw(t, "pumps") {
		from := rapid.SampledFrom(sources).Draw(t, "source")
		target := fmt.Sprintf("O%d", i)
		fmt.Fprintf(&code, "CREATE STREAM %s (K VARCHAR(40), V INTEGER, D DOUBLE);\n", target)
		fmt.Fprintf(&code, "CREATE PUMP P%d AS INSERT INTO %s SELECT STREAM %s;\n", i, target, drawTableFunction(t, from))
		sources = append(sources, target)
	}
	return code.String()
}

func drawTableFunction(t *rapid.T, s string) string {
	pick := func(name string, all ...string) string { return rapid.SampledFrom(all).Draw(t, name) }
	cursor := "CURSOR(SELECT STREAM * FROM " + s + pick("where", "", " WHERE V > 1", " WHERE D < 2") + ")"
	column := pick("column", "K", "V", "D")
	switch pick("function", "forest", "explained", "hotspots", "top", "distinct", "rank", "window") {
	case "forest":
		return fmt.Sprintf("K, V, ANOMALY_SCORE FROM TABLE(RANDOM_CUT_FOREST(%s, 3, 10, %s, %s))", cursor,
			pick("decay", "11", "30", "1000"), pick("shingle", "1", "2", "5"))
	case "explained":
		return "SUBSTRING(ANOMALY_EXPLANATION FROM 5 FOR 40), V, ANOMALY_SCORE FROM TABLE(RANDOM_CUT_FOREST_WITH_EXPLANATION(" + cursor +
			", 2, 10, 40, 1, " + pick("directed", "TRUE", "FALSE") + ")) WHERE V < 8"
	case "hotspots":
		return "SUBSTRING(HOTSPOTS_RESULT FROM 12 FOR 40), V, D FROM TABLE(HOTSPOTS(" + cursor + ", 100, 0.5, 3))"
	case "top":
		return "ITEM, ITEM_COUNT, 1E0 FROM TABLE(TOP_K_ITEMS_TUMBLING(" + cursor + ", '" + column + "', 2, 1))"
	case "distinct":
		return "'all', NUMBER_OF_DISTINCT_ITEMS, 1E0 FROM TABLE(COUNT_DISTINCT_ITEMS_TUMBLING(" + cursor + ", '" + column + "', 1))"
	case "rank":
		return fmt.Sprintf("K, R, D FROM TABLE(GROUP_RANK(%s, '%s', 'R', '%s', '%s', 0, %s))", cursor, column,
			pick("sort", "asc", "desc"), pick("output", "asc", "desc", ""), pick("most", "0", "2"))
	}
	return fmt.Sprintf("K, COUNT(*), SUM(D) FROM %s GROUP BY K, STEP(%s.ROWTIME BY INTERVAL '0.020' SECOND)", s, s)
}

// BenchmarkTableFunctions is one pump of each table function, output included; ns a row.
func BenchmarkTableFunctions(b *testing.B) {
	for name, query := range map[string]string{
		"forest":    "K, ANOMALY_SCORE FROM TABLE(RANDOM_CUT_FOREST(CURSOR(SELECT STREAM K, V FROM A)))",
		"explained": "K, ANOMALY_SCORE FROM TABLE(RANDOM_CUT_FOREST_WITH_EXPLANATION(CURSOR(SELECT STREAM K, V FROM A))) WHERE ANOMALY_EXPLANATION <> ''",
		"hotspots":  "K, CHAR_LENGTH(HOTSPOTS_RESULT) FROM TABLE(HOTSPOTS(CURSOR(SELECT STREAM * FROM A), 1000, 0.2, 17))",
		"top":       "ITEM, ITEM_COUNT FROM TABLE(TOP_K_ITEMS_TUMBLING(CURSOR(SELECT STREAM * FROM A), 'K', 10, 10))",
		"distinct":  "'all', NUMBER_OF_DISTINCT_ITEMS FROM TABLE(COUNT_DISTINCT_ITEMS_TUMBLING(CURSOR(SELECT STREAM * FROM A), 'K', 10))",
		"rank":      "K, R FROM TABLE(GROUP_RANK(CURSOR(SELECT STREAM * FROM A), 'V', 'R', 'asc', 'asc', 0, 0))",
	} {
		b.Run(name, func(b *testing.B) {
			pushBatches(b, "CREATE STREAM O (K VARCHAR(8), N DOUBLE); CREATE PUMP P AS INSERT INTO O SELECT STREAM "+query, 4000)
		})
	}
}
