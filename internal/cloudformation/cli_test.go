package cloudformation

import (
	"encoding/json"
	"log/slog"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/millrace/millrace/internal/aws/call"
	"github.com/millrace/millrace/internal/aws/edge"
	"github.com/millrace/millrace/internal/aws/query"
	"github.com/millrace/millrace/internal/aws/sigv4"
	"github.com/millrace/millrace/internal/realtest"
)

// awsCLI is the real client against a server of the service.
type awsCLI struct {
	t   *testing.T
	env []string
}

func newCLI(t *testing.T, s *Service) *awsCLI {
	t.Helper()
	realtest.Program(t, "aws")
	server := httptest.NewServer(edge.New(edge.Options{
		Verifier: sigv4.NewVerifier(sigv4.Options{Credentials: func(id string) (sigv4.Credential, bool) {
			return sigv4.Credential{Secret: "secret", Identity: call.Identity{AccessKeyID: id}}, id == "AKIATEST"
		}}),
		Query:  []*query.Service{s.API()},
		Logger: slog.New(slog.DiscardHandler),
	}))
	t.Cleanup(server.Close)
	return &awsCLI{t, []string{"PATH=" + os.Getenv("PATH"), "HOME=" + t.TempDir(), "AWS_ENDPOINT_URL=" + server.URL, "AWS_REGION=eu-west-1",
		"AWS_DEFAULT_REGION=eu-west-1", "AWS_ACCESS_KEY_ID=AKIATEST", "AWS_SECRET_ACCESS_KEY=secret", "AWS_MAX_ATTEMPTS=1"}}
}

func (c *awsCLI) run(args ...string) (string, error) {
	c.t.Helper()
	command := exec.Command("aws", append([]string{"cloudformation", "--output", "json"}, args...)...)
	command.Env = c.env
	out, err := command.CombinedOutput()
	return string(out), err
}

func (c *awsCLI) must(args ...string) string {
	c.t.Helper()
	out, err := c.run(args...)
	if err != nil {
		c.t.Fatalf("aws cloudformation %s: %v\n%s", strings.Join(args, " "), err, out)
	}
	return out
}

// The AWS CLI makes, waits for, looks at and deletes a stack.
func TestAWSCLI(t *testing.T) {
	s := newService(t)
	cli := newCLI(t, s)
	template := `Description: one bucket
Parameters: {Name: {Type: String}}
Resources:
  Bucket: {Type: AWS::S3::Bucket, Properties: {BucketName: !Sub '${Name}-${AWS::Region}'}}
  Role: {Type: AWS::IAM::Role, Properties: {AssumeRolePolicyDocument: {}}}
Outputs: {Arn: {Value: !GetAtt Bucket.Arn}}
`
	file := filepath.Join(t.TempDir(), "template.yaml")
	if err := os.WriteFile(file, []byte(template), 0o600); err != nil {
		t.Fatal(err)
	}
	if out := cli.must("validate-template", "--template-body", "file://"+file); !strings.Contains(out, `"ParameterKey": "Name"`) {
		t.Errorf("validate-template: %s", out)
	}
	create := []string{"create-stack", "--stack-name", "logs", "--template-body", "file://" + file, "--parameters", "ParameterKey=Name,ParameterValue=mine"}
	if out, err := cli.run(create...); err == nil || !strings.Contains(out, "InsufficientCapabilitiesException") {
		t.Errorf("without capability: %v %s", err, out)
	}
	cli.must(append(create, "--capabilities", "CAPABILITY_IAM")...)
	s.rests(t, "logs")
	cli.must("wait", "stack-create-complete", "--stack-name", "logs")

	var described struct {
		Stacks []struct {
			StackID, StackStatus, Description string
			Outputs                           []struct{ OutputKey, OutputValue string }
		}
	}
	if err := json.Unmarshal([]byte(cli.must("describe-stacks", "--stack-name", "logs")), &described); err != nil {
		t.Fatal(err)
	}
	if d := described.Stacks[0]; d.StackStatus != "CREATE_COMPLETE" || d.Description != "one bucket" || len(d.Outputs) != 1 ||
		d.Outputs[0].OutputValue != "arn:aws:s3:::mine-eu-west-1" {
		t.Errorf("described %+v", d)
	}
	if out := cli.must("describe-stack-events", "--stack-name", "logs"); strings.Count(out, `"EventId"`) != 6 {
		t.Errorf("events: %s", out)
	}
	if out := cli.must("get-template", "--stack-name", "logs", "--query", "TemplateBody"); !strings.Contains(out, `${Name}-${AWS::Region}`) {
		t.Errorf("template: %s", out)
	}
	if out := cli.must("list-stack-resources", "--stack-name", "logs"); !strings.Contains(out, `"mine-eu-west-1"`) {
		t.Errorf("resources: %s", out)
	}
	cli.must("delete-stack", "--stack-name", "logs")
	s.rests(t, "logs")
	cli.must("wait", "stack-delete-complete", "--stack-name", "logs")
	cli.must("wait", "stack-delete-complete", "--stack-name", described.Stacks[0].StackID)
	if out, err := cli.run("describe-stacks", "--stack-name", "logs"); err == nil || !strings.Contains(out, "Stack with id logs does not exist") {
		t.Errorf("after its end: %v %s", err, out)
	}
	if out := cli.must("list-stacks"); !strings.Contains(out, "DELETE_COMPLETE") {
		t.Errorf("list: %s", out)
	}
}
