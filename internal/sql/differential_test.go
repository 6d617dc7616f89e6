package sql

import (
	"database/sql"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	_ "modernc.org/sqlite"

	"github.com/millrace/millrace/internal/sql/types"
)

// Windows over random rows give what SQLite gives for the same rows in a table. Where rows of one ROWTIME see each other is
// a matter of dialect, so that no two of them have the same.
func TestWindowsLikeSQLite(t *testing.T) {
	const functions = `COUNT(*) %[1]s, COUNT(V) %[1]s, SUM(V) %[1]s, MIN(V) %[1]s, MAX(V) %[1]s, MIN(K) %[1]s, MAX(D) %[1]s, SUM(D) %[1]s, AVG(D) %[1]s`
	const values = `, FIRST_VALUE(V) %[1]s, LAST_VALUE(K) %[1]s, NTH_VALUE(V, 3) %[1]s`
	for name, frame := range map[string][2]string{
		"range":            {"RANGE INTERVAL '0.040' SECOND PRECEDING", "ORDER BY t RANGE 40 PRECEDING"},
		"range of keys":    {"PARTITION BY K RANGE INTERVAL '0.300' SECOND PRECEDING", "PARTITION BY k ORDER BY t RANGE 300 PRECEDING"},
		"rows":             {"ROWS 7 PRECEDING", "ORDER BY t ROWS 7 PRECEDING"},
		"rows of keys":     {"PARTITION BY K ROWS 2 PRECEDING", "PARTITION BY k ORDER BY t ROWS 2 PRECEDING"},
		"unbounded":        {"ROWS UNBOUNDED PRECEDING", "ORDER BY t ROWS UNBOUNDED PRECEDING"},
		"unbounded of key": {"PARTITION BY V / 10, K RANGE UNBOUNDED PRECEDING", "PARTITION BY v / 10, k ORDER BY t RANGE UNBOUNDED PRECEDING"},
	} {
		t.Run(name, func(t *testing.T) {
			ours := "SELECT STREAM " + fmt.Sprintf(functions+values, "OVER ("+frame[0]+")") + " FROM A"
			theirs := "SELECT t, " + fmt.Sprintf(functions+values, "OVER ("+frame[1]+")") + " FROM a ORDER BY t"
			compareWithSQLite(t, "(A BIGINT, B BIGINT, C BIGINT, D INTEGER, E INTEGER, F VARCHAR(8), G DOUBLE, H DOUBLE, I DOUBLE, J INTEGER, K VARCHAR(8), L INTEGER)", ours, theirs)
		})
	}
	t.Run("lag", func(t *testing.T) {
		compareWithSQLite(t, "(A INTEGER, B INTEGER, C VARCHAR(8))",
			"SELECT STREAM LAG(V) OVER (PARTITION BY K), LAG(V, 4, -1) OVER (ROWS UNBOUNDED PRECEDING), LAG(K, 2, 'none') OVER (PARTITION BY V) FROM A",
			"SELECT t, LAG(v) OVER (PARTITION BY k ORDER BY t), LAG(v, 4, -1) OVER (ORDER BY t), LAG(k, 2, 'none') OVER (PARTITION BY v ORDER BY t) FROM a ORDER BY t")
	})
	t.Run("tumbling", func(t *testing.T) {
		compareWithSQLite(t, "(K VARCHAR(8), A BIGINT, B BIGINT, C BIGINT, D INTEGER, E INTEGER, F VARCHAR(8), G DOUBLE, H DOUBLE, I DOUBLE)",
			"SELECT STREAM K, "+fmt.Sprintf(functions, "")+" FROM A GROUP BY K, STEP(A.ROWTIME BY INTERVAL '0.250' SECOND) HAVING COUNT(*) > 1",
			"SELECT (t / 250 + 1) * 250, k, "+fmt.Sprintf(functions, "")+" FROM a GROUP BY t / 250, k HAVING COUNT(*) > 1 ORDER BY 1, MIN(t)")
	})
	t.Run("distinct", func(t *testing.T) {
		compareWithSQLite(t, "(W TIMESTAMP, K VARCHAR(8), V INTEGER)",
			"SELECT STREAM DISTINCT STEP(A.ROWTIME BY INTERVAL '0.250' SECOND), K, V / 20 FROM A",
			"SELECT MIN(t), t / 250 * 250, k, v / 20 FROM a GROUP BY t / 250, k, v / 20 ORDER BY 1")
	})
	t.Run("order", func(t *testing.T) {
		compareWithSQLite(t, "(K VARCHAR(8), V INTEGER, D DOUBLE)",
			"SELECT STREAM K, V, D FROM A ORDER BY STEP(A.ROWTIME BY INTERVAL '0.250' SECOND), V DESC, K",
			"SELECT (t / 250 + 1) * 250, k, v, d FROM a ORDER BY 1, v DESC, k, t")
	})
}

