package sql

import (
	"bytes"
	"database/sql"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	_ "modernc.org/sqlite"

	"github.com/millrace/millrace/internal/sql/types"
)

// joined has joins of every kind, a self-join, a table, a union and windows behind them.
const joined = `
CREATE STREAM I (K VARCHAR(8), V INTEGER, W INTEGER, T TIMESTAMP);
CREATE STREAM L (K VARCHAR(8), V INTEGER, W INTEGER, T TIMESTAMP);
CREATE STREAM N (N INTEGER, S BIGINT, K VARCHAR(8));
CREATE STREAM U (K VARCHAR(8), V BIGINT);
CREATE PUMP J1 AS INSERT INTO I SELECT STREAM X.K, X.V, Y.V, Y.ROWTIME FROM A OVER (RANGE INTERVAL '0.005' SECOND PRECEDING) AS X JOIN B OVER (RANGE INTERVAL '0.003' SECOND PRECEDING) AS Y ON X.K = Y.K AND X.V < Y.V + 3;
CREATE PUMP J2 AS INSERT INTO L SELECT STREAM X.K, X.V, Y.V, X.ROWTIME FROM A OVER (RANGE INTERVAL '0.005' SECOND PRECEDING) AS X LEFT JOIN B AS Y ON X.K = Y.K;
CREATE PUMP J3 AS INSERT INTO L SELECT STREAM Y.K, X.V, Y.V, ROWTIME FROM A AS X RIGHT JOIN B OVER (RANGE INTERVAL '0.004' SECOND PRECEDING) AS Y ON X.K = Y.K AND 6 / (X.V - 4) > 0;
CREATE PUMP J4 AS INSERT INTO I SELECT STREAM X.K, X.V, Y.V, Y.ROWTIME FROM A OVER (ROWS 3 PRECEDING) AS X FULL JOIN B OVER (ROWS 2 PRECEDING) AS Y ON X.V = Y.V;
CREATE PUMP J5 AS INSERT INTO I SELECT STREAM X.K, X.V, Y.V, Y.ROWTIME FROM A AS X, A OVER (RANGE INTERVAL '0.010' SECOND PRECEDING) AS Y WHERE X.K = Y.K AND X.V > Y.V;
CREATE PUMP J6 AS INSERT INTO N SELECT STREAM COUNT(*), SUM(R.F), R.NAME FROM A LEFT JOIN R ON A.V = R.F GROUP BY R.NAME, STEP(A.ROWTIME BY INTERVAL '0.010' SECOND);
CREATE PUMP J7 AS INSERT INTO U SELECT STREAM K, V FROM A WHERE V > 2 UNION ALL SELECT STREAM K, COUNT(*) FROM B GROUP BY K, STEP(B.ROWTIME BY INTERVAL '0.004' SECOND);
CREATE PUMP J8 AS INSERT INTO N SELECT STREAM COUNT(*), SUM(U.V), I.K FROM U FULL JOIN I ON U.K = I.K GROUP BY I.K, STEP(ROWTIME BY INTERVAL '0.006' SECOND);
CREATE PUMP J9 AS INSERT INTO U SELECT STREAM L.K, COUNT(*) FROM L GROUP BY L.K, STEP(L.ROWTIME BY INTERVAL '0.005' SECOND);
`

// testTable is a reference table, and testRows are its rows.
var testTable = Stream{Name: "R", Columns: []types.Column{{Name: "F", Type: types.Of(types.Integer)}, {Name: "NAME", Type: types.VarcharOf(8)}}}

func testRows() *types.Batch {
	b := types.NewBatch(testTable.Columns)
	b.N = 5
	b.Cols[0].Int, b.Cols[0].Null = []int64{1, 2, 2, 5, 0}, []bool{false, false, false, false, true}
	b.Cols[1].Str = []string{"one", "two", "zwei", "five", "nothing"}
	return b
}

func FuzzJoins(f *testing.F) {
	p, err := Compile("joined.sql", joined, Schema{Inputs: testInputs, Tables: []Stream{testTable}})
	if err != nil {
		f.Fatal(err)
	}
	f.Add([]byte("abcdefghijklmnopqrstuvwxyzabcdefghijklmnopqrstuvwxyzabcdefghijklmnopqrstuvwxyz0123"), []byte{3, 1, 2})
	f.Add(bytes.Repeat([]byte{0, 0, 1, 2, 1, 1, 250, 0, 2, 1, 1, 4, 3, 1, 2, 0, 1, 8, 0, 1, 1, 3}, 40), []byte{7, 3, 1})
	f.Fuzz(func(t *testing.T, data, cuts []byte) {
		// Joins multiply rows: more of them would only take longer.
		checkBatching(t, p, events(data[:min(len(data), 600)]), cuts)
	})
}

