//go:build unix

package main

import (
	"context"
	"encoding/base64"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
)

// A replay that is killed again and again, each time a little later, and then
// left alone: each record is in the delivery stream once.
func TestReplayKilled(t *testing.T) {
	t.Parallel()
	const records = 20_000
	dir := dataDir(t)
	p := up(t, dir, "--demo", "--log", os.DevNull)
	stream := p.status().DeliveryStreams[0].Name
	before := p.status().DeliveryStreams[0].RecordsIn
	var text strings.Builder
	for i := range records {
		fmt.Fprintf(&text, `{"rawData":%q,"errorCode":"Lambda.FunctionError","errorMessage":"","attemptsMade":1,"arrivalTimestamp":1,"attemptEndingTimestamp":2}`+"\n",
			base64.StdEncoding.EncodeToString(fmt.Appendf(nil, "record %d", i)))
	}
	if _, err := p.s3Client().CreateBucket(t.Context(), &s3.CreateBucketInput{Bucket: aws.String("failed")}); err != nil {
		t.Fatal(err)
	}
	if _, err := p.s3Client().PutObject(t.Context(), &s3.PutObjectInput{
		Bucket: aws.String("failed"), Body: strings.NewReader(text.String()),
		Key: aws.String("processing-failed/" + stream + "-1-2026-11-22-13-05-09-3f1f0d2e-6f0f-4d3c-8d37-6c9f3a0e1c55"),
	}); err != nil {
		t.Fatal(err)
	}
	killed := 0
	for i := range 20 { // from before the first put to after the last
		ctx, cancel := context.WithTimeout(t.Context(), time.Duration(200+150*i)*time.Millisecond)
		c := exec.CommandContext(ctx, os.Args[0], "replay", "s3://failed/", "--dir", dir) // SIGKILL when ctx ends
		c.Env = cleanEnv(asMillrace + "=1")
		err := c.Run()
		if ctx.Err() != nil {
			killed++
		}
		cancel()
		t.Logf("run %d ended with %v, %d records are in", i+1, err, p.status().DeliveryStreams[0].RecordsIn-before)
		if err == nil {
			break
		}
	}
	if out, errs, code := millrace(t, dir, "replay", "s3://failed/"); code != 0 {
		t.Fatalf("%d %s%s", code, out, errs)
	}
	if in := p.status().DeliveryStreams[0].RecordsIn - before; in != records {
		t.Errorf("%d records came in, want %d (%d runs were killed)", in, records, killed)
	}
	if killed == 0 {
		t.Error("no run was killed")
	}
	if code := p.stop(); code != 0 {
		t.Errorf("exit code %d", code)
	}
}
