package sql

import (
	"bytes"
	"fmt"
	"strings"
	"testing"
	"unsafe"

	"github.com/millrace/millrace/internal/sql/types"
)

var testInputs = []Stream{
	{Name: "A", Columns: []types.Column{
		{Name: "K", Type: types.VarcharOf(8)}, {Name: "V", Type: types.Of(types.Integer)}, {Name: "D", Type: types.Of(types.Double)},
	}},
	{Name: "B", Columns: []types.Column{{Name: "K", Type: types.VarcharOf(8)}, {Name: "V", Type: types.Of(types.Integer)}}},
}

// everything has windows of several lengths, chains, fan-in, errors and sub-queries.
const everything = `
CREATE STREAM X (K VARCHAR(4), V INTEGER);
CREATE STREAM W (K VARCHAR(8), N INTEGER, S BIGINT, M DOUBLE, HI VARCHAR(8));
CREATE STREAM Z (N INTEGER, K VARCHAR(8), T TIMESTAMP);
CREATE PUMP P1 AS INSERT INTO W SELECT STREAM K, COUNT(*), SUM(V), AVG(D), MAX(K) FROM A GROUP BY K, STEP(A.ROWTIME BY INTERVAL '0.010' SECOND);
CREATE PUMP P2 AS INSERT INTO X SELECT STREAM K, 100 / V FROM A WHERE V <> 7;
CREATE PUMP P3 AS INSERT INTO X SELECT STREAM UPPER(K), V FROM B;
CREATE PUMP P4 AS INSERT INTO Z SELECT STREAM COUNT(*), K, ROWTIME FROM X GROUP BY K, STEP(X.ROWTIME BY INTERVAL '0.007' SECOND);
CREATE PUMP P5 AS INSERT INTO Z SELECT STREAM MAX(N), MIN(K), ROWTIME FROM (
  SELECT STREAM K, COUNT(*) AS N FROM W GROUP BY K, STEP(W.ROWTIME BY INTERVAL '0.020' SECOND)
) AS Q GROUP BY STEP(Q.ROWTIME BY INTERVAL '0.020' SECOND);
CREATE PUMP P6 AS INSERT INTO Z SELECT STREAM V, K, ROWTIME FROM X WHERE V > 3;
CREATE PUMP P7 AS INSERT INTO Z SELECT STREAM SUM(10 / V), CASE WHEN V > 2 THEN 'many' ELSE K END, ROWTIME FROM B
GROUP BY CASE WHEN V > 2 THEN 'many' ELSE K END, STEP(B.ROWTIME BY INTERVAL '0.010' SECOND);
CREATE PUMP P8 AS INSERT INTO W SELECT STREAM K, LAG(V, 2, 7) OVER R, SUM(V) OVER (PARTITION BY K RANGE INTERVAL '0.009' SECOND PRECEDING), AVG(D) OVER (RANGE INTERVAL '0.020' SECOND PRECEDING), MIN(K) OVER R
FROM A WINDOW R AS (PARTITION BY V ROWS 3 PRECEDING);
CREATE PUMP P9 AS INSERT INTO Z SELECT STREAM COUNT(*), LAST_VALUE(K), ROWTIME FROM X WINDOWED BY STAGGER (PARTITION BY V RANGE INTERVAL '0.011' SECOND);
CREATE PUMP PA AS INSERT INTO Z SELECT STREAM V, K, T FROM (SELECT STREAM DISTINCT V, K, STEP(X.ROWTIME BY INTERVAL '0.005' SECOND) AS T FROM X) ORDER BY STEP(ROWTIME BY INTERVAL '0.008' SECOND), V DESC;
CREATE STREAM E (V INTEGER, K VARCHAR(8), D DOUBLE);
CREATE STREAM E2 (V INTEGER, K VARCHAR(8), D DOUBLE);
CREATE PUMP PB2 AS INSERT INTO E2 SELECT STREAM V, K, D FROM A;
CREATE PUMP PB AS INSERT INTO E SELECT STREAM TO_TIMESTAMP(UNIX_TIMESTAMP(A.ROWTIME) + 4 * V) AS ROWTIME, V, K, D FROM A;
CREATE PUMP PC AS INSERT INTO E SELECT STREAM COUNT(*), K, VAR_POP(D) FROM E2 GROUP BY K, STEP(E2.ROWTIME BY INTERVAL '0.010' SECOND), STEP(MONOTONIC(V) BY 2) ORDER BY STEP(MONOTONIC(V) BY 2), K DESC;
`

// transcript writes down everything an engine puts out, stream by stream.
type transcript struct {
	program *Program
	streams map[string]*strings.Builder
}

func newTranscript(p *Program) *transcript {
	return &transcript{p, map[string]*strings.Builder{}}
}

