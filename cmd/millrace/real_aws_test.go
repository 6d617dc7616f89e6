//go:build unix

package main

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"math/rand/v2"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/millrace/millrace/internal/realtest"
)

// The AWS CLI and boto3 call every operation on one running server.
func TestRealAWS(t *testing.T) {
	realtest.Program(t, "aws")
	t.Parallel()
	dir := dataDir(t)
	p := up(t, dir, "--demo", "--parameter", "WindowSeconds=2")
	t.Run("clients", func(t *testing.T) { // ends when all of them have
		for name, test := range map[string]func(*testing.T, *awsCLI){
			"cli cloudformation":    cliCloudFormation,
			"cli firehose":          cliFirehose,
			"cli firehose other":    cliFirehoseOther,
			"cli kinesisanalytics":  cliKinesisAnalytics,
			"cli analytics changes": cliAnalyticsChanges,
			"cli analytics v2":      cliAnalyticsV2,
			"cli s3":                cliS3,
			"cli iam and domains":   cliOthers,
			"cli refused":           cliRefused,
			"env in a shell":        shellEnv,
			"unsigned":              unsigned,
			"boto3":                 boto3,
		} {
			t.Run(name, func(t *testing.T) {
				t.Parallel()
				test(t, newCLI(t, p))
			})
		}
	})
	if code := p.stop(); code != 0 {
		t.Errorf("exit code %d", code)
	}
}

// awsCLI is the real client with the keys of a running server.
type awsCLI struct {
	t   *testing.T
	p   *process
	env []string
	dir string // where it runs
}

func newCLI(t *testing.T, p *process) *awsCLI {
	return &awsCLI{t: t, p: p, dir: t.TempDir(), env: cleanEnv(
		"AWS_ENDPOINT_URL="+p.Run.Edge, "AWS_DEFAULT_REGION="+p.Run.Region, "AWS_ACCESS_KEY_ID="+p.Run.AccessKeyID,
		"AWS_SECRET_ACCESS_KEY="+p.Run.SecretAccessKey, "AWS_MAX_ATTEMPTS=1", "AWS_PAGER=", "AWS_CONFIG_FILE=/dev/null",
		"AWS_SHARED_CREDENTIALS_FILE=/dev/null", "AWS_DEFAULT_OUTPUT=json", "NO_PROXY=127.0.0.1")}
}

func (c *awsCLI) command(program string, args ...string) (string, error) {
	ctx, cancel := context.WithTimeout(c.t.Context(), 90*time.Second)
	defer cancel()
	command := exec.CommandContext(ctx, program, args...)
	command.Env, command.Dir = c.env, c.dir
	out, err := command.CombinedOutput()
	return string(out), err
}

// run is one command line of the AWS CLI; a word of it holds no blanks.
func (c *awsCLI) run(line string, more ...string) string {
	c.t.Helper()
	out, err := c.command("aws", append(strings.Fields(line), more...)...)
	if err != nil {
		c.t.Fatalf("aws %s %v: %v\n%s", line, more, err, out)
	}
	return out
}

// shows runs a command whose output must match a pattern.
func (c *awsCLI) shows(want, line string, more ...string) {
	c.t.Helper()
	if out := c.run(line, more...); !regexp.MustCompile(want).MatchString(out) {
		c.t.Errorf("aws %s: want %s in\n%s", line, want, out)
	}
}

// refuses runs a command that must fail with exactly this code and text.
func (c *awsCLI) refuses(code, text, line string, more ...string) {
	c.t.Helper()
	out, err := c.command("aws", append(strings.Fields(line), more...)...)
	if err == nil {
		c.t.Errorf("aws %s was accepted:\n%s", line, out)
		return
	}
	// An error occurred (CODE) when calling the X operation: TEXT
	_, told, _ := strings.Cut(out, "An error occurred ")
	gotCode, gotText, _ := strings.Cut(told, " operation: ")
	if !strings.HasPrefix(gotCode, "("+code+")") || strings.TrimSpace(gotText) != text {
		c.t.Errorf("aws %s: want %s: %s\ngot %s", line, code, text, out)
	}
}

