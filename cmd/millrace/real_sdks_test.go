//go:build unix

package main

import (
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/service/s3"

	"github.com/millrace/millrace/internal/realtest"
)

// The AWS SDKs for JavaScript and Java 2 call all operations of Firehose, and
// what they put is in the archive.
func TestRealSDKs(t *testing.T) {
	clients := realtest.Clients(t)
	node, java := realtest.Program(t, "node"), realtest.Program(t, "java")
	t.Parallel()
	dir := dataDir(t)
	p := up(t, dir)
	cli := newCLI(t, p)
	cli.env = append(cli.env, "NODE_PATH="+filepath.Join(clients, "node_modules"), "AWS_REGION="+p.Run.Region)
	programs, err := filepath.Abs("testdata/clients")
	if err != nil {
		t.Fatal(err)
	}
	for name, command := range map[string][]string{
		"javascript": {node, filepath.Join(programs, "firehose.cjs")},
		"java":       {java, "-cp", filepath.Join(clients, "java", "*"), filepath.Join(programs, "Firehose.java")},
	} {
		t.Run(name, func(t *testing.T) {
			if _, err := p.s3Client().CreateBucket(t.Context(), &s3.CreateBucketInput{Bucket: &name}); err != nil {
				t.Fatal(err)
			}
			out, err := cli.command(command[0], append(command[1:], name, name)...)
			if err != nil || !strings.HasSuffix(strings.TrimSpace(out), "done") {
				t.Fatalf("%v\n%s", err, out)
			}
			if _, errs, code := millrace(t, dir, "flush", name); code != 0 {
				t.Fatalf("exit code %d: %s", code, errs)
			}
			var lines []string
			for key, of := range p.objects(name) {
				if !strings.HasPrefix(key, name+"/20") {
					t.Errorf("object %s", key)
				}
				lines = append(lines, of...)
			}
			slices.Sort(lines)
			if want := []string{"a\u00e9\x00", "b\u00e9\x00", "c\u00e9\x00", "first", "last"}; !slices.Equal(lines, want) {
				t.Errorf("archived %q, want %q", lines, want)
			}
		})
	}
	if code := p.stop(); code != 0 {
		t.Errorf("exit code %d", code)
	}
}
