package sql

import (
	"fmt"
	"runtime"
	"strings"
	"testing"

	"github.com/millrace/millrace/internal/sql/types"
)

// However many rows a text makes of one, a batch takes bounded memory: its rows go through in rounds that are small enough.
func TestRowsThatBecomeMany(t *testing.T) {
	for name, c := range map[string]struct {
		code       string
		rows, want int
	}{
		"unions":   {"CREATE STREAM O (V INTEGER); CREATE PUMP P AS INSERT INTO O SELECT STREAM V FROM A" + strings.Repeat(" UNION ALL SELECT STREAM V FROM A", 199), 1000, 200_000},
		"doubling": {doubled(9), 1000, 1_023_000},
		"pairs":    {"CREATE STREAM O (V INTEGER, W INTEGER, K VARCHAR(8), L VARCHAR(8)); CREATE PUMP P AS INSERT INTO O SELECT STREAM X.V, Y.V, X.K, Y.K FROM A OVER (ROWS 8000 PRECEDING) AS X, A AS Y WHERE X.V = Y.V", 4000, 4000 * 4001 / 2},
	} {
		t.Run(name, func(t *testing.T) {
			p, err := Compile("many.sql", c.code, Schema{Inputs: testInputs})
			if err != nil {
				t.Fatal(err)
			}
			out := &counts{}
			e := p.NewEngine(out, Limits{})
			b := types.NewBatch(testInputs[0].Columns)
			for i := range c.rows {
				(event{time: int64(i), k: "k", v: 1}).appendTo(b)
			}
			e.Push("A", b)
			if out.rows != c.want || out.errors != 0 {
				t.Errorf("%d rows and %d errors, want %d rows", out.rows, out.errors, c.want)
			}
			var m runtime.MemStats
			runtime.GC()
			runtime.ReadMemStats(&m)
			if m.HeapAlloc > 500<<20 {
				t.Errorf("%d MB are held", m.HeapAlloc>>20)
			}
			runtime.KeepAlive(e)
		})
	}
}

// doubled is a text whose every stream has each row of the one before it twice.
func doubled(times int) string {
	code := "CREATE STREAM S0 (V INTEGER); CREATE PUMP P0 AS INSERT INTO S0 SELECT STREAM V FROM A;\n"
	for i := 1; i <= times; i++ {
		code += fmt.Sprintf("CREATE STREAM S%d (V INTEGER); CREATE PUMP P%da AS INSERT INTO S%d SELECT STREAM V FROM S%d; CREATE PUMP P%db AS INSERT INTO S%d SELECT STREAM V FROM S%d;\n",
			i, i, i, i-1, i, i, i-1)
	}
	return code
}

// A text that would make too many rows of one is refused, however often it doubles them.
func TestTooManyCopies(t *testing.T) {
	for _, times := range []int{17, 300} {
		_, err := Compile("f.sql", doubled(times), Schema{Inputs: testInputs})
		want := fmt.Sprintf("f.sql:1:1: stream S%d gets more than 100000 rows for each row of an input, by pumps and UNION ALL that repeat it", min(times, 40))
		if fmt.Sprint(err) != want {
			t.Errorf("%d times: %v, want %s", times, err, want)
		}
	}
	if _, err := Compile("f.sql", doubled(16), Schema{Inputs: testInputs}); err != nil {
		t.Error(err)
	}
}
