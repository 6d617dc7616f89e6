package logformat

import (
	"strconv"
	"strings"
	"testing"
	"time"
)

var processed = time.Date(2026, 11, 22, 19, 49, 57, 123456789, time.FixedZone("", 3600))

func mustConverter(t testing.TB) func(Converter, error) Converter {
	return func(c Converter, err error) Converter {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return c
	}
}

func convert(t *testing.T, c Converter, record string) string {
	t.Helper()
	const before = "kept "
	out, drop, err := c.Convert([]byte(before), []byte(record))
	if !strings.HasPrefix(string(out), before) || (drop != nil || err != nil) && string(out) != before {
		t.Fatalf("%q: lost what was before: %q", record, out)
	}
	switch {
	case drop != nil:
		return "drop " + drop.Error()
	case err != nil:
		return "error " + err.Error()
	}
	return string(out[len(before):])
}

func TestSingleLine(t *testing.T) {
	plain, raw := NewSingleLine(SingleLineSpec{}), NewSingleLine(SingleLineSpec{NoTrim: true})
	escaped := NewSingleLine(SingleLineSpec{EscapeNewLine: true})
	for _, c := range []struct {
		converter    Converter
		record, want string
	}{
		{plain, " a \r\n\t b\x00\x1f\n\n c\n\n\n", "abc\n"},
		{plain, "\n", "\n"},
		{plain, "\n\n\n", "\n"},
		{plain, "\n a", "a\n"},
		{plain, "", "\n"},
		{plain, "\u00a0a\x7f\u2028\n", "\u00a0a\x7f\u2028\n"},
		{plain, "\xe2\x82 b\n\xff\n", "\ufffd b\ufffd\n"},
		{raw, " a \n b\r\n", " a  b\r\n"},
		{escaped, " a\n\n b\n\n", `a\\n\\nb` + "\n"},
		{escaped, "one\n", "one\n"},
		{NewSingleLine(SingleLineSpec{NoTrim: true, EscapeNewLine: true}), " a\n b\n", ` a\\n b` + "\n"},
	} {
		if got := convert(t, c.converter, c.record); got != c.want {
			t.Errorf("%+v %q: got %q, want %q", c.converter, c.record, got, c.want)
		}
	}
}

func TestCSVToJSON(t *testing.T) {
	for _, c := range []struct {
		delimiter, record, want string
	}{
		{"", "1,2,3\n", `{"a":"1","b":"2","c":"3"}`},
		{"", "1,2,3,4,5", `{"a":"1","b":"2","c":"3"}`},
		{"", "1,,\n", `{"a":"1","b":null,"c":null}`},
		{"", "1,,,,5\n", `{"a":"1","b":"","c":""}`},
		{"", ",,3\n", `{"a":"","b":"","c":"3"}`},
		{"", ",,,\n", `{"a":null,"b":null,"c":null}`},
		{"", "\n", `{"a":"","b":null,"c":null}`},
		{"", ` "1,2" , -` + "\n", `{"a":" \"1","b":"2\" ","c":" -"}`},
		{"", "\xff,\xe2\x82,\r\n", `{"a":"` + "\ufffd" + `","b":"` + "\ufffd" + `","c":"\r"}`},
		{`\t`, "1\t2\n", `{"a":"1","b":"2","c":null}`},
		{"\t", "1\t2\n", `{"a":"1","b":"2","c":null}`},
		{`\|`, "1|2|-\n", `{"a":"1","b":"2","c":"-"}`},
		{`\s+`, " 1  2\v3\n", `{"a":"","b":"1","c":"2"}`},
		{"::", "1::2:3", `{"a":"1","b":"2:3","c":null}`},
		{"[,;]", "1;2,3", `{"a":"1","b":"2","c":"3"}`},
		{".", "1.2", `{"a":null,"b":null,"c":null}`},
		{"(?i)x", "1X2x3", `{"a":"1","b":"2","c":"3"}`},
	} {
		converter := mustConverter(t)(NewCSVToJSON(CSVSpec{CustomFieldNames: []string{"a", "b", "c"}, Delimiter: c.delimiter}))
		if got := convert(t, converter, c.record); got != c.want+"\n" {
			t.Errorf("%q %q: got %s, want %s", c.delimiter, c.record, got, c.want)
		}
	}
}

// A delimiter that may stand anywhere is found in a long line without decoding it again and again.
func TestCSVWithManyDelimiters(t *testing.T) {
	names := make([]string, 20_000)
	for i := range names {
		names[i] = strconv.Itoa(i)
	}
	converter := mustConverter(t)(NewCSVToJSON(CSVSpec{CustomFieldNames: names, Delimiter: "|"}))
	if got := convert(t, converter, strings.Repeat("é", 1<<19)); !strings.HasSuffix(got, `"19999":"é"}`+"\n") {
		t.Errorf("the last column is in %.30s", got[len(got)-30:])
	}
}

