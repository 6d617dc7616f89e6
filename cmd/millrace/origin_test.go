//go:build unix

package main

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	v4 "github.com/aws/aws-sdk-go-v2/aws/signer/v4"
	"pgregory.net/rapid"

	"github.com/millrace/millrace/internal/aws/call"
	"github.com/millrace/millrace/internal/firehose"
	"github.com/millrace/millrace/internal/journal/memory"
	"github.com/millrace/millrace/internal/realtest"
	"github.com/millrace/millrace/internal/record"
)

// What our agent sends again counts once, whatever is wrong with the route to
// the server, while agents are killed. The last scene is the same trouble for
// requests that do not say where their records come from: there each repeat is
// another line of the archive, so the trouble is real.
func TestRepeatsOfTheAgentCountOnce(t *testing.T) {
	for _, scene := range []struct {
		name, settings string
		trouble        func(random *rand.Rand, r *routed)
		serverKilled   bool
		anonymous      bool
	}{
		{name: "answers cut", trouble: cutAnswers},
		{name: "answers cut, server killed", trouble: cutAnswers, serverKilled: true},
		{name: "records failed", trouble: failRecords},
		{name: "limits", settings: "limits:\n  records_per_second: 1500\n", trouble: cutAnswers},
		{name: "answers cut, records anonymous", trouble: cutAnswers, anonymous: true},
	} {
		t.Run(scene.name, func(t *testing.T) {
			t.Parallel()
			w := newOriginWorld(t, scene.settings)
			w.route.trouble, w.route.anonymous = scene.trouble, scene.anonymous
			done := w.write("access.log", 4500, 1500)
			for range 3 {
				a := w.startAgent()
				a.until("some batches went through", w.route.passed(15))
				a.kill()
				if scene.serverKilled {
					w.restartServer()
				}
			}
			a := w.startAgent()
			<-done
			w.arrive(a)
			again := 0
			if scene.anonymous {
				again = w.route.repeats
			}
			w.sameAsLogs(again)
			t.Logf("%+v", w.route.counts)
			if w.route.repeats == 0 || w.route.overtaken == 0 {
				t.Errorf("%d records came again, %d of them after later ones of their file: nothing was shown", w.route.repeats, w.route.overtaken)
			}
			if scene.settings != "" && w.route.refused == 0 {
				t.Error("the limits refused nothing")
			}
		})
	}
}

// cutAnswers lets the server keep a batch, waits while later ones go through,
// and then tells nobody.
func cutAnswers(random *rand.Rand, r *routed) {
	if random.IntN(3) == 0 {
		r.cutAfter = time.Duration(1 + random.Int64N(int64(300*time.Millisecond)))
	}
}

// failRecords answers with errors for the first, a middle and the last record,
// or some of them; some are kept by the server all the same.
func failRecords(random *rand.Rand, r *routed) {
	n := len(r.origin.Ranges)
	for _, i := range []int{0, n / 2, n - 1, random.IntN(n)} {
		switch random.IntN(4) {
		case 0:
			r.fail[i] = true
		case 1:
			r.fail[i], r.hold[i] = true, true
		}
	}
}

// Files that are rotated while they are written to, by renaming and by copying
// and truncating, over a bad route and under agents that are killed.
func TestRepeatsAcrossRotation(t *testing.T) {
	for name, rotate := range map[string]func(w *originWorld, path string, n int){
		"renamed": func(w *originWorld, path string, n int) { w.must(os.Rename(path, fmt.Sprint(path, ".", n))) },
		"copied and truncated": func(w *originWorld, path string, n int) {
			text, err := os.ReadFile(path)
			w.must(err)
			w.must(os.WriteFile(fmt.Sprint(path, ".", n), text, 0o644))
			w.must(os.Truncate(path, 0))
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newOriginWorld(t, "")
			w.route.trouble = cutAnswers
			path := filepath.Join(w.logs, "access.log")
			a, lines := w.startAgent(), 0
			for rotation := 1; rotation <= 6; rotation++ {
				<-w.write("access.log", 500, 1500)
				lines += 500
				rotate(w, path, rotation)
				if rotation%2 == 0 {
					a.kill()
					a = w.startAgent()
				}
			}
			<-w.write("access.log", 100, 1500)
			w.arrive(a)
			w.sameAsLogs(0)
			t.Logf("%+v", w.route.counts)
			if w.route.repeats == 0 {
				t.Error("nothing came again")
			}
		})
	}
}

