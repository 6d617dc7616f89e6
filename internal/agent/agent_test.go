package agent

import (
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"math/rand/v2"
	"net/http"
	"os"
	"slices"
	"strings"
	"testing"
	"time"
)

var killRounds = flag.Int("kill-rounds", 12, "how often TestKilledAtRandom… ends the agent without warning")

const rawConfig = `{
  "firehose.endpoint": "ENDPOINT", "checkpointFile": "DIR/state/checkpoint", "maxSendingThreads": 4,
  "flows": [{"filePattern": "DIR/access.log*", "deliveryStream": "web", "initialPosition": "START_OF_FILE",
             "maxBufferAgeMillis": 1000, "retryInitialBackoffMillis": 5, "retryMaxBackoffMillis": 50}]
}`

var exactConfig = strings.Replace(rawConfig, "access.log*", "access.log", 1)

const apacheLine = `10.0.0.%d - - [22/Nov/2026:18:49:57 +0100] "GET /a HTTP/1.1" 200 5 "-" "curl"` + "\n"

func TestAccessLogArrivesAsJSON(t *testing.T) {
	t.Parallel()
	fake := newFakeFirehose(t)
	r := newRunner(t, fake, strings.Replace(rawConfig, `"initialPosition"`,
		`"dataProcessingOptions": [{"optionName": "LOGTOJSON", "logFormat": "COMBINEDAPACHELOG"}], "initialPosition"`, 1))
	var tapped int
	r.options.Tap = func(string, []byte) { tapped++ }
	r.append("access.log", fmt.Sprintf(apacheLine, 1)+"no access log\n"+fmt.Sprintf(apacheLine, 2)+"unfinished")
	r.start()
	eventually(t, "two records", func() bool { return len(fake.records("web")) == 2 })
	if err := r.stop(); err != nil {
		t.Fatal(err)
	}
	want := `{"host":"10.0.0.1","ident":null,"authuser":null,"datetime":"22/Nov/2026:18:49:57 +0100","request":"GET /a HTTP/1.1","response":"200","bytes":"5","referer":null,"agent":"curl"}` + "\n"
	if got := fake.records("web")[0]; got != want {
		t.Errorf("got %s", got)
	}
	s := r.agent.Snapshot().Flows[0]
	if s.Received != 3 || s.Parsed != 2 || s.Dropped != 1 || s.Sent != 2 || s.LagBytes != uint64(len("unfinished")) || tapped != 2 {
		t.Errorf("counted %+v, tapped %d", s, tapped)
	}
	if logs := r.logs.String(); !strings.Contains(logs, "skipped for processing") || !strings.Contains(logs, `line="no access log"`) || !strings.Contains(logs, "byte 13: expected blank after authuser") {
		t.Errorf("logs:\n%s", logs)
	}
}

func TestBatchesAreFullAndWithinLimits(t *testing.T) {
	t.Parallel()
	fake := newFakeFirehose(t)
	r := newRunner(t, fake, rawConfig)
	var text strings.Builder
	for i := range 1700 {
		fmt.Fprintf(&text, "line %d\n", i)
	}
	for i := range 20 {
		fmt.Fprintf(&text, "%d%s\n", i, strings.Repeat("x", 900_000))
	}
	text.WriteString(strings.Repeat("y", 1_100_000) + "\n")
	r.append("access.log", text.String())
	r.start()
	eventually(t, "all records", func() bool { return len(fake.records("web")) == 1721 })
	if err := r.stop(); err != nil {
		t.Fatal(err)
	}
	if fake.largest != 500 {
		t.Errorf("largest batch has %d records", fake.largest)
	}
	longest := fake.records("web")[1720]
	if len(longest) != maxRecordBytes || !strings.HasSuffix(longest, "yy\n") {
		t.Errorf("the record beyond the limit has %d bytes", len(longest))
	}
	if s := r.agent.Snapshot().Flows[0]; s.Cut != 1 || s.LagBytes != 0 {
		t.Errorf("counted %+v", s)
	}
}