// file writes a file that a command reads.
func (c *awsCLI) file(name, text string) string {
	c.t.Helper()
	if err := os.WriteFile(filepath.Join(c.dir, name), []byte(text), 0o600); err != nil {
		c.t.Fatal(err)
	}
	return "file://" + name
}

const secondStack = `Parameters: {Interval: {Type: Number, Default: 300}}
Resources:
  Bucket: {Type: AWS::S3::Bucket}
  Role:
    Type: AWS::IAM::Role
    Properties:
      RoleName: second-role
      AssumeRolePolicyDocument:
        Version: 2012-10-17
        Statement: [{Effect: Allow, Principal: {Service: firehose.amazonaws.com}, Action: sts:AssumeRole}]
      Policies:
        - PolicyName: write
          PolicyDocument:
            Version: 2012-10-17
            Statement: [{Effect: Allow, Action: s3:PutObject, Resource: !Join ['', [!GetAtt Bucket.Arn, '/*']]}]
  Stream:
    Type: AWS::KinesisFirehose::DeliveryStream
    Properties:
      DeliveryStreamName: second
      S3DestinationConfiguration:
        BucketARN: !GetAtt Bucket.Arn
        RoleARN: !GetAtt Role.Arn
        BufferingHints: {IntervalInSeconds: !Ref Interval, SizeInMBs: 1}
Outputs:
  Stream: {Value: !Sub '${Stream} in ${AWS::Region}'}
`

func cliCloudFormation(t *testing.T, c *awsCLI) {
	c.shows(`"StackStatus": "CREATE_COMPLETE"`, "cloudformation describe-stacks --stack-name status-codes")
	c.shows(`"ResourceStatus": "CREATE_COMPLETE"`, "cloudformation describe-stack-events --stack-name status-codes")

	body := c.file("second.yaml", secondStack)
	c.refuses("InsufficientCapabilitiesException", "Requires capabilities : [CAPABILITY_NAMED_IAM]",
		"cloudformation create-stack --stack-name second --template-body", body)
	c.shows(`"StackId": "arn:aws:cloudformation:us-east-1:000000000000:stack/second/`,
		"cloudformation create-stack --stack-name second --capabilities CAPABILITY_NAMED_IAM "+
			"--parameters ParameterKey=Interval,ParameterValue=60 --template-body", body)
	c.run("cloudformation wait stack-create-complete --stack-name second")
	c.shows(`"OutputValue": "second in us-east-1"`, "cloudformation describe-stacks --stack-name second")
	c.shows(`"IntervalInSeconds": 60`, "firehose describe-delivery-stream --delivery-stream-name second")
	c.refuses("AlreadyExistsException", "Stack [second] already exists",
		"cloudformation create-stack --stack-name second --capabilities CAPABILITY_NAMED_IAM --template-body", body)

	c.run("cloudformation delete-stack --stack-name second")
	c.run("cloudformation wait stack-delete-complete --stack-name second")
	c.refuses("ValidationError", "Stack with id second does not exist", "cloudformation describe-stacks --stack-name second")
	c.refuses("NoSuchEntity", "The role with name second-role cannot be found.", "iam get-role --role-name second-role")

	unknown := strings.Replace(secondStack, "AWS::S3::Bucket", "AWS::SQS::Queue", 1)
	out, err := c.command("aws", "cloudformation", "create-stack", "--stack-name", "unknown", "--template-body", c.file("unknown.yaml", unknown))
	if err == nil || !strings.Contains(out, "(ValidationError)") || !strings.Contains(out, "AWS::SQS::Queue") || !strings.Contains(out, "3:") {
		t.Errorf("an unknown resource type is to be refused by name and place: %v\n%s", err, out)
	}
}

