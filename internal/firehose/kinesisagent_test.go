package firehose

import (
	"bufio"
	"bytes"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/uuid"

	"github.com/millrace/millrace/internal/aws/edge"
	"github.com/millrace/millrace/internal/aws/jsonrpc"
	"github.com/millrace/millrace/internal/aws/sigv4"
)

// kinesisAgent sends as the Amazon Kinesis Agent does, through the AWS SDK for
// Java 1.x: the bytes of its requests, what it signs, how it splits a file into
// batches and what it sends again.
type kinesisAgent struct {
	edge   http.Handler
	signed []string // headers, which differ between versions of the SDK

	mu      sync.Mutex
	queue   [][]byte // lines to send; those that failed come first
	failed  int      // entries that were told to come again
	refused int      // calls that were, whole
	calls   int
}

const (
	agentHost   = "127.0.0.1:4566"
	agentRegion = "eu-central-1"
	agentKey    = "AKIAMILLRACE"
	agentSecret = "secret"
	agentBatch  = 500
)

// The headers that the SDK signs: those of its 1.11, and those of its 1.12.
var signedByJava = map[string]string{
	"1.11": "amz-sdk-invocation-id;amz-sdk-retry;content-length;content-type;host;user-agent;x-amz-date;x-amz-target",
	"1.12": "amz-sdk-invocation-id;amz-sdk-request;amz-sdk-retry;content-type;host;user-agent;x-amz-date;x-amz-target",
}

// A file of 3 MB that appears at once is sent in batches of 500 records by
// several threads, to a stream with the limits of a small region: 1 MiB a
// second. The agent is told which records to send again, sends these alone, and
// each line arrives exactly once.
func TestKinesisAgentBurst(t *testing.T) {
	for version, signed := range signedByJava {
		t.Run(version, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) { burst(t, strings.Split(signed, ";")) })
		})
	}
}

func burst(t *testing.T, signed []string) {
	r := newRig(t)
	r.limits = Limits{AWS: true}
	r.reopen(t)
	verifier := sigv4.NewVerifier(sigv4.Options{Credentials: func(id string) (sigv4.Credential, bool) {
		return sigv4.Credential{Secret: agentSecret, Identity: root}, id == agentKey
	}})
	a := &kinesisAgent{signed: signed, edge: edge.New(edge.Options{Verifier: verifier, JSON: []*jsonrpc.Service{r.JSONRPC()}, Logger: discard})}
	created, body := a.send(t, "CreateDeliveryStream", []byte(`{"DeliveryStreamName":"web","S3DestinationConfiguration":{"RoleARN":"arn:aws:iam::000000000000:role/r","BucketARN":"arn:aws:s3:::archive"}}`), 0)
	if created != http.StatusOK {
		t.Fatal(created, body)
	}
	synctest.Wait()
	var want []string
	for bytes := 0; bytes < 3_000_000; bytes += len(want[len(want)-1]) {
		want = append(want, fmt.Sprintf(`{"host":"10.0.%d.%d","request":"GET /page/%06d HTTP/1.1","agent":"%s"}`+"\n", len(want)%7, len(want)%251, len(want), strings.Repeat("m", len(want)%400)))
	}
	for _, line := range want {
		a.queue = append(a.queue, []byte(line))
	}
	var senders sync.WaitGroup
	for range 12 {
		senders.Go(func() { a.run(t) })
	}
	senders.Wait()
	if a.failed == 0 || len(a.queue) > 0 {
		t.Fatalf("%d records were throttled, %d are left", a.failed, len(a.queue))
	}
	if err := r.Flush(t.Context(), "web"); err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, data := range r.archive.objects {
		got = append(got, strings.SplitAfter(strings.TrimSuffix(data, "\n"), "\n")...)
	}
	for i := range got {
		got[i] = strings.TrimSuffix(got[i], "\n") + "\n"
	}
	slices.Sort(got)
	slices.Sort(want)
	if !slices.Equal(got, want) {
		t.Fatalf("%d lines arrived of %d", len(got), len(want))
	}
	if s := r.Streams()[0]; int(s.Throttled) != a.failed+a.refused || int(s.Requests) != a.calls {
		t.Errorf("%+v, the agent saw %d failures in %d calls", s, a.failed+a.refused, a.calls)
	}
}

// run sends batches until there is nothing to send. After a failure it waits
// 100 ms, twice as long each time up to 10 s, 30 percent more or less.
func (a *kinesisAgent) run(t *testing.T) {
	failures := 0
	for {
		a.mu.Lock()
		batch := slices.Clone(a.queue[:min(agentBatch, len(a.queue))])
		a.queue = a.queue[len(batch):]
		a.mu.Unlock()
		if len(batch) == 0 {
			return
		}
		again := a.put(t, batch)
		a.mu.Lock()
		a.queue = append(again, a.queue...)
		a.mu.Unlock()
		if failures++; len(again) == 0 {
			failures = 0
			continue
		}
		pause := min(100*time.Millisecond<<(failures-1), 10*time.Second)
		time.Sleep(time.Duration(float64(pause) * (0.7 + 0.6*rand.Float64())))
	}
}

