package agent

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"
)

// A record that the stream refuses is found by halving and left out; the others arrive, each once.
func TestPoisonRecordIsIsolated(t *testing.T) {
	t.Parallel()
	for _, answer := range []struct {
		status int
		body   string
	}{
		{http.StatusBadRequest, `{"__type":"InvalidArgumentException","message":"what is this"}`},
		{http.StatusRequestEntityTooLarge, "<html>413</html>"},
		{http.StatusBadRequest, "<html>WAF</html>"},
	} {
		fake := newFakeFirehose(t)
		fake.refuseBody = func(records []string) (int, string) {
			if slices.ContainsFunc(records, func(r string) bool { return strings.Contains(r, "poison") }) {
				return answer.status, answer.body
			}
			return 0, ""
		}
		r := newRunner(t, fake, rawConfig)
		want := []string{}
		for i := range 1200 {
			line := fmt.Sprintf("line %d\n", i)
			if i == 0 || i == 700 || i == 701 {
				line = fmt.Sprintf("poison %d\n", i)
			} else {
				want = append(want, line)
			}
			r.append("access.log", line)
		}
		r.start()
		eventually(t, "all others", func() bool { return len(fake.records("web")) == len(want) })
		eventually(t, "the poison is given up", func() bool { return r.agent.Snapshot().Flows[0].Refused == 3 })
		if err := r.stop(); err != nil {
			t.Fatal(err)
		}
		slices.Sort(want)
		if got := fake.records("web"); !slices.Equal(got, want) || fake.repeats > 0 {
			t.Errorf("%d: records differ from lines, %d repeats", answer.status, fake.repeats)
		}
		s := r.agent.Snapshot().Flows[0]
		if s.LagBytes != 0 || readCheckpoint(t, r).flows[0].files[0].Offset == 0 {
			t.Errorf("%d: counted %+v", answer.status, s)
		}
		if !strings.Contains(r.logs.String(), "the stream refuses a record, it is left out") || !strings.Contains(r.logs.String(), "offset=0 ") {
			t.Errorf("%d: logs:\n%.2000s", answer.status, r.logs.String())
		}
	}
}

// A stream that refuses everything is a mistake of somebody, not poison: nothing is given up, and it is not asked all the time.
func TestStreamThatRefusesEverythingLosesNothing(t *testing.T) {
	t.Parallel()
	fake := newFakeFirehose(t)
	fake.refuse = func(int) (int, string) {
		return http.StatusBadRequest, `{"__type":"InvalidArgumentException","message":"This operation is not permitted"}`
	}
	r := newRunner(t, fake, strings.Replace(rawConfig, `"retryMaxBackoffMillis": 50`, `"retryMaxBackoffMillis": 500`, 1))
	for i := range 600 {
		r.append("access.log", fmt.Sprintf("line %d\n", i))
	}
	r.start()
	eventually(t, "it is shown", func() bool { return strings.Contains(r.logs.String(), "This operation is not permitted") })
	time.Sleep(700 * time.Millisecond)
	fake.mu.Lock()
	requests := fake.requests
	fake.mu.Unlock()
	if requests > 100 {
		t.Errorf("%d requests in a moment", requests)
	}
	if s := r.agent.Snapshot().Flows[0]; s.Refused != 0 || !s.Failing {
		t.Errorf("counted %+v", s)
	}
	fake.set(func() { fake.refuse = nil })
	eventually(t, "all records", func() bool { return len(fake.records("web")) == 600 })
	if err := r.stop(); err != nil {
		t.Fatal(err)
	}
}

// Something on the way allows smaller requests only: it is learnt once, not for each batch.
func TestRequestsBecomeSmallerAfter413(t *testing.T) {
	t.Parallel()
	fake := newFakeFirehose(t)
	fake.maxBody = 30_000
	r := newRunner(t, fake, rawConfig)
	for range 40 {
		r.append("access.log", strings.Repeat(strings.Repeat("x", 99)+"\n", 100))
	}
	r.start()
	eventually(t, "all records", func() bool { return r.agent.Snapshot().Flows[0].Sent == 4000 })
	if err := r.stop(); err != nil {
		t.Fatal(err)
	}
	if s := r.agent.Snapshot().Flows[0]; s.Failed > 40 || s.Refused > 0 {
		t.Errorf("counted %+v", s)
	}
}

