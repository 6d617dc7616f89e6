package kinesisanalytics

import (
	"fmt"

	"github.com/millrace/millrace/internal/application"
	"github.com/millrace/millrace/internal/application/input"
)

// What an application may have, as AWS limits it.
const (
	maxInputs  = 1
	maxOutputs = 3
	maxTags    = 200
)

// describeInput checks that an input can be honoured and makes the description
// that is kept.
func describeInput(in *Input, id string) (InputDescription, error) {
	switch {
	case in.KinesisStreamsInput != nil:
		return InputDescription{}, errUnsupported("KinesisStreamsInput is not supported; use KinesisFirehoseInput")
	case in.KinesisFirehoseInput == nil:
		return InputDescription{}, errArgument("The input %s has no KinesisFirehoseInput", *in.NamePrefix)
	case in.InputProcessingConfiguration != nil:
		return InputDescription{}, errUnsupported("InputProcessingConfiguration is not supported")
	case in.InputParallelism != nil && in.InputParallelism.Count != nil && *in.InputParallelism.Count > 1:
		return InputDescription{}, errUnsupported("InputParallelism with a Count above 1 is not supported")
	case *in.InputSchema.RecordFormat.RecordFormatType == "CSV":
		return InputDescription{}, errUnsupported("RecordFormatType CSV is not supported for inputs; use JSON")
	}
	if p := in.InputSchema.RecordFormat.MappingParameters; p != nil && p.CSVMappingParameters != nil {
		return InputDescription{}, errArgument("CSVMappingParameters do not fit RecordFormatType JSON")
	}
	one := int64(1)
	return InputDescription{
		InputId: id, NamePrefix: *in.NamePrefix, InAppStreamNames: []string{*in.NamePrefix + "_001"},
		KinesisFirehoseInputDescription: in.KinesisFirehoseInput, InputSchema: in.InputSchema,
		InputParallelism: &InputParallelism{&one},
	}, nil
}

// describeOutput does the same for an output.
func describeOutput(o *Output, id string) (OutputDescription, error) {
	switch {
	case o.KinesisStreamsOutput != nil:
		return OutputDescription{}, errUnsupported("KinesisStreamsOutput is not supported; use KinesisFirehoseOutput")
	case o.LambdaOutput != nil:
		return OutputDescription{}, errUnsupported("LambdaOutput is not supported; use KinesisFirehoseOutput")
	case o.KinesisFirehoseOutput == nil:
		return OutputDescription{}, errArgument("The output %s has no KinesisFirehoseOutput", *o.Name)
	case *o.DestinationSchema.RecordFormatType == "CSV":
		return OutputDescription{}, errUnsupported("RecordFormatType CSV is not supported for outputs; use JSON")
	}
	return OutputDescription{
		OutputId: id, Name: *o.Name, KinesisFirehoseOutputDescription: o.KinesisFirehoseOutput, DestinationSchema: o.DestinationSchema,
	}, nil
}

// subresourceID numbers inputs and outputs by the version that brought them: "1.1".
func subresourceID(version int64, n int) string { return fmt.Sprintf("%d.%d", version, n) }

// config is the application as the engine runs it.
func (a *app) config() (application.Config, error) {
	d := &a.Detail
	if len(d.InputDescriptions) == 0 {
		return application.Config{}, errConfiguration("The application %s has no input", d.ApplicationName)
	}
	in := d.InputDescriptions[0]
	c := application.Config{Name: d.ApplicationName, ARN: d.ApplicationARN, Code: d.ApplicationCode, Input: application.Input{
		Prefix: in.NamePrefix, ARN: *in.KinesisFirehoseInputDescription.ResourceARN, RoleARN: *in.KinesisFirehoseInputDescription.RoleARN,
		Schema: input.Schema{RowPath: "$"},
	}}
	if p := in.InputSchema.RecordFormat.MappingParameters; p != nil && p.JSONMappingParameters != nil {
		c.Input.Schema.RowPath = *p.JSONMappingParameters.RecordRowPath
	}
	for _, col := range in.InputSchema.RecordColumns {
		mapping := ""
		if col.Mapping != nil {
			mapping = *col.Mapping
		}
		c.Input.Schema.Columns = append(c.Input.Schema.Columns, input.Column{Name: *col.Name, SQLType: *col.SqlType, Mapping: mapping})
	}
	for _, o := range d.OutputDescriptions {
		c.Outputs = append(c.Outputs, application.Output{
			Stream: o.Name, ARN: *o.KinesisFirehoseOutputDescription.ResourceARN, RoleARN: *o.KinesisFirehoseOutputDescription.RoleARN,
		})
	}
	return c, nil
}
