package kinesisanalytics

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/millrace/millrace/internal/aws/awserr"
)

// violations gathers what of a request breaks the constraints of the API's
// model.
type violations struct{ awserr.Violations }

// err is the ValidationException of all violations, or nil.
func (v *violations) err() error { return v.Err("ValidationException") }

// add adds a violation; a nil value is a member that is missing.
func (v *violations) add(value any, path, constraint string, args ...any) {
	shown := awserr.Null
	if value != nil {
		shown = awserr.Shown(value)
	}
	v.Add(shown, path, fmt.Sprintf(constraint, args...))
}

// text is a constraint on a string member.
type text struct {
	min, max int // characters; max 0 is no limit
	pattern  *regexp.Regexp
	enum     []string
}

// constraints are those of the model of 2015-08-14.
type constraints struct {
	name, description, code, stream, resource, role, id text
	encoding, format, position                          text
	nonEmpty, tagKey, tagValue                          text
}

func newConstraints() *constraints {
	name := regexp.MustCompile(`^[a-zA-Z0-9_.-]+$`)
	return &constraints{
		name: text{1, 128, name, nil}, description: text{0, 1024, nil, nil}, code: text{0, 102400, nil, nil},
		stream: text{1, 32, nil, nil}, resource: text{1, 2048, regexp.MustCompile(`^arn:.*$`), nil},
		role: text{1, 2048, regexp.MustCompile(`^arn:aws:iam::\d{12}:role/?[a-zA-Z_0-9+=,.@\-_/]+$`), nil},
		id:   text{1, 50, name, nil}, encoding: text{0, 0, regexp.MustCompile(`^UTF-8$`), nil},
		format: text{enum: []string{"JSON", "CSV"}}, position: text{enum: []string{"NOW", "TRIM_HORIZON", "LAST_STOPPED_POINT"}},
		nonEmpty: text{min: 1}, tagKey: text{1, 128, nil, nil}, tagValue: text{0, 256, nil, nil},
	}
}

// required checks a string that must be there.
func (v *violations) required(s *string, path string, c text) {
	if s == nil {
		v.add(nil, path, "not be null")
		return
	}
	v.optional(s, path, c)
}

func (v *violations) optional(s *string, path string, c text) {
	if s == nil {
		return
	}
	n := utf8.RuneCountInString(*s)
	if n < c.min {
		v.add(*s, path, "have length greater than or equal to %d", c.min)
	}
	if c.max > 0 && n > c.max {
		v.add(*s, path, "have length less than or equal to %d", c.max)
	}
	if c.pattern != nil && !c.pattern.MatchString(*s) {
		v.add(*s, path, "satisfy regular expression pattern: %s", strings.Trim(c.pattern.String(), "^$"))
	}
	if c.enum != nil && !slices.Contains(c.enum, *s) {
		v.add(*s, path, "satisfy enum value set: [%s]", strings.Join(c.enum, ", "))
	}
}

func (v *violations) version(n *int64, path string) {
	switch {
	case n == nil:
		v.add(nil, path, "not be null")
	case *n < 1:
		v.add(*n, path, "have value greater than or equal to 1")
	case *n > 999999999:
		v.add(*n, path, "have value less than or equal to 999999999")
	}
}

func (v *violations) resource(r *Resource, path string, c *constraints) {
	if r != nil {
		v.required(r.ResourceARN, path+".resourceARN", c.resource)
		v.required(r.RoleARN, path+".roleARN", c.role)
	}
}

func (v *violations) input(in *Input, path string, c *constraints) {
	v.required(in.NamePrefix, path+".namePrefix", c.stream)
	v.resource(in.KinesisFirehoseInput, path+".kinesisFirehoseInput", c)
	v.resource(in.KinesisStreamsInput, path+".kinesisStreamsInput", c)
	if p := in.InputParallelism; p != nil && p.Count != nil && (*p.Count < 1 || *p.Count > 64) {
		v.add(*p.Count, path+".inputParallelism.count", "have value between 1 and 64")
	}
	s := in.InputSchema
	if path += ".inputSchema"; s == nil {
		v.add(nil, path, "not be null")
		return
	}
	v.optional(s.RecordEncoding, path+".recordEncoding", c.encoding)
	v.format(s.RecordFormat, path+".recordFormat", c)
	switch n := len(s.RecordColumns); {
	case s.RecordColumns == nil:
		v.add(nil, path+".recordColumns", "not be null")
	case n == 0:
		v.add("[]", path+".recordColumns", "have length greater than or equal to 1")
	case n > 1000:
		v.add(fmt.Sprintf("[%d columns]", n), path+".recordColumns", "have length less than or equal to 1000")
		return
	}
	for i, col := range s.RecordColumns {
		at := fmt.Sprintf("%s.recordColumns.%d.member", path, i+1)
		v.required(col.Name, at+".name", text{})
		v.required(col.SqlType, at+".sqlType", c.nonEmpty)
	}
}

func (v *violations) format(f *RecordFormat, path string, c *constraints) {
	if f == nil {
		v.add(nil, path, "not be null")
		return
	}
	v.required(f.RecordFormatType, path+".recordFormatType", c.format)
	if f.MappingParameters == nil {
		return
	}
	if j := f.MappingParameters.JSONMappingParameters; j != nil {
		v.required(j.RecordRowPath, path+".mappingParameters.jSONMappingParameters.recordRowPath", c.nonEmpty)
	}
	if s := f.MappingParameters.CSVMappingParameters; s != nil {
		v.required(s.RecordRowDelimiter, path+".mappingParameters.cSVMappingParameters.recordRowDelimiter", c.nonEmpty)
		v.required(s.RecordColumnDelimiter, path+".mappingParameters.cSVMappingParameters.recordColumnDelimiter", c.nonEmpty)
	}
}

func (v *violations) output(o *Output, path string, c *constraints) {
	v.required(o.Name, path+".name", c.stream)
	v.resource(o.KinesisFirehoseOutput, path+".kinesisFirehoseOutput", c)
	v.resource(o.KinesisStreamsOutput, path+".kinesisStreamsOutput", c)
	v.resource(o.LambdaOutput, path+".lambdaOutput", c)
	if o.DestinationSchema == nil {
		v.add(nil, path+".destinationSchema", "not be null")
		return
	}
	v.required(o.DestinationSchema.RecordFormatType, path+".destinationSchema.recordFormatType", c.format)
}