func cliFirehose(t *testing.T, c *awsCLI) {
	c.run("s3 mb s3://cli-archive")
	const role = "arn:aws:iam::000000000000:role/cli" // does not exist: may do everything
	s3 := func(key string) string {
		return `{"` + key + `": {"BucketARN": "arn:aws:s3:::cli-archive", "RoleARN": "` + role + `", "BufferingHints": {"IntervalInSeconds": 60, "SizeInMBs": 1}}`
	}
	domain := `{"DomainARN": "arn:aws:es:us-east-1:000000000000:domain/status-codes", "RoleARN": "` + role + `", "IndexName": "cli",
		"IndexRotationPeriod": "NoRotation", "BufferingHints": {"IntervalInSeconds": 60, "SizeInMBs": 1},` + s3("S3Configuration")[1:] + `}`
	for name, input := range map[string]string{
		"cli-s3":         s3("S3DestinationConfiguration"),
		"cli-extended":   s3("ExtendedS3DestinationConfiguration"),
		"cli-es":         `{"ElasticsearchDestinationConfiguration": ` + domain,
		"cli-opensearch": `{"AmazonopensearchserviceDestinationConfiguration": ` + domain,
	} {
		c.shows(`"DeliveryStreamARN": "arn:aws:firehose:us-east-1:000000000000:deliverystream/`+name+`"`,
			"firehose create-delivery-stream --delivery-stream-name "+name+" --cli-input-json", c.file(name+".json", input+"}"))
	}
	c.shows(`(?s)"DeliveryStreamStatus": "ACTIVE".*"AmazonopensearchserviceDestinationDescription"`,
		"firehose describe-delivery-stream --delivery-stream-name cli-opensearch")
	c.refuses("ResourceInUseException", "Firehose cli-s3 under accountId 000000000000 already exists",
		"firehose create-delivery-stream --delivery-stream-name cli-s3 --cli-input-json", "file://cli-s3.json")
	c.shows(`(?s)"cli-es",\s+"cli-extended",\s+"cli-opensearch",\s+"cli-s3"`, "firehose list-delivery-streams --limit 100")

	c.shows(`"RecordId": ".+"`, "firehose put-record --delivery-stream-name cli-s3 --record", "Data='one\n'")
	c.shows(`"FailedPutCount": 0`, "firehose put-record-batch --delivery-stream-name cli-s3 --records", `[{"Data": "two\n"}, {"Data": "three\n"}]`)
	c.shows(`"FailedPutCount": 0`, "firehose put-record-batch --delivery-stream-name cli-es --records", `[{"Data": "{\"n\": 1}"}, {"Data": "{\"n\": 2}"}]`)
	for _, stream := range []string{"cli-s3", "cli-es"} {
		if _, errs, code := millrace(t, c.p.Dir, "flush", stream); code != 0 {
			t.Fatalf("flush %s: %s", stream, errs)
		}
	}
	eventually(t, "the object is there", 20*time.Second, func() error { return unlessEqual(len(c.p.archived("cli-archive", "")), 3) })
	c.run("s3 cp --no-progress --recursive s3://cli-archive got")
	c.shows(`\d{4}/\d\d/\d\d/\d\d/cli-s3-1-\d{4}(-\d\d){5}-[0-9a-f-]{36}\n`, "s3 ls --recursive s3://cli-archive")
	files, _ := filepath.Glob(filepath.Join(c.dir, "got/*/*/*/*/cli-s3-1-*"))
	if len(files) != 1 {
		t.Fatalf("want one object, got %v", files)
	}
	if text, _ := os.ReadFile(files[0]); string(text) != "one\ntwo\nthree\n" {
		t.Errorf("the object holds %q", text)
	}
	eventually(t, "the documents are in the index", 20*time.Second, func() error { return c.p.counts("/cli/_count", 2) })

	for _, stream := range []string{"cli-s3", "cli-extended", "cli-es", "cli-opensearch"} {
		c.run("firehose delete-delivery-stream --delivery-stream-name " + stream)
	}
	eventually(t, "the stream is gone", 20*time.Second, func() error {
		out, err := c.command("aws", "firehose", "describe-delivery-stream", "--delivery-stream-name", "cli-s3")
		return unlessFailedWith(out, err, "Firehose cli-s3 under account 000000000000 not found.")
	})
}

