package sql

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

// Programs of all operators together, over streams, sub-queries and each other: how rows are batched, bounded and restarted
// changes nothing, with limits and without. What each program may not do is known here, so that every one compiles.
func TestAnyProgram(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		code := drawApplication(t)
		p, err := Compile("random.sql", code, Schema{Inputs: testInputs, Tables: []Stream{testTable}})
		if err != nil {
			t.Fatalf("%v\n%s", err, code)
		}
		data := rapid.SliceOfN(rapid.Byte(), 0, 300).Draw(t, "rows")
		cuts := rapid.SliceOfN(rapid.Bool(), 1, 20).Draw(t, "cuts")
		limits := Limits{Groups: rapid.SampledFrom([]int{0, 0, 1, 3}).Draw(t, "groups"), Rows: rapid.SampledFrom([]int{0, 0, 2, 5}).Draw(t, "rows held")}
		checkLimited(t, p, limits, events(data), func(i int) bool { return cuts[i%len(cuts)] })
	})
}

// application is a text while it is drawn. All its streams and sub-queries have the columns K, V and D.
type application struct {
	*rapid.T
	readable []string
	// promoted are streams whose rows have a ROWTIME of their own; they cannot be joined.
	promoted map[string]bool
	names    int
}

func drawApplication(t *rapid.T) string {
	a := &application{T: t, readable: []string{"A"}, promoted: map[string]bool{}}
	code := strings.Builder{}
	code.WriteString(`CREATE FUNCTION HALF (X INTEGER) RETURNS INTEGER RETURN X / 2;
CREATE FUNCTION SHARE (X INTEGER) RETURNS INTEGER RETURN 60 / HALF(X);
CREATE STREAM B3 (K VARCHAR(8), V INTEGER, D DOUBLE);
CREATE PUMP PB AS INSERT INTO B3 SELECT STREAM K, V, V / 3E0 FROM B;
`)
	sources := []string{"A", "B3"}
	for i := range rapid.IntRange(1, 5).Draw(t, "pumps") {
		target := fmt.Sprintf("O%d", i)
		a.readable = slices.Clone(sources)
		if last := len(sources) - 1; last > 1 && rapid.Bool().Draw(t, "shared") {
			target, a.readable = sources[last], sources[:last]
		} else {
			fmt.Fprintf(&code, "CREATE STREAM %s (K VARCHAR(40), V INTEGER, D DOUBLE);\n", target)
			sources = append(sources, target)
		}
		q := a.query(2)
		fmt.Fprintf(&code, "CREATE PUMP P%d AS INSERT INTO %s %s;\n", i, target, q.text)
		a.promoted[target] = a.promoted[target] || q.promoted
	}
	return code.String()
}

// drawn is a query or a relation, and whether its rows have a ROWTIME of their own.
type drawn struct {
	text     string
	promoted bool
}

func (a *application) pick(name string, all ...string) string {
	return rapid.SampledFrom(all).Draw(a.T, name)
}

func (a *application) size() string {
	return fmt.Sprintf("INTERVAL '0.%03d' SECOND", rapid.SampledFrom([]int{1, 3, 7, 20, 110}).Draw(a.T, "time"))
}

// from is a stream or a sub-query, without an alias.
func (a *application) from(depth int) drawn {
	if depth == 0 || a.pick("relation", "stream", "stream", "sub-query") == "stream" {
		s := rapid.SampledFrom(a.readable).Draw(a.T, "source")
		return drawn{s, a.promoted[s]}
	}
	q := a.query(depth - 1)
	return drawn{"(" + q.text + ")", q.promoted}
}

