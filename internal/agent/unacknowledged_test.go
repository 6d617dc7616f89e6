package agent

import (
	"context"
	"net/http"
	"os"
	"slices"
	"strings"
	"testing"
	"time"
)

// The agent dies after it has seen a file's footer and before the lines in front of it were acknowledged: they are read again.
func TestKilledBehindAFooter(t *testing.T) {
	t.Parallel()
	fake := newFakeFirehose(t)
	fake.refuse = func(int) (int, string) { return http.StatusInternalServerError, "away" }
	r := newRunner(t, fake, strings.Replace(rawConfig, `"deliveryStream"`, `"fileFooterPattern": "-- end", "deliveryStream"`, 1))
	r.append("access.log", "one\ntwo\n-- end\nthree\n")
	r.start()
	eventually(t, "the service is asked", func() bool { return r.agent.Snapshot().Flows[0].Failed > 0 })
	if err := r.agent.saveCheckpoint(); err != nil {
		t.Fatal(err)
	}
	r.kill()
	fake.set(func() { fake.refuse = nil })
	r.start()
	eventually(t, "what was not acknowledged", func() bool { return len(fake.records("web")) > 0 })
	if err := r.stop(); err != nil {
		t.Fatal(err)
	}
	if got := fake.records("web"); !slices.Equal(got, []string{"one\n", "two\n"}) {
		t.Errorf("got %q", got)
	}
	r.start()
	r.append("access.log", "four\n")
	time.Sleep(300 * time.Millisecond)
	if err := r.stop(); err != nil {
		t.Fatal(err)
	}
	if got := fake.records("web"); len(got) != 2 {
		t.Errorf("behind the footer: got %q", got)
	}
}

// takenUp is a flow whose reader has lines in hand.
func takenUp(t *testing.T) (*runner, *flow, *incarnation) {
	r := newRunner(t, newFakeFirehose(t), exactConfig)
	r.append("access.log", "one\ntwo\n")
	cfg, err := Parse("agent.json", []byte(strings.NewReplacer("DIR", r.dir, "ENDPOINT", r.fake.URL).Replace(r.config)))
	if err != nil {
		t.Fatal(err)
	}
	r.agent, err = newAgent(cfg, Options{AccessKeyID: "AKID", SecretAccessKey: "secret", Region: "eu-central-1"}, pace{quiet: time.Millisecond, noEvents: true})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(r.agent.close)
	f := r.agent.flows[0]
	_, i, ok := f.next()
	if !ok {
		t.Fatal("nothing to read")
	}
	return r, f, i
}

// While the reader waits for room with lines in hand, their file may be rotated away and be given up by the tailer. The lines still have their place in the checkpoint.
func TestLinesInHandOutliveTheirFile(t *testing.T) {
	t.Parallel()
	r, f, i := takenUp(t)
	if !f.begin(t.Context(), i) {
		t.Fatal("not begun")
	}
	if err := os.Remove(r.path("access.log")); err != nil {
		t.Fatal(err)
	}
	eventually(t, "the tailer gives up the file", func() bool { f.tailer.Look(); return len(f.tailer.Files()) == 0 })
	if err := r.agent.saveCheckpoint(); err != nil {
		t.Fatal(err)
	}
	files := readCheckpoint(t, r).flows[0].files
	if len(files) != 1 || files[0].ID != i.file.ID || files[0].Offset != 0 {
		t.Fatalf("checkpoint has %+v", files)
	}
	if f.incarnations[i.file.ID] != i {
		t.Fatal("the flow has forgotten the file: nobody would send what is made of its lines")
	}
}

// Without a place in the checkpoint nothing is sent, also when the agent is being stopped.
func TestNothingIsSentWithoutItsPlaceInTheCheckpoint(t *testing.T) {
	t.Parallel()
	r, f, i := takenUp(t)
	if err := os.RemoveAll(r.path("state")); err != nil {
		t.Fatal(err)
	}
	stopped, cancel := context.WithCancel(t.Context())
	time.AfterFunc(50*time.Millisecond, cancel)
	if f.begin(stopped, i) {
		t.Fatal("begun although its id could not be saved")
	}
}