// logrotate copies and truncates while a server writes on. What is written
// between the copying and the truncating is nobody's but the agent's if it read
// it in time: every line of the files that are left is there once, every other
// line at most once.
func TestRepeatsAcrossLogrotate(t *testing.T) {
	t.Parallel()
	logrotate := realtest.Program(t, "logrotate")
	w := newOriginWorld(t, "")
	w.route.trouble = cutAnswers
	config := filepath.Join(t.TempDir(), "logrotate.conf")
	write(t, config, fmt.Appendf(nil, "%s {\nrotate 100\nsize 1\nmissingok\ncopytruncate\n}\n", filepath.Join(w.logs, "access.log")))
	a, done := w.startAgent(), w.write("access.log", 6000, 1500)
	for rotation := range 4 {
		time.Sleep(700 * time.Millisecond)
		if out, err := exec.Command(logrotate, "-f", "-s", config+".status", config).CombinedOutput(); err != nil {
			t.Fatalf("logrotate: %v: %s", err, out)
		}
		if rotation == 1 {
			a.kill()
			a = w.startAgent()
		}
	}
	<-done
	w.arrive(a)
	got, left := countLines(w.server.archived("archive", "")), w.linesLeft()
	for line, n := range got {
		if n != 1 || w.written[line] == 0 {
			t.Errorf("%d times in the archive: %q", n, line)
		}
	}
	for line := range left {
		if got[line] == 0 {
			t.Errorf("in a file, not in the archive: %q", line)
		}
	}
	t.Logf("%d lines written, %d left in the files, %d in the archive; %+v", len(w.written), len(left), len(got), w.route.counts)
	if w.route.repeats == 0 {
		t.Error("nothing came again")
	}
}

// A file is deleted and another one gets its inode, begins as it did and is
// longer: it is another incarnation, and what lies at the same bytes no repeat.
func TestAnotherFileWithTheSameInode(t *testing.T) {
	t.Parallel()
	w := newOriginWorld(t, "")
	const head = "#Version: 1.0\n#Fields: date time cs-uri\n"
	w.append("access.log", head)
	<-w.write("access.log", 300, 0)
	a := w.startAgent()
	a.until("the first file is in", func() bool { return w.route.records() >= 302 })
	a.kill()
	path := filepath.Join(w.logs, "access.log")
	inode := func() uint64 {
		info, err := os.Stat(path)
		w.must(err)
		return info.Sys().(*syscall.Stat_t).Ino
	}
	first := inode()
	w.must(os.Remove(path))
	for n := 0; ; n++ {
		write(t, path, nil)
		if inode() == first {
			break
		}
		if n == 100 {
			t.Skip("this file system does not give the inode again")
		}
		w.must(os.Rename(path, filepath.Join(w.logs, fmt.Sprint("other", n)))) // it has an inode that is not wanted
	}
	w.append("access.log", head)
	<-w.write("access.log", 900, 0)
	w.arrive(w.startAgent())
	w.sameAsLogs(0)
}

// An agent without its checkpoint takes its files for new ones: all of them
// count again. That is the limit.
func TestRepeatsAfterALostCheckpoint(t *testing.T) {
	t.Parallel()
	w := newOriginWorld(t, "")
	<-w.write("access.log", 1000, 0)
	w.arrive(w.startAgent())
	w.sameAsLogs(0)
	w.must(os.RemoveAll(w.checkpoint))
	a := w.startAgent()
	a.until("all came again", func() bool { return w.route.records() == 2000 })
	w.arrive(a)
	w.sameAsLogs(1000)
}

