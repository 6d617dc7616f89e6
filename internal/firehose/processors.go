package firehose

import (
	"encoding/base64"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
)

// The processors that a kind of destination has.
var (
	s3Processors = []string{"RecordDeAggregation", "Decompression", "CloudWatchLogProcessing", "Lambda",
		"MetadataExtraction", "AppendDelimiterToRecord"}
	otherProcessors = []string{"Decompression", "CloudWatchLogProcessing", "Lambda"}
)

// processorParameters are those that a processor takes. AppendDelimiterToRecord
// takes any and forgets them.
var processorParameters = map[string][]string{
	"RecordDeAggregation":     {"SubRecordType", "Delimiter"},
	"Decompression":           {"CompressionFormat"},
	"CloudWatchLogProcessing": {"DataMessageExtraction"},
	"Lambda":                  {"LambdaArn", "NumberOfRetries", "RoleArn", "BufferSizeInMBs", "BufferIntervalInSeconds"},
	"MetadataExtraction":      {"MetadataExtractionQuery", "JsonParsingEngine"},
}

// processors is a ProcessingConfiguration that is on, read. The order in which
// it lists its processors means nothing: each has its place.
type processors struct {
	decompress, extractMessages bool

	subRecordType string // "JSON", "DELIMITED", empty without de-aggregation
	delimiter     []byte

	lambda *lambdaProcessor
	query  string // of metadata extraction, empty without

	appendDelimiter bool
}

type lambdaProcessor struct {
	arn, role   string
	retries     int
	bufferBytes int
	interval    time.Duration
}

// readProcessing refuses what AWS refuses, in its words where they are known.
// A configuration that is off is not looked at.
func readProcessing(c *processingConfiguration, known []string) (p processors, err error) {
	if c == nil || !isOn(c.Enabled) {
		return p, nil
	}
	if n := len(c.Processors); n < 1 || n > 5 {
		return p, errArgument("A maximum of 5 and a minimum of 1 processor needs to be supplied when processing is enabled.")
	}
	if err := checkProcessors(c.Processors, known); err != nil {
		return p, err
	}
	cloudWatchLogs := false
	for i := range c.Processors {
		r := &c.Processors[i]
		switch *r.Type {
		case "RecordDeAggregation":
			err = p.readDeaggregation(r)
		case "Decompression":
			p.decompress = true
			if format, _ := r.parameter("CompressionFormat"); format != "GZIP" {
				err = errArgument("CompressionFormat has to be GZIP")
			}
		case "CloudWatchLogProcessing":
			cloudWatchLogs = true
			err = p.readMessageExtraction(r)
		case "Lambda":
			p.lambda, err = readLambda(r)
		case "MetadataExtraction":
			err = p.readQuery(r)
		case "AppendDelimiterToRecord":
			p.appendDelimiter = true
		}
		if err != nil {
			return p, err
		}
	}
	if cloudWatchLogs && !p.decompress {
		return p, errArgument("CloudWatchLogProcessingProcessor can only be enabled with DecompressionProcessor")
	}
	return p, nil
}

// checkProcessors checks what does not depend on what a parameter says. Only
// the delimiter may be asked for twice.
func checkProcessors(processors []processor, known []string) error {
	seen := map[string]bool{}
	for i := range processors {
		r := &processors[i]
		if err := r.checkParameters(); err != nil {
			return err
		}
		if !slices.Contains(known, *r.Type) {
			return errArgument("Processor type %s is not supported", *r.Type)
		}
		if seen[*r.Type] && *r.Type != "AppendDelimiterToRecord" {
			return errArgument("Cannot have more than 1 %s processor.", *r.Type)
		}
		seen[*r.Type] = true
	}
	return nil
}

func (r *processor) checkParameters() error {
	seen := map[string]bool{}
	for _, p := range r.Parameters {
		if seen[*p.ParameterName] {
			return errArgument("Duplicate ProcessorParameter passed to ProcessingConfiguration.")
		}
		seen[*p.ParameterName] = true
		if takes := processorParameters[*r.Type]; takes != nil && !slices.Contains(takes, *p.ParameterName) {
			return errArgument("Processor parameter %s is not supported for processor type %s", *p.ParameterName, *r.Type)
		}
	}
	return nil
}

