package kinesisanalytics

import (
	"fmt"
	"slices"
)

// How a configuration grows and shrinks. Each function replaces slices and
// pointers, because versions share them. Number n makes the new part's id with
// the version's.

func (c *configuration) addInput(in *input, n int) error {
	switch {
	case len(c.Inputs) == maxInputs:
		return errArgument("An application can have %d input", maxInputs)
	case in.KinesisFirehoseInput == nil:
		return errArgument("The input %s has no KinesisFirehoseInput", *in.NamePrefix)
	}
	d := inputDescription{
		InputId: c.partID(n), NamePrefix: *in.NamePrefix, KinesisFirehoseInputDescription: in.KinesisFirehoseInput, InputSchema: in.InputSchema,
		InputParallelism: parallelismOf(in.InputParallelism), InputProcessingConfigurationDescription: describeProcessing(in.InputProcessingConfiguration),
	}
	d.nameStreams()
	if err := checkSchema(in.InputSchema); err != nil {
		return err
	}
	c.Inputs = append(slices.Clone(c.Inputs), d)
	return nil
}

func parallelismOf(p *parallelism) *parallelism {
	if p != nil && p.Count != nil {
		return p
	}
	one := int64(1)
	return &parallelism{&one}
}

func describeProcessing(p *inputProcessing) *processingDescription {
	if p == nil {
		return nil
	}
	return &processingDescription{p.InputLambdaProcessor}
}

// nameStreams names the in-application streams after the prefix.
func (d *inputDescription) nameStreams() {
	d.InAppStreamNames = make([]string, *d.InputParallelism.Count)
	for i := range d.InAppStreamNames {
		d.InAppStreamNames[i] = fmt.Sprintf("%s_%03d", d.NamePrefix, i+1)
	}
}

// checkSchema refuses mapping parameters of another format than the schema's.
func checkSchema(s *sourceSchema) error {
	format, p := *s.RecordFormat.RecordFormatType, s.RecordFormat.MappingParameters
	switch {
	case p == nil:
		return nil
	case format == "JSON" && p.CSVMappingParameters != nil:
		return errArgument("CSVMappingParameters do not fit RecordFormatType JSON")
	case format == "CSV" && p.JSONMappingParameters != nil:
		return errArgument("JSONMappingParameters do not fit RecordFormatType CSV")
	}
	return nil
}

func (c *configuration) addOutput(o *output, n int) error {
	switch {
	case len(c.Outputs) == maxOutputs:
		return errArgument("An application can have %d outputs", maxOutputs)
	case (o.KinesisFirehoseOutput == nil) == (o.LambdaOutput == nil):
		return errArgument("The output %s must have one of KinesisFirehoseOutput and LambdaOutput", *o.Name)
	}
	c.Outputs = append(slices.Clone(c.Outputs), outputDescription{
		OutputId: c.partID(n), Name: *o.Name, KinesisFirehoseOutputDescription: o.KinesisFirehoseOutput,
		LambdaOutputDescription: o.LambdaOutput, DestinationSchema: o.DestinationSchema,
	})
	return nil
}

func (c *configuration) addReference(r *referenceDataSource, n int) error {
	s3 := r.S3ReferenceDataSource
	switch {
	case len(c.References) == maxReferences:
		return errArgument("An application can have %d reference data source", maxReferences)
	case s3 == nil || s3.BucketARN == nil || s3.FileKey == nil:
		return errArgument("The reference data source %s has no S3ReferenceDataSource with BucketARN and FileKey", *r.TableName)
	}
	if err := checkSchema(r.ReferenceSchema); err != nil {
		return err
	}
	c.References = append(slices.Clone(c.References), referenceDescription{
		ReferenceId: c.partID(n), TableName: *r.TableName, S3ReferenceDataSourceDescription: s3, ReferenceSchema: r.ReferenceSchema,
	})
	return nil
}

func (c *configuration) addLogging(o *loggingOption, n int) error {
	if len(c.Logging) == maxLogging {
		return errArgument("An application can have %d CloudWatch logging option", maxLogging)
	}
	c.Logging = append(slices.Clone(c.Logging), loggingDescription{c.partID(n), o.LogStreamARN, o.RoleARN})
	return nil
}

// partID numbers inputs, outputs and tables by the version that brought them: "1.1".
func (c *configuration) partID(n int) string { return fmt.Sprintf("%d.%d", c.ID, n) }

// part finds an input, output, table or logging option by its id.
func part[P any](parts []P, idOf func(*P) string, what, id string) (int, error) {
	i := slices.IndexFunc(parts, func(p P) bool { return idOf(&p) == id })
	if i < 0 {
		return 0, errArgument("The application has no %s with the id %s", what, id)
	}
	return i, nil
}

func (c *configuration) input(id string) (int, error) {
	return part(c.Inputs, func(d *inputDescription) string { return d.InputId }, "input", id)
}

func (c *configuration) output(id string) (int, error) {
	return part(c.Outputs, func(d *outputDescription) string { return d.OutputId }, "output", id)
}

func (c *configuration) reference(id string) (int, error) {
	return part(c.References, func(d *referenceDescription) string { return d.ReferenceId }, "reference data source", id)
}

func (c *configuration) loggingOption(id string) (int, error) {
	return part(c.Logging, func(d *loggingDescription) string { return d.CloudWatchLoggingOptionId }, "CloudWatch logging option", id)
}

// without is a copy of the list without one element.
func without[P any](parts []P, i int) []P { return slices.Delete(slices.Clone(parts), i, i+1) }