// Whoever else names the same incarnation and bytes takes nothing away: another
// key, another role, the root beside a role; nor does the same caller's put into
// another stream.
func TestForgedOriginsSuppressNothing(t *testing.T) {
	s := openOriginService(t, memory.New(memory.Options{}), "web", "other")
	owner := call.Identity{AccessKeyID: "AKIAOWNER"}
	role := call.Identity{AccessKeyID: "ASIA1", RoleARN: "arn:aws:iam::000000000000:role/web"}
	callers := []call.Identity{
		owner, {AccessKeyID: "AKIAOTHER"}, role,
		{AccessKeyID: "AKIAOWNER", RoleARN: "arn:aws:iam::000000000000:role/other"},                // the owner's key in a role
		{AccessKeyID: "AKIAOWNER/" + strings.Repeat("ab", 16)}, {AccessKeyID: "AKIAOWNER\x00"}, {}, // nor by what it is called
	}
	from := record.Origin{ID: [16]byte{0xab, 0xab}, Ranges: []record.Range{{Start: 0, End: 10}, {Start: 10, End: 20}}}
	put := func(who call.Identity, stream, text string) {
		t.Helper()
		if err := s.put(who, stream, from, text+" 1", text+" 2"); err != nil {
			t.Fatal(err)
		}
	}
	var want []string
	for i, who := range callers {
		text := fmt.Sprint("caller ", i)
		put(who, "web", text)
		put(who, "web", text+" again")
		want = append(want, text+" 1", text+" 2")
	}
	put(owner, "other", "other stream")
	// a role's next session has another key and is the same caller
	role.AccessKeyID = "ASIA2"
	put(role, "web", "next session")
	put(owner, "web", "at last")
	if got := s.held(t, "web"); !slices.Equal(got, want) {
		t.Errorf("held %q, want %q", got, want)
	}
	if got := s.held(t, "other"); !slices.Equal(got, []string{"other stream 1", "other stream 2"}) {
		t.Errorf("other stream: %q", got)
	}
}

// An incarnation is forgotten a day after its last batch, by the service itself,
// whether that brought something new or was a repeat.
func TestRepeatsAfterADay(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := openOriginService(t, memory.New(memory.Options{}), "web")
		caller := call.Identity{AccessKeyID: "AKIAOWNER"}
		for _, step := range []struct {
			sleep time.Duration
			lines uint64 // of the file, from the first on
			held  int    // afterwards
		}{
			{0, 2, 2},
			{23 * time.Hour, 2, 2}, // nothing new, and yet the day begins anew
			{23 * time.Hour, 2, 2},
			{30 * time.Minute, 3, 3},
			{23 * time.Hour, 3, 3},
			{26 * time.Hour, 3, 6},
			{time.Hour, 3, 6},
		} {
			time.Sleep(step.sleep)
			from, records := record.Origin{ID: [16]byte{1}}, []string{}
			for i := range step.lines {
				from.Ranges, records = append(from.Ranges, record.Range{Start: 10 * i, End: 10*i + 10}), append(records, fmt.Sprint("line ", i))
			}
			if err := s.put(caller, "web", from, records...); err != nil {
				t.Fatal(err)
			}
			if got := len(s.held(t, "web")); got != step.held {
				t.Errorf("after %v more: %d records, want %d", step.sleep, got, step.held)
			}
		}
		if err := s.Close(); err != nil {
			t.Fatal(err)
		}
	})
}

