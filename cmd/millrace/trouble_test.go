//go:build unix

package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"math/rand/v2"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/firehose"
	"github.com/aws/aws-sdk-go-v2/service/firehose/types"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/smithy-go"

	"github.com/millrace/millrace/internal/config"
	"github.com/millrace/millrace/internal/console"
	"github.com/millrace/millrace/internal/loadgen"
	"github.com/millrace/millrace/internal/searchindex"
)

var searchOutage = flag.Duration("search-outage", 4*time.Second, "how long the search side is stopped")

// Rubbish at every stage ends where a person can see it, and the rest goes on.
func TestRubbish(t *testing.T) {
	t.Parallel()
	log := filepath.Join(t.TempDir(), "access.log")
	notLines := []string{"", "rubbish", "\x00\xff\xfe", `1.2.3.4 - - [22/Nov/2026:20:00:00 +0000] "GET / HTTP/1.1" 200`, strings.Repeat("x", 100_000)}
	text := accessLog(t, 300, 1)
	for _, line := range notLines {
		text = append(append(text, line...), '\n')
	}
	write(t, log, append(text, accessLog(t, 200, 2)...))
	p := up(t, dataDir(t), "--demo", "--log", log, "--parameter", "WindowSeconds=2")
	in := readLogs(t, log)
	if in.matched != 500 || in.unmatched != len(notLines) {
		t.Fatalf("%d lines, %d of them no access log", in.matched, in.unmatched)
	}

	// records that are no rows: the archive takes them as they are, the
	// application puts them into its error_stream
	notRows := []string{"no JSON\n", "{\"response\":\n", "[1,2]\n", "{\"response\":\"many\"}\n", "\x00\x01\xff\n"}
	p.put("status-codes-ingest", notRows...)
	for _, record := range notRows {
		in.records[strings.TrimSuffix(record, "\n")]++
		in.matched++
	}
	// and the rest goes on
	f, err := os.OpenFile(log, os.O_APPEND|os.O_WRONLY, 0)
	if err != nil {
		t.Fatal(err)
	}
	more := accessLog(t, 100, 3)
	if _, err := f.Write(more); err != nil {
		t.Fatal(err)
	}
	_ = f.Close()
	for _, line := range bytes.Split(bytes.TrimSpace(more), []byte("\n")) {
		in.add(t, string(line))
	}
	p.holds(t, in)

	// documents that the index refuses: the error bucket takes them
	notDocuments := []string{`{"STATUS": {"of": "what"}, "STATUSCOUNT": 1}`, `{"STATUS": "many", "STATUSCOUNT": 1}`, "no JSON", "[1]"}
	p.put("status-codes-results", append([]string{`{"STATUS": 299, "STATUSCOUNT": 7}`}, notDocuments...)...)
	in.sums[299] = 7
	p.holds(t, in)
	refused := map[string]errorDocument{}
	eventually(t, "the error bucket holds what was refused", 30*time.Second, func() error {
		for key, lines := range p.objects(p.bucket("errorbucket")) {
			if !regexp.MustCompile(`^AmazonOpenSearchService-failed/\d{4}/\d\d/\d\d/\d\d/status-codes-results-1-\d{4}(-\d\d){5}-[0-9a-f-]{36}$`).MatchString(key) {
				t.Errorf("object %q", key)
			}
			for _, line := range lines {
				var d errorDocument
				decoder := json.NewDecoder(strings.NewReader(line))
				decoder.DisallowUnknownFields()
				if err := decoder.Decode(&d); err != nil {
					t.Fatalf("%s: %v: %s", key, err, line)
				}
				refused[string(d.RawData)] = d
			}
		}
		return unlessEqual(len(refused), len(notDocuments))
	})
	for _, raw := range notDocuments {
		d, ok := refused[raw]
		switch {
		case !ok:
			t.Errorf("%s is not in the error bucket", raw)
		case d.AttemptsMade < 1 || d.ErrorCode == "" || d.ErrorMessage == "" || d.ArrivalTimestamp == 0 || d.AttemptEndingTimestamp < d.ArrivalTimestamp,
			!strings.HasPrefix(d.IndexName, "analysed-logs-") || d.DocumentID == "":
			t.Errorf("%s: %+v", raw, d)
		}
	}

	// the counters say so, once the batch of the refusals is committed
	var s console.Status
	eventually(t, "the refusals are counted", 20*time.Second, func() error {
		s = p.status()
		return unlessEqual(s.DeliveryStreams[1].RecordsRefused, int64(len(notDocuments)))
	})
	flow, ingest, results := s.Agents[0], s.DeliveryStreams[0], s.DeliveryStreams[1]
	if flow.LinesRead != 600+int64(len(notLines)) || flow.RecordsSent != 600 || flow.LinesUnmatched != int64(len(notLines)) {
		t.Errorf("agent: %+v", flow)
	}
	if ingest.RecordsIn != int64(in.matched) || ingest.RecordsOut != int64(in.matched) || ingest.RecordsRefused != 0 {
		t.Errorf("ingest: %+v", ingest)
	}
	if results.RecordsIn != results.RecordsOut+results.RecordsRefused {
		t.Errorf("results: %+v", results)
	}
	if got := rowsOf(s, "error_stream"); got != int64(len(notRows)) {
		t.Errorf("error_stream has %d rows, want %d", got, len(notRows))
	}
	if s.Applications[0].Status != "RUNNING" {
		t.Errorf("application: %+v", s.Applications[0])
	}
}