func cliKinesisAnalytics(t *testing.T, c *awsCLI) {
	const column = `{"Name": "status", "SqlType": "INTEGER", "Mapping": "$.response"}`
	input := c.file("inputs.json", `[{"NamePrefix": "SOURCE", "KinesisFirehoseInput": {
		"ResourceARN": "arn:aws:firehose:us-east-1:000000000000:deliverystream/status-codes-ingest", "RoleARN": "arn:aws:iam::000000000000:role/cli"},
		"InputSchema": {"RecordFormat": {"RecordFormatType": "JSON", "MappingParameters": {"JSONMappingParameters": {"RecordRowPath": "$"}}},
		"RecordColumns": [`+column+`]}}]`)
	good := c.file("good.sql", `CREATE OR REPLACE STREAM "OUT" ("status" INTEGER);
CREATE OR REPLACE PUMP "P" AS INSERT INTO "OUT" SELECT STREAM "status" FROM "SOURCE_001";`)
	bad := c.file("bad.sql", "CREATE OR REPLACE STREAM \"OUT\" (\"status\" INTEGER);\nSELEC nothing;")
	start := `[{"Id": "1.1", "InputStartingPositionConfiguration": {"InputStartingPosition": "NOW"}}]`

	// AWS kept code that does not compile; only starting it fails.
	c.shows(`"ApplicationStatus": "READY"`, "kinesisanalytics create-application --application-name cli-bad --inputs "+input+" --application-code", bad)
	out, err := c.command("aws", "kinesisanalytics", "start-application", "--application-name", "cli-bad", "--input-configurations", start)
	if err == nil || !strings.Contains(out, "(CodeValidationException)") || !strings.Contains(out, "2:1") {
		t.Errorf("want CodeValidationException with the place: %v\n%s", err, out)
	}
	c.shows(`(?s)"ApplicationStatus": "READY".*SELEC nothing`, "kinesisanalytics describe-application --application-name cli-bad")

	c.shows(`"ApplicationARN": "arn:aws:kinesisanalytics:us-east-1:000000000000:application/cli-good"`,
		"kinesisanalytics create-application --application-name cli-good --inputs "+input+" --application-code", good)
	c.refuses("ResourceInUseException", "Application already exists with the given name: cli-good",
		"kinesisanalytics create-application --application-name cli-good --inputs "+input+" --application-code", good)
	// its option --output cannot be given: the CLI has one of that name itself
	c.run("kinesisanalytics add-application-output --cli-input-json", `{"ApplicationName": "cli-good", "CurrentApplicationVersionId": 1, "Output":
		{"Name": "OUT", "DestinationSchema": {"RecordFormatType": "JSON"}, "KinesisFirehoseOutput": {
		"ResourceARN": "arn:aws:firehose:us-east-1:000000000000:deliverystream/status-codes-results", "RoleARN": "arn:aws:iam::000000000000:role/cli"}}}`)
	c.shows(`(?s)"cli-bad".*"cli-good"`, "kinesisanalytics list-applications")
	c.run("kinesisanalytics start-application --application-name cli-good --input-configurations", start)
	described := func() (status string) {
		var answer struct {
			ApplicationDetail struct{ ApplicationStatus string }
		}
		if err := json.Unmarshal([]byte(c.run("kinesisanalytics describe-application --application-name cli-good")), &answer); err != nil {
			t.Fatal(err)
		}
		return answer.ApplicationDetail.ApplicationStatus
	}
	eventually(t, "it runs", 20*time.Second, func() error { return unlessEqual(described(), "RUNNING") })
	c.run("kinesisanalytics stop-application --application-name cli-good")
	eventually(t, "it has stopped", 20*time.Second, func() error { return unlessEqual(described(), "READY") })
	for _, name := range []string{"cli-good", "cli-bad"} {
		detail := c.run("kinesisanalytics describe-application --query ApplicationDetail.CreateTimestamp --output text --application-name " + name)
		c.run("kinesisanalytics delete-application --application-name " + name + " --create-timestamp " + strings.TrimSpace(detail))
	}
	c.refuses("ResourceNotFoundException", "Application cli-good not found", "kinesisanalytics describe-application --application-name cli-good")
}

