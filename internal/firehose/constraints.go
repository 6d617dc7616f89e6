package firehose

import (
	"net/url"
	"regexp"
	"strings"
)

// expression is a regular expression as AWS prints it, and as Go matches it.
type expression struct {
	text  string
	match func(string) bool
}

func whole(text string) expression {
	return expression{text, regexp.MustCompile(`^(?s:` + text + `)$`).MatchString}
}

var patterns = map[string]expression{
	"streamName":    whole(`[a-zA-Z0-9_.-]+`),
	"destinationID": whole(`[a-zA-Z0-9-]+`),
	"versionID":     whole(`[0-9]+`),
	"arn":           whole(`arn:.*`),
	"kmsKey":        whole(`arn:.*:kms:[a-zA-Z0-9\-]+:\d{12}:(key|alias)/[a-zA-Z_0-9+=,.@\-_/]+`),
	"https":         whole(`https:.*`),
	"endpoint":      {`https://.*`, reachable},
	"logName":       whole(`[^:*]*`),
	"notBlank":      {`^(?!\s*$).+`, func(s string) bool { return strings.TrimSpace(s) != "" }},
	"noSpace":       {`^\S+$`, regexp.MustCompile(`^\S+$`).MatchString},
	"fileExtension": {`^$|\.[0-9a-z!\-_.*'()]+`, regexp.MustCompile(`^$|^\.[0-9a-z!\-_.*'()]+$`).MatchString},
	"tagValue":      {tagText.String(), tagText.MatchString},
	"tagKey": {`^(?!aws:)[\p{L}\p{Z}\p{N}_.:\/=+\-@%]*$`, func(s string) bool {
		return !strings.HasPrefix(s, "aws:") && tagText.MatchString(s)
	}},
}

var tagText = regexp.MustCompile(`^[\p{L}\p{Z}\p{N}_.:\/=+\-@%]*$`)

// reachable takes what AWS takes, and besides a plain address on this machine,
// where nobody listens in.
func reachable(address string) bool {
	if strings.HasPrefix(address, "https://") {
		return true
	}
	u, err := url.Parse(address)
	return err == nil && u.Scheme == "http" && isLoopback(u.Hostname())
}

// enums in the order in which AWS prints them.
var enums = map[string][]string{
	"deliveryStreamType":   {"DirectPut", "KinesisStreamAsSource", "MSKAsSource", "DatabaseAsSource"},
	"compressionFormat":    {"ZIP", "HADOOP_SNAPPY", "Snappy", "GZIP", "UNCOMPRESSED"},
	"s3BackupMode":         {"Disabled", "Enabled"},
	"searchBackupMode":     {"FailedDocumentsOnly", "AllDocuments"},
	"httpBackupMode":       {"FailedDataOnly", "AllData"},
	"contentEncoding":      {"NONE", "GZIP"},
	"noEncryption":         {"NoEncryption"},
	"keyType":              {"AWS_OWNED_CMK", "CUSTOMER_MANAGED_CMK"},
	"indexRotationPeriod":  {"NoRotation", "OneHour", "OneDay", "OneWeek", "OneMonth"},
	"documentIDFormat":     {"FIREHOSE_DEFAULT", "NO_DOCUMENT_ID"},
	"parquetCompression":   {"UNCOMPRESSED", "GZIP", "SNAPPY"},
	"parquetWriterVersion": {"V1", "V2"},
	"orcCompression":       {"NONE", "ZLIB", "SNAPPY"},
	"orcFormatVersion":     {"V0_11", "V0_12"},
	"processorType": {"RecordDeAggregation", "Decompression", "CloudWatchLogProcessing", "Lambda",
		"MetadataExtraction", "AppendDelimiterToRecord"},
	"processorParameterName": {"LambdaArn", "NumberOfRetries", "MetadataExtractionQuery", "JsonParsingEngine", "RoleArn",
		"BufferSizeInMBs", "BufferIntervalInSeconds", "SubRecordType", "Delimiter", "CompressionFormat", "DataMessageExtraction"},
}

// texts are the constraints of what stands in lists and maps of text.
var texts = map[string][]string{
	"tagKey":   {"min=1", "max=128", "pattern=tagKey"},
	"noSpace":  {"min=1", "max=1024", "pattern=noSpace"},
	"notBlank": {"min=1", "max=1024", "pattern=notBlank"},
}
