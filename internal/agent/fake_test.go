package agent

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	v4 "github.com/aws/aws-sdk-go-v2/aws/signer/v4"

	"github.com/millrace/millrace/internal/record"
)

// fakeFirehose keeps what PutRecordBatch brings and misbehaves as told.
type fakeFirehose struct {
	*httptest.Server
	t testing.TB

	mu       sync.Mutex
	accepted map[string]map[record.Range]string // by stream and incarnation
	repeats  int
	requests int
	largest  int

	failRecords float64                                     // share of records refused
	loseReplies float64                                     // share of requests that are stored and not answered
	delay       time.Duration                               // at most, random
	refuse      func(request int) (status int, body string) // 0 = carry on
	refuseBody  func(records []string) (status int, body string)
	maxBody     int                                             // larger requests get 413
	garble      func(request int, answer map[string]any) []byte // nil = as it is
}

func newFakeFirehose(t testing.TB) *fakeFirehose {
	f := &fakeFirehose{t: t, accepted: make(map[string]map[record.Range]string)}
	f.Server = httptest.NewServer(f)
	t.Cleanup(f.Close)
	return f
}

func (f *fakeFirehose) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return // the client went away
	}
	f.checkSignature(r, body)
	f.mu.Lock()
	f.requests++
	number := f.requests
	delay := time.Duration(rand.Float64() * float64(f.delay))
	lost := rand.Float64() < f.loseReplies
	f.mu.Unlock()
	time.Sleep(delay)
	if status, text := f.refusal(number, body); status != 0 {
		w.WriteHeader(status)
		io.WriteString(w, text)
		return
	}
	answer := f.store(r, body)
	if lost {
		panic(http.ErrAbortHandler)
	}
	if f.garble != nil {
		if text := f.garble(number, answer); text != nil {
			w.Write(text)
			return
		}
	}
	json.NewEncoder(w).Encode(answer)
}

func (f *fakeFirehose) refusal(request int, body []byte) (status int, text string) {
	f.mu.Lock()
	refuse, refuseBody, maxBody := f.refuse, f.refuseBody, f.maxBody
	f.mu.Unlock()
	if maxBody > 0 && len(body) > maxBody {
		return http.StatusRequestEntityTooLarge, "too large"
	}
	if refuse != nil {
		if status, text := refuse(request); status != 0 {
			return status, text
		}
	}
	if refuseBody == nil {
		return 0, ""
	}
	var put struct{ Records []struct{ Data []byte } }
	if err := json.Unmarshal(body, &put); err != nil {
		return http.StatusBadRequest, err.Error()
	}
	records := []string{}
	for _, r := range put.Records {
		records = append(records, string(r.Data))
	}
	return refuseBody(records)
}

// set changes how it behaves.
func (f *fakeFirehose) set(change func()) {
	f.mu.Lock()
	defer f.mu.Unlock()
	change()
}

// behave makes it lose nothing more.
func (f *fakeFirehose) behave() {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.failRecords, f.loseReplies = 0, 0
}

// checkSignature signs the request again and wants the same, with the origin among the signed headers.
func (f *fakeFirehose) checkSignature(r *http.Request, body []byte) {
	authorization := r.Header.Get("Authorization")
	if !strings.Contains(authorization, "x-millrace-origin") || !strings.Contains(authorization, "/eu-central-1/firehose/aws4_request") {
		f.t.Errorf("authorization is %q", authorization)
	}
	again, _ := http.NewRequest(http.MethodPost, f.URL+"/", bytes.NewReader(body))
	for _, name := range []string{"Content-Type", "X-Amz-Target", record.OriginHeader} {
		again.Header.Set(name, r.Header.Get(name))
	}
	at, err := time.Parse("20060102T150405Z", r.Header.Get("X-Amz-Date"))
	if err != nil {
		f.t.Error(err)
	}
	hash := sha256.Sum256(body)
	keys := aws.Credentials{AccessKeyID: "AKID", SecretAccessKey: "secret"}
	if err := v4.NewSigner().SignHTTP(r.Context(), keys, again, hex.EncodeToString(hash[:]), "firehose", "eu-central-1", at); err != nil {
		f.t.Error(err)
	}
	if want := again.Header.Get("Authorization"); authorization != want {
		f.t.Errorf("authorization is %q, want %q", authorization, want)
	}
}