func cliS3(t *testing.T, c *awsCLI) {
	big := make([]byte, 20<<20)
	random := rand.NewChaCha8([32]byte{1})
	_, _ = random.Read(big)
	c.file("big", string(big))
	c.run("s3 mb s3://cli-files")
	c.run("s3 cp --no-progress big s3://cli-files/deep/big") // 20 MB go in parts
	c.shows(`"ETag": "\\"[0-9a-f]{32}-3\\""`, "s3api head-object --bucket cli-files --key deep/big")
	c.shows(`20971520 big`, "s3 ls s3://cli-files/deep/")
	c.run("s3 cp --no-progress s3://cli-files/deep/big again")
	if again, err := os.ReadFile(filepath.Join(c.dir, "again")); err != nil || !bytes.Equal(again, big) {
		t.Errorf("what came back differs: %d bytes, %v", len(again), err)
	}
	if out, err := c.command("aws", "s3", "rb", "s3://cli-files"); err == nil || !strings.Contains(out, "(BucketNotEmpty)") {
		t.Errorf("removing a bucket that holds something: %v\n%s", err, out)
	}
	c.run("s3 rm s3://cli-files/deep/big")
	c.run("s3 rb s3://cli-files")
	if out, err := c.command("aws", "s3", "ls", "s3://cli-files"); err == nil || !strings.Contains(out, "(NoSuchBucket)") {
		t.Errorf("after its end: %v\n%s", err, out)
	}
}

func cliOthers(t *testing.T, c *awsCLI) {
	role := c.run("cloudformation describe-stack-resource --stack-name status-codes --logical-resource-id IngestRole " +
		"--query StackResourceDetail.PhysicalResourceId --output text")
	c.shows(`"Service": "firehose.amazonaws.com"`, "iam get-role --role-name "+strings.TrimSpace(role))
	c.shows(`"DomainName": "status-codes"`, "opensearch describe-domain --domain-name status-codes")
	c.shows(`"DomainName": "status-codes"`, "es describe-elasticsearch-domain --domain-name status-codes")
	c.refuses("ResourceNotFoundException", "Domain not found: nowhere", "opensearch describe-domain --domain-name nowhere")
}

func cliRefused(t *testing.T, c *awsCLI) {
	c.refuses("ResourceNotFoundException", "Firehose nowhere under account 000000000000 not found.",
		"firehose put-record --delivery-stream-name nowhere --record Data=x")
	c.refuses("ResourceNotFoundException", "Firehose nowhere under account 000000000000 not found.",
		"firehose delete-delivery-stream --delivery-stream-name nowhere")

	wrong := *c
	wrong.env = append(wrong.env, "AWS_SECRET_ACCESS_KEY=wrong")
	wrong.refuses("InvalidSignatureException", "The request signature we calculated does not match the signature you provided. "+
		"Check your AWS Secret Access Key and signing method. Consult the service documentation for details.", "firehose list-delivery-streams")
	wrong.refuses("SignatureDoesNotMatch", "The request signature we calculated does not match the signature you provided. "+
		"Check your AWS Secret Access Key and signing method. Consult the service documentation for details.", "cloudformation describe-stacks")
	wrong.refuses("SignatureDoesNotMatch", "The request signature we calculated does not match the signature you provided. "+
		"Check your key and signing method.", "s3 ls")
	wrong.env = append(wrong.env, "AWS_ACCESS_KEY_ID=AKIASOMEBODYELSE")
	wrong.refuses("UnrecognizedClientException", "The security token included in the request is invalid.", "firehose list-delivery-streams")
	wrong.refuses("InvalidClientTokenId", "The security token included in the request is invalid.", "iam get-role --role-name x")
}