func TestJoinsAtRandom(t *testing.T) {
	p, err := Compile("joined.sql", joined, Schema{Inputs: testInputs, Tables: []Stream{testTable}})
	if err != nil {
		t.Fatal(err)
	}
	r := rand.New(rand.NewPCG(1, 2))
	for range 20 {
		data := make([]byte, 400)
		for i := range data {
			data[i] = byte(r.IntN(256))
		}
		checkBatching(t, p, events(data), []byte{byte(r.IntN(256)), byte(r.IntN(256)), byte(r.IntN(256))})
	}
}

// Joins give the pairs that SQLite finds when it is told the windows as conditions on ROWTIME.
func TestJoinsAgainstSQLite(t *testing.T) {
	db, err := sql.Open("sqlite", ":memory:")
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	db.SetMaxOpenConns(1)
	r := rand.New(rand.NewPCG(7, 7))
	for round := range 40 {
		data := make([]byte, 4*(20+r.IntN(60)))
		for i := range data {
			data[i] = byte(r.IntN(256))
			if i%4 == 0 {
				data[i] %= 200 // steps of up to 3 ms
			}
		}
		all := events(data)
		execSQL(t, db, "DROP TABLE IF EXISTS A; DROP TABLE IF EXISTS B; CREATE TABLE A (N, T, K, V); CREATE TABLE B (N, T, K, V)")
		for n, e := range all {
			var k any = e.k
			if e.null {
				k = nil
			}
			execSQL(t, db, fmt.Sprintf("INSERT INTO %s VALUES (?, ?, ?, ?)", testInputs[e.input].Name), n, e.time, k, e.v)
		}
		left, right := int64(r.IntN(6)), int64(r.IntN(6))
		kind := []string{"INNER", "LEFT", "RIGHT", "FULL"}[r.IntN(4)]
		on := []string{"X.K = Y.K", "X.V = Y.V", "X.K = Y.K AND X.V > Y.V", "X.V < Y.V", "X.K = Y.K AND X.V = Y.V"}[r.IntN(5)]
		code := fmt.Sprintf("CREATE STREAM O (A VARCHAR(8), B INTEGER, C VARCHAR(8), D INTEGER); CREATE PUMP P AS INSERT INTO O SELECT STREAM X.K, X.V, Y.K, Y.V FROM A%s AS X %s JOIN B%s AS Y ON %s",
			over(left), kind, over(right), on)
		p, err := Compile("join.sql", code, Schema{Inputs: testInputs})
		if err != nil {
			t.Fatal(err)
		}
		var got []string
		for _, line := range strings.Split(play(p, all, func(int) bool { return false }, nil), "\n") {
			if strings.Contains(line, "{") {
				got = append(got, line)
			}
		}
		want := pairsOf(t, db, kind, on, left, right)
		slices.Sort(got)
		slices.Sort(want)
		if !slices.Equal(got, want) {
			t.Fatalf("round %d: %s\n%s\nwant\n%s", round, code, strings.Join(got, "\n"), strings.Join(want, "\n"))
		}
	}
}

func over(ms int64) string {
	if ms == 0 {
		return ""
	}
	return fmt.Sprintf(" OVER (RANGE INTERVAL '0.%03d' SECOND PRECEDING)", ms)
}

// pairsOf are the rows that SQLite gives. A row that met none carries the end of its window.
func pairsOf(t *testing.T, db *sql.DB, kind, on string, left, right int64) []string {
	within := fmt.Sprintf("(%s) AND Y.T - X.T <= %d AND X.T - Y.T <= %d", on, left, right)
	query := "SELECT MAX(X.T, Y.T), X.K, X.V, Y.K, Y.V FROM A AS X JOIN B AS Y ON " + within
	if kind == "LEFT" || kind == "FULL" {
		query += fmt.Sprintf(" UNION ALL SELECT X.T + %d, X.K, X.V, NULL, NULL FROM A AS X WHERE NOT EXISTS (SELECT 1 FROM B AS Y WHERE %s)", left, within)
	}
	if kind == "RIGHT" || kind == "FULL" {
		query += fmt.Sprintf(" UNION ALL SELECT Y.T + %d, NULL, NULL, Y.K, Y.V FROM B AS Y WHERE NOT EXISTS (SELECT 1 FROM A AS X WHERE %s)", right, within)
	}
	rows, err := db.Query(query)
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	var all []string
	for rows.Next() {
		var time int64
		var a, c sql.NullString
		var b, d sql.NullInt64
		if err := rows.Scan(&time, &a, &b, &c, &d); err != nil {
			t.Fatal(err)
		}
		all = append(all, fmt.Sprintf(`%d {"A":%s,"B":%s,"C":%s,"D":%s}`, time, orNull(a.Valid, `"`+a.String+`"`), orNull(b.Valid, fmt.Sprint(b.Int64)),
			orNull(c.Valid, `"`+c.String+`"`), orNull(d.Valid, fmt.Sprint(d.Int64))))
	}
	return all
}

