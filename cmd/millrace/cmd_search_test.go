//go:build unix

package main

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/firehose"
	"github.com/aws/aws-sdk-go-v2/service/firehose/types"
	"github.com/aws/aws-sdk-go-v2/service/s3"

	"github.com/millrace/millrace/internal/config"
	"github.com/millrace/millrace/internal/realtest"
)

// On a domain with fine-grained access control a role writes nothing until it is granted; what was refused meanwhile is
// delivered again with its ids, once.
func TestGrantAndReplay(t *testing.T) {
	t.Parallel()
	dir := dataDir(t)
	p := up(t, dir)
	grantAndReplay(t, p, grantFlow{
		deliverer: "arn:aws:iam::000000000000:role/firehose-results",
		admin:     searchAdmin{p.Run.Search, p.Run.SearchUser, p.Run.SearchPassword, http.DefaultTransport},
		domain:    `{"DomainName":"results","AdvancedSecurityOptions":{"Enabled":true,"MasterUserOptions":{"MasterUserARN":"arn:aws:iam::000000000000:role/master"}}}`,
	})
	// the mapping outlives the server
	if code := p.stop(); code != 0 {
		t.Fatalf("exit code %d", code)
	}
	p = up(t, dir)
	if out, errs, code := millrace(t, dir, "doctor"); code != 0 || !strings.Contains(out, "roles: results: arn:aws:iam::000000000000:role/firehose-results may write analysed-logs-*") {
		t.Fatalf("doctor: %d\n%s%s", code, out, errs)
	}
}

// The same on a real OpenSearch with its security plugin, over TLS, as a user of its own: MILLRACE_SEARCH_SERVERS=all or
// opensearch-security starts one.
func TestRealGrantAndReplay(t *testing.T) {
	if asked := os.Getenv("MILLRACE_SEARCH_SERVERS"); asked != "all" && !strings.Contains(asked, "opensearch-security") {
		t.Skip("MILLRACE_SEARCH_SERVERS does not name opensearch-security")
	}
	admin, ca := startSecurity(t)
	const user, password = "results-writer", "Qz7-tulip-Harbor!"
	admin.ask(t, http.MethodPut, "/_plugins/_security/api/internalusers/"+user, `{"password":"`+password+`"}`)
	dir := dataDir(t)
	if err := os.MkdirAll(dir, 0o700); err != nil {
		t.Fatal(err)
	}
	settings := fmt.Sprintf("search: {url: %q, username: %s, password: %q, ca_file: %q}\n", admin.url, user, password, ca)
	if err := os.WriteFile(filepath.Join(dir, config.FileName), []byte(settings), 0o600); err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(t.TempDir(), "admin")
	if err := os.WriteFile(file, []byte(admin.password+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	grantAndReplay(t, up(t, dir), grantFlow{
		deliverer: user, admin: admin, domain: `{"DomainName":"results"}`,
		asAdmin: []string{"--username", admin.user, "--password-file", file},
	})
}

func startSecurity(t *testing.T) (admin searchAdmin, caFile string) {
	t.Helper()
	realtest.Program(t, "mvn")
	dir, err := os.MkdirTemp("", "node") // the server runs as another user
	if err != nil {
		t.Fatal(err)
	}
	if err := os.Chmod(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	l, err := listen("search", "search-port", 0)
	if err != nil {
		t.Fatal(err)
	}
	address := strings.Replace(httpURL(l), "http:", "https:", 1)
	_ = l.Close()
	port := address[strings.LastIndexByte(address, ':')+1:]
	c := exec.Command("../../.ci/search/start", "opensearch-security", port, filepath.Join(dir, "d"))
	c.Stderr = os.Stderr
	out, err := c.Output()
	if err != nil {
		t.Fatal(err)
	}
	pid, err := strconv.Atoi(strings.TrimSpace(string(out)))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = syscall.Kill(pid, syscall.SIGKILL) })
	caFile = filepath.Join(dir, "d", "ca.pem")
	text, err := os.ReadFile(caFile)
	if err != nil {
		t.Fatal(err)
	}
	pool := x509.NewCertPool()
	pool.AppendCertsFromPEM(text)
	return searchAdmin{address, "admin", "admin", &http.Transport{TLSClientConfig: &tls.Config{RootCAs: pool}}}, caFile
}

// searchAdmin asks a search server as its administrator.
type searchAdmin struct {
	url, user, password string
	transport           http.RoundTripper
}

func (a searchAdmin) ask(t *testing.T, method, path, body string) string {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), method, a.url+path, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	r.SetBasicAuth(a.user, a.password)
	r.Header.Set("Content-Type", "application/json")
	answer, err := (&http.Client{Transport: a.transport}).Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	text, err := io.ReadAll(answer.Body)
	if err != nil || answer.StatusCode >= 300 {
		t.Fatalf("%s %s: %s %s %v", method, path, answer.Status, text, err)
	}
	return string(text)
}