func (p *processors) readDeaggregation(r *processor) (err error) {
	p.subRecordType, _ = r.parameter("SubRecordType")
	delimiter, given := r.parameter("Delimiter")
	switch {
	case p.subRecordType != "JSON" && p.subRecordType != "DELIMITED":
		return errArgument("SubRecordType has to be one of JSON, DELIMITED")
	case p.subRecordType == "DELIMITED" && !given:
		return errArgument("Delimiter should be present for DELIMITED")
	case p.subRecordType == "JSON" && given:
		return errArgument("Delimiter is only for the SubRecordType DELIMITED")
	case !given:
		return nil
	}
	if p.delimiter, err = base64.StdEncoding.DecodeString(delimiter); err != nil || len(p.delimiter) == 0 {
		return errArgument("Delimiter has to be base64 encoded")
	}
	return nil
}

func (p *processors) readMessageExtraction(r *processor) error {
	switch value, _ := r.parameter("DataMessageExtraction"); strings.ToLower(value) {
	case "true":
		p.extractMessages = true
	case "false":
	default:
		return errArgument("Invalid parameter value for DataMessageExtraction. Allowed values are True and False.")
	}
	return nil
}

// functionARN is the ARN of a Lambda function, with or without a version.
var functionARN = regexp.MustCompile(`^arn:aws[a-zA-Z-]*:lambda:[a-z0-9-]+:\d{12}:function:[a-zA-Z0-9_-]{1,64}(:(\$LATEST|[a-zA-Z0-9_-]{1,128}))?$`)

// readLambda reads parameters that fillDefaults has completed.
func readLambda(r *processor) (*lambdaProcessor, error) {
	arn, given := r.parameter("LambdaArn")
	switch {
	case !given:
		return nil, errArgument("LambdaArn is required when Lambda processor is used.")
	case !functionARN.MatchString(arn):
		return nil, errArgument("Invalid lambda ARN.")
	case r.has("BufferSizeInMBs") != r.has("BufferIntervalInSeconds"):
		return nil, errArgument("Both BufferSizeInMBs and BufferIntervalInSeconds are required to configure buffering for lambda processor.")
	}
	retries, ok := r.number("NumberOfRetries", 0, 300)
	if !ok || retries != float64(int(retries)) {
		return nil, errArgument("Number of retries for lambda must be between 0 and 300.")
	}
	megabytes, ok := r.number("BufferSizeInMBs", 0.2, 3)
	if !ok {
		return nil, errArgument("BufferSizeInMBs for lambda processor must be between 0.2 and 3.")
	}
	seconds, ok := r.number("BufferIntervalInSeconds", 0, 900)
	if !ok {
		return nil, errArgument("BufferIntervalInSeconds for lambda processor must be between 0 and 900.")
	}
	role, _ := r.parameter("RoleArn")
	return &lambdaProcessor{
		arn: arn, role: role, retries: int(retries),
		bufferBytes: int(megabytes * mebibyte), interval: time.Duration(seconds * float64(time.Second)),
	}, nil
}

// number returns a parameter that is a number within bounds.
func (r *processor) number(name string, least, most float64) (float64, bool) {
	value, _ := r.parameter(name)
	n, err := strconv.ParseFloat(value, 64)
	return n, err == nil && n >= least && n <= most
}

func (p *processors) readQuery(r *processor) error {
	if engine, _ := r.parameter("JsonParsingEngine"); engine != "JQ-1.6" {
		return errArgument("MetaDataExtraction JSON Parsing Engine has to be one of JQ-1.6")
	}
	query, given := r.parameter("MetadataExtractionQuery")
	if !given {
		return errArgument("MetadataExtractionQuery is required when MetadataExtraction processor is used.")
	}
	p.query = query
	return nil
}

// works tells whether anything is done before records reach their destination.
// The delimiter is not: the destination writes it.
func (p *processors) works() bool {
	return p.decompress || p.subRecordType != "" || p.lambda != nil || p.query != ""
}
