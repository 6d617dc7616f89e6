package application

import (
	"context"
	"fmt"
	"log/slog"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/millrace/millrace/internal/application/applicationtest"
	"github.com/millrace/millrace/internal/journal/memory"
)

// TestInvocationFrequency puts a record every tenth of a second for three
// minutes: a function gets the rows of a continuous query about once a second,
// and those of a tumbling window once a window.
func TestInvocationFrequency(t *testing.T) {
	for _, c := range []struct {
		name, code  string
		least, most int64
	}{
		{"continuous", `CREATE STREAM "OUT" ("k" VARCHAR(8)); CREATE PUMP "P" AS INSERT INTO "OUT" SELECT STREAM "k" FROM "SOURCE_SQL_STREAM_001";`, 175, 182},
		{"sliding", `CREATE STREAM "OUT" ("k" VARCHAR(8), "n" BIGINT); CREATE PUMP "P" AS INSERT INTO "OUT"
			SELECT STREAM "k", COUNT(*) OVER (RANGE INTERVAL '10' SECOND PRECEDING) FROM "SOURCE_SQL_STREAM_001";`, 175, 182},
		{"window", `CREATE STREAM "OUT" ("k" VARCHAR(8), "n" BIGINT); CREATE PUMP "P" AS INSERT INTO "OUT"
			SELECT STREAM "k", COUNT(*) FROM "SOURCE_SQL_STREAM_001" AS S GROUP BY "k", STEP(S.ROWTIME BY INTERVAL '60' SECOND);`, 3, 3},
	} {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s := readScenario(t, "testdata/scenarios/function_output.txt")
				s.config.Code, s.config.Outputs = c.code, s.config.Outputs[:1]
				j := memory.New(memory.Options{})
				streams := applicationtest.NewStreams(s.config.Input.ARN)
				var invocations, records atomic.Int64
				take := takes(t, &applicationtest.Ledger{})
				a, err := Start(context.Background(), Options{
					Journal: j, Streams: streams, Authorizer: applicationtest.Roles{}, Logger: slog.New(slog.DiscardHandler),
					Functions: applicationtest.Functions{s.config.Outputs[0].ARN: func(e applicationtest.Event) (applicationtest.Answer, error) {
						invocations.Add(1)
						records.Add(int64(len(e.Records)))
						return take(e)
					}},
				}, s.config, LastStoppedPoint)
				if err != nil {
					t.Fatal(err)
				}
				for i := range 1800 {
					time.Sleep(100 * time.Millisecond)
					streams.Put(t, j, s.config.Input.ARN, fmt.Sprintf(`{"k":"%d"}`, i%7))
				}
				time.Sleep(2 * time.Second)
				a.Stop(context.Background())
				if n := invocations.Load(); n < c.least || n > c.most {
					t.Errorf("%d invocations with %d records, want %d to %d", n, records.Load(), c.least, c.most)
				}
			})
		})
	}
}
