//go:build linux

package main

import (
	"fmt"
	"strings"
)

// query is an application over the file's rows, which are the stream S, and T
// where it has two.
type query struct {
	name    string
	code    string
	keys    int // different hosts
	density int // rows a millisecond
	scale   int // this part of the rows is enough
	two     bool
	flink   bool // the tumbling count that runs in Flink as well
}

const tumbling = `CREATE STREAM O ("at" TIMESTAMP, "host" VARCHAR(16), N BIGINT);
CREATE PUMP P AS INSERT INTO O SELECT STREAM STEP(S.ROWTIME BY INTERVAL '10' SECOND), "host", COUNT(*)
FROM S GROUP BY "host", STEP(S.ROWTIME BY INTERVAL '10' SECOND);`

func queries() []query {
	all := []query{
		{name: "tumbling-20k", code: tumbling, keys: 20_000, scale: 1, flink: true},
		{name: "tumbling-600k", code: tumbling, keys: 600_000, density: 120, scale: 1, flink: true},
		{name: "scan-filter", keys: 20_000, scale: 1, code: `CREATE STREAM O ("host" VARCHAR(16), "bytes" INTEGER);
CREATE PUMP P AS INSERT INTO O SELECT STREAM "host", "bytes" FROM S WHERE "status" = 999;`},
		{name: "sliding-1m", keys: 20_000, scale: 1, code: sliding(60)},
		{name: "sliding-1s", keys: 20_000, scale: 1, code: sliding(1)},
		{name: "nine-pumps", keys: 20_000, scale: 1, code: ninePumps()},
		{name: "join-10s", keys: 200_000, scale: 2, two: true, code: `CREATE STREAM O ("host" VARCHAR(16), A INTEGER, B INTEGER);
CREATE PUMP P AS INSERT INTO O SELECT STREAM S."host", S."bytes", T."bytes"
FROM S OVER (RANGE INTERVAL '10' SECOND PRECEDING) AS S JOIN T ON S."host" = T."host";`},
		{name: "rcf-1-column", keys: 1000, scale: 20, code: `CREATE STREAM O ("host" VARCHAR(16), "bytes" DOUBLE, SCORE DOUBLE);
CREATE PUMP P AS INSERT INTO O SELECT STREAM * FROM TABLE(RANDOM_CUT_FOREST(CURSOR(SELECT STREAM "host", CAST("bytes" AS DOUBLE) AS "bytes" FROM S), 100, 256, 100000, 1));`},
		{name: "rcf-2-columns", keys: 1000, scale: 20, code: `CREATE STREAM O ("host" VARCHAR(16), "bytes" DOUBLE, "seconds" DOUBLE, SCORE DOUBLE);
CREATE PUMP P AS INSERT INTO O SELECT STREAM * FROM TABLE(RANDOM_CUT_FOREST(CURSOR(SELECT STREAM "host", CAST("bytes" AS DOUBLE) AS "bytes", "seconds" FROM S), 100, 256, 100000, 1));`},
	}
	for i := range all {
		if all[i].density == 0 {
			all[i].density = 20
		}
	}
	return all
}

func sliding(seconds int) string {
	return fmt.Sprintf(`CREATE STREAM O ("host" VARCHAR(16), N BIGINT, B BIGINT, HI INTEGER);
CREATE PUMP P AS INSERT INTO O SELECT STREAM "host", COUNT(*) OVER W, SUM("bytes") OVER W, MAX("bytes") OVER W
FROM S WINDOW W AS (PARTITION BY "host" RANGE INTERVAL '%d' SECOND PRECEDING);`, seconds)
}

// ninePumps count by host and status, each pump what belongs to one kind of rows.
func ninePumps() string {
	var b strings.Builder
	for i, where := range []string{`"status" = 200`, `"status" = 304`, `"status" = 404`, `"status" = 500`, `"bytes" > 40000`, `"bytes" < 100`, `"seconds" > 9`, `"method" = 'POST'`, `"status" >= 400 AND "seconds" > 5`} {
		fmt.Fprintf(&b, "CREATE STREAM O%d (\"at\" TIMESTAMP, \"host\" VARCHAR(16), N BIGINT);\n", i)
		fmt.Fprintf(&b, "CREATE PUMP P%d AS INSERT INTO O%d SELECT STREAM STEP(S.ROWTIME BY INTERVAL '10' SECOND), \"host\", COUNT(*) FROM S WHERE %s GROUP BY \"host\", STEP(S.ROWTIME BY INTERVAL '10' SECOND);\n", i, i, where)
	}
	return b.String()
}
