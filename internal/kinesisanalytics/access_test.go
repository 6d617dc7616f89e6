package kinesisanalytics

import (
	"fmt"
	"strings"
	"testing"

	"github.com/millrace/millrace/internal/application/applicationtest"
	"github.com/millrace/millrace/internal/aws/call"
)

// TestAccessDenied checks the caller's policies before anything else is told,
// at every operation of both versions.
func TestAccessDenied(t *testing.T) {
	j, _ := clockedJournal()
	s := open(t, testOptions(j, testStreams()))
	create(t, s, "web")
	who := call.Identity{ARN: "arn:aws:sts::000000000000:assumed-role/denied/x", RoleARN: "arn:aws:iam::000000000000:role/denied"}
	for i, service := range s.APIs() {
		v := api(i + 1)
		for _, op := range service.Operations {
			body, known := deniedRequests(v)[op.Name]
			if !known {
				t.Errorf("operation %s has no request here", op.Name)
				continue
			}
			code, answer := invokeAs(s, v, who, op.Name, body)
			if want := "kinesisanalytics:" + op.Name; code != 400 || !strings.Contains(answer, "AccessDeniedException") || !strings.Contains(answer, want) {
				t.Errorf("v%d %s: %d %s, want AccessDeniedException that names %s", v, op.Name, code, answer, want)
			}
		}
	}
}

// deniedRequests are requests that are in order, by operation.
func deniedRequests(v api) map[string]string {
	role := fmt.Sprintf(`,"RoleARN":%q`, testRole)
	named, create := `"RoleARN":"`+testRole+`",`, `{"ApplicationName":"new"}`
	if v == v2 {
		role, named = "", `"ServiceExecutionRole":"`+testRole+`",`
		create = `{"ApplicationName":"new","RuntimeEnvironment":"SQL-1_0","ServiceExecutionRole":"arn:r"}`
	}
	resource := func(name string) string {
		return fmt.Sprintf(`{"ResourceARN":%q%s}`, applicationtest.ARN(name), role)
	}
	reference := strings.Replace(`{"BucketARN":"arn:b","FileKey":"k"`+role+`}`, "RoleARN", "ReferenceRoleARN", 1)
	const schema = `{"RecordFormat":{"RecordFormatType":"JSON"},"RecordColumns":[{"Name":"a","SqlType":"INTEGER"}]}`
	of := func(members string) string {
		if members != "" {
			members = "," + members
		}
		return `{"ApplicationName":"web"` + members + `}`
	}
	changed := func(members string) string { return of(`"CurrentApplicationVersionId":1,` + members) }
	tagged := `{"ResourceARN":"` + arn("us-east-1", "web") + `"`
	requests := map[string]string{
		"CreateApplication":                             create,
		"DescribeApplication":                           of(""),
		"ListApplications":                              `{}`,
		"StartApplication":                              of(`"InputConfigurations":[]`),
		"StopApplication":                               of(""),
		"UpdateApplication":                             changed(`"ApplicationUpdate":{}`),
		"DeleteApplication":                             of(`"CreateTimestamp":0`),
		"DiscoverInputSchema":                           `{` + named + `"ResourceARN":"` + applicationtest.ARN("in") + `"}`,
		"AddApplicationInput":                           changed(`"Input":{"NamePrefix":"S","KinesisFirehoseInput":` + resource("in") + `,"InputSchema":` + schema + `}`),
		"AddApplicationInputProcessingConfiguration":    changed(`"InputId":"1.1","InputProcessingConfiguration":{"InputLambdaProcessor":` + resource("f") + `}`),
		"DeleteApplicationInputProcessingConfiguration": changed(`"InputId":"1.1"`),
		"AddApplicationOutput":                          changed(`"Output":{"Name":"OUT","DestinationSchema":{"RecordFormatType":"JSON"},"KinesisFirehoseOutput":` + resource("out") + `}`),
		"DeleteApplicationOutput":                       changed(`"OutputId":"1.1"`),
		"AddApplicationReferenceDataSource":             changed(`"ReferenceDataSource":{"TableName":"T","S3ReferenceDataSource":` + reference + `,"ReferenceSchema":` + schema + `}`),
		"DeleteApplicationReferenceDataSource":          changed(`"ReferenceId":"1.1"`),
		"AddApplicationCloudWatchLoggingOption":         changed(`"CloudWatchLoggingOption":{"LogStreamARN":"arn:l"` + role + `}`),
		"DeleteApplicationCloudWatchLoggingOption":      changed(`"CloudWatchLoggingOptionId":"1.1"`),
		"TagResource":                                   tagged + `,"Tags":[{"Key":"a"}]}`,
		"UntagResource":                                 tagged + `,"TagKeys":["a"]}`,
		"ListTagsForResource":                           tagged + `}`,

		"ListApplicationVersions":                   of(""),
		"DescribeApplicationVersion":                of(`"ApplicationVersionId":1`),
		"ListApplicationOperations":                 of(""),
		"DescribeApplicationOperation":              of(`"OperationId":"x"`),
		"UpdateApplicationMaintenanceConfiguration": of(`"ApplicationMaintenanceConfigurationUpdate":{"ApplicationMaintenanceWindowStartTimeUpdate":"06:00"}`),
		"RollbackApplication":                       of(`"CurrentApplicationVersionId":1`),
		"CreateApplicationSnapshot":                 of(`"SnapshotName":"x"`),
		"DeleteApplicationSnapshot":                 of(`"SnapshotName":"x","SnapshotCreationTimestamp":0`),
		"DescribeApplicationSnapshot":               of(`"SnapshotName":"x"`),
		"ListApplicationSnapshots":                  of(""),
		"AddApplicationVpcConfiguration":            of(`"VpcConfiguration":{"SubnetIds":["s"],"SecurityGroupIds":["g"]}`),
		"DeleteApplicationVpcConfiguration":         of(`"VpcConfigurationId":"1.1"`),
		"CreateApplicationPresignedUrl":             of(`"UrlType":"FLINK_DASHBOARD_URL"`),
	}
	if v == v2 {
		requests["StartApplication"] = of("")
		requests["UpdateApplication"] = changed(`"ServiceExecutionRoleUpdate":"arn:r"`)
	}
	return requests
}