// What is kept of a million lines: one interval if they come in order or in any
// order of whole batches, at most 8192 if there is a hole behind each.
func TestIntervalsAreBounded(t *testing.T) {
	const lines, batch = 1_000_000, 500
	random := rand.New(rand.NewPCG(1, 1))
	inOrder := make([]int, lines/batch)
	for i := range inOrder {
		inOrder[i] = i
	}
	shuffled := slices.Clone(inOrder)
	random.Shuffle(len(shuffled), func(i, j int) { shuffled[i], shuffled[j] = shuffled[j], shuffled[i] })
	for _, tc := range []struct {
		name         string
		batches      []int
		hole         uint64 // bytes behind each line
		most, atLast int    // bytes of state
	}{
		{"in order", inOrder, 0, 20, 20},
		{"batches shuffled", shuffled, 0, 20 + 8*len(shuffled)/2, 20},
		{"holes", inOrder, 1, 20 + 8*8192, 20 + 8*8192},
		{"holes, batches shuffled", shuffled, 1, 20 + 8*8192, 20 + 8*8192},
	} {
		t.Run(tc.name, func(t *testing.T) {
			j := memory.New(memory.Options{})
			s := openOriginService(t, j, "web")
			caller := call.Identity{AccessKeyID: "AKIAOWNER"}
			records := make([]string, batch)
			for i := range records {
				records[i] = "x"
			}
			put := func(n int) {
				from := record.Origin{ID: [16]byte{1}}
				for i := range uint64(batch) {
					at := (uint64(n*batch) + i) * 100
					from.Ranges = append(from.Ranges, record.Range{Start: at, End: at + 100 - tc.hole})
				}
				if err := s.put(caller, "web", from, records...); err != nil {
					t.Fatal(err)
				}
			}
			size, most := 0, 0
			for _, n := range tc.batches {
				put(n)
				size = 0
				for e, err := range j.Scan("firehose/origin/") {
					if err != nil {
						t.Fatal(err)
					}
					size += len(e.Value)
				}
				most = max(most, size)
			}
			t.Logf("at most %d bytes, %d at last", most, size)
			if most > tc.most || size > tc.atLast || size == 0 {
				t.Errorf("at most %d bytes and %d at last, want %d and %d", most, size, tc.most, tc.atLast)
			}
			// the end of the file is what an agent repeats
			put(lines/batch - 1)
			if st := s.Streams()[0]; st.RecordsIn != lines || st.Repeats != batch {
				t.Errorf("%d records in, %d repeats", st.RecordsIn, st.Repeats)
			}
		})
	}
}

// Ranges may overlap in part, as when lines are gathered to records otherwise
// after a restart. A record is left out only if each of its bytes is held, and
// always then; one without bytes never is. The model keeps bytes, not intervals.
func TestPartlyHeldRecordsAreKept(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		j := memory.New(memory.Options{})
		s := openOriginService(t, j, "web")
		caller, bytesHeld, want := call.Identity{AccessKeyID: "AKIAOWNER"}, map[uint64]bool{}, []string{}
		for n := range rapid.IntRange(1, 12).Draw(t, "batches") {
			from, records := record.Origin{ID: [16]byte{1}}, []string{}
			at := rapid.Uint64Range(0, 60).Draw(t, "offset")
			for i := range rapid.IntRange(1, 8).Draw(t, "records") {
				at += rapid.SampledFrom([]uint64{0, 0, 1, 7}).Draw(t, "skipped")
				end := at + rapid.Uint64Range(0, 15).Draw(t, "length")
				from.Ranges, records = append(from.Ranges, record.Range{Start: at, End: end}), append(records, fmt.Sprint(n, ".", i))
				at = end
			}
			if err := s.put(caller, "web", from, records...); err != nil {
				t.Fatal(err)
			}
			for i, r := range from.Ranges {
				repeated := r.Start < r.End
				for b := r.Start; b < r.End; b++ {
					repeated = repeated && bytesHeld[b]
				}
				if !repeated {
					want = append(want, records[i])
				}
			}
			for _, r := range from.Ranges {
				for b := r.Start; b < r.End; b++ {
					bytesHeld[b] = true
				}
			}
			if rapid.IntRange(0, 4).Draw(t, "restart") == 0 {
				_ = s.Close()
				j = j.Reopen()
				s = openOriginService(t, j)
			}
		}
		if got := s.held(t, "web"); !slices.Equal(got, want) {
			t.Fatalf("held %q, want %q", got, want)
		}
	})
}

// originWorld is a server with a delivery stream into an archive, log files, an
// agent that follows them, and the route between both.
type originWorld struct {
	t          *testing.T
	server     *process
	route      *route
	dir        string // of the server
	logs       string
	checkpoint string

	mu      sync.Mutex
	written map[string]int
	next    int
}

const originTemplate = `
Resources:
  Archive: {Type: AWS::S3::Bucket, Properties: {BucketName: archive}}
  Role:
    Type: AWS::IAM::Role
    Properties:
      AssumeRolePolicyDocument:
        Version: 2012-10-17
        Statement: [{Effect: Allow, Principal: {Service: firehose.amazonaws.com}, Action: sts:AssumeRole}]
      Policies:
        - PolicyName: write
          PolicyDocument: {Version: 2012-10-17, Statement: [{Effect: Allow, Action: 's3:PutObject', Resource: !Sub '${Archive.Arn}/*'}]}
  Web:
    Type: AWS::KinesisFirehose::DeliveryStream
    Properties:
      DeliveryStreamName: web
      ExtendedS3DestinationConfiguration:
        BucketARN: !GetAtt Archive.Arn
        RoleARN: !GetAtt Role.Arn
        BufferingHints: {IntervalInSeconds: 1, SizeInMBs: 1}
`