// query draws a SELECT of the columns K, V and D over one relation S or several.
func (a *application) query(depth int) drawn {
	s := a.from(depth)
	src := s.text + " AS S"
	step := func() string { return "STEP(S.ROWTIME BY " + a.size() + ")" }
	moving := func() string {
		return a.pick("moving", "MONOTONIC(S.V)", "STEP(MONOTONIC(S.V) BY 3)", "MONOTONIC(S.K)")
	}
	group := func() string {
		return "S.K, " + a.pick("whole", "CAST(COUNT(*) AS INTEGER) AS V", "CAST(SUM(S.V) AS INTEGER) AS V", "MAX(S.V) AS V", "AVG(S.V) AS V", "LAST_VALUE(S.V) AS V") + ", " +
			a.pick("real", "SUM(S.D) AS D", "STDDEV_POP(S.D) AS D", "VAR_SAMP(S.D) AS D", "MAX(S.D) AS D", "FIRST_VALUE(S.D) IGNORE NULLS AS D")
	}
	switch a.pick("kind", "plain", "function", "parse", "tumble", "moving", "stagger", "slide", "distinct", "sort", "top", "promote", "union", "join", "outer", "meet", "lookup",
		"forest", "items", "hotspots", "rank") {
	case "plain":
		return drawn{fmt.Sprintf("SELECT STREAM * FROM (SELECT STREAM S.K, S.V, S.D FROM %s WHERE S.V <> %d)", src, rapid.IntRange(0, 8).Draw(a.T, "v")), s.promoted}
	case "function":
		return drawn{"SELECT STREAM S.K || S.K AS K, " + a.pick("call", "HALF(S.V)", "SHARE(S.V)", "60 / S.V") + " AS V, S.D FROM " + src, s.promoted}
	case "parse":
		return drawn{"SELECT STREAM S.R.COLUMN2 AS K, S.V, S.D FROM (SELECT STREAM REGEX_LOG_PARSE(S.K, '([ab]?)(.*)'), S.V, S.D FROM " + src + ") AS S (R, V, D)", s.promoted}
	case "tumble":
		return drawn{"SELECT STREAM " + group() + " FROM " + src + " GROUP BY S.K, " + step(), s.promoted}
	case "moving":
		return drawn{"SELECT STREAM " + group() + " FROM " + src + " GROUP BY S.K, " + moving() + ", " + a.pick("beside", step(), "1"), s.promoted}
	case "stagger":
		return drawn{"SELECT STREAM " + group() + " FROM " + src + " WINDOWED BY STAGGER (PARTITION BY S.K RANGE " + a.size() + ")", s.promoted}
	case "slide":
		window := func() string {
			frame := a.pick("frame", "RANGE "+a.size(), "RANGE "+a.size(), "ROWS 2", "ROWS 9", "ROWS UNBOUNDED")
			return " OVER (" + a.pick("partition", "", "PARTITION BY S.K ", "PARTITION BY S.K, S.V / 3 ") + frame + " PRECEDING)"
		}
		text := a.pick("text", "MIN(S.K)", "MAX(S.K)", "LAG(S.K, 2, 'none')", "FIRST_VALUE(S.K) IGNORE NULLS", "LAST_VALUE(S.K)") + window()
		whole := a.pick("whole", "COUNT(S.V)", "MAX(S.V)", "MIN(S.V)", "AVG(S.V)", "LAG(S.V, 3, -1) IGNORE NULLS", "NTH_VALUE(S.V, 2) FROM LAST IGNORE NULLS") + window()
		return drawn{"SELECT STREAM " + text + " AS K, CAST(" + whole + " AS INTEGER) AS V, " +
			a.pick("real", "SUM(S.D)", "AVG(S.D)", "VAR_POP(S.D)", "EXP_AVG(S.D, INTERVAL '0.004' SECOND)") + window() + " AS D FROM " + src, s.promoted}
	case "distinct":
		return drawn{"SELECT STREAM K, V, D FROM (SELECT STREAM DISTINCT " + a.pick("while", step(), moving()) + " AS W, S.K, S.V, S.D FROM " + src + ")", s.promoted}
	case "sort":
		return drawn{"SELECT STREAM S.K, S.V, S.D FROM " + src + " ORDER BY " + a.pick("while", step(), moving()) + ", S.V " + a.pick("desc", "", "DESC") + ", S.K", s.promoted}
	case "top":
		w := a.pick("while", step(), moving())
		return drawn{"SELECT STREAM " + group() + " FROM " + src + " GROUP BY " + w + ", S.K HAVING COUNT(*) > 1 ORDER BY " + w + ", COUNT(*) DESC", s.promoted}
	case "promote":
		return drawn{"SELECT STREAM TO_TIMESTAMP(UNIX_TIMESTAMP(S.ROWTIME) + 3 * S.V) AS ROWTIME, S.K, S.V, S.D FROM " + src, true}
	case "lookup":
		return drawn{"SELECT STREAM COALESCE(R.NAME, S.K) AS K, S.V, S.D FROM " + src + a.pick("how", " LEFT JOIN ", " JOIN ") + "R ON S.V = R.F", s.promoted}
	case "forest":
		return drawn{"SELECT STREAM K, V, ANOMALY_SCORE AS D FROM TABLE(RANDOM_CUT_FOREST(CURSOR(SELECT STREAM * FROM " + src + "), 3, 10, " + a.pick("decay", "11", "30") + ", " + a.pick("shingle", "1", "3") + "))", s.promoted}
	case "items":
		return drawn{"SELECT STREAM ITEM AS K, CAST(ITEM_COUNT AS INTEGER) AS V, 1E0 AS D FROM TABLE(TOP_K_ITEMS_TUMBLING(CURSOR(SELECT STREAM * FROM " + src + "), '" + a.pick("column", "K", "V", "D") + "', 2, 1))", s.promoted}
	case "hotspots":
		return drawn{"SELECT STREAM SUBSTRING(HOTSPOTS_RESULT FROM 12 FOR 40) AS K, V, D FROM TABLE(HOTSPOTS(CURSOR(SELECT STREAM * FROM " + src + "), 100, 0.5, 3))", s.promoted}
	case "rank":
		return drawn{"SELECT STREAM K, R AS V, D FROM TABLE(GROUP_RANK(CURSOR(SELECT STREAM * FROM " + src + "), '" + a.pick("column", "K", "V", "D") + "', 'R', 'asc', '" + a.pick("output", "desc", "") + "', 0, " + a.pick("most", "0", "2") + "))", s.promoted}
	}
	return a.pair(depth, s)
}