func orNull(valid bool, text string) string {
	if valid {
		return text
	}
	return "null"
}

func execSQL(t *testing.T, db *sql.DB, query string, args ...any) {
	t.Helper()
	if _, err := db.Exec(query, args...); err != nil {
		t.Fatal(err)
	}
}

// BenchmarkJoin joins two streams by a key over a window; its figure is the time a row of either stream takes.
func BenchmarkJoin(b *testing.B) {
	for _, keys := range []int{1000, 20_000} {
		b.Run(fmt.Sprintf("keys=%d", keys), func(b *testing.B) {
			p, err := Compile("bench.sql", `CREATE STREAM O (K VARCHAR(8), V INTEGER, W INTEGER);
				CREATE PUMP P AS INSERT INTO O SELECT STREAM X.K, X.V, Y.V
				FROM A OVER (RANGE INTERVAL '10' SECOND PRECEDING) AS X JOIN B AS Y ON X.K = Y.K`, Schema{Inputs: testInputs})
			if err != nil {
				b.Fatal(err)
			}
			const rows = 2000
			sides := [2]*types.Batch{types.NewBatch(testInputs[0].Columns), types.NewBatch(testInputs[1].Columns)}
			d := &discard{}
			e := p.NewEngine(d, Limits{})
			now := int64(1_577_836_800_000)
			r := rand.New(rand.NewPCG(1, 1))
			names := make([]string, keys)
			for i := range names {
				names[i] = fmt.Sprintf("k%06d", i)
			}
			// A thousand rows of each stream a second: the window holds about a row for each of 10 000 keys.
			for b.Loop() {
				b.StopTimer()
				for _, s := range sides {
					s.Reset()
					for i := range rows / 2 {
						s.N++
						s.Rowtime = append(s.Rowtime, now+int64(i))
						s.Cols[0].Str = append(s.Cols[0].Str, names[r.IntN(keys)])
						s.Cols[1].Int = append(s.Cols[1].Int, int64(i))
						if len(s.Cols) > 2 {
							s.Cols[2].Float = append(s.Cols[2].Float, 1)
						}
					}
				}
				b.StartTimer()
				for i := range 10 {
					for side, name := range []string{"A", "B"} {
						var part types.Batch
						sides[side].Slice(&part, i*rows/20, (i+1)*rows/20)
						for k := range part.Rowtime {
							part.Rowtime[k] = now + int64(i)*100 + 99
						}
						e.Push(name, &part)
					}
				}
				now += 1000
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N*rows), "ns/row")
			b.ReportMetric(float64(d.rows)/float64(b.N*rows), "out/row")
		})
	}
}

// Rows whose key cannot be computed fall out of a lookup, and no other: twice, because the second time memory is used again.
func TestLookupWithFailingKeys(t *testing.T) {
	p, err := Compile("lookup.sql", `CREATE STREAM O (K VARCHAR(8), NAME VARCHAR(8));
		CREATE PUMP P AS INSERT INTO O SELECT STREAM A.K, R.NAME FROM A LEFT JOIN R ON CAST(A.K AS INTEGER) = R.F AND R.F < 5`,
		Schema{Inputs: testInputs, Tables: []Stream{testTable}})
	if err != nil {
		t.Fatal(err)
	}
	got := map[string]int{}
	e := p.NewEngine(&tally{got}, Limits{})
	e.Load(testTable.Name, testRows())
	const rows = 3000
	for range 2 {
		b := types.NewBatch(testInputs[0].Columns)
		for i := range rows {
			event{time: 1, k: []string{"x", "1", "2", "5"}[i%4]}.appendTo(b)
		}
		e.Push("A", b)
	}
	want := map[string]int{"1 one": rows / 2, "2 two": rows / 2, "2 zwei": rows / 2, "5 null": rows / 2, "error": rows / 2}
	if fmt.Sprint(got) != fmt.Sprint(want) {
		t.Errorf("got %v, want %v", got, want)
	}
}

// tally counts rows of two texts.
type tally struct{ rows map[string]int }

func (c *tally) Rows(_ string, b *types.Batch) {
	for i := range b.N {
		name := "null"
		if !b.Cols[1].IsNull(i) {
			name = b.Cols[1].Str[i]
		}
		c.rows[b.Cols[0].Str[i]+" "+name]++
	}
}

func (c *tally) Error(types.ErrorRow) { c.rows["error"]++ }