// shellEnv is what the README tells people to type.
func shellEnv(t *testing.T, c *awsCLI) {
	c.env = cleanEnv(asMillrace+"=1", "MILLRACE_DIR="+c.p.Dir, "PROGRAM="+os.Args[0],
		"AWS_SESSION_TOKEN=of-another-session", "AWS_PROFILE=of-another-session", "AWS_PAGER=")
	out, err := c.command("sh", "-euc", `eval "$("$PROGRAM" env)"; aws s3 ls; aws firehose list-delivery-streams`)
	if err != nil || !strings.Contains(out, "status-codes-archivebucket") || !strings.Contains(out, "status-codes-ingest") {
		t.Errorf("%v\n%s", err, out)
	}
}

// unsigned is what curl sends.
func unsigned(t *testing.T, c *awsCLI) {
	for _, one := range []struct{ method, target, contentType, body, status, want string }{
		{http.MethodPost, "Firehose_20150804.ListDeliveryStreams", "application/x-amz-json-1.1", "{}", "400 Bad Request",
			`{"__type":"MissingAuthenticationTokenException","message":"Request is missing Authentication Token"}`},
		{http.MethodPost, "", "application/x-www-form-urlencoded", "Action=DescribeStacks&Version=2010-05-15", "403 Forbidden",
			"<Code>MissingAuthenticationToken</Code>"},
		{http.MethodGet, "", "", "", "403 Forbidden", "<Code>AccessDenied</Code>"},
	} {
		r, err := http.NewRequestWithContext(t.Context(), one.method, c.p.Run.Edge+"/", strings.NewReader(one.body))
		if err != nil {
			t.Fatal(err)
		}
		if one.target != "" {
			r.Header.Set("X-Amz-Target", one.target)
		}
		if one.contentType != "" {
			r.Header.Set("Content-Type", one.contentType)
		}
		answer, err := http.DefaultClient.Do(r)
		if err != nil {
			t.Fatal(err)
		}
		text, _ := io.ReadAll(answer.Body)
		_ = answer.Body.Close()
		if answer.Status != one.status || !strings.Contains(string(text), one.want) {
			t.Errorf("%s %s %s: %s\n%s", one.method, one.target, one.body, answer.Status, text)
		}
	}
}

// boto3 runs testdata/boto3/operations.py and what it imports, which says what it expects itself.
func boto3(t *testing.T, c *awsCLI) {
	realtest.Python(t, "boto3")
	if out, err := c.command("python3", "-c", "import boto3"); err != nil {
		if os.Getenv("MILLRACE_REAL") == "1" {
			t.Fatalf("boto3 is required: %v\n%s", err, out)
		}
		t.Skip("boto3 is not here; install it to run this test")
	}
	script, err := filepath.Abs("testdata/boto3/operations.py")
	if err != nil {
		t.Fatal(err)
	}
	c.env = append(c.env, "MILLRACE_TEST_PROGRAM="+os.Args[0], "MILLRACE_TEST_DIR="+c.p.Dir, "PYTHONDONTWRITEBYTECODE=1")
	out, err := c.command("python3", script)
	if err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	if !strings.HasSuffix(out, "all operations answered as expected\n") {
		t.Errorf("the script did not come to its end:\n%s", out)
	}
}