// errorDocument is a line of an error object as AWS writes it.
type errorDocument struct {
	AttemptsMade           int    `json:"attemptsMade"`
	ArrivalTimestamp       int64  `json:"arrivalTimestamp"`
	ErrorCode              string `json:"errorCode"`
	ErrorMessage           string `json:"errorMessage"`
	AttemptEndingTimestamp int64  `json:"attemptEndingTimestamp"`
	DocumentID             string `json:"esDocumentId"`
	IndexName              string `json:"esIndexName"`
	TypeName               string `json:"esTypeName"`
	RawData                []byte `json:"rawData"`
}

// With the archive gone, delivery waits and at the quota puts are answered with
// 503. When it is back, everything that was acknowledged is there, once.
func TestQuota(t *testing.T) {
	t.Parallel()
	dir, log := dataDir(t), filepath.Join(t.TempDir(), "access.log")
	write(t, log, nil) // no lines but those put here
	configure(t, dir, "journal_quota_mib: 1\n")
	p := up(t, dir, "--demo", "--log", log, "--parameter", "WindowSeconds=2")
	ctx, archive := t.Context(), p.s3Client()
	bucket := aws.String(p.bucket("archivebucket"))
	if _, err := archive.DeleteBucket(ctx, &s3.DeleteBucketInput{Bucket: bucket}); err != nil {
		t.Fatal(err)
	}

	in := inLogs{records: map[string]int{}, sums: map[int]int{}}
	random := rand.NewChaCha8([32]byte{7})
	put := func() error {
		pad := make([]byte, 400)
		records := make([]types.Record, 100)
		for i := range records {
			_, _ = random.Read(pad)
			records[i].Data = fmt.Appendf(nil, "{\"response\":\"200\",\"agent\":\"%x\"}\n", pad)
		}
		out, err := p.firehoseClient().PutRecordBatch(ctx, &firehose.PutRecordBatchInput{
			DeliveryStreamName: aws.String("status-codes-ingest"), Records: records,
		})
		if err != nil {
			return err
		}
		for i, entry := range out.RequestResponses {
			if entry.RecordId == nil {
				err = &smithy.GenericAPIError{Code: aws.ToString(entry.ErrorCode), Message: aws.ToString(entry.ErrorMessage)}
				continue
			}
			in.records[strings.TrimSuffix(string(records[i].Data), "\n")]++
			in.sums[200]++
			in.matched++
		}
		return err
	}
	var full error
	for range 200 { // of 80 KB each
		if full = put(); full != nil {
			break
		}
	}
	var refusal smithy.APIError
	if !errors.As(full, &refusal) || refusal.ErrorCode() != "ServiceUnavailableException" || refusal.ErrorMessage() != "Slow down." {
		t.Fatalf("at the quota: %v, want ServiceUnavailableException: Slow down.", full)
	}
	t.Logf("%d records were acknowledged", in.matched)
	if _, errs, code := millrace(t, dir, "health"); code != 1 || !strings.Contains(errs, "the journal is full") {
		t.Errorf("health at the quota: exit %d, %s", code, errs)
	}
	eventually(t, "the trouble is shown", 20*time.Second, func() error {
		trouble := p.status().DeliveryStreams[0].LastError
		if trouble == nil || !trouble.Current || !strings.Contains(trouble.Message, "NoSuchBucket") {
			return fmt.Errorf("last error %+v", trouble)
		}
		return nil
	})

	if _, err := archive.CreateBucket(ctx, &s3.CreateBucketInput{Bucket: bucket}); err != nil {
		t.Fatal(err)
	}
	if _, errs, code := millrace(t, dir, "flush", "status-codes-ingest"); code != 0 { // do not wait for the next attempt
		t.Fatalf("flush: %s", errs)
	}
	eventually(t, "puts are taken again", 40*time.Second, put)
	p.holds(t, in)
	if out, errs, code := millrace(t, dir, "health"); code != 0 {
		t.Errorf("health: %s%s", out, errs)
	}
}

