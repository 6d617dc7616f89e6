package application

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/millrace/millrace/internal/application/applicationtest"
)

// TestChangedProcessor adds a function, takes it away and adds it again: each
// record is read once, whoever it went through.
func TestChangedProcessor(t *testing.T) {
	s := readScenario(t, "testdata/scenarios/filter.txt")
	s.config.Outputs = s.config.Outputs[1:]
	mark := applicationtest.FunctionARN("mark")
	w := newWorld(t, s, mode{snapshots: time.Hour})
	w.functions[mark] = func(e applicationtest.Event) (a applicationtest.Answer, err error) {
		for _, r := range e.Records {
			data := []byte(strings.Replace(string(r.Data), `"host":"`, `"host":"*`, 1))
			a.Records = append(a.Records, applicationtest.AnswerRecord{RecordID: r.RecordID, Result: resultOk, Data: data})
		}
		return a, nil
	}
	w.start(LastStoppedPoint)
	var want []string
	for n, processed := range []bool{false, true, true, false, true, false} {
		w.app.Stop(context.Background())
		w.streams.Put(t, w.disk, s.config.Input.ARN, fmt.Sprintf(`{"host":"%da","http":{"status":200}}`, n)) // while stopped
		s.config.Input.Processor = nil
		star := ""
		if processed {
			s.config.Input.Processor, star = &Function{ARN: mark}, "*"
		}
		w.start(LastStoppedPoint)
		w.all(fmt.Sprintf(`put 00:00:%02d {"host":"%db","http":{"status":200}}`, n+1, n))
		want = append(want, fmt.Sprintf(`{"host":"%s%da","status":200}`, star, n), fmt.Sprintf(`{"host":"%s%db","status":200}`, star, n))
	}
	w.app.Stop(context.Background())
	if got := w.records(s.config.Outputs[0]); strings.Join(got, " ") != strings.Join(want, " ") {
		t.Errorf("got\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
}

// TestBrokenAnswers asks a pre-processing function until its answer speaks of
// every record, and says what is wrong with the others.
func TestBrokenAnswers(t *testing.T) {
	s := readScenario(t, "testdata/scenarios/filter.txt")
	s.config.Outputs = s.config.Outputs[1:]
	s.config.Input.Processor = &Function{ARN: applicationtest.FunctionARN("broken")}
	w := newWorld(t, s, mode{snapshots: time.Hour})
	w.start(LastStoppedPoint)
	defer w.app.Stop(context.Background())
	type answer = applicationtest.Answer
	answers, over := make(chan func(a *answer) error), make(chan struct{})
	defer close(over)
	w.functions[s.config.Input.Processor.ARN] = func(e applicationtest.Event) (a answer, err error) {
		for _, r := range e.Records {
			a.Records = append(a.Records, applicationtest.AnswerRecord{RecordID: r.RecordID, Result: resultOk, Data: r.Data})
		}
		select {
		case change := <-answers:
			err = change(&a)
		case <-over:
		}
		return a, err
	}
	w.do(`put 00:00:01 {"host":"a","http":{"status":200}} | {"host":"b","http":{"status":200}}`)
	w.clock.Add(5000)
	for _, c := range []struct {
		change func(a *answer) error
		want   string
	}{
		{func(a *answer) error { return errors.New("down") }, "down"},
		{func(a *answer) error { a.Records = nil; return nil }, `no "records"`},
		{func(a *answer) error { a.Records = a.Records[:len(a.Records)-1]; return nil }, "answered for"},
		{func(a *answer) error { a.Records[0].Result = "ok"; return nil }, `answered the result "ok", want Ok`},
		{func(a *answer) error { a.Records[0].Data = nil; return nil }, "Ok without data"},
		{func(a *answer) error { a.Records[0].RecordID = "x"; return nil }, "which it was not given"},
		{func(a *answer) error { a.Records = append(a.Records, a.Records[0]); return nil }, "answered twice"},
	} {
		answers <- c.change
		eventually(t, func() bool { return strings.Contains(w.app.Status().Waiting, c.want) })
	}
	if st := w.app.Status(); st.MillisBehindLatest <= 0 || st.Processing.Successes > 1 || st.Processing.Invocations < 7 {
		t.Errorf("status %+v, processing %+v", st, st.Processing)
	}
	for done := false; !done; { // one invocation, or two of a record each
		select {
		case answers <- func(*answer) error { return nil }:
		case <-time.After(time.Millisecond):
			done = len(w.records(s.config.Outputs[0])) == 2
		}
	}
	w.settle()
	if got := strings.Join(w.records(s.config.Outputs[0]), " "); got != `{"host":"a","status":200} {"host":"b","status":200}` {
		t.Errorf("got %s", got)
	}
	if st := w.app.Status(); st.Waiting != "" || st.MillisBehindLatest != 0 || st.Processing.OkRecords != 2 {
		t.Errorf("status %+v, processing %+v", st, st.Processing)
	}
}

// TestRoleMayNotInvoke says which right the roles of functions lack, and goes on
// once they have it.
func TestRoleMayNotInvoke(t *testing.T) {
	s := readScenario(t, "testdata/scenarios/processor.txt")
	s.config.Outputs = []Output{{Stream: "OUT", ARN: applicationtest.FunctionARN("OUT"), Kind: ToFunction, RoleARN: "arn:aws:iam::000000000000:role/out"}}
	w := newWorld(t, s, mode{snapshots: time.Hour})
	for i, denied := range []string{s.config.Outputs[0].RoleARN, "arn:aws:iam::000000000000:role/in"} {
		s.config.Input.Processor.RoleARN = "arn:aws:iam::000000000000:role/in"
		o := w.options()
		o.Authorizer = applicationtest.Roles{Denied: denied}
		var err error
		if w.app, err = Start(context.Background(), o, s.config, LastStoppedPoint); err != nil {
			t.Fatal(err)
		}
		w.do(fmt.Sprintf("put 00:00:%d1 a 1", i))
		w.do(fmt.Sprintf("clock 00:00:%d0", i+1))
		eventually(t, func() bool {
			why := w.app.Status().Waiting
			return strings.Contains(why, "lambda:InvokeFunction") && strings.Contains(why, denied)
		})
		w.app.Stop(context.Background())
	}
	w.start(LastStoppedPoint)
	w.settle()
	w.app.Stop(context.Background())
	if got := w.records(s.config.Outputs[0]); len(got) != 2 || !strings.Contains(got[0], `"n":1`) {
		t.Errorf("got %s", got)
	}
}

// TestRenewedInput deletes the stream before the function and makes it anew: the
// application goes on with its first record, after the answers that it has.
func TestRenewedInput(t *testing.T) {
	s := readScenario(t, "testdata/scenarios/processor.txt")
	s.config.Code = `CREATE STREAM "OUT" ("k" VARCHAR(8)); CREATE PUMP "P" AS INSERT INTO "OUT" SELECT STREAM "k" FROM "SOURCE_SQL_STREAM_001";`
	s.config.Outputs = s.config.Outputs[:1]
	w := newWorld(t, s, mode{snapshots: time.Hour})
	w.start(LastStoppedPoint)
	w.all("put 00:00:01 a 1 | b 1 | c 1")
	w.app.Stop(context.Background())
	w.streams.Renew(t, w.disk, s.config.Input.ARN)
	w.do("put 00:00:02 d 1")
	w.start(LastStoppedPoint)
	w.all("put 00:00:03 e 1", "kill", "put 00:00:04 f 1")
	w.app.Stop(context.Background())
	if got := strings.Join(w.records(s.config.Outputs[0]), ""); got != `{"k":"a"}{"k":"b"}{"k":"c"}{"k":"d"}{"k":"e"}{"k":"f"}` {
		t.Errorf("got %s", got)
	}
}
