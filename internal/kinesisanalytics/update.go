package kinesisanalytics

import "slices"

// update is what UpdateApplication changes; nil and empty members change
// nothing.
type update struct {
	code, role *string
	inputs     []inputUpdate
	outputs    []outputUpdate
	references []referenceUpdate
	logging    []loggingUpdate
}

func (c *configuration) update(u *update) error {
	set(&c.Code, u.code)
	set(&c.Role, u.role)
	c.Inputs, c.Outputs = slices.Clone(c.Inputs), slices.Clone(c.Outputs)
	c.References, c.Logging = slices.Clone(c.References), slices.Clone(c.Logging)
	for _, in := range u.inputs {
		if err := c.updateInput(&in); err != nil {
			return err
		}
	}
	for _, o := range u.outputs {
		if err := c.updateOutput(&o); err != nil {
			return err
		}
	}
	for _, r := range u.references {
		if err := c.updateReference(&r); err != nil {
			return err
		}
	}
	for _, l := range u.logging {
		i, err := c.loggingOption(*l.CloudWatchLoggingOptionId)
		if err != nil {
			return err
		}
		replace(&c.Logging[i].LogStreamARN, l.LogStreamARNUpdate)
		replace(&c.Logging[i].RoleARN, l.RoleARNUpdate)
	}
	return nil
}

// set gives a text its new value, if there is one.
func set(to, value *string) {
	if value != nil {
		*to = *value
	}
}

// replace does the same to a member that versions share.
func replace(to **string, value *string) {
	if value != nil {
		*to = value
	}
}

func (c *configuration) updateInput(u *inputUpdate) error {
	i, err := c.input(*u.InputId)
	if err != nil {
		return err
	}
	d := &c.Inputs[i]
	set(&d.NamePrefix, u.NamePrefixUpdate)
	d.KinesisFirehoseInputDescription = updated(d.KinesisFirehoseInputDescription, u.KinesisFirehoseInputUpdate)
	if p := u.InputParallelismUpdate; p != nil && p.CountUpdate != nil {
		d.InputParallelism = &parallelism{p.CountUpdate}
	}
	d.nameStreams()
	if p := u.InputProcessingConfigurationUpdate; p != nil {
		if d.InputProcessingConfigurationDescription == nil {
			return errArgument("The input %s has no InputProcessingConfiguration to update; use AddApplicationInputProcessingConfiguration", d.InputId)
		}
		function := updated(d.InputProcessingConfigurationDescription.InputLambdaProcessorDescription, p.InputLambdaProcessorUpdate)
		d.InputProcessingConfigurationDescription = &processingDescription{function}
	}
	if u.InputSchemaUpdate != nil {
		d.InputSchema = u.InputSchemaUpdate.apply(d.InputSchema)
		return checkSchema(d.InputSchema)
	}
	return nil
}

func (u *schemaUpdate) apply(s *sourceSchema) *sourceSchema {
	next := *s
	if u.RecordFormatUpdate != nil {
		next.RecordFormat = u.RecordFormatUpdate
	}
	replace(&next.RecordEncoding, u.RecordEncodingUpdate)
	if u.RecordColumnUpdates != nil {
		next.RecordColumns = u.RecordColumnUpdates
	}
	return &next
}

// updated is a resource after an update, which may bring a new one.
func updated(r *resource, u *resourceUpdate) *resource {
	if u == nil {
		return r
	}
	next := resource{}
	if r != nil {
		next = *r
	}
	replace(&next.ResourceARN, u.ResourceARNUpdate)
	replace(&next.RoleARN, u.RoleARNUpdate)
	return &next
}

func (c *configuration) updateOutput(u *outputUpdate) error {
	i, err := c.output(*u.OutputId)
	if err != nil {
		return err
	}
	d := &c.Outputs[i]
	set(&d.Name, u.NameUpdate)
	switch firehose, lambda := u.KinesisFirehoseOutputUpdate, u.LambdaOutputUpdate; {
	case firehose != nil && lambda != nil:
		return errArgument("The output %s can have one destination", d.OutputId)
	case firehose != nil:
		d.KinesisFirehoseOutputDescription, d.LambdaOutputDescription = updated(d.KinesisFirehoseOutputDescription, firehose), nil
	case lambda != nil:
		d.KinesisFirehoseOutputDescription, d.LambdaOutputDescription = nil, updated(d.LambdaOutputDescription, lambda)
	}
	if to := d.destination(); to.ResourceARN == nil {
		return errArgument("The output %s needs a ResourceARN", d.OutputId)
	}
	if u.DestinationSchemaUpdate != nil {
		d.DestinationSchema = u.DestinationSchemaUpdate
	}
	return nil
}

// destination is the stream or function of an output.
func (d *outputDescription) destination() *resource {
	if d.LambdaOutputDescription != nil {
		return d.LambdaOutputDescription
	}
	return d.KinesisFirehoseOutputDescription
}

func (c *configuration) updateReference(u *referenceUpdate) error {
	i, err := c.reference(*u.ReferenceId)
	if err != nil {
		return err
	}
	d := &c.References[i]
	set(&d.TableName, u.TableNameUpdate)
	if s3 := u.S3ReferenceDataSourceUpdate; s3 != nil {
		next := *d.S3ReferenceDataSourceDescription
		replace(&next.BucketARN, s3.BucketARNUpdate)
		replace(&next.FileKey, s3.FileKeyUpdate)
		replace(&next.ReferenceRoleARN, s3.ReferenceRoleARNUpdate)
		d.S3ReferenceDataSourceDescription = &next
	}
	if u.ReferenceSchemaUpdate != nil {
		d.ReferenceSchema = u.ReferenceSchemaUpdate
		return checkSchema(d.ReferenceSchema)
	}
	return nil
}
