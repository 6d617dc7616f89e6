package kinesisanalytics

import (
	"regexp"
	"strings"
)

// api is one of the two versions of the API. They serve the same applications.
type api int

const (
	v1 api = 1 // 2015-08-14
	v2 api = 2 // 2018-05-23
)

// constraint is what AWS's model says of one of its simple shapes.
type constraint struct {
	min, max int // of a number, or of the length of text, data or list; 0 is none
	pattern  expression
	enum     []string
	honoured []string // of enum; the others are refused by name. Empty is all.
}

// expression is a regular expression as AWS prints it, and as Go matches it.
type expression struct {
	text  string
	match func(string) bool
}

func whole(text string) expression {
	return expression{text, regexp.MustCompile(`^(?:` + text + `)$`).MatchString}
}

// like is an expression that Go writes in another way.
func like(text, golang string) expression {
	return expression{text, regexp.MustCompile(`^(?:` + golang + `)$`).MatchString}
}

var (
	namePattern  = whole(`[a-zA-Z0-9_.-]+`)
	arnPattern   = whole(`arn:.*`)
	rolePattern  = whole(`arn:aws:iam::\d{12}:role/?[a-zA-Z_0-9+=,.@\-_/]+`)
	tokenPattern = like(`[a-zA-Z0-9-_+/=]+`, `[-a-zA-Z0-9_+/=]+`)
	inAppPattern = whole(`[^-\s<>&]*`)
	ownPattern   = like(`arn:aws:kinesisanalytics:[a-z]{2}-[a-z]+-\d{1}+:\d{12}+:application/[a-zA-Z0-9_.-]{1,128}`,
		`arn:aws:kinesisanalytics:[a-z]{2}-[a-z]+-\d+:(?:\d{12})+:application/[a-zA-Z0-9_.-]{1,128}`)
)

// constraints are those of both versions, by the names of the model's shapes.
var constraints = map[string]constraint{
	"ApplicationName":        {min: 1, max: 128, pattern: namePattern},
	"ApplicationDescription": {max: 1024},
	"ApplicationCode":        {max: 102400},
	"TextContent":            {max: 102400},
	"ApplicationVersionId":   {min: 1, max: 999999999},
	"Id":                     {min: 1, max: 50, pattern: namePattern},
	"InAppStreamName":        {min: 1, max: 32},
	"InAppTableName":         {min: 1, max: 32},
	"ResourceARN":            {min: 1, max: 2048, pattern: arnPattern},
	"LogStreamARN":           {min: 1, max: 2048, pattern: arnPattern},
	"BucketARN":              {min: 1, max: 2048, pattern: arnPattern},
	"RoleARN":                {min: 1, max: 2048, pattern: rolePattern},
	"KinesisAnalyticsARN":    {min: 1, max: 2048, pattern: ownPattern},
	"FileKey":                {min: 1, max: 1024},
	"InputParallelismCount":  {min: 1, max: 64},
	"InputStartingPosition":  {enum: []string{"NOW", "TRIM_HORIZON", "LAST_STOPPED_POINT"}},
	"RecordFormatType":       {enum: []string{"JSON", "CSV"}},
	"RecordEncoding":         {pattern: whole(`UTF-8`)},
	"RecordRowPath":          {min: 1},
	"RecordRowDelimiter":     {min: 1},
	"RecordColumnDelimiter":  {min: 1},
	"RecordColumns":          {min: 1, max: 1000},
	"RecordColumnName":       {},
	"RecordColumnMapping":    {},
	"RecordColumnSqlType":    {min: 1},
	"Tags":                   {min: 1, max: 200},
	"TagKeys":                {min: 1, max: 200},
	"TagKey":                 {min: 1, max: 128},
	"TagValue":               {max: 256},

	"ListApplicationsInputLimit":            {min: 1, max: 50},
	"ListApplicationVersionsInputLimit":     {min: 1, max: 50},
	"ListApplicationOperationsInputLimit":   {min: 1, max: 50},
	"ListSnapshotsInputLimit":               {min: 1, max: 50},
	"NextToken":                             {min: 1, max: 512},
	"ConditionalToken":                      {min: 1, max: 512, pattern: tokenPattern},
	"Operation":                             {min: 1, max: 64},
	"OperationId":                           {min: 1, max: 64},
	"OperationStatus":                       {enum: []string{"IN_PROGRESS", "CANCELLED", "SUCCESSFUL", "FAILED"}},
	"SnapshotName":                          {min: 1, max: 256, pattern: namePattern},
	"SubnetIds":                             {min: 1, max: 16},
	"SecurityGroupIds":                      {min: 1, max: 5},
	"UrlType":                               {enum: []string{"FLINK_DASHBOARD_URL", "ZEPPELIN_UI_URL"}},
	"SessionExpirationDurationInSeconds":    {min: 1800, max: 43200},
	"ApplicationMaintenanceWindowStartTime": {min: 5, max: 5, pattern: whole(`([01][0-9]|2[0-3]):[0-5][0-9]`)},
	"ApplicationMode":                       {enum: []string{"STREAMING", "INTERACTIVE"}, honoured: []string{"STREAMING"}},
	"CodeContentType":                       {enum: []string{"PLAINTEXT", "ZIPFILE"}, honoured: []string{"PLAINTEXT"}},
	"RuntimeEnvironment": {enum: []string{"SQL-1_0", "FLINK-1_6", "FLINK-1_8", "ZEPPELIN-FLINK-1_0", "FLINK-1_11", "FLINK-1_13",
		"ZEPPELIN-FLINK-2_0", "FLINK-1_15", "ZEPPELIN-FLINK-3_0", "FLINK-1_18", "FLINK-1_19", "FLINK-1_20", "FLINK-2_2"},
		honoured: []string{sqlRuntime}},
}

// constraintsV2 are those that are other ones in the second version.
var constraintsV2 = map[string]constraint{
	"InAppStreamName":       {min: 1, max: 32, pattern: inAppPattern},
	"RoleARN":               {min: 1, max: 2048, pattern: arnPattern},
	"KinesisAnalyticsARN":   {min: 1, max: 2048, pattern: arnPattern},
	"RecordEncoding":        {min: 5, max: 5, pattern: whole(`UTF-8`)},
	"RecordRowDelimiter":    {min: 1, max: 1024},
	"RecordColumnDelimiter": {min: 1, max: 1024},
	"RecordColumnName":      {min: 1, max: 256, pattern: inAppPattern},
	"RecordColumnMapping":   {max: 65535},
	"RecordColumnSqlType":   {min: 1, max: 100},
	"RecordRowPath": {min: 1, max: 65535, pattern: expression{`^(?=^\$)(?=^\S+$).*$`, func(s string) bool {
		return strings.HasPrefix(s, "$") && !strings.ContainsAny(s, " \t\n\v\f\r")
	}}},
}

// constraint of a simple shape of the model.
func (v api) constraint(shape string) constraint {
	if v == v2 {
		if c, ok := constraintsV2[shape]; ok {
			return c
		}
	}
	return constraints[shape]
}
