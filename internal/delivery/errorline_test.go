package delivery

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"testing"

	"github.com/millrace/millrace/internal/delivery/objectkey"
	"github.com/millrace/millrace/internal/destination"
	"github.com/millrace/millrace/internal/record"
)

// shelf notes what is written.
type shelf struct{ bytes.Buffer }

func (s *shelf) PutObject(_ context.Context, key string, body []byte) error {
	fmt.Fprintf(s, "%s\n%s\n", key, body)
	return nil
}

// Every kind of refusal has the members, their order and their spelling as AWS
// writes them; each kind of a batch is an object of its own, and a batch that
// comes again writes the same ones.
func TestErrorLines(t *testing.T) {
	const arrival, ended = 1_783_951_509_123, 1_783_951_510_456
	refusal := func(kind, code, message, data string) destination.Refusal {
		return destination.Refusal{Type: kind, Code: code, Message: message, Attempts: 4, AttemptedAt: ended,
			Record: record.Record{Sequence: 7, Arrival: arrival, Sub: 2, Data: []byte(data)}}
	}
	lambda := refusal(ProcessingFailed, "Lambda.FunctionError", "The Lambda function was successfully invoked but it returned an error result.", "a<b>&c\xff")
	lambda.LambdaARN = functionARN
	partition := refusal(ProcessingFailed, objectkey.NoPartitionValue, "partitionKeys values must not be null or empty", "")
	partition.Record.Data = nil
	conversion := refusal(FormatConversionFailed, "DataFormatConversion.MalformedData", "Data does not match the schema.", "{}")
	conversion.Table = &destination.Table{CatalogID: "000000000000", Database: "db", Name: "hits", Region: "us-east-1", VersionID: "LATEST",
		ARN: "arn:aws:glue:us-east-1:000000000000:catalog"}
	endpoint := refusal("", "HttpEndpoint.DestinationException", "status 500", "x")
	endpoint.DataID = record.DeliveredID(record.StreamID{7}, 7, 2)
	search := refusal("", "400", `{"type":"mapper_parsing_exception"}`, "y")
	search.DocumentID, search.IndexName = record.DeliveredID(record.StreamID{7}, 7, 0), "web-2026-07-13"
	refused := []destination.Refusal{lambda, refusal(DecompressionFailed, "Decompression failed.", "not in gzip format", "zip"), conversion, partition}

	var out shelf
	b := &destination.Batch{ID: "046b6c7f-0b8a-43b9-b35d-6489e6daee91", Stream: record.StreamID{7}, Version: 3, Records: []record.Record{{Sequence: 5, Arrival: arrival}}}
	for _, kind := range []struct {
		own     string
		refusal destination.Refusal
	}{
		{HTTPEndpointFailed, endpoint}, {"AmazonOpenSearchService-failed", search}, {"elsewhere-failed", refusal("", "500", "no", "z")},
	} {
		output := &ErrorObjects{Objects: &out, Key: objectkey.Namer{Stream: "web"}, Type: kind.own}
		all := append(refused, kind.refusal)
		before := out.Len()
		var again shelf
		if err := errors.Join(output.Write(t.Context(), b, all), (&ErrorObjects{Objects: &again, Key: output.Key, Type: kind.own}).Write(t.Context(), b, all)); err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(out.Bytes()[before:], again.Bytes()) {
			t.Errorf("the same batch writes\n%s", again.Bytes())
		}
		refused = nil // they are shown once
	}
	const golden = "testdata/errorlines.golden"
	if *rewrite {
		if err := os.WriteFile(golden, out.Bytes(), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(golden)
	if err != nil || !bytes.Equal(out.Bytes(), want) {
		t.Errorf("%v, wrote\n%s", err, out.Bytes())
	}
}