func (f *fakeFirehose) store(r *http.Request, body []byte) map[string]any {
	var put struct {
		DeliveryStreamName string
		Records            []struct{ Data []byte }
	}
	if err := json.Unmarshal(body, &put); err != nil {
		f.t.Errorf("body %.200q: %v", body, err)
	}
	origin, err := record.ParseOrigin(r.Header.Get(record.OriginHeader))
	if err != nil || len(origin.Ranges) != len(put.Records) {
		f.t.Errorf("origin %q for %d records: %v", r.Header.Get(record.OriginHeader), len(put.Records), err)
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	key := put.DeliveryStreamName + " " + hex.EncodeToString(origin.ID[:])
	if f.accepted[key] == nil {
		f.accepted[key] = make(map[record.Range]string)
	}
	bytes, failed := 0, 0
	entries := []map[string]string{}
	for i, rec := range put.Records {
		bytes += len(rec.Data)
		if rand.Float64() < f.failRecords {
			failed++
			entries = append(entries, map[string]string{"ErrorCode": "ServiceUnavailableException", "ErrorMessage": "Slow down."})
			continue
		}
		before, repeated := f.accepted[key][origin.Ranges[i]]
		if repeated && before != string(rec.Data) {
			f.t.Errorf("range %v of %s was %q, now %q", origin.Ranges[i], key, before, rec.Data)
		}
		if repeated {
			f.repeats++
		}
		f.accepted[key][origin.Ranges[i]] = string(rec.Data)
		entries = append(entries, map[string]string{"RecordId": fmt.Sprint("r", i)})
	}
	if len(put.Records) > maxBatchRecords || bytes > maxBatchBytes {
		f.t.Errorf("batch of %d records, %d bytes", len(put.Records), bytes)
	}
	f.largest = max(f.largest, len(put.Records))
	return map[string]any{"FailedPutCount": failed, "Encrypted": false, "RequestResponses": entries}
}

// records are what a stream holds, repeats counted once, sorted. Ranges of one incarnation must not overlap.
func (f *fakeFirehose) records(stream string) []string {
	f.mu.Lock()
	defer f.mu.Unlock()
	all := []string{}
	for key, ranges := range f.accepted {
		if !strings.HasPrefix(key, stream+" ") {
			continue
		}
		at := uint64(0)
		for _, r := range slices.SortedFunc(mapKeys(ranges), func(a, b record.Range) int { return int(int64(a.Start) - int64(b.Start)) }) {
			if r.Start < at {
				f.t.Errorf("range %v of %s overlaps", r, key)
			}
			at = r.End
			all = append(all, ranges[r])
		}
	}
	slices.Sort(all)
	return all
}

// inOrder are the records of a stream's only incarnation by their place in the file.
func (f *fakeFirehose) inOrder(stream string) []string {
	f.mu.Lock()
	defer f.mu.Unlock()
	all := []string{}
	for key, ranges := range f.accepted {
		if strings.HasPrefix(key, stream+" ") {
			for _, r := range slices.SortedFunc(mapKeys(ranges), func(a, b record.Range) int { return int(int64(a.Start) - int64(b.Start)) }) {
				all = append(all, ranges[r])
			}
		}
	}
	return all
}

func mapKeys[K comparable, V any](m map[K]V) func(func(K) bool) {
	return func(yield func(K) bool) {
		for k := range m {
			if !yield(k) {
				return
			}
		}
	}
}

// eventually waits for a condition.
func eventually(t testing.TB, what string, condition func() bool) {
	t.Helper()
	for range 2000 {
		if condition() {
			return
		}
		time.Sleep(10 * time.Millisecond)
	}
	t.Fatalf("not within 20 s: %s", what)
}

// runner is an agent that runs on a folder.
type runner struct {
	t       testing.TB
	dir     string
	fake    *fakeFirehose
	config  string
	logs    *logText
	agent   *Agent
	stop    func() error // drains
	kill    func()       // leaves all as it is
	options Options
}

type logText struct {
	mu sync.Mutex
	bytes.Buffer
}

func (l *logText) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.Buffer.Write(p)
}

func (l *logText) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.Buffer.String()
}

// newRunner takes a configuration in which DIR, ENDPOINT and FLOW stand for what the test has.
func newRunner(t testing.TB, fake *fakeFirehose, config string) *runner {
	dir := t.TempDir()
	return &runner{t: t, dir: dir, fake: fake, config: config, logs: new(logText)}
}

func (r *runner) path(name string) string { return filepath.Join(r.dir, name) }

func (r *runner) start() {
	r.t.Helper()
	text := strings.NewReplacer("DIR", r.dir, "ENDPOINT", r.fake.URL).Replace(r.config)
	cfg, err := Parse("agent.json", []byte(text))
	if err != nil {
		r.t.Fatal(err)
	}
	opts := r.options
	opts.Logger = slog.New(slog.NewTextHandler(r.logs, nil))
	opts.AccessKeyID, opts.SecretAccessKey, opts.Region = "AKID", "secret", "eu-central-1"
	if r.agent, err = newAgent(cfg, opts, pace{quiet: 300 * time.Millisecond, checkpoint: 30 * time.Millisecond}); err != nil {
		r.t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	hard, cancelHard := context.WithCancel(context.Background())
	done := make(chan struct{})
	go func() {
		r.agent.run(ctx, hard, cancelHard)
		close(done)
	}()
	end := sync.OnceFunc(func() {
		cancel()
		<-done
	})
	r.stop = func() error {
		end()
		defer r.agent.close()
		return r.agent.saveCheckpoint()
	}
	r.kill = sync.OnceFunc(func() {
		cancelHard()
		end()
		r.agent.close()
	})
}

func (r *runner) append(name, text string) {
	r.t.Helper()
	fd, err := os.OpenFile(r.path(name), os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o644)
	if err == nil {
		_, err = fd.WriteString(text)
		fd.Close()
	}
	if err != nil {
		r.t.Fatal(err)
	}
}