// With one batch of a file in flight its records arrive in the file's order, while other files go on.
func TestOrderOfAFileIsKept(t *testing.T) {
	t.Parallel()
	fake := newFakeFirehose(t)
	fake.delay = 3 * time.Millisecond
	r := newRunner(t, fake, strings.Replace(rawConfig, `"deliveryStream"`, `"maxBatchesInFlightPerFile": 1, "maxBufferSizeRecords": 7, "deliveryStream"`, 1))
	var mu sync.Mutex
	arrived := map[string][]string{}
	fake.refuseBody = func(records []string) (int, string) {
		mu.Lock()
		defer mu.Unlock()
		file, _, _ := strings.Cut(records[0], " ")
		arrived[file] = append(arrived[file], records...)
		return 0, ""
	}
	want := map[string][]string{}
	for i := range 500 {
		for _, file := range []string{"access.log", "access.log.b", "access.log.c"} {
			line := fmt.Sprintf("%s %d\n", file, i)
			want[file] = append(want[file], line)
			r.append(file, line)
		}
	}
	r.start()
	eventually(t, "all records", func() bool { return len(fake.records("web")) == 1500 })
	if err := r.stop(); err != nil {
		t.Fatal(err)
	}
	mu.Lock()
	defer mu.Unlock()
	for file := range want {
		if !slices.Equal(arrived[file], want[file]) {
			t.Errorf("%s arrived in another order", file)
		}
	}
}

// What was accepted in part goes on together with other records, so that requests stay few.
func TestFailedRecordsAreToppedUp(t *testing.T) {
	t.Parallel()
	fake := newFakeFirehose(t)
	fake.failRecords = 0.3
	r := newRunner(t, fake, strings.Replace(rawConfig, `"retryInitialBackoffMillis": 5`, `"retryInitialBackoffMillis": 20`, 1))
	for range 50 {
		r.append("access.log", strings.Repeat("a line\n", 1000))
	}
	r.start()
	eventually(t, "all records", func() bool { return len(fake.records("web")) == 50_000 })
	if err := r.stop(); err != nil {
		t.Fatal(err)
	}
	if fake.repeats > 0 {
		t.Errorf("%d accepted records were sent again", fake.repeats)
	}
	// 100 batches; each alone would take about six requests, 600 in all
	if fake.requests > 400 {
		t.Errorf("%d requests", fake.requests)
	}
	t.Logf("%d requests for 100 batches", fake.requests)
}

// Packed records: lines are converted one by one, packed up to the size, and named by the range of all their lines.
func TestPackedRecords(t *testing.T) {
	t.Parallel()
	fake := newFakeFirehose(t)
	fake.failRecords, fake.loseReplies = 0.1, 0.1
	r := newRunner(t, fake, strings.Replace(rawConfig, `"deliveryStream"`, `"aggregatedRecordSizeBytes": 100, "deliveryStream"`, 1))
	var want strings.Builder
	for round := range 8 { // ended by age or by a kill, now and then
		r.start()
		for i := range 55 {
			line := fmt.Sprintf("line %d of round %d\n", i, round)
			want.WriteString(line)
			r.append("access.log", line)
		}
		time.Sleep(time.Duration(100+150*round) * time.Millisecond)
		r.kill()
	}
	fake.behave()
	r.start()
	eventually(t, "all lines", func() bool { return len(strings.Join(fake.records("web"), "")) >= want.Len() })
	if err := r.stop(); err != nil {
		t.Fatal(err)
	}
	records := fake.inOrder("web")
	if strings.Join(records, "") != want.String() {
		t.Errorf("%d records do not make the file of %d bytes", len(records), want.Len())
	}
	if len(records) > 8*55/2 {
		t.Errorf("%d records, want several lines in each", len(records))
	}
	for _, record := range records {
		if len(record) > 100 {
			t.Errorf("record of %d bytes", len(record))
		}
	}
}

// An event of several lines is one record, also when it is written in pieces; a line that begins no event goes with the one before.
func TestEventsOfSeveralLines(t *testing.T) {
	t.Parallel()
	fake := newFakeFirehose(t)
	r := newRunner(t, fake, strings.Replace(rawConfig, `"deliveryStream"`, `"multiLineStartPattern": "\\d{4}-", "deliveryStream"`, 1))
	r.append("access.log", "no start\n  at all\n2026- one\n")
	r.start()
	eventually(t, "the first event", func() bool { return len(fake.records("web")) == 1 })
	r.append("access.log", "  at a\n")
	time.Sleep(200 * time.Millisecond)
	r.append("access.log", "  at b\n2026- "+strings.Repeat("x", 600_000)+"\n"+strings.Repeat("  at y\n", 100_000))
	r.append("access.log", "2027- last\n  at z\n")
	eventually(t, "all events", func() bool { return len(fake.records("web")) == 4 })
	if err := r.stop(); err != nil {
		t.Fatal(err)
	}
	got := fake.inOrder("web")
	if got[0] != "no start\n  at all\n" || got[1] != "2026- one\n  at a\n  at b\n" || len(got[2]) != maxRecordBytes || got[3] != "2027- last\n  at z\n" {
		t.Errorf("records %.60q", got)
	}
}