type grantFlow struct {
	deliverer string
	admin     searchAdmin
	domain    string   // the request that creates it
	asAdmin   []string // flags of grant
}

// grantAndReplay delivers ten records to a domain that refuses them and one that is none, grants, and replays.
func grantAndReplay(t *testing.T, p *process, f grantFlow) {
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
	defer cancel()
	access := &awsAccess{client: http.DefaultClient, trouble: func(error) {}}
	if err := access.fromRun(p.Run); err != nil {
		t.Fatal(err)
	}
	var created struct{}
	if err := access.call(ctx, "opensearch", http.MethodPost, "/2021-01-01/opensearch/domain", nil, json.RawMessage(f.domain), &created); err != nil {
		t.Fatal(err)
	}
	if _, err := p.s3Client().CreateBucket(ctx, &s3.CreateBucketInput{Bucket: aws.String("results")}); err != nil {
		t.Fatal(err)
	}
	const role = "arn:aws:iam::000000000000:role/firehose-results"
	_, err := p.firehoseClient().CreateDeliveryStream(ctx, &firehose.CreateDeliveryStreamInput{
		DeliveryStreamName: aws.String("results"),
		AmazonopensearchserviceDestinationConfiguration: &types.AmazonopensearchserviceDestinationConfiguration{
			RoleARN: aws.String(role), DomainARN: aws.String("arn:aws:es:us-east-1:000000000000:domain/results"), IndexName: aws.String("analysed-logs"),
			RetryOptions:    &types.AmazonopensearchserviceRetryOptions{DurationInSeconds: aws.Int32(1)},
			BufferingHints:  &types.AmazonopensearchserviceBufferingHints{IntervalInSeconds: aws.Int32(1), SizeInMBs: aws.Int32(1)},
			S3Configuration: &types.S3DestinationConfiguration{RoleARN: aws.String(role), BucketARN: aws.String("arn:aws:s3:::results")},
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	put := func(records ...string) {
		t.Helper()
		in := &firehose.PutRecordBatchInput{DeliveryStreamName: aws.String("results")}
		for _, r := range records {
			in.Records = append(in.Records, types.Record{Data: []byte(r)})
		}
		if out, err := p.firehoseClient().PutRecordBatch(ctx, in); err != nil || *out.FailedPutCount > 0 {
			t.Fatal(out, err)
		}
	}
	var first []string
	for i := range 10 {
		first = append(first, fmt.Sprintf(`{"n":%d}`, i))
	}
	put(append(first, "no JSON")...)
	command := "millrace search grant " + f.deliverer + " --index 'analysed-logs-*'"
	eventually(t, "doctor tells of the missing role", 30*time.Second, func() error {
		out, _, code := millrace(t, p.Dir, "doctor")
		if code != 1 || !strings.Contains(out, command) {
			return fmt.Errorf("exit code %d\n%s", code, out)
		}
		return nil
	})
	failed := func() (lines []string) {
		for key, text := range p.objects("results") {
			if strings.HasPrefix(key, "AmazonOpenSearchService-failed/") && !strings.HasSuffix(key, ".replayed") {
				lines = append(lines, text...)
			}
		}
		return lines
	}
	eventually(t, "refused documents are kept", 30*time.Second, func() error {
		if lines := failed(); len(lines) != 11 || strings.Count(strings.Join(lines, ""), `"errorCode":"403"`) != 10 {
			return fmt.Errorf("%d: %s", len(lines), lines)
		}
		return nil
	})

	grantArgs := append([]string{"search", "grant", f.deliverer}, f.asAdmin...)
	dry, _, code := millrace(t, p.Dir, append(grantArgs, "--dry-run")...)
	if code != 0 || !strings.Contains(dry, "PUT /_plugins/_security/api/roles/") || !strings.Contains(dry, "PUT /_plugins/_security/api/rolesmapping/") {
		t.Fatalf("dry run: %d\n%s", code, dry)
	}
	if out, errs, code := millrace(t, p.Dir, grantArgs...); code != 0 || out != dry || !strings.Contains(errs, f.deliverer+" may write analysed-logs-*") {
		t.Fatalf("grant: %d\n%s%s", code, out, errs)
	}
	if out, errs, code := millrace(t, p.Dir, grantArgs...); code != 0 || out != "" || !strings.Contains(errs, "let in already") {
		t.Fatalf("second grant: %d\n%s%s", code, out, errs)
	}
	put(`{"n":100}`)
	f.counts(t, 1, 100)

	out, errs, code := millrace(t, p.Dir, "replay", "s3://results/AmazonOpenSearchService-failed/")
	if code != 1 || !strings.Contains(errs, "10 records delivered, 1 refused again") || !strings.Contains(out, "s3://results/replay-failed/") {
		t.Fatalf("replay: %d\n%s%s", code, out, errs)
	}
	f.counts(t, 11, 145)
	before := f.held(t)
	out, errs, code = millrace(t, p.Dir, "replay", "s3://results/AmazonOpenSearchService-failed/")
	if code != 0 || !strings.Contains(errs, "0 records delivered, 0 refused again") || !strings.Contains(out, "replayed before") {
		t.Fatalf("second replay: %d\n%s%s", code, out, errs)
	}
	if after := f.held(t); after != before || strings.Count(before, `"_version":1,`) != 11 {
		t.Fatalf("the second replay changed something:\n%s\n%s", before, after)
	}
}

// held is every document with its version.
func (f grantFlow) held(t *testing.T) string {
	t.Helper()
	var found struct {
		Hits struct {
			Hits []struct {
				Index string `json:"_index"`
				ID    string `json:"_id"`
			}
		}
	}
	if err := json.Unmarshal([]byte(f.admin.ask(t, http.MethodPost, "/analysed-logs-*/_search", `{"size":100,"sort":["n"]}`)), &found); err != nil {
		t.Fatal(err)
	}
	all := ""
	for _, h := range found.Hits.Hits {
		all += f.admin.ask(t, http.MethodGet, "/"+h.Index+"/_doc/"+h.ID, "") + "\n"
	}
	return all
}

// counts waits for the documents and the sum of their numbers.
func (f grantFlow) counts(t *testing.T, documents, sum int) {
	t.Helper()
	eventually(t, "documents are there", 30*time.Second, func() error {
		f.admin.ask(t, http.MethodPost, "/_refresh", "")
		answer := f.admin.ask(t, http.MethodPost, "/analysed-logs-*/_search", `{"size":0,"aggs":{"sum":{"sum":{"field":"n"}}}}`)
		if !strings.Contains(answer, fmt.Sprintf(`"value":%d,`, documents)) || !strings.Contains(answer, fmt.Sprintf(`"value":%d.0`, sum)) {
			return errors.New(answer)
		}
		return nil
	})
}