// put sends one batch and returns what is to be sent again.
func (a *kinesisAgent) put(t *testing.T, batch [][]byte) [][]byte {
	type entry struct{ Data []byte }
	var in struct {
		DeliveryStreamName string
		Records            []entry
	}
	in.DeliveryStreamName = "web"
	for _, line := range batch {
		in.Records = append(in.Records, entry{line})
	}
	body, err := json.Marshal(in)
	if err != nil {
		t.Error(err)
		return nil
	}
	status, text := 0, ""
	for attempt := range 4 { // the SDK's own
		if status, text = a.send(t, "PutRecordBatch", body, attempt); status != http.StatusServiceUnavailable {
			break
		}
		a.count(len(batch), true)
		time.Sleep(100 * time.Millisecond << attempt)
	}
	if status == http.StatusServiceUnavailable {
		return batch
	}
	var out struct {
		FailedPutCount   int
		RequestResponses []struct{ ErrorCode string }
	}
	if err := json.Unmarshal([]byte(text), &out); err != nil || status != http.StatusOK || len(out.RequestResponses) != len(batch) {
		t.Errorf("%d %.200s: %v", status, text, err)
		return nil
	}
	var again [][]byte
	for i, response := range out.RequestResponses {
		if response.ErrorCode != "" {
			again = append(again, batch[i])
		}
	}
	if len(again) != out.FailedPutCount {
		t.Errorf("FailedPutCount is %d, %d failed", out.FailedPutCount, len(again))
	}
	a.count(len(again), false)
	return again
}

func (a *kinesisAgent) count(failed int, whole bool) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if whole {
		a.refused += failed
	} else {
		a.failed += failed
	}
}

// send writes a request in the SDK's order of headers and has the edge answer it.
func (a *kinesisAgent) send(t *testing.T, operation string, body []byte, attempt int) (status int, answer string) {
	headers := [][2]string{
		{"Host", agentHost},
		{"Authorization", ""},
		{"X-Amz-Date", time.Now().UTC().Format("20060102T150405Z")},
		{"User-Agent", "aws-kinesis-agent/1.1 aws-sdk-java/1.12.720 Linux/6.1.0 OpenJDK_64-Bit_Server_VM/17.0.11+9 java/17.0.11 vendor/Debian"},
		{"amz-sdk-invocation-id", uuid.NewString()},
		{"amz-sdk-request", fmt.Sprintf("attempt=%d;max=4", attempt+1)},
		{"amz-sdk-retry", fmt.Sprintf("%d/%d/%d", attempt, 100*attempt, 500-5*attempt)},
		{"X-Amz-Target", "Firehose_20150804." + operation},
		{"Content-Type", "application/x-amz-json-1.1"},
		{"Content-Length", fmt.Sprint(len(body))},
		{"Connection", "Keep-Alive"},
	}
	headers[1][1] = a.authorization(headers, body)
	var raw bytes.Buffer
	raw.WriteString("POST / HTTP/1.1\r\n")
	for _, h := range headers {
		fmt.Fprintf(&raw, "%s: %s\r\n", h[0], h[1])
	}
	raw.WriteString("\r\n")
	raw.Write(body)
	r, err := http.ReadRequest(bufio.NewReader(&raw))
	if err != nil {
		t.Error(err)
		return 0, ""
	}
	w := httptest.NewRecorder()
	a.edge.ServeHTTP(w, r)
	if operation == "PutRecordBatch" {
		a.mu.Lock()
		a.calls++
		a.mu.Unlock()
	}
	return w.Code, w.Body.String()
}

// authorization is Signature Version 4 as its specification has it, apart from
// the code that verifies it.
func (a *kinesisAgent) authorization(headers [][2]string, body []byte) string {
	values := map[string]string{}
	for _, h := range headers {
		values[strings.ToLower(h[0])] = h[1]
	}
	canonical := "POST\n/\n\n"
	for _, name := range a.signed {
		canonical += name + ":" + values[name] + "\n"
	}
	canonical += "\n" + strings.Join(a.signed, ";") + "\n" + fmt.Sprintf("%x", sha256.Sum256(body))
	date := values["x-amz-date"]
	scope := date[:8] + "/" + agentRegion + "/firehose/aws4_request"
	key := []byte("AWS4" + agentSecret)
	for _, part := range append(strings.Split(scope, "/"), fmt.Sprintf("AWS4-HMAC-SHA256\n%s\n%s\n%x", date, scope, sha256.Sum256([]byte(canonical)))) {
		mac := hmac.New(sha256.New, key)
		mac.Write([]byte(part))
		key = mac.Sum(nil)
	}
	return fmt.Sprintf("AWS4-HMAC-SHA256 Credential=%s/%s, SignedHeaders=%s, Signature=%x", agentKey, scope, strings.Join(a.signed, ";"), key)
}