// The search side is stopped for a while under load: nothing is lost and
// nothing doubled when it returns.
func TestSearchOutage(t *testing.T) {
	t.Parallel()
	search := startSearch(t)
	dir, log := dataDir(t), filepath.Join(t.TempDir(), "access.log")
	configure(t, dir, fmt.Sprintf("search: {url: 'http://%s', username: tester, password: secret}\n", search.address))
	stop := startWriter(t, loadgen.Options{Path: log, Rate: 1000, Seed: 5})
	p := up(t, dir, "--demo", "--log", log, "--parameter", "WindowSeconds=2")
	eventually(t, "documents arrive", 30*time.Second, func() error {
		sums, err := p.searchSums()
		if err == nil && len(sums) == 0 {
			err = errors.New("there are none yet")
		}
		return err
	})

	search.stop()
	stopped := time.Now()
	eventually(t, "the outage is shown", 30*time.Second, func() error {
		if results := p.status().DeliveryStreams[1]; results.LastError == nil || !results.LastError.Current {
			return fmt.Errorf("%+v", results)
		}
		return nil
	})
	time.Sleep(time.Until(stopped.Add(*searchOutage)))
	search.start()
	stop()
	compare(t, p, log)
	eventually(t, "the outage is over", 10*time.Second, func() error {
		results := p.status().DeliveryStreams[1]
		if results.RecordsRefused != 0 {
			t.Fatalf("documents went to the error bucket: %+v", results)
		}
		if results.LastError == nil || results.LastError.Current {
			return fmt.Errorf("%+v", results.LastError)
		}
		return nil
	})
}

// searchSide is a search server that can be stopped.
type searchSide struct {
	t       *testing.T
	dir     string
	address string
	index   *searchindex.Index
	server  *http.Server
}

func startSearch(t *testing.T) *searchSide {
	s := &searchSide{t: t, dir: t.TempDir(), address: fmt.Sprintf("127.0.0.1:%d", freePort(t, 26000))}
	s.start()
	t.Cleanup(s.stop)
	return s
}

func (s *searchSide) start() {
	s.t.Helper()
	var err error
	if s.index, err = searchindex.Open(searchindex.Options{Dir: s.dir, Users: map[string]string{"tester": "secret"}}); err != nil {
		s.t.Fatal(err)
	}
	l, err := net.Listen("tcp", s.address)
	if err != nil {
		s.t.Fatal(err)
	}
	s.server = &http.Server{Handler: s.index.Namespace("tests"), ReadHeaderTimeout: headerTimeout}
	go func(server *http.Server) { _ = server.Serve(l) }(s.server)
}

func (s *searchSide) stop() {
	if s.server == nil {
		return
	}
	_ = s.server.Close()
	if err := s.index.Close(); err != nil {
		s.t.Error(err)
	}
	s.server = nil
}

func accessLog(t *testing.T, lines int64, seed uint64) []byte {
	t.Helper()
	var text bytes.Buffer
	if err := loadgen.Generate(t.Context(), loadgen.Options{Writer: &text, Lines: lines, Seed: seed}); err != nil {
		t.Fatal(err)
	}
	return text.Bytes()
}

func write(t *testing.T, name string, text []byte) {
	t.Helper()
	if err := os.WriteFile(name, text, 0o600); err != nil {
		t.Fatal(err)
	}
}

// configure writes millrace.yaml.
func configure(t *testing.T, dir, text string) {
	t.Helper()
	if err := os.MkdirAll(dir, 0o700); err != nil {
		t.Fatal(err)
	}
	write(t, filepath.Join(dir, config.FileName), []byte(text))
}

// firehoseClient is the AWS SDK's client, which does not try again by itself.
func (p *process) firehoseClient() *firehose.Client {
	return firehose.New(firehose.Options{
		BaseEndpoint: aws.String(p.Run.Edge), Region: p.Run.Region, Retryer: aws.NopRetryer{},
		Credentials: credentials.NewStaticCredentialsProvider(p.Run.AccessKeyID, p.Run.SecretAccessKey, ""),
	})
}

// put puts records that must all be taken.
func (p *process) put(stream string, records ...string) {
	p.t.Helper()
	in := &firehose.PutRecordBatchInput{DeliveryStreamName: aws.String(stream)}
	for _, r := range records {
		in.Records = append(in.Records, types.Record{Data: []byte(r)})
	}
	out, err := p.firehoseClient().PutRecordBatch(p.t.Context(), in)
	if err != nil || *out.FailedPutCount != 0 {
		p.t.Fatalf("put into %s: %v %+v", stream, err, out)
	}
}

// rowsOf counts what entered an in-application stream of the one application.
func rowsOf(s console.Status, stream string) int64 {
	for _, st := range s.Applications[0].Streams {
		if st.Name == stream {
			return st.Rows
		}
	}
	return -1
}
