package firehose

import (
	"encoding/json"
	"fmt"
	"reflect"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/millrace/millrace/internal/aws/awserr"
)

// A valid tag is a list of
//
//	required        the member must be there
//	min=, max=      of a number, or of the length of text, data or list
//	pattern=NAME    text satisfies patterns[NAME]
//	enum=NAME       text is one of enums[NAME]
//	only=A B        of these, those that millrace honours
//	unsupported     a member that AWS knows and millrace refuses by name
//	absent          not a member of requests
//
// destination marks the members of which a stream has exactly one.

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
	"arn":           whole(`arn:.*`),
	"https":         whole(`https:.*`),
	"logName":       whole(`[^:*]*`),
	"notBlank":      whole(`.*\S.*`),
	"fileExtension": {`^$|\.[0-9a-z!\-_.*'()]+`, regexp.MustCompile(`^$|^\.[0-9a-z!\-_.*'()]+$`).MatchString},
	"tagValue":      whole(`[\p{L}\p{Z}\p{N}_.:\/=+\-@%]*`),
	"tagKey": {`^(?!aws:)[\p{L}\p{Z}\p{N}_.:\/=+\-@%]*$`, func(s string) bool {
		return !strings.HasPrefix(s, "aws:") && tagText.MatchString(s)
	}},
}

var tagText = regexp.MustCompile(`^[\p{L}\p{Z}\p{N}_.:\/=+\-@%]*$`)

// enums in the order in which AWS prints them.
var enums = map[string][]string{
	"deliveryStreamType":  {"DirectPut", "KinesisStreamAsSource", "MSKAsSource", "DatabaseAsSource"},
	"compressionFormat":   {"ZIP", "HADOOP_SNAPPY", "Snappy", "GZIP", "UNCOMPRESSED"},
	"s3BackupMode":        {"Disabled", "Enabled"},
	"searchBackupMode":    {"FailedDocumentsOnly", "AllDocuments"},
	"noEncryption":        {"NoEncryption"},
	"indexRotationPeriod": {"NoRotation", "OneHour", "OneDay", "OneWeek", "OneMonth"},
	"documentIDFormat":    {"FIREHOSE_DEFAULT", "NO_DOCUMENT_ID"},
	"processorType": {"RecordDeAggregation", "Decompression", "CloudWatchLogProcessing", "Lambda",
		"MetadataExtraction", "AppendDelimiterToRecord"},
	"processorParameterName": {"LambdaArn", "NumberOfRetries", "MetadataExtractionQuery", "JsonParsingEngine", "RoleArn",
		"BufferSizeInMBs", "BufferIntervalInSeconds", "SubRecordType", "Delimiter", "CompressionFormat", "DataMessageExtraction"},
}

// findings is what a walk over a request found.
type findings struct {
	awserr.Violations
	unsupported []string // paths as the client wrote them
}

// validate checks a request against the constraints of its shape. A violated
// constraint is AWS's ValidationException; a member that millrace does not
// honour is in unsupported.
func validate(in any) (unsupported []string, err error) {
	var f findings
	f.walkStruct(reflect.ValueOf(in).Elem(), "", "")
	return f.unsupported, f.Err("ValidationException")
}

// check is validate for requests in which nothing unsupported can be.
func check(in any) error {
	_, err := validate(in)
	return err
}

// walkStruct visits the members. awsPath is camel case as in AWS's texts, path
// as the client wrote it.
func (f *findings) walkStruct(v reflect.Value, awsPath, path string) {
	for i := range v.NumField() {
		field := v.Type().Field(i)
		if field.Anonymous {
			f.walkStruct(v.Field(i), awsPath, path)
			continue
		}
		m := member{
			value: v.Field(i), rules: strings.Split(field.Tag.Get("valid"), ","),
			awsPath: awsPath + strings.ToLower(field.Name[:1]) + field.Name[1:], path: path + field.Name,
		}
		f.walk(m)
	}
}

// member is one member with its constraints.
type member struct {
	value         reflect.Value
	rules         []string
	awsPath, path string
}

// rule returns the value of name=value, and whether the rule is there.
func (m member) rule(name string) (string, bool) {
	for _, r := range m.rules {
		key, value, _ := strings.Cut(r, "=")
		if key == name {
			return value, true
		}
	}
	return "", false
}

var rawMessage = reflect.TypeFor[json.RawMessage]()

func (f *findings) walk(m member) {
	v := m.value
	if v.Type() == rawMessage {
		if _, refused := m.rule("unsupported"); refused && v.Len() > 0 && string(v.Bytes()) != "null" {
			f.unsupported = append(f.unsupported, m.path)
		}
		return
	}
	if v.IsNil() {
		if _, required := m.rule("required"); required {
			f.Add(awserr.Null, m.awsPath, "not be null")
		}
		return
	}
	if _, absent := m.rule("absent"); absent {
		f.unsupported = append(f.unsupported, m.path)
		return
	}
	if v.Kind() == reflect.Slice {
		if f.checkLength(m, "", v.Len()); m.tooLong(v.Len()) {
			return // its length is what is wrong with it
		}
		for i := range v.Len() {
			f.walkStruct(v.Index(i), fmt.Sprintf("%s.%d.member.", m.awsPath, i+1), fmt.Sprintf("%s[%d].", m.path, i))
		}
		return
	}
	f.checkValue(m, v.Elem())
}

func (f *findings) checkValue(m member, v reflect.Value) {
	switch v.Kind() {
	case reflect.Struct:
		f.walkStruct(v, m.awsPath+".", m.path+".")
	case reflect.Slice: // data
		f.checkLength(m, "", v.Len())
	case reflect.Int:
		f.checkRange(m, int(v.Int()))
	case reflect.String:
		f.checkText(m, v.String())
	}
}

func (f *findings) checkText(m member, s string) {
	shown := awserr.Shown(s)
	f.checkLength(m, shown, len([]rune(s)))
	if name, ok := m.rule("pattern"); ok && !patterns[name].match(s) {
		f.Add(shown, m.awsPath, "satisfy regular expression pattern: "+patterns[name].text)
	}
	if name, ok := m.rule("enum"); ok && !slices.Contains(enums[name], s) {
		f.Add(shown, m.awsPath, "satisfy enum value set: ["+strings.Join(enums[name], ", ")+"]")
	} else if only, ok := m.rule("only"); ok && !slices.Contains(strings.Fields(only), s) {
		f.unsupported = append(f.unsupported, m.path+" "+s)
	}
}

func (f *findings) checkLength(m member, shown string, n int) {
	if least, ok := m.number("min"); ok && n < least {
		f.Add(shown, m.awsPath, "have length greater than or equal to "+strconv.Itoa(least))
	}
	if most, _ := m.number("max"); m.tooLong(n) {
		f.Add(shown, m.awsPath, "have length less than or equal to "+strconv.Itoa(most))
	}
}

func (m member) tooLong(n int) bool {
	most, ok := m.number("max")
	return ok && n > most
}

func (f *findings) checkRange(m member, n int) {
	shown := awserr.Shown(n)
	if least, ok := m.number("min"); ok && n < least {
		f.Add(shown, m.awsPath, "have value greater than or equal to "+strconv.Itoa(least))
	}
	if most, ok := m.number("max"); ok && n > most {
		f.Add(shown, m.awsPath, "have value less than or equal to "+strconv.Itoa(most))
	}
}

func (m member) number(name string) (int, bool) {
	s, ok := m.rule(name)
	if !ok {
		return 0, false
	}
	n, err := strconv.Atoi(s)
	if err != nil {
		panic("BUG: tag of " + m.path + ": " + err.Error())
	}
	return n, true
}
