//go:build unix

package main

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/firehose"
	"github.com/aws/aws-sdk-go-v2/service/firehose/types"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/rogpeppe/go-internal/testscript"

	"github.com/millrace/millrace/internal/config"
)

// The scripts of testdata/replay: replay on a running server. Beyond the
// commands of TestScripts there are
//
//	search METHOD PATH FILE     a request to the search port
//	counts INDEX N              the index holds N documents
//	put STREAM FILE             each line a record
//	object BUCKET KEY FILE      an object of the file; of "-" it is deleted
//	environment                 the variables of an AWS client for this server
func TestReplayScripts(t *testing.T) {
	t.Parallel()
	testscript.Run(t, testscript.Params{
		Dir: "testdata/replay", Setup: setupScript,
		Cmds: map[string]func(*testscript.TestScript, bool, []string){
			"exits": scriptExits, "ready": scriptReady, "until": scriptUntil,
			"search": scriptSearch, "counts": scriptCounts, "put": scriptPut, "object": scriptObject, "environment": scriptEnvironment,
		},
	})
}

func scriptServer(ts *testscript.TestScript) *process {
	run, err := config.FindRun(ts.Getenv("MILLRACE_DIR"))
	ts.Check(err)
	return &process{Run: run}
}

func askSearch(ts *testscript.TestScript, method, path, body string) string {
	p := scriptServer(ts)
	r, err := http.NewRequest(method, p.Run.Search+path, strings.NewReader(body))
	ts.Check(err)
	r.SetBasicAuth(p.Run.SearchUser, p.Run.SearchPassword)
	r.Header.Set("Content-Type", "application/json")
	answer, err := http.DefaultClient.Do(r)
	ts.Check(err)
	defer answer.Body.Close()
	text, err := io.ReadAll(answer.Body)
	ts.Check(err)
	if answer.StatusCode >= 300 {
		ts.Fatalf("%s %s: %s %s", method, path, answer.Status, text)
	}
	return string(text)
}

func scriptSearch(ts *testscript.TestScript, _ bool, args []string) {
	ts.Logf("%s", askSearch(ts, args[0], args[1], ts.ReadFile(args[2])))
}

func scriptCounts(ts *testscript.TestScript, _ bool, args []string) {
	askSearch(ts, http.MethodPost, "/"+args[0]+"/_refresh", "")
	if answer := askSearch(ts, http.MethodGet, "/"+args[0]+"/_count", ""); !strings.Contains(answer, fmt.Sprintf(`"count":%s,`, args[1])) {
		ts.Fatalf("want %s documents: %s", args[1], answer)
	}
}

func scriptPut(ts *testscript.TestScript, _ bool, args []string) {
	var records []types.Record
	for line := range strings.Lines(ts.ReadFile(args[1])) {
		records = append(records, types.Record{Data: []byte(line)})
	}
	answer, err := scriptServer(ts).firehoseClient().PutRecordBatch(context.Background(), &firehose.PutRecordBatchInput{DeliveryStreamName: aws.String(args[0]), Records: records})
	ts.Check(err)
	if *answer.FailedPutCount != 0 {
		ts.Fatalf("%d records were not taken", *answer.FailedPutCount)
	}
}

func scriptObject(ts *testscript.TestScript, _ bool, args []string) {
	client, bucket, key := scriptServer(ts).s3Client(), aws.String(args[0]), aws.String(args[1])
	var err error
	if args[2] == "-" {
		_, err = client.DeleteObject(context.Background(), &s3.DeleteObjectInput{Bucket: bucket, Key: key})
	} else {
		_, err = client.PutObject(context.Background(), &s3.PutObjectInput{Bucket: bucket, Key: key, Body: bytes.NewReader([]byte(ts.ReadFile(args[2])))})
	}
	ts.Check(err)
}

func scriptEnvironment(ts *testscript.TestScript, _ bool, _ []string) {
	run := scriptServer(ts).Run
	for name, value := range map[string]string{
		"AWS_ENDPOINT_URL": run.Edge, "AWS_ACCESS_KEY_ID": run.AccessKeyID, "AWS_SECRET_ACCESS_KEY": run.SecretAccessKey, "AWS_REGION": run.Region,
		"AWS_CONFIG_FILE": "/dev/null", "AWS_SHARED_CREDENTIALS_FILE": "/dev/null",
		"OPENSEARCH_URL": run.Search, "OPENSEARCH_USERNAME": run.SearchUser, "OPENSEARCH_PASSWORD": run.SearchPassword,
	} {
		ts.Setenv(name, value)
	}
}
