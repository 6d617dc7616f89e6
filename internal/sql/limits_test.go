package sql

import (
	"strings"
	"testing"
)

// What finds no room becomes an error row that names the limit; the rest goes on.
func TestLimits(t *testing.T) {
	const head = "CREATE STREAM O (K VARCHAR(8), N INTEGER); CREATE PUMP P AS INSERT INTO O SELECT STREAM "
	for name, c := range map[string]struct{ query, rows, errors string }{
		"tumbling": {"K, COUNT(*) FROM A GROUP BY K, STEP(A.ROWTIME BY INTERVAL '1' SECOND)",
			`{"K":"a","N":3} {"K":"b","N":1}`,
			"4 c: there is room for 2 groups in a window (sql.limits.groups in millrace.yaml); raise it, or use fewer keys or a shorter window"},
		"stagger": {"K, COUNT(*) FROM A WINDOWED BY STAGGER (PARTITION BY K RANGE INTERVAL '1' SECOND)",
			`{"K":"a","N":3} {"K":"b","N":1}`,
			"4 c: there is room for 2 stagger windows (sql.limits.groups in millrace.yaml); raise it, or use fewer keys or shorter windows"},
		"distinct": {"K, 0 FROM (SELECT STREAM DISTINCT K, FLOOR(A.ROWTIME TO MINUTE) FROM A)",
			`{"K":"a","N":0} {"K":"b","N":0}`,
			"4 c: there is room for 2 different rows in DISTINCT (sql.limits.groups in millrace.yaml); raise it, or use fewer columns or a shorter time"},
		"sliding, partitions": {"K, COUNT(*) OVER (PARTITION BY K ROWS 1 PRECEDING) FROM A",
			`{"K":"a","N":1} {"K":"b","N":1} {"K":"a","N":2} {"K":"a","N":2}`,
			"4 c: there is room for 2 partitions in a sliding window (sql.limits.groups in millrace.yaml); raise it, or use fewer partitions or a shorter window"},
		"sliding, rows": {"K, COUNT(*) OVER (RANGE INTERVAL '0.003' SECOND PRECEDING) FROM A",
			`{"K":"a","N":1} {"K":"b","N":2} {"K":"a","N":3} {"K":"a","N":3}`,
			"4 c: there is room for 3 rows in a sliding window (sql.limits.rows in millrace.yaml); raise it, or use a shorter window"},
		"sort": {"K, V FROM A ORDER BY FLOOR(A.ROWTIME TO SECOND), K",
			`{"K":"a","N":1} {"K":"a","N":3} {"K":"b","N":2}`,
			"4 c: there is room for 3 rows in ORDER BY (sql.limits.rows in millrace.yaml); raise it, or use a shorter time as its first term\n" +
				"5 a: there is room for 3 rows in ORDER BY (sql.limits.rows in millrace.yaml); raise it, or use a shorter time as its first term"},
	} {
		t.Run(name, func(t *testing.T) {
			p, err := Compile("f.sql", head+c.query, Schema{Inputs: testInputs})
			if err != nil {
				t.Fatal(err)
			}
			const begin = 1_577_836_800_000
			all := []event{{time: begin + 1, k: "a", v: 1}, {time: begin + 2, k: "b", v: 2}, {time: begin + 3, k: "a", v: 3}, {time: begin + 4, k: "c", v: 4}, {time: begin + 5, k: "a", v: 5}}
			limits := Limits{Groups: 2, Rows: 3}
			checkLimited(t, p, limits, all, func(i int) bool { return i%2 == 0 })
			var rows, errors []string
			for _, line := range strings.Split(playLimited(p, limits, all, func(int) bool { return false }, nil), "\n") {
				_, text, _ := strings.Cut(line, " ")
				switch {
				case strings.HasPrefix(line, "--") || line == "":
				case strings.HasPrefix(text, "{"):
					rows = append(rows, text)
				default:
					message, row, _ := strings.Cut(strings.TrimPrefix(text, "STATE_LIMIT P "), " {")
					_, k, _ := strings.Cut(row, `"K":"`)
					errors = append(errors, line[12:13]+" "+k[:min(len(k), 1)]+": "+message)
				}
			}
			if got := strings.Join(rows, " "); got != c.rows {
				t.Errorf("rows %s, want %s", got, c.rows)
			}
			if got := strings.Join(errors, "\n"); got != c.errors {
				t.Errorf("errors\n%s\nwant\n%s", got, c.errors)
			}
		})
	}
}