func (t *transcript) of(stream string) *strings.Builder {
	if t.streams[stream] == nil {
		t.streams[stream] = &strings.Builder{}
	}
	return t.streams[stream]
}

func (t *transcript) Rows(stream string, b *types.Batch) {
	for _, s := range t.program.Streams() {
		if s.Name != stream {
			continue
		}
		for i := range b.N {
			fmt.Fprintf(t.of(stream), "%d %s\n", b.Rowtime[i], types.AppendJSON(nil, s.Columns, b, i))
			if i > 0 && b.Rowtime[i] < b.Rowtime[i-1] {
				panic("ROWTIME falls in " + stream)
			}
		}
	}
}

func (t *transcript) Error(e types.ErrorRow) {
	fmt.Fprintf(t.of(types.ErrorStream), "%d %s %s %s %s\n", e.DataRowtime, e.Name, e.Pump, e.Message, e.DataRow)
}

func (t *transcript) String() string {
	var out strings.Builder
	for _, s := range t.program.Streams() {
		fmt.Fprintf(&out, "-- %s\n%s", s.Name, t.of(s.Name))
	}
	return out.String()
}

// event is a row of an input.
type event struct {
	input int
	time  int64
	k     string
	null  bool
	v     int64
}

// events reads rows out of fuzzing bytes: four bytes each.
func events(data []byte) (all []event) {
	t := int64(1_577_836_800_000)
	for ; len(data) >= 4; data = data[4:] {
		if data[0] < 200 {
			t += int64(data[0] % 4)
		} else {
			t += int64(data[0])
		}
		all = append(all, event{int(data[1] % 2), t, string('a' + rune(data[2]%5)), data[2] > 240, int64(data[3] % 9)})
	}
	return all
}

func (e event) appendTo(b *types.Batch) {
	b.N++
	b.Rowtime = append(b.Rowtime, e.time)
	b.Cols[0].Str = append(b.Cols[0].Str, e.k)
	b.Cols[0].Null = append(b.Cols[0].Null, e.null)
	b.Cols[1].Int = append(b.Cols[1].Int, e.v)
	if e.input == 0 {
		b.Cols[2].Float = append(b.Cols[2].Float, float64(e.v)/3)
	}
}

// lend puts the texts of a batch into memory that spoil writes over, as a reader's next batch does.
func lend(b *types.Batch) {
	for _, v := range b.Cols {
		for i, s := range v.Str {
			v.Str[i] = unsafe.String(unsafe.SliceData([]byte(s)), len(s))
		}
	}
}

// spoil overwrites a batch that was pushed, so that whoever kept a part of it shows.
func spoil(b *types.Batch) {
	for _, v := range b.Cols {
		for i, s := range v.Str {
			copy(unsafe.Slice(unsafe.StringData(s), len(s)), "~~~~~~~~")
			v.Str[i] = "spoiled"
		}
		for i := range v.Int {
			v.Int[i] = -99
		}
		for i := range v.Float {
			v.Float[i] = -99
		}
		for i := range v.Null {
			v.Null[i] = !v.Null[i]
		}
	}
	for i := range b.Rowtime {
		b.Rowtime[i] = 0
	}
}

func play(p *Program, all []event, cut func(i int) bool, between func(e *Engine, t *transcript, next int64) *Engine) string {
	return playLimited(p, Limits{}, all, cut, between)
}

// playLimited pushes events in batches that end where cut says so, and between them does what between says.
func playLimited(p *Program, l Limits, all []event, cut func(i int) bool, between func(e *Engine, t *transcript, next int64) *Engine) string {
	t := newTranscript(p)
	e := p.NewEngine(t, l)
	if len(p.plan.Tables) > 0 {
		e.Load(testTable.Name, testRows())
	}
	for i := 0; i < len(all); {
		in := all[i].input
		b := types.NewBatch(testInputs[in].Columns)
		for {
			all[i].appendTo(b)
			i++
			if i == len(all) || all[i].input != in || cut(i) {
				break
			}
		}
		lend(b)
		e.Push(testInputs[in].Name, b)
		spoil(b)
		if i < len(all) && between != nil {
			e = between(e, t, all[i].time)
		}
	}
	e.Bound(1 << 60)
	return t.String()
}

// checkBatching fails when results depend on how rows are batched, on bounds that say no more than the next row, or on
// restarts.
func checkBatching(t *testing.T, p *Program, all []event, cuts []byte) {
	checkLimited(t, p, Limits{}, all, func(i int) bool { return len(cuts) > 0 && cuts[i%len(cuts)]%3 == 0 })
}