func TestHeaderAndFooter(t *testing.T) {
	t.Parallel()
	fake := newFakeFirehose(t)
	r := newRunner(t, fake, strings.Replace(rawConfig, `"deliveryStream"`, `"skipHeaderLines": 2, "fileFooterPattern": "-- \\d+ rows", "deliveryStream"`, 1))
	r.append("access.log", "# one\n# tw")
	r.start()
	eventually(t, "a header line is read", func() bool { return r.agent.Snapshot().Flows[0].Received == 1 })
	if err := r.stop(); err != nil { // in the middle of the header
		t.Fatal(err)
	}
	r.append("access.log", "o\nfirst\n")
	r.start()
	eventually(t, "the record", func() bool { return len(fake.records("web")) == 1 })
	if err := r.stop(); err != nil {
		t.Fatal(err)
	}
	r.append("access.log", "second\n  -- 2 rows \nnot wanted\n")
	r.append("access.log.1", "a\nb\nc\n")
	r.start()
	eventually(t, "two more", func() bool { return len(fake.records("web")) == 3 })
	if err := r.stop(); err != nil {
		t.Fatal(err)
	}
	r.append("access.log", "nor this\n")
	r.start()
	r.append("access.log.1", "d\n")
	eventually(t, "one more", func() bool { return len(fake.records("web")) == 4 })
	if err := r.stop(); err != nil {
		t.Fatal(err)
	}
	if got := fake.records("web"); !slices.Equal(got, []string{"c\n", "d\n", "first\n", "second\n"}) {
		t.Errorf("records %q", got)
	}
}

func TestKinesisStream(t *testing.T) {
	t.Parallel()
	type put struct {
		StreamName string
		Records    []struct {
			Data         []byte
			PartitionKey string
		}
	}
	var mu sync.Mutex
	got, requests := []put{}, 0
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
		mu.Lock()
		defer mu.Unlock()
		requests++
		if target := req.Header.Get("X-Amz-Target"); target != "Kinesis_20131202.PutRecords" || !strings.Contains(req.Header.Get("Authorization"), "/eu-central-1/kinesis/aws4_request") {
			t.Errorf("target %q, authorization %q", target, req.Header.Get("Authorization"))
		}
		var p put
		if err := json.NewDecoder(req.Body).Decode(&p); err != nil {
			t.Error(err)
			return
		}
		entries := []map[string]string{}
		for i := range p.Records {
			if requests == 1 && i == 0 {
				entries = append(entries, map[string]string{"ErrorCode": "ProvisionedThroughputExceededException", "ErrorMessage": "Rate exceeded"})
				continue
			}
			entries = append(entries, map[string]string{"SequenceNumber": "1", "ShardId": "shardId-000000000000"})
		}
		failed := 0
		if requests == 1 {
			failed, p.Records = 1, p.Records[1:]
		}
		got = append(got, p)
		json.NewEncoder(w).Encode(map[string]any{"FailedRecordCount": failed, "Records": entries})
	}))
	defer server.Close()
	for _, c := range []struct{ option, key string }{
		{"RANDOM", `^\d{1,6}(\.\d+)?(e-\d+)?$`}, {"DETERMINISTIC", `^(5d41402abc4b2a76b9719d911017c592|[0-9a-f]{32})$`},
	} {
		r := newRunner(t, &fakeFirehose{Server: server}, strings.NewReplacer(`"firehose.endpoint"`, `"kinesis.endpoint"`,
			`"deliveryStream": "web"`, `"kinesisStream": "k", "partitionKeyOption": "`+c.option+`"`).Replace(rawConfig))
		r.append("access.log", "hello\nhello\nworld\n")
		r.start()
		eventually(t, "the records", func() bool { return r.agent.Snapshot().Flows[0].Sent == 3 })
		if err := r.stop(); err != nil {
			t.Fatal(err)
		}
		mu.Lock()
		keys := map[string][]string{}
		for _, p := range got {
			for _, rec := range p.Records {
				keys[string(rec.Data)] = append(keys[string(rec.Data)], rec.PartitionKey)
				if !regexp.MustCompile(c.key).MatchString(rec.PartitionKey) || p.StreamName != "k" {
					t.Errorf("%s: partition key %q of %q in %q", c.option, rec.PartitionKey, rec.Data, p.StreamName)
				}
			}
		}
		same := len(keys["hello\n"]) == 2 && keys["hello\n"][0] == keys["hello\n"][1]
		if same != (c.option == "DETERMINISTIC") {
			t.Errorf("%s: keys %q", c.option, keys)
		}
		got, requests = nil, 0
		mu.Unlock()
	}
}