func newOriginWorld(t *testing.T, settings string) *originWorld {
	t.Helper()
	w := &originWorld{t: t, dir: dataDir(t), logs: t.TempDir(), written: map[string]int{}}
	w.checkpoint = filepath.Join(t.TempDir(), "checkpoint")
	configure(t, w.dir, settings)
	template := filepath.Join(t.TempDir(), "origin.yaml")
	write(t, template, []byte(originTemplate))
	w.server = up(t, w.dir, template)
	w.route = newRoute(t, w.server)
	return w
}

func (w *originWorld) must(err error) {
	w.t.Helper()
	if err != nil {
		w.t.Fatal(err)
	}
}

// restartServer kills the server and starts another on its data.
func (w *originWorld) restartServer() {
	w.server.kill()
	w.server = up(w.t, w.dir)
	w.route.leadTo(w.server)
}

// write appends so many different lines, at a rate or at once.
func (w *originWorld) write(name string, lines, perSecond int) (done chan struct{}) {
	log, err := os.OpenFile(filepath.Join(w.logs, name), os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o644)
	w.must(err)
	done = make(chan struct{})
	go func() {
		defer close(done)
		defer log.Close()
		for i := range lines {
			w.mu.Lock()
			w.next++
			line := fmt.Sprintf("line %d of all %s", w.next, strings.Repeat("x", w.next%150))
			w.written[line]++
			w.mu.Unlock()
			if _, err := fmt.Fprintln(log, line); err != nil {
				w.t.Error(err)
			}
			if perSecond > 0 && i%20 == 19 {
				time.Sleep(20 * time.Second / time.Duration(perSecond))
			}
		}
	}()
	return done
}

// append appends whole lines.
func (w *originWorld) append(name, text string) {
	log, err := os.OpenFile(filepath.Join(w.logs, name), os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o644)
	w.must(err)
	_, err = log.WriteString(text)
	w.must(err)
	w.must(log.Close())
	for line := range strings.Lines(text) {
		w.written[strings.TrimSuffix(line, "\n")]++
	}
}

// linesLeft are those of the files that are there now.
func (w *originWorld) linesLeft() map[string]int {
	names, err := filepath.Glob(filepath.Join(w.logs, "access.log*"))
	w.must(err)
	var all []string
	for _, name := range names {
		text, err := os.ReadFile(name)
		w.must(err)
		all = append(all, strings.Split(strings.TrimSuffix(string(text), "\n"), "\n")...)
	}
	return countLines(all)
}

func countLines(lines []string) map[string]int {
	n := map[string]int{}
	for _, line := range lines {
		if line != "" {
			n[line]++
		}
	}
	return n
}

// arrive waits until the agent has nothing left to send, and stops it.
func (w *originWorld) arrive(a *agentProcess) {
	w.t.Helper()
	before := -1
	a.until("the agent has no more to send", func() bool {
		time.Sleep(1500 * time.Millisecond)
		now := w.route.requestsSeen()
		still := now == before
		before = now
		return still
	})
	a.stop()
	if _, errs, code := millrace(w.t, w.dir, "flush", "web"); code != 0 {
		w.t.Fatal(errs)
	}
}

// sameAsLogs compares the archive with all lines that were written; again is how
// many lines it must have besides, each of them one that was written.
func (w *originWorld) sameAsLogs(again int) {
	w.t.Helper()
	lines := w.server.archived("archive", "")
	got, want := countLines(lines), 0
	for line, n := range w.written {
		want += n
		if got[line] < n || again == 0 && got[line] > n {
			w.t.Errorf("%d times written, %d times in the archive: %q", n, got[line], line)
		}
		delete(got, line)
	}
	if len(lines) != want+again || len(got) > 0 {
		w.t.Errorf("%d lines in the archive, %d written and %d again; never written: %v", len(lines), want, again, got)
	}
}

