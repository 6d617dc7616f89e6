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
	doubling := "CREATE STREAM S0 (V INTEGER); CREATE PUMP P0 AS INSERT INTO S0 SELECT STREAM V FROM A;\n"
	for i := 1; i <= 9; i++ {
		doubling += fmt.Sprintf("CREATE STREAM S%d (V INTEGER); CREATE PUMP P%da AS INSERT INTO S%d SELECT STREAM V FROM S%d; CREATE PUMP P%db AS INSERT INTO S%d SELECT STREAM V FROM S%d;\n",
			i, i, i, i-1, i, i, i-1)
	}
	for name, c := range map[string]struct {
		code       string
		rows, want int
	}{
		"unions":   {"CREATE STREAM O (V INTEGER); CREATE PUMP P AS INSERT INTO O SELECT STREAM V FROM A" + strings.Repeat(" UNION ALL SELECT STREAM V FROM A", 199), 1000, 200_000},
		"doubling": {doubling, 1000, 1_023_000},
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
