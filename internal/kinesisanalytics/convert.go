package kinesisanalytics

import (
	"fmt"

	"github.com/millrace/millrace/internal/application"
	records "github.com/millrace/millrace/internal/application/input"
	rows "github.com/millrace/millrace/internal/application/output"
)

// applicationConfig is the application as the engine runs it.
func (a *stored) applicationConfig() (application.Config, error) {
	c := &a.Config
	if len(c.Inputs) == 0 {
		return application.Config{}, errConfiguration("The application %s has no input", a.Name)
	}
	in := &c.Inputs[0]
	config := application.Config{Name: a.Name, ARN: a.ARN, Code: c.Code, Input: application.Input{
		Prefix: in.NamePrefix, Parallelism: int(*in.InputParallelism.Count), ARN: text(in.KinesisFirehoseInputDescription.ResourceARN),
		RoleARN: c.roleOf(in.KinesisFirehoseInputDescription), Schema: in.InputSchema.schema(),
	}, Revision: fmt.Sprintf("%d.%d", a.Started, c.ID)}
	if p := in.InputProcessingConfigurationDescription; p != nil {
		config.Input.Processor = &application.Function{ARN: text(p.InputLambdaProcessorDescription.ResourceARN), RoleARN: c.roleOf(p.InputLambdaProcessorDescription)}
	}
	for i := range c.References {
		config.Tables = append(config.Tables, c.References[i].table(c.Role))
	}
	for i := range c.Outputs {
		o := &c.Outputs[i]
		to := application.Output{
			Stream: o.Name, ARN: text(o.destination().ResourceARN), RoleARN: c.roleOf(o.destination()),
		}
		if formatOf(o.DestinationSchema.RecordFormatType) == records.CSV {
			to.Format = rows.CSV
		}
		if o.LambdaOutputDescription != nil {
			to.Kind = application.ToFunction
		}
		config.Outputs = append(config.Outputs, to)
	}
	for _, g := range grants(&config) {
		if g.role == "" {
			return config, errRole(a, g.resource)
		}
	}
	for _, o := range config.Outputs {
		if o.RoleARN == "" {
			return config, errRole(a, o.ARN)
		}
	}
	return config, nil
}

// errRole refuses what one version of the API added, which has roles with each
// resource, to an application of the other, which has one for all.
func errRole(a *stored, resource string) error {
	return errConfiguration("There is no role for %s: it has no RoleARN, and the application %s no ServiceExecutionRole", resource, a.Name)
}

// roleOf is the resource's own role, which the first version of the API asks
// for, or the application's, which the second does.
func (c *configuration) roleOf(r *resource) string {
	if r.RoleARN != nil {
		return *r.RoleARN
	}
	return c.Role
}

func (r *referenceDescription) table(role string) application.Table {
	s3 := r.S3ReferenceDataSourceDescription
	if s3.ReferenceRoleARN != nil {
		role = *s3.ReferenceRoleARN
	}
	return application.Table{Name: r.TableName, BucketARN: *s3.BucketARN, Key: *s3.FileKey, RoleARN: role, Schema: r.ReferenceSchema.schema()}
}

func formatOf(name *string) records.Format {
	if *name == "CSV" {
		return records.CSV
	}
	return records.JSON
}

func (s *sourceSchema) schema() records.Schema {
	out := records.Schema{Format: formatOf(s.RecordFormat.RecordFormatType)}
	if out.Format == records.JSON {
		out.RowPath = "$"
	}
	if p := s.RecordFormat.MappingParameters; p != nil {
		if j := p.JSONMappingParameters; j != nil {
			out.RowPath = *j.RecordRowPath
		}
		if c := p.CSVMappingParameters; c != nil {
			out.RowDelimiter, out.ColumnDelimiter = *c.RecordRowDelimiter, *c.RecordColumnDelimiter
		}
	}
	for _, c := range s.RecordColumns {
		out.Columns = append(out.Columns, records.Column{Name: *c.Name, SQLType: *c.SqlType, Mapping: text(c.Mapping)})
	}
	return out
}

// describeSchema is the opposite, for a schema that was discovered.
func describeSchema(s records.Schema) *sourceSchema {
	format, encoding := s.Format.String(), "UTF-8"
	out := &sourceSchema{RecordFormat: &recordFormat{RecordFormatType: &format}, RecordEncoding: &encoding}
	if s.Format == records.CSV {
		out.RecordFormat.MappingParameters = &mappingParameters{CSVMappingParameters: &csvMapping{&s.RowDelimiter, &s.ColumnDelimiter}}
	} else {
		out.RecordFormat.MappingParameters = &mappingParameters{JSONMappingParameters: &jsonMapping{&s.RowPath}}
	}
	for _, c := range s.Columns {
		column := recordColumn{Name: &c.Name, SqlType: &c.SQLType}
		if c.Mapping != "" {
			column.Mapping = &c.Mapping
		}
		out.RecordColumns = append(out.RecordColumns, column)
	}
	return out
}