func checkLimited(t interface{ Fatalf(string, ...any) }, p *Program, l Limits, all []event, cut func(i int) bool) {
	want := playLimited(p, l, all, func(int) bool { return true }, nil)
	if got := playLimited(p, l, all, func(int) bool { return false }, nil); got != want {
		t.Fatalf("whole batches differ from single rows:\n%s", firstDifference(got, want))
	}
	bounds := func(e *Engine, _ *transcript, next int64) *Engine {
		e.Bound(next)
		return e
	}
	if got := playLimited(p, l, all, cut, bounds); got != want {
		t.Fatalf("bounds between batches change the result:\n%s", firstDifference(got, want))
	}
	restarts := func(e *Engine, out *transcript, _ int64) *Engine {
		again := p.NewEngine(out, l)
		if err := again.Restore(e.Snapshot(nil)); err != nil {
			t.Fatalf("%v", err)
		}
		return again
	}
	if got := playLimited(p, l, all, cut, restarts); got != want {
		t.Fatalf("restarts between batches change the result:\n%s", firstDifference(got, want))
	}
}

// firstDifference shows where two transcripts part.
func firstDifference(got, want string) string {
	g, w := strings.Split(got, "\n"), strings.Split(want, "\n")
	for i := range min(len(g), len(w)) {
		if g[i] != w[i] {
			return fmt.Sprintf("line %d: got\n%s\nwant\n%s", i, strings.Join(g[max(0, i-3):min(i+3, len(g))], "\n"), strings.Join(w[max(0, i-3):min(i+3, len(w))], "\n"))
		}
	}
	return fmt.Sprintf("%d lines, want %d", len(g), len(w))
}

func FuzzBatching(f *testing.F) {
	p, err := Compile("everything.sql", everything, Schema{Inputs: testInputs})
	if err != nil {
		f.Fatal(err)
	}
	f.Add([]byte("abcdefghijklmnopqrstuvwxyzabcdefghijklmnopqrstuvwxyzabcdefghijklmnopqrstuvwxyz0123"), []byte{3, 1, 2})
	f.Add(bytes.Repeat([]byte{0, 0, 1, 2, 1, 1, 250, 0, 255, 0, 3, 1, 2, 0, 1, 8}, 20), []byte{7})
	f.Fuzz(func(t *testing.T, data, cuts []byte) {
		checkBatching(t, p, events(data), cuts)
		checkLimited(t, p, Limits{Groups: 3, Rows: 5}, events(data), func(i int) bool { return len(cuts) > 0 && cuts[i%len(cuts)]%2 == 0 })
	})
}

// A snapshot that is cut, damaged or of another plan is refused and never panics.
func TestRestoreRefuses(t *testing.T) {
	p, err := Compile("everything.sql", everything, Schema{Inputs: testInputs})
	if err != nil {
		t.Fatal(err)
	}
	e := p.NewEngine(newTranscript(p), Limits{})
	b := types.NewBatch(testInputs[0].Columns)
	for _, ev := range events(bytes.Repeat([]byte{1, 0, 1, 2, 0, 2, 9, 3}, 10)) {
		ev.input = 0
		ev.appendTo(b)
	}
	e.Push("A", b)
	good := e.Snapshot(nil)
	if err := p.NewEngine(newTranscript(p), Limits{}).Restore(good); err != nil {
		t.Fatal(err)
	}
	for i := range good {
		if p.NewEngine(newTranscript(p), Limits{}).Restore(good[:i]) == nil {
			t.Fatalf("a snapshot cut at byte %d of %d is taken", i, len(good))
		}
		bad := bytes.Clone(good)
		bad[i] ^= 0x10
		if p.NewEngine(newTranscript(p), Limits{}).Restore(bad) == nil {
			t.Fatalf("a snapshot with damage at byte %d is taken", i)
		}
	}
	other, err := Compile("other.sql", strings.Replace(everything, "'0.007'", "'0.008'", 1), Schema{Inputs: testInputs})
	if err != nil {
		t.Fatal(err)
	}
	err = other.NewEngine(newTranscript(other), Limits{}).Restore(good)
	if want := fmt.Sprintf("restore snapshot of %d bytes: it belongs to another plan", len(good)); err == nil || err.Error() != want {
		t.Errorf("restore into another plan: %v, want %s", err, want)
	}
	if again, _ := Compile("again.sql", "-- a comment\n"+everything, Schema{Inputs: testInputs}); again.Fingerprint() != p.Fingerprint() {
		t.Error("a comment changes the fingerprint")
	}
}

func TestNeededColumns(t *testing.T) {
	p, err := Compile("f.sql", `CREATE STREAM O (K VARCHAR(8), N INTEGER);
		CREATE PUMP P AS INSERT INTO O SELECT STREAM Q.K, COUNT(*) FROM (SELECT STREAM K, D / 0 AS UNUSED, V FROM A WHERE V > 1) AS Q GROUP BY Q.K, FLOOR(Q.ROWTIME TO MINUTE)`, Schema{Inputs: testInputs})
	if err != nil {
		t.Fatal(err)
	}
	if got := fmt.Sprint(p.Needed("A"), p.Needed("B"), p.Needed("C")); got != "[true true false] [false false] []" {
		t.Errorf("needed columns %s", got)
	}
}