// Only failed records are sent again, and a file's checkpoint stands at its lowest unacknowledged byte.
func TestFailedRecordsAreRetriedAlone(t *testing.T) {
	t.Parallel()
	fake := newFakeFirehose(t)
	fake.failRecords = 0.3
	r := newRunner(t, fake, rawConfig)
	want := []string{}
	for i := range 3000 {
		want = append(want, fmt.Sprintf("line %d\n", i))
	}
	r.append("access.log", strings.Join(want, ""))
	r.start()
	eventually(t, "all records", func() bool { return len(fake.records("web")) == len(want) })
	if err := r.stop(); err != nil {
		t.Fatal(err)
	}
	if fake.repeats != 0 {
		t.Errorf("%d accepted records were sent again", fake.repeats)
	}
	slices.Sort(want)
	if !slices.Equal(fake.records("web"), want) {
		t.Error("records differ from lines")
	}
}

func TestKilledAtRandomLosesNothingAndRepeatsNameTheSameBytes(t *testing.T) {
	t.Parallel()
	fake := newFakeFirehose(t)
	fake.failRecords, fake.loseReplies, fake.delay = 0.3, 0.1, 20*time.Millisecond
	r := newRunner(t, fake, exactConfig)
	written, rotations := []string{}, 0
	for round := range *killRounds {
		r.start()
		deadline := time.Now().Add(time.Duration(50+rand.IntN(250)) * time.Millisecond)
		for time.Now().Before(deadline) {
			var text strings.Builder
			for range 200 {
				line := fmt.Sprintf("line %d of round %d\n", len(written), round)
				written = append(written, line)
				text.WriteString(line)
			}
			r.append("access.log", text.String())
			time.Sleep(5 * time.Millisecond)
		}
		r.kill()
		if round%4 == 3 { // rotated while nobody looks
			rotations++
			if err := os.Rename(r.path("access.log"), r.path(fmt.Sprint("old.", rotations))); err != nil {
				t.Fatal(err)
			}
		}
	}
	fake.behave()
	r.start()
	eventually(t, "all records", func() bool { return len(fake.records("web")) >= len(written) })
	if err := r.stop(); err != nil {
		t.Fatal(err)
	}
	slices.Sort(written)
	if got := fake.records("web"); !slices.Equal(got, written) {
		t.Errorf("%d lines written, %d records after repeats were dropped", len(written), len(got))
	}
	t.Logf("%d lines, %d repeats in %d requests", len(written), fake.repeats, fake.requests)
	if fake.repeats == 0 {
		t.Error("nothing came twice: the test killed nothing")
	}
}

func TestRotationWhileRunning(t *testing.T) {
	t.Parallel()
	fake := newFakeFirehose(t)
	r := newRunner(t, fake, exactConfig)
	r.start()
	written := []string{}
	for rotation := range 20 {
		for range 5 {
			line := fmt.Sprintf("line %d\n", len(written))
			written = append(written, line)
			r.append("access.log", line)
			time.Sleep(time.Millisecond)
		}
		// before that it would leave the pattern unseen, for a name that is no rotated one
		eventually(t, "the file is read", func() bool { return r.agent.Snapshot().Flows[0].Received == int64(len(written)) })
		os.Rename(r.path("access.log"), r.path(fmt.Sprint("old.", rotation)))
		late := fmt.Sprintf("late %d\n", len(written))
		written = append(written, late)
		r.append(fmt.Sprint("old.", rotation), late)
	}
	eventually(t, "all records", func() bool { return len(fake.records("web")) == len(written) })
	for rotation := range 20 {
		os.Remove(r.path(fmt.Sprint("old.", rotation)))
	}
	eventually(t, "old files let go", func() bool { return r.agent.Snapshot().Flows[0].Files == 0 })
	if err := r.stop(); err != nil {
		t.Fatal(err)
	}
	slices.Sort(written)
	if !slices.Equal(fake.records("web"), written) || fake.repeats != 0 {
		t.Errorf("records differ from lines, %d repeats", fake.repeats)
	}
}

