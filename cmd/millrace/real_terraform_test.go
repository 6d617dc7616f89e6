//go:build unix

package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/millrace/millrace/internal/realtest"
)

// Terraform makes delivery streams of every kind of destination, sees no drift
// in them, changes them in place and destroys them.
func TestRealTerraform(t *testing.T) {
	realtest.Program(t, "aws")
	program, configFile := realtest.Terraform(t)
	t.Parallel()
	p := up(t, dataDir(t))
	cli := newCLI(t, p)
	configuration, err := os.ReadFile("testdata/terraform/main.tf")
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(cli.dir, "main.tf"), configuration, 0o600); err != nil {
		t.Fatal(err)
	}
	cli.run("opensearch create-domain --domain-name terraform")
	terraform := terraformIn{cli: cli, program: program}
	cli.env = append(cli.env, "TF_CLI_CONFIG_FILE="+configFile, "AWS_REGION="+p.Run.Region, "CHECKPOINT_DISABLE=1", "TF_IN_AUTOMATION=1",
		"TF_VAR_domain_arn=arn:aws:es:"+p.Run.Region+":000000000000:domain/terraform", "TF_VAR_collector=https://127.0.0.1:9/collector")
	terraform.run(t, "init")
	terraform.run(t, "apply", "-auto-approve")
	terraform.run(t, "plan", "-detailed-exitcode") // 2 would be a difference

	// what was asked for is what there is
	cli.run("firehose put-record --delivery-stream-name terraform-s3 --record Data=one")
	if _, errs, code := millrace(t, p.Run.Dir, "flush", "terraform-s3"); code != 0 {
		t.Fatalf("exit code %d: %s", code, errs)
	}
	var keys []string
	for key := range p.objects("terraform-logs") {
		keys = append(keys, key)
	}
	if all := strings.Join(keys, " "); len(keys) != 2 || !strings.Contains(all, "logs/20") || !strings.Contains(all, ".log.gz") || !strings.Contains(all, "raw/20") {
		t.Errorf("objects %q", keys)
	}

	update := []string{"-var", "prefix=changed/", "-var", "interval=90", "-var", "team=search"}
	out := terraform.run(t, append([]string{"apply", "-auto-approve"}, update...)...)
	if !strings.Contains(out, "0 added, 3 changed, 0 destroyed") {
		t.Errorf("the update:\n%s", out)
	}
	terraform.run(t, append([]string{"plan", "-detailed-exitcode"}, update...)...)
	cli.shows(`"2"`, "firehose describe-delivery-stream --delivery-stream-name terraform-s3 --query DeliveryStreamDescription.VersionId")

	terraform.run(t, append([]string{"destroy", "-auto-approve"}, update...)...)
	cli.shows(`"DeliveryStreamNames": \[\]`, "firehose list-delivery-streams")
	if left := p.buckets(); len(left) != 0 {
		t.Errorf("buckets left: %v", left)
	}
	if code := p.stop(); code != 0 {
		t.Errorf("exit code %d", code)
	}
}

// terraformIn is the program in the folder of a client.
type terraformIn struct {
	cli     *awsCLI
	program string
}

func (f terraformIn) run(t *testing.T, args ...string) string {
	t.Helper()
	out, err := f.cli.command(f.program, append(args, "-no-color", "-input=false")...)
	if err != nil {
		t.Fatalf("terraform %s: %v\n%s", strings.Join(args, " "), err, out)
	}
	return out
}