func TestAddMetadata(t *testing.T) {
	now := func() time.Time { return processed }
	metadata := []byte(` {"env":"prod","n":[1,2.50,{}],"x":{"y":null,"y":true}} `)
	for _, c := range []struct {
		spec         AddMetadataSpec
		record, want string
	}{
		{AddMetadataSpec{}, "a \"b\"\n", `{"metadata":null,"data":"a \"b\""}` + "\n"},
		{AddMetadataSpec{Metadata: metadata}, `{"a":1}` + "\n", `{"metadata":{"env":"prod","n":[1,2.5,{}],"x":{"y":true}},"data":"{\"a\":1}"}` + "\n"},
		{AddMetadataSpec{Timestamp: true, Now: now}, "x\n\n", `{"ts":"2026-11-22T18:49:57.123Z","metadata":null,"data":"x\n"}` + "\n"},
		{AddMetadataSpec{Metadata: metadata, Timestamp: true, Now: now, JSONFormat: PrettyPrint}, "x", `{
  "ts" : "2026-11-22T18:49:57.123Z",
  "metadata" : {
    "env" : "prod",
    "n" : [ 1, 2.5, { } ],
    "x" : {
      "y" : true
    }
  },
  "data" : "x"
}
`},
	} {
		if got := convert(t, mustConverter(t)(NewAddMetadata(c.spec)), c.record); got != c.want {
			t.Errorf("%q: got %s, want %s", c.record, got, c.want)
		}
	}
	if _, err := NewAddMetadata(AddMetadataSpec{Metadata: []byte(`{"a":}`)}); err == nil {
		t.Error("bad metadata was taken")
	}
}

func TestAddEC2Metadata(t *testing.T) {
	instance := &InstanceMetadata{PrivateIP: "10.0.0.5", AvailabilityZone: "eu-west-1a", InstanceID: "i-1", InstanceType: "t3.micro",
		AccountID: "000000000000", Region: "eu-west-1", At: processed, Tags: []Tag{{"Name", "web"}, {"ENV", "prod"}, {"env", "test"}}}
	const added = `"privateIp":"10.0.0.5","availabilityZone":"eu-west-1a","instanceId":"i-1","instanceType":"t3.micro","accountId":"000000000000",` +
		`"amiId":null,"region":"eu-west-1","metadataTimestamp":"2026-11-22T19:49:57+0100","tags":{"name":"web","env":"test"}}` + "\n"
	var now *InstanceMetadata
	converter := mustConverter(t)(NewAddEC2Metadata(AddEC2MetadataSpec{Metadata: func() *InstanceMetadata { return now }}))
	if got := convert(t, converter, "no JSON \xff\n"); got != "no JSON \xff\n" {
		t.Errorf("without metadata: %q", got)
	}
	now = instance
	for _, c := range [][2]string{
		{"{\"a\":\"b\"}\n", `{"a":"b",` + added},
		{`{}`, `{` + added},
		{"{\"a\":1} surplus\n", `{"a":1,` + added},
		{"plain\n", `error add instance metadata: read JSON: byte 0: 'p' where a value is expected`},
		{"[1]\n", "error add instance metadata: record is a list, want an object"},
		{"null\n", "error add instance metadata: record is a plain value, want an object"},
		{"\n", "error add instance metadata: read JSON: text ends where a value is expected"},
	} {
		if got := convert(t, converter, c[0]); got != c[1] {
			t.Errorf("%q:\n got %s\nwant %s", c[0], got, c[1])
		}
	}
	if got := convert(t, converter, `{"region":1,"z":2}`); !strings.HasPrefix(got, `{"region":"eu-west-1","z":2,"privateIp"`) {
		t.Errorf("a field that is there already: %s", got)
	}
	now = &InstanceMetadata{At: processed}
	if got := convert(t, converter, `{}`); strings.Contains(got, "tags") {
		t.Errorf("tags that could not be had: %s", got)
	}
}

// Values that are read and written again have Jackson's form.
func TestJSONIsRewrittenAsJacksonDoes(t *testing.T) {
	for _, c := range [][2]string{
		{`{"a":1,"b":2,"a":3}`, `{"a":3,"b":2}`},
		{`[1.0, 1e3 ,1E-5,12345678.9,0.001,-0.0,-0,1e400,9223372036854775808]`, `[1.0,1000.0,1.0E-5,1.23456789E7,0.001,-0.0,0,"Infinity",9223372036854775808]`},
		{`"\u00e9\ud83d\ude00\ud83d\/\u001b"`, `"é😀?/\u001B"`},
		{`{"":[],"é":{}}`, `{"":[],"é":{}}`},
	} {
		node, rest, err := parseJSON([]byte(c[0]))
		if err != nil || len(rest) > 0 {
			t.Errorf("%s: %v, rest %q", c[0], err, rest)
			continue
		}
		if got := string(jsonWriter{}.value(nil, node, 0)); got != c[1] {
			t.Errorf("%s: got %s, want %s", c[0], got, c[1])
		}
	}
	for _, bad := range []string{"", "{", `{"a"}`, `{"a":1,}`, "[1,]", "01", "1.", "-", "1e", "nul", "nullx", `"\x"`, `"\u12"`, "\"\n\"", `"`, "+1", "NaN", strings.Repeat("[", 1100)} {
		if _, _, err := parseJSON([]byte(bad)); err == nil {
			t.Errorf("%.20s was taken", bad)
		}
	}
}

func TestAddBracketsLeavesTheNewlineInside(t *testing.T) {
	if got := convert(t, NewAddBrackets(), "\"a\":1\xff\n"); got != "{\"a\":1\ufffd\n}" {
		t.Errorf("got %q", got)
	}
}

func TestLogToJSON(t *testing.T) {
	spec := Spec{LogFormat: CommonApacheLog, JSONFormat: PrettyPrint, MatchPattern: `(\S+) (\S+)`, CustomFieldNames: []string{"a", "b"}}
	converter := mustConverter(t)(NewLogToJSON(spec))
	if got, want := convert(t, converter, "1 -\n"), "{\n  \"a\" : \"1\",\n  \"b\" : null\n}\n"; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
	if got := convert(t, converter, "1\n"); !strings.HasPrefix(got, "drop byte ") {
		t.Errorf("got %s", got)
	}
	if _, err := NewLogToJSON(Spec{LogFormat: CommonApacheLog, JSONFormat: "compact"}); err == nil {
		t.Error("jsonFormat in small letters was taken")
	}
}