// A batch that fails for a while holds the checkpoint back although later ones are accepted.
func TestCheckpointWaitsForTheLowestUnacknowledgedByte(t *testing.T) {
	t.Parallel()
	fake := newFakeFirehose(t)
	r := newRunner(t, fake, strings.Replace(rawConfig, `"maxBufferAgeMillis": 1000`, `"maxBufferAgeMillis": 1000, "maxBufferSizeRecords": 1`, 1))
	first := true
	block := make(chan struct{})
	fake.refuse = func(int) (int, string) {
		fake.mu.Lock()
		mine := first
		first = false
		fake.mu.Unlock()
		if mine {
			<-block // the first request of all is not answered for a while
		}
		return 0, ""
	}
	for i := range 50 {
		r.append("access.log", fmt.Sprintf("line %02d\n", i))
	}
	r.start()
	eventually(t, "the others arrive", func() bool { return len(fake.records("web")) == 49 })
	if err := r.agent.saveCheckpoint(); err != nil {
		t.Fatal(err)
	}
	saved := readCheckpoint(t, r)
	if offset := saved.flows[0].files[0].Offset; offset > 4*8 {
		t.Errorf("checkpoint stands at %d although one of the first batches is not acknowledged", offset)
	}
	close(block)
	eventually(t, "all records", func() bool { return len(fake.records("web")) == 50 })
	if err := r.stop(); err != nil {
		t.Fatal(err)
	}
	if offset := readCheckpoint(t, r).flows[0].files[0].Offset; offset != 50*8 {
		t.Errorf("checkpoint stands at %d at the end", offset)
	}
}

func readCheckpoint(t *testing.T, r *runner) checkpoint {
	t.Helper()
	src, err := os.ReadFile(r.path("state/checkpoint"))
	if err != nil {
		t.Fatal(err)
	}
	c, err := decodeCheckpoint(src)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// Answers that do not fit the request leave everything unacknowledged.
func TestAnswersThatDoNotFitAreNotBelieved(t *testing.T) {
	t.Parallel()
	fake := newFakeFirehose(t)
	answers := []string{`{"FailedPutCount":0,"RequestResponses":[{"RecordId":"1"}]}`, `{"FailedPutCount":1,"RequestResponses":[{"RecordId":"1"},{"RecordId":"2"}]}`,
		`{"RequestResponses":[{"RecordId":"1"},{"RecordId":"2"}]}`, `<html>`, `{"FailedPutCount":0,"RequestResponses":[{"RecordId":"1"},{"RecordId":"2"},{"RecordId":"3"}]}`}
	fake.garble = func(request int, _ map[string]any) []byte {
		if request <= len(answers) {
			return []byte(answers[request-1])
		}
		return nil
	}
	r := newRunner(t, fake, rawConfig)
	r.append("access.log", "one\ntwo\n")
	r.start()
	eventually(t, "a proper answer", func() bool { return r.agent.Snapshot().Flows[0].Sent == 2 })
	if err := r.stop(); err != nil {
		t.Fatal(err)
	}
	if s := r.agent.Snapshot().Flows[0]; s.Failed != int64(len(answers)) {
		t.Errorf("counted %+v", s)
	}
}

func TestHopelessErrorsAreShownAndNothingIsLost(t *testing.T) {
	t.Parallel()
	fake := newFakeFirehose(t)
	var denied = true
	fake.refuse = func(int) (int, string) {
		fake.mu.Lock()
		defer fake.mu.Unlock()
		if denied {
			return http.StatusBadRequest, `{"__type":"com.amazonaws.firehose#AccessDeniedException","message":"User is not authorized"}`
		}
		return 0, ""
	}
	r := newRunner(t, fake, rawConfig)
	r.append("access.log", "one\n")
	r.start()
	eventually(t, "the error is shown", func() bool { return strings.Contains(r.logs.String(), "AccessDeniedException: User is not authorized") })
	s := r.agent.Snapshot().Flows[0]
	if !s.Failing || !strings.Contains(s.LastError, "AccessDenied") {
		t.Errorf("snapshot %+v", s)
	}
	fake.mu.Lock()
	denied = false
	fake.mu.Unlock()
	eventually(t, "the record arrives", func() bool { return len(fake.records("web")) == 1 })
	eventually(t, "the end of trouble is shown", func() bool { return strings.Contains(r.logs.String(), "sending works again") })
	if err := r.stop(); err != nil {
		t.Fatal(err)
	}
}

// Run drains: what was read is sent although the buffer's age is not reached.
func TestRunDrainsWhenStopped(t *testing.T) {
	t.Parallel()
	fake := newFakeFirehose(t)
	fake.delay = 100 * time.Millisecond
	r := newRunner(t, fake, strings.Replace(rawConfig, `"maxBufferAgeMillis": 1000`, `"maxBufferAgeMillis": 900000`, 1))
	r.append("access.log", "one\ntwo\n")
	r.start() // for its configuration
	r.kill()
	a, err := newAgent(r.agent.cfg, Options{AccessKeyID: "AKID", SecretAccessKey: "secret", Region: "eu-central-1"}, pace{})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error)
	go func() { done <- a.Run(ctx) }()
	eventually(t, "lines are read", func() bool { return a.Snapshot().Flows[0].Received == 2 })
	cancel()
	if err := <-done; err != nil {
		t.Fatal(err)
	}
	if got := fake.records("web"); len(got) != 2 {
		t.Errorf("records %q", got)
	}
	if offset := readCheckpoint(t, r).flows[0].files[0].Offset; offset != 8 {
		t.Errorf("checkpoint stands at %d", offset)
	}
}

