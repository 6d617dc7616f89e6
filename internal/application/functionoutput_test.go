package application

import (
	"context"
	"fmt"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/millrace/millrace/internal/application/applicationtest"
	"github.com/millrace/millrace/internal/record"
)

// TestInvocations plays testdata/invocations/*.txt: scenarios with a function as
// an output, the words it answers by (see answering), and all that it was asked.
func TestInvocations(t *testing.T) {
	files, err := filepath.Glob("testdata/invocations/*.txt")
	if err != nil || len(files) == 0 {
		t.Fatalf("no scenarios (%v)", err)
	}
	for _, f := range files {
		t.Run(strings.TrimSuffix(filepath.Base(f), ".txt"), func(t *testing.T) {
			s := readScenario(t, f)
			w := newWorld(t, s, mode{snapshots: time.Hour})
			function := &answering{}
			for i := 0; i < len(s.directives); i++ {
				if words, ok := strings.CutPrefix(s.directives[i], "answers "); ok {
					function.words = strings.Fields(words)
					s.directives = append(s.directives[:i:i], s.directives[i+1:]...)
					i--
				}
			}
			w.functions[applicationtest.FunctionARN("OUT")] = function.invoke
			w.start(LastStoppedPoint)
			w.all(s.directives...)
			w.app.Stop(context.Background())
			if got := strings.TrimSpace(function.said.String()); got != s.want {
				t.Errorf("got\n%s\nwant\n%s", got, s.want)
			}
		})
	}
}

// TestFunctionHoldsNothingBack leaves a function's results undelivered: another
// output goes on, and what waits is shown. Beyond the backlog that may be left,
// results wait too.
func TestFunctionHoldsNothingBack(t *testing.T) {
	s := readScenario(t, "testdata/scenarios/function_output.txt")
	w := newWorld(t, s, mode{snapshots: time.Hour, backlog: 1})
	down := true
	take := takes(t, w.ledgers["OUT"])
	broken := make(chan struct{}, 1)
	w.functions[s.config.Outputs[0].ARN] = func(e applicationtest.Event) (applicationtest.Answer, error) {
		select {
		case <-broken:
			down = false
		default:
		}
		if down {
			return applicationtest.Answer{}, fmt.Errorf("out of order")
		}
		return take(e)
	}
	w.start(LastStoppedPoint)
	w.do(`put 00:00:01 {"k":"a"}`)
	w.do(`put 00:00:12 {"k":"b"}`)
	other := s.config.Outputs[1]
	eventually(t, func() bool { return len(w.records(other)) == 1 })
	eventually(t, func() bool {
		st := w.app.Status()
		return strings.Contains(st.Waiting, "out of order") && st.LastError == st.Waiting && st.Outputs[0].BacklogBytes > 0 && st.Outputs[0].Delivery.DeliveryFailedRecords > 0
	})
	w.do(`clock 00:00:20`)
	eventually(t, func() bool { return strings.Contains(w.app.Status().Waiting, "bytes undelivered") })
	if n := len(w.records(other)); n != 1 {
		t.Errorf("%d records beyond the backlog", n)
	}
	broken <- struct{}{}
	w.settle()
	if got := strings.Join(w.records(other), " "); got != `{"k":"a","n":1} {"k":"b","n":1}` || strings.Join(w.records(s.config.Outputs[0]), " ") != got {
		t.Errorf("delivered %s and %s", got, w.records(s.config.Outputs[0]))
	}
	st := w.app.Status()
	if d := st.Outputs[0].Delivery; st.Waiting != "" || d.OkRecords != 2 || d.Successes < 1 || d.Invocations <= d.Successes || st.Outputs[1].Records != 2 || st.KPUs != 1 {
		t.Errorf("status %+v, delivery %+v", st, d)
	}
	w.app.Stop(context.Background())
}

func eventually(t *testing.T, ok func() bool) {
	t.Helper()
	for deadline := time.Now().Add(10 * time.Second); !ok(); time.Sleep(time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatal("it never happened")
		}
	}
}

// TestFailingRecord gives a function one record that it throws at among many
// that it takes: the others are delivered, and in the end the record alone is
// asked for again and again.
func TestFailingRecord(t *testing.T) {
	s := readScenario(t, "testdata/scenarios/filter.txt")
	s.config.Outputs = []Output{{Stream: "ALL", ARN: applicationtest.FunctionARN("ALL"), Kind: ToFunction, RoleARN: "r"}}
	w := newWorld(t, s, mode{snapshots: time.Hour})
	heal := make(chan struct{})
	take := takes(t, w.ledgers["ALL"])
	w.functions[s.config.Outputs[0].ARN] = func(e applicationtest.Event) (applicationtest.Answer, error) {
		for _, r := range e.Records {
			select {
			case <-heal:
			default:
				if strings.Contains(string(r.Data), "poison") {
					return applicationtest.Answer{}, &record.Failure{Kind: record.Retryable, Code: "Lambda.FunctionError", Message: "poisoned"}
				}
			}
		}
		return take(e)
	}
	w.start(LastStoppedPoint)
	var records []string
	for i := range 40 {
		host := fmt.Sprintf("h%d", i)
		if i == 17 {
			host = "poison"
		}
		records = append(records, fmt.Sprintf(`{"host":%q,"http":{"status":200}}`, host))
	}
	w.do("put 00:00:01 " + strings.Join(records, " | "))
	eventually(t, func() bool { return len(w.records(s.config.Outputs[0])) == 39 })
	before := w.app.Status().Outputs[0].Delivery
	for i := range 5 {
		w.do(fmt.Sprintf(`put 00:00:02 {"host":"later%d","http":{"status":200}} | {"host":"more%d","http":{"status":200}}`, i, i))
		eventually(t, func() bool { return len(w.records(s.config.Outputs[0])) == 41+2*i })
	}
	after := w.app.Status().Outputs[0].Delivery // it fails alone: the others did not fail with it
	if failed, threw := after.DeliveryFailedRecords-before.DeliveryFailedRecords, (after.Invocations-after.Successes)-(before.Invocations-before.Successes); failed != threw {
		t.Errorf("%d records failed in %d invocations", failed, threw)
	}
	close(heal)
	w.settle()
	got := w.records(s.config.Outputs[0])
	if len(got) != 50 || !strings.Contains(got[17], "poison") {
		t.Errorf("%d records, the 18th is %s", len(got), got[17])
	}
	w.app.Stop(context.Background())
}

// TestInvocationLimits makes invocations no larger than Lambda takes.
func TestInvocationLimits(t *testing.T) {
	o := &functionOutput{limit: maxDeliveryRecords, next: 1, id: record.NewStreamID()}
	var b record.Builder
	for i := range 10 {
		(&delivered{tries: i, data: make([]byte, 700<<10)}).append(&b)
	}
	sealed, err := b.Seal()
	if err != nil {
		t.Fatal(err)
	}
	o.rest, _ = sealed.Stamp(o.id, 1, 0)
	var sizes []int
	for o.rest != nil {
		batch, bytes := o.take(nil, 0)
		if bytes > maxDeliveryBytes || len(batch) > 1 && bytes < maxDeliveryBytes/2 && o.rest != nil {
			t.Errorf("%d records take %d bytes", len(batch), bytes)
		}
		sizes = append(sizes, len(batch))
	}
	if fmt.Sprint(sizes) != "[5 5]" {
		t.Errorf("invocations of %v records", sizes)
	}
}