// agentProcess is a running `millrace agent run`.
type agentProcess struct {
	t     *testing.T
	cmd   *exec.Cmd
	logs  *lockedBuffer
	ended chan struct{}
}

func (w *originWorld) startAgent() *agentProcess {
	w.t.Helper()
	file := filepath.Join(w.t.TempDir(), "agent.json")
	write(w.t, file, fmt.Appendf(nil, `{"checkpointFile": %q, "firehose.endpoint": %q, "awsAccessKeyId": %q, "awsSecretAccessKey": %q, "maxSendingThreads": 8,
		"flows": [{"filePattern": %q, "deliveryStream": "web", "initialPosition": "START_OF_FILE", "maxBufferAgeMillis": 1000, "maxBufferSizeRecords": 40,
		"retryInitialBackoffMillis": 20, "retryMaxBackoffMillis": 200}]}`,
		w.checkpoint, w.route.server.URL, w.server.Run.AccessKeyID, w.server.Run.SecretAccessKey, filepath.Join(w.logs, "access.log")))
	a := &agentProcess{t: w.t, logs: &lockedBuffer{}, ended: make(chan struct{})}
	a.cmd = exec.Command(os.Args[0], "agent", "run", "-c", file)
	a.cmd.Env = cleanEnv(asMillrace+"=1", "AWS_REGION="+w.server.Run.Region)
	a.cmd.Stderr = a.logs
	w.must(a.cmd.Start())
	go func() {
		_ = a.cmd.Wait()
		close(a.ended)
	}()
	w.t.Cleanup(func() {
		a.kill()
		if w.t.Failed() {
			w.t.Logf("stderr of the agent:\n%s", lastOf(a.logs.String(), 3000))
		}
	})
	return a
}

func (a *agentProcess) kill() {
	_ = a.cmd.Process.Kill()
	<-a.ended
}

func (a *agentProcess) stop() {
	a.t.Helper()
	_ = a.cmd.Process.Signal(syscall.SIGTERM)
	<-a.ended
	if code := a.cmd.ProcessState.ExitCode(); code != 0 {
		a.t.Errorf("the agent's exit code is %d", code)
	}
}

func (a *agentProcess) until(what string, done func() bool) {
	a.t.Helper()
	eventually(a.t, what, 60*time.Second, func() error {
		select {
		case <-a.ended:
			a.t.Fatalf("the agent ended by itself:\n%s", a.logs)
		default:
		}
		if !done() {
			return fmt.Errorf("not yet")
		}
		return nil
	})
}

// route is what lies between agent and server. It sees which records the server
// said to have kept.
type route struct {
	t         *testing.T
	server    *httptest.Server
	trouble   func(*rand.Rand, *routed) // nil = none
	anonymous bool                      // takes away where records come from

	mu     sync.Mutex
	to     *process
	random *rand.Rand
	kept   map[[16]byte]map[record.Range]bool // by incarnation
	top    map[[16]byte]uint64
	counts
}

// counts are of records, but for requests.
type counts struct{ requests, taken, repeats, overtaken, refused int }

// routed is one request on its way.
type routed struct {
	origin   record.Origin
	records  []json.RawMessage
	cutAfter time.Duration // of the answer, 0 = it arrives
	fail     map[int]bool  // records that the agent is told to have failed
	hold     map[int]bool  // those among them that the server never sees
}

func newRoute(t *testing.T, to *process) *route {
	seed := uint64(time.Now().UnixNano())
	t.Logf("seed %d", seed)
	r := &route{t: t, to: to, random: rand.New(rand.NewPCG(seed, 1)), kept: map[[16]byte]map[record.Range]bool{}, top: map[[16]byte]uint64{}}
	r.server = httptest.NewServer(r)
	t.Cleanup(r.server.Close)
	return r
}

func (r *route) leadTo(p *process) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.to = p
}

func (r *route) requestsSeen() int {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.requests
}

// records is how many the server said to have taken.
func (r *route) records() int {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.taken
}

// passed returns whether so many requests went through since it was called.
func (r *route) passed(n int) func() bool {
	from := r.requestsSeen()
	return func() bool { return r.requestsSeen() >= from+n }
}