// With the service away, stopping takes no longer than the configured time, and the checkpoint stays behind.
func TestStopGivesUpAfterShutdownTimeout(t *testing.T) {
	t.Parallel()
	fake := newFakeFirehose(t)
	r := newRunner(t, fake, strings.Replace(rawConfig, `"maxSendingThreads": 4`, `"maxSendingThreads": 4, "shutdownTimeoutMillis": 200`, 1))
	fake.refuse = func(int) (int, string) { return 503, "" }
	r.append("access.log", "one\n")
	r.start()
	eventually(t, "the line is read", func() bool { return r.agent.Snapshot().Flows[0].Received == 1 })
	if err := r.stop(); err != nil {
		t.Fatal(err)
	}
	if offset := readCheckpoint(t, r).flows[0].files[0].Offset; offset != 0 {
		t.Errorf("checkpoint stands at %d", offset)
	}
}

func TestOneAgentPerCheckpoint(t *testing.T) {
	t.Parallel()
	fake := newFakeFirehose(t)
	r := newRunner(t, fake, rawConfig)
	r.start()
	defer r.kill()
	_, err := New(r.agent.cfg, Options{AccessKeyID: "AKID", SecretAccessKey: "secret"})
	if err == nil || !strings.Contains(err.Error(), "another agent uses it") {
		t.Errorf("second agent: %v", err)
	}
}

func TestDamagedCheckpointRefusesTheStart(t *testing.T) {
	t.Parallel()
	fake := newFakeFirehose(t)
	r := newRunner(t, fake, rawConfig)
	r.append("access.log", "one\n")
	r.start()
	eventually(t, "the record arrives", func() bool { return len(fake.records("web")) == 1 })
	if err := r.stop(); err != nil {
		t.Fatal(err)
	}
	path := r.path("state/checkpoint")
	src, _ := os.ReadFile(path)
	src[len(src)/2] ^= 1
	if err := os.WriteFile(path, src, 0o644); err != nil {
		t.Fatal(err)
	}
	_, err := New(r.agent.cfg, Options{AccessKeyID: "AKID", SecretAccessKey: "secret"})
	if err == nil || !strings.Contains(err.Error(), "it is damaged") || !strings.Contains(err.Error(), path) {
		t.Errorf("damaged checkpoint: %v", err)
	}
}

func TestProgressLinesInTheKinesisAgentsWords(t *testing.T) {
	t.Parallel()
	fake := newFakeFirehose(t)
	r := newRunner(t, fake, strings.Replace(rawConfig, `"maxSendingThreads": 4`, `"maxSendingThreads": 4, "log.statusReportingPeriodSeconds": 1`, 1))
	r.append("access.log", "one\n")
	r.start()
	defer r.kill()
	eventually(t, "a progress line", func() bool {
		return strings.Contains(r.logs.String(), "Agent: Progress: 1 records parsed (4 bytes), and 1 records sent successfully to destinations. Uptime: ")
	})
}

func TestSnapshotIsJSON(t *testing.T) {
	text, err := json.Marshal(Snapshot{Flows: []FlowSnapshot{{Flow: "fh:a:b"}}})
	if err != nil || !strings.Contains(string(text), `"lag_bytes":0`) || strings.Contains(string(text), "last_error") {
		t.Errorf("%s %v", text, err)
	}
}
