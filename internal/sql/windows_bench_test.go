package sql

import (
	"fmt"
	"testing"

	"github.com/millrace/millrace/internal/sql/types"
)

// pushBatches pushes batches of 4096 rows of 26,000 rows a second, so that ten seconds are 64 batches; ns a row.
func pushBatches(b *testing.B, code string, keys int) {
	const rows = 4096
	p, err := Compile("bench.sql", code, Schema{Inputs: testInputs})
	if err != nil {
		b.Fatal(err)
	}
	e := p.NewEngine(&discard{}, Limits{Groups: 200_000, Rows: 5_000_000})
	batch := types.NewBatch(testInputs[0].Columns)
	batch.N, batch.Rowtime = rows, make([]int64, rows)
	for i := range rows {
		n := i * 7919 % keys
		batch.Cols[0].Str = append(batch.Cols[0].Str, fmt.Sprintf("/p/%d", n))
		batch.Cols[1].Int = append(batch.Cols[1].Int, int64(n%400))
		batch.Cols[2].Float = append(batch.Cols[2].Float, float64(n%400)/7)
	}
	b.ReportAllocs()
	b.ResetTimer()
	for n, t := 0, int64(0); n < b.N; n, t = n+rows, t+156 {
		for i := range batch.Rowtime {
			batch.Rowtime[i] = t + int64(i*156/rows)
		}
		e.Push("A", batch)
	}
}

// BenchmarkSliding is one pump with a sliding window, output included.
func BenchmarkSliding(b *testing.B) {
	for name, list := range map[string]string{
		"sum":      "SUM(V) OVER W",
		"mean":     "AVG(D) OVER W",
		"extremes": "MAX(V) OVER W - MIN(V) OVER W",
		"five":     "COUNT(*) OVER W + SUM(V) OVER W + MIN(V) OVER W + MAX(V) OVER W + LAG(V) OVER W",
	} {
		for _, frame := range []string{"RANGE INTERVAL '1' SECOND PRECEDING", "RANGE INTERVAL '60' SECOND PRECEDING", "ROWS 10 PRECEDING"} {
			for _, keys := range []int{16, 4000} {
				b.Run(fmt.Sprintf("%s/%s/%d", name, frame[:min(20, len(frame))], keys), func(b *testing.B) {
					pushBatches(b, "CREATE STREAM O (K VARCHAR(8), N DOUBLE); CREATE PUMP P AS INSERT INTO O SELECT STREAM K, "+list+" FROM A WINDOW W AS (PARTITION BY K "+frame+")", keys)
				})
			}
		}
	}
}

// BenchmarkWindows is one pump of each other kind.
func BenchmarkWindows(b *testing.B) {
	for name, query := range map[string]string{
		"stagger":   "K, COUNT(*) FROM A WINDOWED BY STAGGER (PARTITION BY K RANGE INTERVAL '10' SECOND)",
		"distinct":  "DISTINCT K, UNIX_TIMESTAMP(FLOOR(A.ROWTIME TO MINUTE)) FROM A",
		"order":     "K, V FROM A ORDER BY FLOOR(A.ROWTIME TO SECOND), V DESC",
		"monotonic": "MAX(K), COUNT(*) FROM A GROUP BY K, MONOTONIC(FLOOR(A.ROWTIME TO MINUTE))",
	} {
		b.Run(name, func(b *testing.B) {
			pushBatches(b, "CREATE STREAM O (K VARCHAR(8), N BIGINT); CREATE PUMP P AS INSERT INTO O SELECT STREAM "+query, 4000)
		})
	}
}

// BenchmarkNinePumps is an application of nine pumps over one stream: filters, windows of four kinds, and chains of them.
func BenchmarkNinePumps(b *testing.B) {
	pushBatches(b, `
CREATE STREAM O (M VARCHAR(16), T BIGINT, N BIGINT, D DOUBLE);
CREATE STREAM X (K VARCHAR(8), V INTEGER);
CREATE PUMP P1 AS INSERT INTO X SELECT STREAM K, V FROM A WHERE V < 40;
CREATE PUMP P2 AS INSERT INTO O SELECT STREAM 'visitors', UNIX_TIMESTAMP(W), COUNT(*), NULL FROM (
  SELECT STREAM DISTINCT STEP(A.ROWTIME BY INTERVAL '60' SECOND) AS W, K FROM A) AS Q GROUP BY W;
CREATE PUMP P3 AS INSERT INTO O SELECT STREAM 'hits', UNIX_TIMESTAMP(STEP(A.ROWTIME BY INTERVAL '10' SECOND)), COUNT(*), AVG(D) FROM A GROUP BY STEP(A.ROWTIME BY INTERVAL '10' SECOND);
CREATE PUMP P4 AS INSERT INTO O SELECT STREAM K, UNIX_TIMESTAMP(STEP(A.ROWTIME BY INTERVAL '10' SECOND)), COUNT(*), MAX(D) FROM A
  GROUP BY K, STEP(A.ROWTIME BY INTERVAL '10' SECOND) HAVING COUNT(*) > 100 ORDER BY STEP(A.ROWTIME BY INTERVAL '10' SECOND), COUNT(*) DESC;
CREATE PUMP P5 AS INSERT INTO O SELECT STREAM K, UNIX_TIMESTAMP(ROWTIME), SUM(V), NULL FROM A WHERE K LIKE '/p/1%' GROUP BY K, STEP(A.ROWTIME BY INTERVAL '10' SECOND);
CREATE PUMP P6 AS INSERT INTO O SELECT STREAM K, V, COUNT(*) OVER (PARTITION BY K RANGE INTERVAL '10' SECOND PRECEDING), NULL FROM X;
CREATE PUMP P7 AS INSERT INTO O SELECT STREAM K, NULL, COUNT(*), NULL FROM X WINDOWED BY STAGGER (PARTITION BY K RANGE INTERVAL '10' SECOND);
CREATE PUMP P8 AS INSERT INTO O SELECT STREAM 'slow', NULL, COUNT(*), NULL FROM A WHERE V > 390 GROUP BY STEP(A.ROWTIME BY INTERVAL '1' SECOND);
CREATE PUMP P9 AS INSERT INTO O SELECT STREAM K, NULL, MAX(V), NULL FROM A WHERE V BETWEEN 100 AND 110 GROUP BY K, FLOOR(A.ROWTIME TO MINUTE);
`, 4000)
}