func (r *route) ServeHTTP(w http.ResponseWriter, req *http.Request) {
	body, err := io.ReadAll(req.Body)
	if err != nil {
		return // the agent was killed
	}
	var put struct {
		DeliveryStreamName string
		Records            []json.RawMessage
	}
	if err := json.Unmarshal(body, &put); err != nil {
		r.t.Error(err)
	}
	q := &routed{records: put.Records, fail: map[int]bool{}, hold: map[int]bool{}}
	if q.origin, err = record.ParseOrigin(req.Header.Get(record.OriginHeader)); err != nil || len(q.origin.Ranges) != len(q.records) {
		r.t.Errorf("origin of %d records: %v", len(q.records), err)
	}
	r.mu.Lock()
	to := r.to
	if r.trouble != nil {
		r.trouble(r.random, q)
	}
	r.mu.Unlock()
	entries, answer, status := r.forward(req, q, put.DeliveryStreamName, to)
	time.Sleep(q.cutAfter)
	if q.cutAfter > 0 || status == 0 {
		panic(http.ErrAbortHandler)
	}
	if status == http.StatusOK {
		answer = q.answer(entries)
	}
	w.WriteHeader(status)
	_, _ = w.Write(answer)
}

// answered is what the server says of one record.
type answered struct {
	RecordId     string `json:",omitempty"`
	ErrorCode    string `json:",omitempty"`
	ErrorMessage string `json:",omitempty"`
}

// forward sends on what is not held, signed anew, even if the agent is gone
// meanwhile. Status 0 is no answer.
func (r *route) forward(from *http.Request, q *routed, stream string, to *process) (entries []answered, body []byte, status int) {
	sent, records := record.Origin{ID: q.origin.ID}, []json.RawMessage{}
	for i, data := range q.records {
		if !q.hold[i] {
			sent.Ranges, records = append(sent.Ranges, q.origin.Ranges[i]), append(records, data)
		}
	}
	if len(records) == 0 {
		return nil, nil, http.StatusOK
	}
	body, err := json.Marshal(map[string]any{"DeliveryStreamName": stream, "Records": records})
	if err != nil {
		r.t.Error(err)
	}
	ctx := context.WithoutCancel(from.Context())
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, to.Run.Edge, bytes.NewReader(body))
	if err != nil {
		r.t.Error(err)
		return nil, nil, 0
	}
	req.Header.Set("Content-Type", from.Header.Get("Content-Type"))
	req.Header.Set("X-Amz-Target", from.Header.Get("X-Amz-Target"))
	if !r.anonymous {
		req.Header.Set(record.OriginHeader, string(sent.AppendHeader(nil)))
	}
	hash := sha256.Sum256(body)
	keys := aws.Credentials{AccessKeyID: to.Run.AccessKeyID, SecretAccessKey: to.Run.SecretAccessKey}
	if err := v4.NewSigner().SignHTTP(ctx, keys, req, hex.EncodeToString(hash[:]), "firehose", to.Run.Region, time.Now()); err != nil {
		r.t.Error(err)
	}
	r.mu.Lock()
	r.requests++
	r.mu.Unlock()
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return nil, nil, 0 // the server was killed
	}
	defer resp.Body.Close()
	if body, err = io.ReadAll(resp.Body); err != nil {
		return nil, nil, 0
	}
	var answer struct{ RequestResponses []answered }
	if resp.StatusCode == http.StatusOK {
		if err := json.Unmarshal(body, &answer); err != nil || len(answer.RequestResponses) != len(records) {
			r.t.Errorf("answer to %d records: %v %s", len(records), err, body)
		}
		r.note(sent, answer.RequestResponses)
	}
	return answer.RequestResponses, body, resp.StatusCode
}

// note counts what the server kept, and what of it was kept before.
func (r *route) note(sent record.Origin, entries []answered) {
	r.mu.Lock()
	defer r.mu.Unlock()
	kept, top := r.kept[sent.ID], r.top[sent.ID]
	if kept == nil {
		kept = map[record.Range]bool{}
		r.kept[sent.ID] = kept
	}
	for i, e := range entries {
		at := sent.Ranges[i]
		switch {
		case e.ErrorCode != "":
			r.refused++
			continue
		case kept[at]:
			r.repeats++
			if at.End < top {
				r.overtaken++
			}
		}
		r.taken++
		kept[at] = true
		r.top[sent.ID] = max(r.top[sent.ID], at.End)
	}
}

