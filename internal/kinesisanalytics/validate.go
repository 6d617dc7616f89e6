package kinesisanalytics

import (
	"encoding/json"
	"fmt"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/millrace/millrace/internal/aws/awserr"
)

// A valid tag is a list of
//
//	NAME          the model's simple shape, see constraints
//	each=NAME     the same of the texts in a list
//	required      the member must be there; required1 and required2 in one version of the API
//	only1, only2  a member of that version of the API
//	off           a switch that is refused by name when it is on
//	unsupported   a member that AWS knows and millrace refuses by name
//	kept          it is described again and nobody acts upon it; TestModel reads it
type rules []string

func rulesOf(f reflect.StructField) rules { return strings.Split(f.Tag.Get("valid"), ",") }

func (r rules) has(rule string) bool { return slices.Contains(r, rule) }

func (r rules) required(v api) bool {
	return r.has("required") || r.has("required"+strconv.Itoa(int(v)))
}

// absent tells whether the version of the API has no such member.
func (r rules) absent(v api) bool { return r.has("only1") && v != v1 || r.has("only2") && v != v2 }

// shape is the name of the simple shape, empty for structures.
func (r rules) shape() string {
	for _, rule := range r {
		if rule != "" && rule[0] >= 'A' && rule[0] <= 'Z' {
			return rule
		}
	}
	return ""
}

func (r rules) each() string {
	for _, rule := range r {
		if name, ok := strings.CutPrefix(rule, "each="); ok {
			return name
		}
	}
	return ""
}

// findings is what a walk over a request found.
type findings struct {
	awserr.Violations
	api         api
	unknown     string   // a member that this version of the API has not
	unsupported []string // what is refused by name
}

// validate checks a request against the constraints of its shape. It refuses a
// member of the other version as one that does not exist, a violated constraint
// with AWS's ValidationException, and what millrace does not honour by name.
func validate(v api, in any) error {
	f := findings{api: v}
	f.structure(reflect.ValueOf(in).Elem(), "", "")
	switch {
	case f.unknown != "":
		return awserr.New("SerializationException", "unknown member %s", f.unknown)
	case f.Err("ValidationException") != nil:
		return f.Err("ValidationException")
	case len(f.unsupported) > 0:
		return errUnsupported("%s", f.unsupported[0])
	}
	return nil
}

// structure visits the members. awsPath is in camel case as in AWS's texts,
// path as the client wrote it.
func (f *findings) structure(v reflect.Value, awsPath, path string) {
	for i := range v.NumField() {
		field := v.Type().Field(i)
		f.member(v.Field(i), rulesOf(field), awsPath+strings.ToLower(field.Name[:1])+field.Name[1:], path+field.Name)
	}
}

func (f *findings) member(v reflect.Value, r rules, awsPath, path string) {
	if v.IsNil() || isNull(v) {
		if r.required(f.api) && !r.absent(f.api) {
			f.Add(awserr.Null, awsPath, "not be null")
		}
		return
	}
	switch {
	case r.absent(f.api):
		f.unknown = path
	case r.has("unsupported"):
		f.unsupported = append(f.unsupported, refusalOf(path))
	case r.has("off"):
		if v.Elem().Bool() {
			f.unsupported = append(f.unsupported, refusalOf(path))
		}
	case v.Kind() == reflect.Slice && v.Type() != rawMessage:
		f.list(v, r, awsPath, path)
	case v.Kind() == reflect.Pointer:
		f.value(v.Elem(), r.shape(), awsPath, path)
	}
}

var rawMessage = reflect.TypeFor[json.RawMessage]()

func isNull(v reflect.Value) bool {
	return v.Type() == rawMessage && string(v.Bytes()) == "null"
}

func (f *findings) list(v reflect.Value, r rules, awsPath, path string) {
	c, n := f.api.constraint(r.shape()), v.Len()
	if f.length(c, "", n, awsPath); c.max > 0 && n > c.max {
		return // its length is what is wrong with it
	}
	for i := range n {
		f.value(v.Index(i), r.each(), fmt.Sprintf("%s.%d.member", awsPath, i+1), fmt.Sprintf("%s[%d]", path, i))
	}
}

func (f *findings) value(v reflect.Value, shape, awsPath, path string) {
	c := f.api.constraint(shape)
	switch v.Kind() {
	case reflect.Struct:
		f.structure(v, awsPath+".", path+".")
	case reflect.Int64:
		f.number(c, v.Int(), awsPath)
	case reflect.String:
		f.text(c, v.String(), awsPath, path)
	}
}

func (f *findings) number(c constraint, n int64, awsPath string) {
	if n < int64(c.min) {
		f.Add(awserr.Shown(n), awsPath, "have value greater than or equal to "+strconv.Itoa(c.min))
	}
	if c.max > 0 && n > int64(c.max) {
		f.Add(awserr.Shown(n), awsPath, "have value less than or equal to "+strconv.Itoa(c.max))
	}
}

func (f *findings) text(c constraint, s, awsPath, path string) {
	shown := awserr.Shown(s)
	f.length(c, shown, utf8.RuneCountInString(s), awsPath)
	if c.pattern.match != nil && !c.pattern.match(s) {
		f.Add(shown, awsPath, "satisfy regular expression pattern: "+c.pattern.text)
	}
	if c.enum != nil && !slices.Contains(c.enum, s) {
		f.Add(shown, awsPath, "satisfy enum value set: ["+strings.Join(c.enum, ", ")+"]")
	} else if c.honoured != nil && !slices.Contains(c.honoured, s) {
		f.unsupported = append(f.unsupported, refusalOf(path+" "+s))
	}
}

func (f *findings) length(c constraint, shown string, n int, awsPath string) {
	if n < c.min {
		f.Add(shown, awsPath, "have length greater than or equal to "+strconv.Itoa(c.min))
	}
	if c.max > 0 && n > c.max {
		f.Add(shown, awsPath, "have length less than or equal to "+strconv.Itoa(c.max))
	}
}

// refusalOf says what to do instead, where there is something.
func refusalOf(what string) string {
	switch {
	case strings.HasSuffix(what, "KinesisStreamsInput"), strings.HasSuffix(what, "KinesisStreamsInputUpdate"):
		return what + " is not supported: there are no Kinesis data streams; use a delivery stream (KinesisFirehoseInput)"
	case strings.HasSuffix(what, "KinesisStreamsOutput"), strings.HasSuffix(what, "KinesisStreamsOutputUpdate"):
		return what + " is not supported: there are no Kinesis data streams; use KinesisFirehoseOutput or LambdaOutput"
	case strings.HasPrefix(what, "RuntimeEnvironment"):
		return what + " is not supported: applications are SQL; use " + sqlRuntime
	case strings.Contains(what, "CodeContent"):
		return what + " is not supported: the code of SQL applications is text; use TextContent and PLAINTEXT"
	}
	return what + " is not supported for SQL applications"
}
