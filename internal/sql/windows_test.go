package sql

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

// Programs of random windows over random streams: how rows are batched, bounded and restarted changes nothing, with limits
// and without.
func TestRandomPrograms(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		code := drawProgram(t)
		p, err := Compile("random.sql", code, Schema{Inputs: testInputs})
		if err != nil {
			t.Fatalf("%v\n%s", err, code)
		}
		data := rapid.SliceOfN(rapid.Byte(), 0, 400).Draw(t, "rows")
		cuts := rapid.SliceOfN(rapid.Bool(), 1, 20).Draw(t, "cuts")
		limits := Limits{Groups: rapid.SampledFrom([]int{0, 0, 1, 3}).Draw(t, "groups"), Rows: rapid.SampledFrom([]int{0, 0, 2, 5}).Draw(t, "rows held")}
		checkLimited(t, p, limits, events(data), func(i int) bool { return cuts[i%len(cuts)] })
	})
}

// drawProgram makes streams of the columns K, V and D, each filled by one pump or two, which read an input or another stream.
func drawProgram(t *rapid.T) string {
	var code strings.Builder
	sources := []string{"A"}
	own := map[string]bool{}
	for i := range rapid.IntRange(1, 6).Draw(t, "pumps") {
		target, readable := fmt.Sprintf("O%d", i), slices.Clone(sources)
		if last := len(sources) - 1; last > 0 && rapid.Bool().Draw(t, "shared") {
			target, readable = sources[last], sources[:last]
		} else {
			fmt.Fprintf(&code, "CREATE STREAM %s (K VARCHAR(8), V INTEGER, D DOUBLE);\n", target)
			sources = append(sources, target)
		}
		from := rapid.SampledFrom(readable).Draw(t, "source")
		query, promotes := drawQuery(t, from, readable, own)
		own[target] = own[target] || promotes || own[from]
		fmt.Fprintf(&code, "CREATE PUMP P%d AS INSERT INTO %s %s;\n", i, target, query)
	}
	return code.String()
}

func drawQuery(t *rapid.T, s string, sources []string, own map[string]bool) (query string, promotes bool) {
	size := func() string {
		return fmt.Sprintf("INTERVAL '0.%03d' SECOND", rapid.SampledFrom([]int{1, 3, 7, 20, 110}).Draw(t, "time"))
	}
	step := func() string { return fmt.Sprintf("STEP(%s.ROWTIME BY %s)", s, size()) }
	pick := func(name string, all ...string) string { return rapid.SampledFrom(all).Draw(t, name) }
	moving := func() string { return pick("moving", "MONOTONIC(V)", "STEP(MONOTONIC(V) BY 3)", "MONOTONIC(K)") }
	list := func() string {
		return "K, " + pick("whole", "COUNT(*)", "CAST(SUM(V) AS INTEGER)", "MAX(V)", "MIN(V)", "AVG(V)", "LAST_VALUE(V)") + ", " +
			pick("real", "SUM(D)", "AVG(D)", "STDDEV_POP(D)", "VAR_SAMP(V)", "MAX(D)", "FIRST_VALUE(D) IGNORE NULLS")
	}
	window := func() string {
		frame := fmt.Sprintf(pick("frame", "RANGE %[1]s PRECEDING", "RANGE %[1]s PRECEDING", "ROWS 2 PRECEDING", "ROWS 9 PRECEDING", "ROWS UNBOUNDED PRECEDING"), size())
		frame, _, _ = strings.Cut(frame, "%!")
		return "(" + pick("partition", "", "PARTITION BY K ", "PARTITION BY K, V / 3 ") + frame + ")"
	}
	switch pick("kind", "filter", "fail", "tumble", "tumble", "moving", "stagger", "slide", "slide", "distinct", "sort", "top", "promote", "join") {
	case "filter":
		return fmt.Sprintf("SELECT STREAM K, V, D FROM %s WHERE V <> %d", s, rapid.IntRange(0, 8).Draw(t, "v")), false
	case "fail":
		return fmt.Sprintf("SELECT STREAM K || K, 60 / V, D FROM %s", s), false
	case "tumble":
		return fmt.Sprintf("SELECT STREAM %s FROM %s GROUP BY K, %s", list(), s, step()), false
	case "moving":
		return fmt.Sprintf("SELECT STREAM %s FROM %s GROUP BY K, %s, %s", list(), s, moving(), pick("beside", step(), "1")), false
	case "stagger":
		return fmt.Sprintf("SELECT STREAM %s FROM %s WINDOWED BY STAGGER (PARTITION BY K RANGE %s)", list(), s, size()), false
	case "slide":
		whole := pick("whole", "COUNT(*)", "COUNT(V)", "MAX(V)", "MIN(V)", "AVG(V)", "LAG(V)", "LAG(V, 3, -1) IGNORE NULLS", "NTH_VALUE(V, 2)",
			"NTH_VALUE(V, 2) FROM LAST IGNORE NULLS", "LAST_VALUE(V) IGNORE NULLS", "FIRST_VALUE(V)")
		text := pick("text", "MIN(K)", "MAX(K)", "LAG(K, 2, 'none')", "FIRST_VALUE(K) IGNORE NULLS", "LAST_VALUE(K)")
		real := pick("real", "SUM(D)", "AVG(D)", "STDDEV_SAMP(D)", "VAR_POP(V)", "EXP_AVG(D, INTERVAL '0.004' SECOND)")
		return fmt.Sprintf("SELECT STREAM %s OVER %s, %s OVER %s, %s OVER %s FROM %s", text, window(), whole, window(), real, window(), s), false
	case "distinct":
		return fmt.Sprintf("SELECT STREAM K, V, D FROM (SELECT STREAM DISTINCT %s AS W, K, V, D FROM %s)", pick("while", step(), moving()), s), false
	case "sort":
		return fmt.Sprintf("SELECT STREAM K, V, D FROM %s ORDER BY %s, V %s, K", s, pick("while", step(), moving()), pick("desc", "", "DESC")), false
	case "top":
		w := pick("while", step(), moving())
		return fmt.Sprintf("SELECT STREAM %s FROM %s GROUP BY %s, K HAVING COUNT(*) > 1 ORDER BY %s, COUNT(*) DESC", list(), s, w, w), false
	case "join":
		if other := rapid.SampledFrom(sources).Draw(t, "other"); !own[s] && !own[other] {
			return fmt.Sprintf("SELECT STREAM L.K, R.V, L.D FROM %s OVER (RANGE %s PRECEDING) AS L %s JOIN %s OVER (ROWS 2 PRECEDING) AS R ON L.K = R.K",
				s, size(), pick("outer", "", "LEFT"), other), false
		}
	}
	return fmt.Sprintf("SELECT STREAM TO_TIMESTAMP(UNIX_TIMESTAMP(%s.ROWTIME) + 3 * V) AS ROWTIME, K, V, D FROM %s", s, s), true
}
