package imported

import "strings"

// fromTerraform takes what terraform show -json prints of a state or a plan: the
// applications of the root module and those below it.
func fromTerraform(root *value) (found []*draft) {
	for _, name := range []string{"values", "planned_values"} {
		if m := root.get(name, "root_module"); m != nil {
			return fromModule(m)
		}
	}
	return nil
}

func fromModule(m *value) (found []*draft) {
	if resources := m.get("resources"); resources != nil {
		for _, r := range resources.items {
			values := r.get("values")
			if values == nil || r.str("mode") == "data" {
				continue
			}
			switch r.str("type") {
			case "aws_kinesis_analytics_application":
				found = append(found, &draft{create: fromResource(values, "application")})
			case "aws_kinesisanalyticsv2_application":
				found = append(found, &draft{create: fromResource(values, "application"), v2: true})
			}
		}
	}
	if children := m.get("child_modules"); children != nil {
		for _, child := range children.items {
			found = append(found, fromModule(child)...)
		}
	}
	return found
}

// lists are the blocks that may be there several times; others are lists of one.
var lists = map[string]bool{
	"Inputs": true, "Outputs": true, "ReferenceDataSources": true, "RecordColumns": true, "CloudWatchLoggingOptions": true,
}

// terraformNames are the members whose names are not those of the API in another
// spelling, by what they are in; "" stands for anything.
var terraformNames = map[string]map[string]string{
	"application":                  {"name": "ApplicationName", "description": "ApplicationDescription", "code": "ApplicationCode"},
	"Inputs":                       {"kinesis_firehose": "KinesisFirehoseInput", "kinesis_stream": "KinesisStreamsInput", "parallelism": "InputParallelism", "processing_configuration": "InputProcessingConfiguration", "schema": "InputSchema"},
	"InputProcessingConfiguration": {"lambda": "InputLambdaProcessor"},
	"Outputs":                      {"kinesis_firehose": "KinesisFirehoseOutput", "kinesis_stream": "KinesisStreamsOutput", "lambda": "LambdaOutput", "schema": "DestinationSchema"},
	"ReferenceDataSources":         {"s3": "S3ReferenceDataSource", "schema": "ReferenceSchema"},
	"S3ReferenceDataSource":        {"role_arn": "ReferenceRoleARN"},
	"MappingParameters":            {"json": "JSONMappingParameters", "csv": "CSVMappingParameters", "json_mapping_parameters": "JSONMappingParameters", "csv_mapping_parameters": "CSVMappingParameters"},
	"": {
		"input": "Inputs", "output": "Outputs", "reference_data_source": "ReferenceDataSources", "record_column": "RecordColumns",
		"resource_arn": "ResourceARN", "role_arn": "RoleARN", "bucket_arn": "BucketARN", "log_stream_arn": "LogStreamARN",
		"s3_reference_data_source": "S3ReferenceDataSource",
	},
}

// terraformOnly are members that the request has no place for: what the provider
// computes, and what it does itself.
var terraformOnly = map[string]bool{
	"id": true, "arn": true, "status": true, "version": true, "create_timestamp": true, "last_update_timestamp": true, "tags_all": true, "tags": true,
	"start_application": true, "force_stop": true, "stream_names": true, "starting_position_configuration": true, "input_starting_position_configuration": true,
	"input_id": true, "output_id": true, "reference_id": true, "cloudwatch_logging_option_id": true, "in_app_stream_names": true, "timeouts": true,
	"run_configuration": true, "region": true, "application_mode": true,
}

// fromResource is a resource in the shapes of the API.
func fromResource(v *value, within string) *value {
	out := &value{kind: object, at: v.at}
	for _, m := range v.members {
		if terraformOnly[m.name] || m.name == "id" || m.value.kind == null || m.value.kind == list && len(m.value.items) == 0 {
			continue
		}
		name, ok := terraformNames[within][m.name]
		if !ok {
			name, ok = terraformNames[""][m.name]
		}
		if !ok {
			name = camel(m.name)
		}
		if to := fromBlock(m.value, name); to.kind != text || to.text != "" {
			out.members = append(out.members, member{name, to, m.at})
		}
	}
	if within == "RecordFormat" && out.get("RecordFormatType") == nil {
		out.set("RecordFormatType", newText(formatOf(out), v.at))
	}
	return out
}

// formatOf is the format whose parameters are there: the first version's
// resource does not name it.
func formatOf(format *value) string {
	if format.get("MappingParameters", "CSVMappingParameters") != nil {
		return "CSV"
	}
	return "JSON"
}

func fromBlock(v *value, name string) *value {
	switch {
	case v.kind == object:
		return fromResource(v, name)
	case v.kind != list:
		return v
	case !lists[name]:
		return fromBlock(v.items[0], name)
	}
	out := &value{kind: list, at: v.at}
	for _, item := range v.items {
		out.items = append(out.items, fromBlock(item, name))
	}
	return out
}

// camel is the name of the API: cloudwatch_logging_options, service_execution_role.
func camel(name string) string {
	var out strings.Builder
	for part := range strings.SplitSeq(name, "_") {
		if part == "cloudwatch" {
			part = "cloudWatch"
		}
		if part != "" {
			out.WriteString(strings.ToUpper(part[:1]) + part[1:])
		}
	}
	return out.String()
}
