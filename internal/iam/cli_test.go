package iam

import (
	"log/slog"
	"net/http/httptest"
	"os"
	"os/exec"
	"strings"
	"testing"

	"github.com/millrace/millrace/internal/aws/call"
	"github.com/millrace/millrace/internal/aws/edge"
	"github.com/millrace/millrace/internal/aws/sigv4"
	"github.com/millrace/millrace/internal/journal/memory"
	"github.com/millrace/millrace/internal/realtest"
)

// The AWS CLI makes a role, gives it a policy, sees its own errors and takes
// everything away again.
func TestAWSCLI(t *testing.T) {
	realtest.Program(t, "aws")
	s := open(t, memory.New(memory.Options{}), nil, false)
	server := httptest.NewServer(edge.New(edge.Options{
		Verifier: sigv4.NewVerifier(sigv4.Options{Credentials: func(id string) (sigv4.Credential, bool) {
			who := identity("root")
			if id == "ASIAROLE" {
				who = call.Identity{AccessKeyID: id, ARN: "arn:aws:sts::000000000000:assumed-role/web/i-1", RoleARN: roleARN("/service/", "web")}
			}
			return sigv4.Credential{Secret: "secret", Identity: who}, id == "AKIATEST" || id == "ASIAROLE"
		}}),
		Query:  s.API(),
		Logger: slog.New(slog.DiscardHandler),
	}))
	defer server.Close()

	const trust = `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"Service":"firehose.amazonaws.com"},"Action":"sts:AssumeRole"}]}`
	const write = `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":["s3:PutObject","iam:GetRole"],"Resource":"*"}]}`
	for _, step := range []struct {
		key     string
		command string // $TRUST and $WRITE are the documents
		want    string
	}{
		{"AKIATEST", "sts get-caller-identity", `"Arn": "arn:aws:iam::000000000000:root"`},
		{"AKIATEST", "iam create-role --role-name web --path /service/ --assume-role-policy-document $TRUST --tags Key=team,Value=data", `"Arn": "arn:aws:iam::000000000000:role/service/web"`},
		{"AKIATEST", "iam wait role-exists --role-name web", ""},
		{"AKIATEST", "iam create-role --role-name web --assume-role-policy-document $TRUST", "(EntityAlreadyExists) when calling the CreateRole operation: Role with name web already exists."},
		// The CLI decodes documents into objects: the service wrote them so that it can.
		{"AKIATEST", "iam get-role --role-name web --query Role.AssumeRolePolicyDocument.Statement[0].Principal", `"Service": "firehose.amazonaws.com"`},
		{"AKIATEST", "iam list-roles --path-prefix /service/ --query Roles[].RoleName", `"web"`},
		{"AKIATEST", "iam put-role-policy --role-name web --policy-name write --policy-document $WRITE", ""},
		{"AKIATEST", "iam put-role-policy --role-name web --policy-name bad --policy-document {}", "(MalformedPolicyDocument) when calling the PutRolePolicy operation: Syntax errors in policy."},
		{"AKIATEST", "iam get-role-policy --role-name web --policy-name write --query PolicyDocument.Statement[0].Action", `"s3:PutObject"`},
		{"AKIATEST", "iam list-role-policies --role-name web", `"write"`},
		{"AKIATEST", "iam list-attached-role-policies --role-name web", `"AttachedPolicies": []`},
		{"AKIATEST", "iam list-instance-profiles-for-role --role-name web", `"InstanceProfiles": []`},
		{"AKIATEST", "iam tag-role --role-name web --tags Key=stage,Value=", ""},
		{"AKIATEST", "iam list-role-tags --role-name web --query Tags[0]", `"Key": "stage",`},
		{"AKIATEST", "iam untag-role --role-name web --tag-keys stage", ""},
		{"AKIATEST", "iam update-assume-role-policy --role-name web --policy-document $TRUST", ""},
		{"ASIAROLE", "sts get-caller-identity --query Arn", "assumed-role/web/i-1"},
		{"ASIAROLE", "iam get-role --role-name web --query Role.RoleId", `"AROA`},
		{"ASIAROLE", "iam delete-role --role-name web", "(AccessDenied) when calling the DeleteRole operation: User: arn:aws:sts::000000000000:assumed-role/web/i-1 is not authorized to perform: iam:DeleteRole"},
		{"AKIATEST", "iam delete-role --role-name web", "(DeleteConflict) when calling the DeleteRole operation: Cannot delete entity, must delete policies first."},
		{"AKIATEST", "iam delete-role-policy --role-name web --policy-name write", ""},
		{"AKIATEST", "iam delete-role-policy --role-name web --policy-name write", "(NoSuchEntity) when calling the DeleteRolePolicy operation: The role policy with name write cannot be found."},
		{"AKIATEST", "iam delete-role --role-name web", ""},
		{"AKIATEST", "iam get-role --role-name web", "(NoSuchEntity) when calling the GetRole operation: The role with name web cannot be found."},
		{"AKIATEST", "iam create-user --user-name anna", "(InvalidAction)"},
	} {
		args := strings.Fields(step.command + " --output json")
		for i, arg := range args {
			args[i] = strings.NewReplacer("$TRUST", trust, "$WRITE", write).Replace(arg)
		}
		command := exec.Command("aws", args...)
		command.Env = []string{"PATH=" + os.Getenv("PATH"), "HOME=" + t.TempDir(), "AWS_ENDPOINT_URL=" + server.URL, "AWS_REGION=eu-west-1",
			"AWS_DEFAULT_REGION=eu-west-1", "AWS_ACCESS_KEY_ID=" + step.key, "AWS_SECRET_ACCESS_KEY=secret", "AWS_MAX_ATTEMPTS=1"}
		out, err := command.CombinedOutput()
		refused := strings.HasPrefix(step.want, "(")
		if (err != nil) != refused || !strings.Contains(string(out), step.want) {
			t.Errorf("aws %s: %v\n%s", step.command, err, out)
		}
	}
}
