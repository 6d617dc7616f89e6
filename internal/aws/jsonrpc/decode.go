package jsonrpc

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"reflect"

	"github.com/millrace/millrace/internal/aws/awserr"
)

// Decode reads a request body into a shape. Members have exactly the shape's
// names, and each once: a reader that takes "data" for "Data", or the last of
// two, sees another request than the one before it did. Others are refused by
// name, because a member that is dropped silently is a setting that is not
// honoured. What it costs is bounded by the body's size, see checkExtent.
func Decode(body []byte, in any) error {
	if err := checkExtent(body); err != nil {
		return err
	}
	d := json.NewDecoder(bytes.NewReader(body))
	if err := d.Decode(in); err != nil {
		return unreadable(err)
	}
	if _, err := d.Token(); err != io.EOF {
		return awserr.New("SerializationException", "data after the request's JSON object")
	}
	names := names{d: json.NewDecoder(bytes.NewReader(body)), shapes: map[reflect.Type]map[string]reflect.Type{}}
	return names.value(reflect.TypeOf(in))
}

func unreadable(err error) error {
	var wrongType *json.UnmarshalTypeError
	switch {
	case errors.Is(err, io.EOF):
		return awserr.New("SerializationException", "the request has no JSON object")
	case !errors.As(err, &wrongType):
		return awserr.New("SerializationException", "%v", err)
	case wrongType.Field == "":
		return awserr.New("SerializationException", "%s can not be converted to a structure", wrongType.Value)
	case wrongType.Type.Kind() == reflect.Struct:
		return awserr.New("SerializationException", "%s can not be converted to a structure at %s", wrongType.Value, wrongType.Field)
	}
	return awserr.New("SerializationException", "%s can not be converted to %s at %s", wrongType.Value, wrongType.Type, wrongType.Field)
}
