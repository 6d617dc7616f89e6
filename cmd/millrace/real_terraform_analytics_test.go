//go:build unix

package main

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/millrace/millrace/internal/realtest"
)

// Terraform makes a running application by each version of the API, sees no
// drift, changes everything of both in place and destroys them.
func TestRealTerraformAnalytics(t *testing.T) {
	realtest.Program(t, "aws")
	program, configFile := realtest.Terraform(t)
	python := realtest.Program(t, "python3")
	t.Parallel()
	const function = "arn:aws:lambda:us-east-1:000000000000:function:clean"
	dir := dataDir(t)
	handler, err := filepath.Abs("testdata/boto3/function.py")
	if err != nil {
		t.Fatal(err)
	}
	configure(t, dir, "functions:\n  "+function+":\n    command: ["+python+", "+handler+"]\n")
	p := up(t, dir)
	cli := newCLI(t, p)
	configuration, err := os.ReadFile("testdata/terraform-analytics/main.tf")
	if err != nil {
		t.Fatal(err)
	}
	cli.file("main.tf", string(configuration))
	terraform := terraformIn{cli: cli, program: program}
	cli.env = append(cli.env, "TF_CLI_CONFIG_FILE="+configFile, "AWS_REGION="+p.Run.Region, "CHECKPOINT_DISABLE=1", "TF_IN_AUTOMATION=1", "TF_VAR_function="+function)
	terraform.run(t, "init")
	terraform.run(t, "apply", "-auto-approve")
	terraform.run(t, "plan", "-detailed-exitcode") // 2 would be a difference
	for _, name := range []string{"first", "second"} {
		cli.shows(`"RUNNING"`, "kinesisanalytics describe-application --query ApplicationDetail.ApplicationStatus --application-name terraform-"+name)
	}

	// what was asked for is what runs: through the function, beside the table, into the stream
	cli.run("firehose put-record --delivery-stream-name analytics-in --record", `Data='{"status": 404}'`)
	eventually(t, "the row is in the second stream", 30*time.Second, func() error {
		if _, errs, code := millrace(t, p.Run.Dir, "flush", "analytics-out"); code != 0 {
			t.Fatalf("exit code %d: %s", code, errs)
		}
		var rows []string
		for key, lines := range p.objects("analytics-data") {
			if strings.HasPrefix(key, "out/") {
				rows = append(rows, lines...)
			}
		}
		if all := strings.Join(rows, "\n"); !strings.Contains(all, `{"status":404,"name":"not found","n":1}`) {
			return fmt.Errorf("rows %q", all)
		}
		return nil
	})

	update := []string{"-var", "window=20", "-var", "team=search", "-var", "parallelism=2", "-var", "codes=more.csv"}
	out := terraform.run(t, append([]string{"apply", "-auto-approve"}, update...)...)
	if !strings.Contains(out, "0 added, 2 changed, 0 destroyed") {
		t.Errorf("the update:\n%s", out)
	}
	terraform.run(t, append([]string{"plan", "-detailed-exitcode"}, update...)...)
	for _, name := range []string{"first", "second"} {
		cli.shows(`(?s)SOURCE_SQL_STREAM_002.*more.csv`, "kinesisanalytics describe-application --application-name terraform-"+name)
		cli.shows(`"RUNNING"`, "kinesisanalytics describe-application --query ApplicationDetail.ApplicationStatus --application-name terraform-"+name)
		cli.shows(`(?s)"Key": "Team",\s+"Value": "search"`, "kinesisanalytics list-tags-for-resource --resource-arn arn:aws:kinesisanalytics:us-east-1:000000000000:application/terraform-"+name)
	}

	terraform.run(t, append([]string{"destroy", "-auto-approve"}, update...)...)
	cli.shows(`"ApplicationSummaries": \[\]`, "kinesisanalytics list-applications")
	if code := p.stop(); code != 0 {
		t.Errorf("exit code %d", code)
	}
}