// pair draws a query over two relations. Where their rows have a ROWTIME of their own they cannot meet.
func (a *application) pair(depth int, s drawn) drawn {
	other := a.from(depth)
	if s.promoted || other.promoted {
		return drawn{"SELECT STREAM S.K, S.V, S.D FROM " + s.text + " AS S", s.promoted}
	}
	over := func(d drawn, alias string) string {
		if strings.HasPrefix(d.text, "(") {
			return d.text + " AS " + alias
		}
		return d.text + a.pick("over", "", " OVER (RANGE "+a.size()+" PRECEDING)", " OVER (RANGE "+a.size()+" PRECEDING)") + " AS " + alias
	}
	on := a.pick("on", "S.K = O.K", "S.K = O.K AND S.V < O.V", "S.V = O.V AND 6 / (S.V - 4) > 0", "S.V = O.V")
	switch a.pick("pair", "union", "join", "aggregate") {
	case "union":
		return drawn{"SELECT STREAM S.K, S.V, S.D FROM " + s.text + " AS S UNION ALL SELECT STREAM S.K, S.V, S.D FROM " + other.text + " AS S", false}
	case "join":
		return drawn{"SELECT STREAM COALESCE(S.K, O.K) AS K, O.V, S.D FROM " + over(s, "S") + a.pick("how", " JOIN ", " LEFT JOIN ", " RIGHT JOIN ", " FULL JOIN ") + over(other, "O") + " ON " + on, false}
	}
	return drawn{"SELECT STREAM S.K, CAST(COUNT(*) AS INTEGER) AS V, SUM(O.D) AS D FROM " + over(s, "S") + ", " + over(other, "O") + " WHERE " + on + " GROUP BY S.K, STEP(ROWTIME BY " + a.size() + ")", false}
}
