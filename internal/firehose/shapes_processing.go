package firehose

// processingConfiguration is what happens to records before they are delivered.
// What stands in a block that is off is kept and described as it came.
type processingConfiguration struct {
	Enabled    *bool `json:",omitempty"`
	Processors []processor
}

type processor struct {
	Type       *string              `valid:"required,enum=processorType"`
	Parameters []processorParameter `json:",omitempty"`
}

type processorParameter struct {
	ParameterName  *string `valid:"required,enum=processorParameterName"`
	ParameterValue *string `valid:"required,min=1,max=5120,pattern=notBlank"`
}