type discard struct{ rows int }

func (d *discard) Rows(_ string, b *types.Batch) { d.rows += b.N }
func (d *discard) Error(e types.ErrorRow)        { panic(e.Message) }

// BenchmarkTumblingCount pushes batches of 4096 rows, a window of ten seconds closing every 64th, ns a row.
func BenchmarkTumblingCount(b *testing.B) {
	const rows = 4096
	for _, keys := range []int{16, 20_000} {
		for name, code := range map[string]string{
			"text":   `SELECT STREAM K, COUNT(*) FROM A GROUP BY K, STEP(A.ROWTIME BY INTERVAL '10' SECOND)`,
			"number": `SELECT STREAM 'x', COUNT(*) FROM A GROUP BY V, STEP(A.ROWTIME BY INTERVAL '10' SECOND)`,
			"filter": `SELECT STREAM K, SUM(V) FROM A WHERE V < 10 AND K NOT LIKE '%7' GROUP BY K, STEP(A.ROWTIME BY INTERVAL '10' SECOND)`,
		} {
			b.Run(fmt.Sprintf("%s/%d", name, keys), func(b *testing.B) {
				p, err := Compile("bench.sql", "CREATE STREAM O (K VARCHAR(8), N INTEGER); CREATE PUMP P AS INSERT INTO O "+code, Schema{Inputs: testInputs})
				if err != nil {
					b.Fatal(err)
				}
				e := p.NewEngine(&discard{}, Limits{})
				batch := types.NewBatch(testInputs[0].Columns)
				batch.N, batch.Rowtime = rows, make([]int64, rows)
				for i := range rows {
					n := i * 7919 % keys
					batch.Cols[0].Str = append(batch.Cols[0].Str, fmt.Sprintf("/p/%d", n))
					batch.Cols[1].Int = append(batch.Cols[1].Int, int64(n%400))
				}
				b.ReportAllocs()
				b.ResetTimer()
				for n, t := 0, int64(0); n < b.N; n, t = n+rows, t+156 {
					for i := range batch.Rowtime {
						batch.Rowtime[i] = t
					}
					e.Push("A", batch)
				}
			})
		}
	}
}

// A long or deep text is compiled or refused in time that grows with its length.
func TestHostileTexts(t *testing.T) {
	const head = `CREATE STREAM O (N INTEGER); CREATE PUMP P AS INSERT INTO O SELECT STREAM `
	const tail = ` FROM A GROUP BY V, V + V + V + V + V + V + V + V + V + V + V + V + V + V + V + V + V + V + V + V + V + V + V + V + V + V + V + V + V, STEP(A.ROWTIME BY INTERVAL '1' SECOND)`
	for _, c := range []struct{ list, want string }{
		{strings.Repeat("V + ", 4900) + "V", ""},
		{strings.Repeat("V + ", 20_000) + "V", "f.sql:1:20077: the statement has more than 5000 operators"},
		{"V" + strings.Repeat(" IS NULL", 9_000), "f.sql:1:40077: the statement has more than 5000 operators"},
		{"W FROM " + strings.Repeat("(SELECT STREAM W + W AS W FROM ", 200) + "(SELECT STREAM UNIX_TIMESTAMP(ROWTIME) AS W, V FROM A)" + strings.Repeat(")", 200) + " GROUP BY W; --",
			"f.sql:1:6546: GROUP BY needs a term that rises with ROWTIME, or its groups never end; add one as STEP(ROWTIME BY INTERVAL '10' SECOND)"},
		{strings.Repeat("(", 40_000), "f.sql:1:324: the statement nests deeper than 250 levels"},
		{"CASE " + strings.Repeat("WHEN V = 1 THEN 1 ", 4000) + "END", ""},
		{"COUNT(*) + MAX(V) IN (" + strings.Repeat("1,", 30_000) + "1)", "f.sql:1:59: column 1 of the query (\"EXPR$0\") is BOOLEAN and does not go into N INTEGER; CAST it"},
		{strings.Repeat("x", MaxCode), "f.sql:1:1: the text has 102647 bytes, at most 102400 are allowed"},
	} {
		_, err := Compile("f.sql", head+c.list+tail, Schema{Inputs: testInputs})
		if got := fmt.Sprint(err); err == nil && c.want != "" || err != nil && got != c.want {
			t.Errorf("%.40s…: %s, want %s", c.list, got, c.want)
		}
	}
}