func compareWithSQLite(t *testing.T, columns, ours, theirs string) {
	t.Helper()
	p, err := Compile("ours.sql", "CREATE STREAM O "+columns+"; CREATE PUMP P AS INSERT INTO O "+ours, Schema{Inputs: testInputs})
	if err != nil {
		t.Fatal(err)
	}
	db, err := sql.Open("sqlite", ":memory:")
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	db.SetMaxOpenConns(1)
	out := &cellsOf{t: t, program: p}
	e := p.NewEngine(out, Limits{})
	fill(t, db, e)
	want := query(t, db, theirs)
	if len(want) < 100 {
		t.Fatalf("SQLite has %d rows only", len(want))
	}
	if len(out.rows) != len(want) {
		t.Fatalf("%d rows, SQLite has %d", len(out.rows), len(want))
	}
	for i, row := range out.rows {
		if !slices.EqualFunc(row, want[i], equalCells) {
			t.Fatalf("row %d: %v, SQLite has %v", i, row, want[i])
		}
	}
}

// fill gives the same rows to both.
func fill(t *testing.T, db *sql.DB, e *Engine) {
	t.Helper()
	if _, err := db.Exec("CREATE TABLE a (t INTEGER, k TEXT, v INTEGER, d REAL)"); err != nil {
		t.Fatal(err)
	}
	r := rand.New(rand.NewPCG(7, 7))
	b := types.NewBatch(testInputs[0].Columns)
	var values []string
	for n := range 3000 {
		// Times before 1970 would be divided otherwise.
		at := int64(1_000_000 + n*9 + r.IntN(9))
		k, v, d := string(rune('a'+r.IntN(6))), int64(r.IntN(100)), math.Floor(r.Float64()*1e6)/1e3
		null := r.IntN(5) == 0
		b.N++
		b.Rowtime = append(b.Rowtime, at)
		b.Cols[0].Str, b.Cols[1].Int, b.Cols[2].Float = append(b.Cols[0].Str, k), append(b.Cols[1].Int, v), append(b.Cols[2].Float, d)
		b.Cols[1].Null, b.Cols[2].Null = append(b.Cols[1].Null, null), append(b.Cols[2].Null, null)
		if null {
			values = append(values, fmt.Sprintf("(%d, '%s', NULL, NULL)", at, k))
		} else {
			values = append(values, fmt.Sprintf("(%d, '%s', %d, %g)", at, k, v, d))
		}
	}
	if _, err := db.Exec("INSERT INTO a VALUES " + strings.Join(values, ", ")); err != nil {
		t.Fatal(err)
	}
	e.Push("A", b)
	e.Bound(1 << 60)
}

func query(t *testing.T, db *sql.DB, text string) (all [][]any) {
	t.Helper()
	rows, err := db.Query(text)
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	columns, err := rows.Columns()
	if err != nil {
		t.Fatal(err)
	}
	for rows.Next() {
		row, into := make([]any, len(columns)), make([]any, len(columns))
		for i := range row {
			into[i] = &row[i]
		}
		if err := rows.Scan(into...); err != nil {
			t.Fatal(err)
		}
		all = append(all, row)
	}
	if err := rows.Err(); err != nil {
		t.Fatal(err)
	}
	return all
}

// equalCells compares values as SQLite has them; sums of DOUBLE may differ in their last digits.
func equalCells(a, b any) bool {
	x, isFloat := a.(float64)
	y, both := b.(float64)
	if isFloat && both {
		return math.Abs(x-y) <= 1e-9*math.Max(1, math.Abs(y))
	}
	return fmt.Sprint(a) == fmt.Sprint(b)
}

// cellsOf takes rows as SQLite has them: ROWTIME, then the columns.
type cellsOf struct {
	t       *testing.T
	program *Program
	rows    [][]any
}

func (c *cellsOf) Rows(_ string, b *types.Batch) {
	for i := range b.N {
		row := []any{b.Rowtime[i]}
		for _, v := range b.Cols {
			switch {
			case v.IsNull(i):
				row = append(row, nil)
			case v.Kind.Physical() == types.FloatValues:
				row = append(row, v.Float[i])
			case v.Kind.Physical() == types.StrValues:
				row = append(row, strings.Clone(v.Str[i]))
			default:
				row = append(row, v.Int[i])
			}
		}
		c.rows = append(c.rows, row)
	}
}

func (c *cellsOf) Error(e types.ErrorRow) { c.t.Errorf("error row: %s %s", e.Message, e.DataRow) }