// answer is what the agent is told.
func (q *routed) answer(entries []answered) []byte {
	out := struct {
		FailedPutCount   int
		RequestResponses []answered
	}{}
	for i := range q.records {
		e := answered{ErrorCode: "InternalFailure", ErrorMessage: "An internal error occurred."}
		if !q.hold[i] {
			if !q.fail[i] {
				e = entries[0]
			}
			entries = entries[1:]
		}
		if e.ErrorCode != "" {
			out.FailedPutCount++
		}
		out.RequestResponses = append(out.RequestResponses, e)
	}
	text, err := json.Marshal(out)
	if err != nil {
		panic(err)
	}
	return text
}

// originService is Firehose on a journal in memory, called as the edge does.
type originService struct {
	*firehose.Service
	journal *memory.Journal
}

// originTest is what *testing.T and *rapid.T share.
type originTest interface {
	Context() context.Context
	Cleanup(func())
	Fatal(args ...any)
}

// openOriginService opens the service and makes the streams.
func openOriginService(t originTest, j *memory.Journal, streams ...string) *originService {
	service, err := firehose.Open(firehose.Options{Journal: j, Authorizer: allowAll{}, Archive: nowhere{}, Logger: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = service.Close() })
	s := &originService{service, j}
	for _, name := range streams {
		if err := s.call(call.Identity{}, "CreateDeliveryStream", "", fmt.Sprintf(`{"DeliveryStreamName":%q,"S3DestinationConfiguration":
			{"RoleARN":"arn:aws:iam::000000000000:role/r","BucketARN":"arn:aws:s3:::archive"}}`, name)); err != nil {
			t.Fatal(err)
		}
	}
	for slices.ContainsFunc(s.Streams(), func(st firehose.Status) bool { return st.Status != "ACTIVE" }) {
		time.Sleep(100 * time.Microsecond)
	}
	return s
}

func (s *originService) call(who call.Identity, operation, origin, body string) error {
	c := &call.Call{Identity: who, Service: "firehose", Operation: operation, Region: "us-east-1", Header: http.Header{}, Body: []byte(body)}
	if origin != "" {
		c.Header.Set(record.OriginHeader, origin)
	}
	for _, op := range s.JSONRPC().Operations {
		if op.Name == operation {
			_, err := op.Handle(context.Background(), c)
			return err
		}
	}
	return fmt.Errorf("no operation %s", operation)
}

func (s *originService) put(who call.Identity, stream string, from record.Origin, records ...string) error {
	var body strings.Builder
	for _, r := range records {
		fmt.Fprintf(&body, `,{"Data":%q}`, base64.StdEncoding.EncodeToString([]byte(r)))
	}
	return s.call(who, "PutRecordBatch", string(from.AppendHeader(nil)), fmt.Sprintf(`{"DeliveryStreamName":%q,"Records":[%s]}`, stream, body.String()[1:]))
}

// held is what the journal has of a stream, or had until it was delivered.
func (s *originService) held(t originTest, name string) (records []string) {
	for _, st := range s.Streams() {
		if st.Name != name {
			continue
		}
		reader := s.journal.Read(st.ID, 1)
		defer reader.Close()
		for at, end := record.Sequence(1), s.journal.Extent(st.ID).Next; at < end; {
			f, err := reader.Next(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			for r := range f.All(at) {
				records = append(records, string(r.Data))
			}
			at = f.Next()
		}
	}
	return records
}

// allowAll lets everybody do everything.
type allowAll struct{}

func (allowAll) Authorize(context.Context, call.Identity, string, string) error { return nil }
func (allowAll) AuthorizeRole(context.Context, string, string, string) error    { return nil }

// nowhere is an archive that is down: what was put stays in the journal.
type nowhere struct{}

func (nowhere) Put(context.Context, string, string, []byte, http.Header) error {
	return &record.Failure{Kind: record.Retryable, Code: "S3.ServiceUnavailable", Message: "S3 is down"}
}
