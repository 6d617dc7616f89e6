package jsonrpc

import (
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/millrace/millrace/internal/aws/awserr"
	"github.com/millrace/millrace/internal/aws/call"
)

type place struct {
	City *string
	Zip  *int `json:"ZIP,omitempty"`
}

type shape struct {
	place
	Name   *string
	Places []place
	Tags   map[string]string
	Raw    json.RawMessage
	hidden int    //nolint:unused // no member of the wire
	Path   string `json:"-"`
}

func TestDecode(t *testing.T) {
	for body, want := range map[string]string{
		`{"Name":"a","City":"b","ZIP":1,"Places":[{"City":"c"},{}],"Tags":{"x":"y","X":"z"},"Raw":{"any":[1,{"Thing":2}]}}`: "",
		` {} `: "", `null`: "", `{"Name":null,"Places":null}`: "",
		`{"N\u0061me":"a"}`: "",

		`{"name":"a"}`:                           "unknown member name",
		`{"Name":"a","NAME":"b"}`:                "unknown member NAME",
		`{"Name":"a","Name":"b"}`:                "the member Name is given twice",
		`{"Name":"a","N\u0061me":"b"}`:           "the member Name is given twice",
		`{"Places":[{"City":"c"},{"city":"d"}]}`: "unknown member Places[1].city",
		`{"Places":[{"Zip":1}]}`:                 "unknown member Places[0].Zip",
		`{"zip":1}`:                              "unknown member zip",
		`{"Tags":{"x":"y","x":"z"}}`:             "the member Tags.x is given twice",
		`{"Raw":{"a":1,"a":2}}`:                  "the member Raw.a is given twice",
		`{"place":{}}`:                           "unknown member place",
		`{"hidden":1}`:                           "unknown member hidden",
		`{"Path":"a"}`:                           "unknown member Path",
		`{"-":"a"}`:                              "unknown member -",

		``:                   "the request has no JSON object",
		`[]`:                 "array can not be converted to a structure",
		`"a"`:                "string can not be converted to a structure",
		`{"Places":["a"]}`:   "string can not be converted to a structure at Places",
		`{"Name":5}`:         "number can not be converted to string at Name",
		`{"Name":"a"`:        "unexpected EOF",
		`{"Name":"a"} {}`:    "data after the request's JSON object",
		`{"Name":"a"}{"N":1`: "data after the request's JSON object",

		strings.Repeat("[", 20000):                                          "the request is nested more than 64 deep",
		strings.Repeat(`{"Raw":`, 10001):                                    "the request is nested more than 64 deep",
		`{"Raw":` + strings.Repeat("[", 63) + strings.Repeat("]", 63) + `}`: "",
		`{"Raw":[` + strings.Repeat("0,", 1_000_000) + `0]}`:                "the request has more than 50000 values",
		`{"Places":[` + strings.Repeat("{},", 1_000_000) + `{}]}`:           "the request has more than 50000 values",
		`{"Raw":"` + strings.Repeat(`[{,\"`, 100_000) + `"}`:                "",
		`{"` + strings.Repeat("x", 1_000_000) + `":1}`:                      "unknown member " + strings.Repeat("x", 200),
	} {
		err := Decode([]byte(body), new(shape))
		got := ""
		var e *awserr.Error
		if errors.As(err, &e) {
			got = e.Message
		} else if err != nil {
			t.Errorf("%.60s: no answer for a client: %v", body, err)
		}
		if got != want || e != nil && (e.Code != "SerializationException" || e.Status != 400) {
			t.Errorf("%.60s: %v, want %q", body, err, want)
		}
	}
}

func TestServe(t *testing.T) {
	var log strings.Builder
	s := &Service{Name: "test", Prefix: "Test", Logger: slog.New(slog.NewTextHandler(&log, nil)), Operations: []Operation{
		Typed("Echo", func(_ context.Context, _ *call.Call, in *place) (*place, error) { return in, nil }),
		{Name: "Nothing", Handle: func(context.Context, *call.Call) ([]byte, error) { return nil, nil }},
		{Name: "Break", Handle: func(context.Context, *call.Call) ([]byte, error) { return nil, errors.New("the disk is gone") }},
	}}
	for _, c := range []struct {
		method, path, contentType, operation, body string
		status                                     int
		want, observed                             string
	}{
		{"POST", "/", ContentType, "Echo", `{"City":"a"}`, 200, `{"City":"a"}`, "Echo"},
		{"POST", "/", "application/json; charset=utf-8", "Nothing", "", 200, "{}", "Nothing"},
		{"POST", "/", "", "Nothing", "", 200, "{}", "Nothing"},
		{"POST", "/", "application/x-amz-cbor-1.1", "Echo", `{}`, 415,
			`{"__type":"SerializationException","message":"the Content-Type application/x-amz-cbor-1.1 is not supported; send application/x-amz-json-1.1"}`, "Echo"},
		{"GET", "/", ContentType, "Nothing", "", 405, `{"__type":"UnknownOperationException","message":"operations are asked for with POST /"}`, "Nothing"},
		{"POST", "/a", ContentType, "Nothing", "", 405, `{"__type":"UnknownOperationException","message":"operations are asked for with POST /"}`, "Nothing"},
		{"POST", "/", ContentType, "echo", "{}", 400, `{"__type":"UnknownOperationException","message":""}`, ""},
		{"POST", "/", ContentType, "Break", "{}", 500,
			`{"__type":"InternalFailure","message":"The request processing has failed because of an unknown error, exception or failure."}`, "Break"},
	} {
		r := httptest.NewRequest(c.method, c.path, nil)
		r.Header.Set("Content-Type", c.contentType)
		w := httptest.NewRecorder()
		called := &call.Call{Service: "test", Operation: c.operation, RequestID: "id-1", Body: []byte(c.body), Header: r.Header}
		s.Serve(w, r, called)
		if w.Code != c.status || w.Body.String() != c.want || called.Operation != c.observed {
			t.Errorf("%s %s %s: %d %s, operation %q", c.method, c.path, c.operation, w.Code, w.Body, called.Operation)
		}
		if w.Header().Get("Content-Type") != ContentType || w.Header().Get("x-amzn-RequestId") != "id-1" || w.Code != http.StatusOK && w.Header().Get("x-amzn-ErrorType") == "" {
			t.Errorf("%s: headers %v", c.operation, w.Header())
		}
	}
	if text := log.String(); strings.Count(text, "\n") != 1 || !strings.Contains(text, "the disk is gone") || !strings.Contains(text, "request_id=id-1") {
		t.Errorf("logged %q", text)
	}
}

// A long name above many values costs its length once, not once a value.
func TestDecodeIsLinear(t *testing.T) {
	body := []byte(`{"Raw":{"` + strings.Repeat("n", 4<<20) + `":[` + strings.Repeat("[],", 20_000) + `[]]}}`)
	got := testing.Benchmark(func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			if err := Decode(body, new(shape)); err != nil {
				b.Fatal(err)
			}
		}
	})
	if perByte := got.AllocedBytesPerOp() / int64(len(body)); perByte > 20 {
		t.Errorf("%d bytes are allocated for each of the request", perByte)
	}
}

func BenchmarkDecode(b *testing.B) {
	body := []byte(`{"Name":"a","City":"b","ZIP":1,"Places":[{"City":"c"},{"City":"d","ZIP":2},{}],"Tags":{"x":"y","X":"z"},"Raw":{"any":[1,{"Thing":2}]}}`)
	b.ReportAllocs()
	for b.Loop() {
		if err := Decode(body, new(shape)); err != nil {
			b.Fatal(err)
		}
	}
}
