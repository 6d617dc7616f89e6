package loadgen

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"regexp"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

func noon() time.Time { return time.Date(2026, 11, 2, 12, 3, 4, 56_000_000, time.FixedZone("", 3600)) }

func parse(t *testing.T, text string) *Template {
	t.Helper()
	template, err := ParseTemplate(text, 1, noon)
	if err != nil {
		t.Fatalf("%s: %v", text, err)
	}
	return template
}

// What a function writes, many times over.
func TestTemplateFunctions(t *testing.T) {
	for _, c := range [][2]string{
		{`{{random.number}}`, `\d{1,5}`},
		{`{{ random.number( 7 ) }}`, `[0-7]`},
		{`{{random.number({"min":10,"max":12})}}`, `1[0-2]`},
		{`{{random.number({min: -1, max: 1})}}`, `-1|0|1`},
		{`{{random.number({"min":1.5,"max":2,"precision":0.25})}}`, `1\.50|1\.75|2\.00`},
		{`{{random.arrayElement(["a",'b',3,true,null,"q\"}}"])}}`, `a|b|3|true|null|q"\}\}`},
		{`{{random.weightedArrayElement({"weights":[0.5,0,2],"data":["x","y","z"]})}}`, `x|z`},
		{`{{random.boolean}}`, `true|false`},
		{`{{random.uuid}}`, `[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}`},
		{`{{random.alphaNumeric(5)}}`, `[0-9a-z]{5}`},
		{`{{date.utc}}`, `2026-11-02T11:03:04Z`},
		{`{{date.utc("YYYY/M/D H:m:s.SSS A")}}`, `2026/11/2 11:3:4\.056 AM`},
		{`{{date.utc("DD/MMM/YYYY:HH:mm:ss ZZ")}}`, `02/Nov/2026:11:03:04 \+0000`},
		{`{{date.utc("[at] dddd X x S")}}`, `at Monday 1793617384 1793617384056 0`},
		{`{{date.now("X")}}`, `1793617384`},
		{`{{date.now}}`, `2026-11-0\dT\d\d:\d\d:04[+-]\d\d:\d\d`},
		{`{{internet.ip}}`, `\d+\.\d+\.\d+\.\d+`},
		{`{{internet.email}}`, `\w+\.\w+@[\w-]+\.\w+`},
		{`{{name.firstName}} {{name.lastName}}`, `\w+ \w+`},
		{`{{commerce.price}}`, `\d+\.00`},
		{`{ "a": "{x}" }`, `\{ "a": "\{x\}" \}`},
		{``, ``},
	} {
		template := parse(t, c[0])
		want := regexp.MustCompile(`^(?:` + c[1] + `)$`)
		seen := make(map[string]bool)
		for range 300 {
			got := string(template.Record())
			if seen[got] = true; !want.MatchString(got) {
				t.Fatalf("%s made %s", c[0], got)
			}
		}
		if n := strings.Count(c[1], "|") + 1; n > 1 && len(seen) != n {
			t.Errorf("%s made %v", c[0], seen)
		}
	}
	for name := range templateFunctions {
		if strings.Contains(name, "rrayElement") {
			continue
		}
		if record := parse(t, "{{"+name+"}}").Record(); len(record) == 0 || strings.ContainsAny(string(record), "\"\\\n") {
			t.Errorf("%s made %q", name, record)
		}
	}
}

func TestTemplatesAreRefusedWithTheirPlace(t *testing.T) {
	for _, c := range [][2]string{
		{"{{random.nmber}}", "template:1:3: unknown function random.nmber; there are address.city, "},
		{"a\n é{{ x() }}", "template:2:6: unknown function x;"},
		{"{{}}", "template:1:3: want the name of a function"},
		{"{{random.number", "template:1:16: want }} behind random.number"},
		{"{{random.number}", "template:1:16: want }} behind random.number"},
		{"{{random.number(1}}", "template:1:18: '}' where ',' or ')' is expected"},
		{"{{random.number(x)}}", "template:1:17: 'x' where a value is expected"},
		{"{{random.number(1,2)}}", "template:1:17: random.number: has 2 arguments"},
		{`{{random.number({"mni":1})}}`, "template:1:17: random.number: has mni: 1, want numbers as min, max and precision"},
		{`{{random.number({"min":5,"max":1})}}`, "template:1:17: random.number: has min 5, max 1"},
		{`{{random.number({"min" 5})}}`, "template:1:24: '5' where ':' is expected"},
		{`{{random.arrayElement()}}`, "template:1:23: random.arrayElement: has 0 arguments, want a list"},
		{`{{random.arrayElement([])}}`, "template:1:23: random.arrayElement: has [], want a list with at least one value"},
		{`{{random.arrayElement(["a)}}`, "template:1:24: '\"' where a text with its closing quote is expected"},
		{`{{random.weightedArrayElement({"weights":[1],"data":["a","b"]})}}`, "template:1:31: random.weightedArrayElement: has 1 weights for 2 values"},
		{`{{random.weightedArrayElement({"weights":[0],"data":["a"]})}}`, "template:1:31: random.weightedArrayElement: has no weight above 0"},
		{`{{date.now("YYYY-Q")}}`, `template:1:12: date.now: format "YYYY-Q" has 'Q', which is not known`},
		{`{{date.now("[x")}}`, `template:1:12: date.now: format "[x" has '[' without ']'`},
		{`{{internet.ip(1)}}`, "template:1:15: internet.ip: takes no arguments"},
	} {
		_, err := ParseTemplate(c[0], 1, nil)
		if err == nil || !strings.HasPrefix(err.Error(), c[1]) {
			t.Errorf("%s: got %v, want %s", c[0], err, c[1])
		}
	}
}

func TestSameSeedSameRecords(t *testing.T) {
	const text = `{"id":"{{random.uuid}}","n":{{random.number({"min":1,"max":9})}},"who":"{{name.findName}}","agent":"{{internet.userAgent}}"}`
	a, b := parse(t, text), parse(t, text)
	for range 100 {
		one, two := string(a.Record()), string(b.Record())
		var fields map[string]any
		if one != two || json.Unmarshal([]byte(one), &fields) != nil || len(fields) != 4 {
			t.Fatalf("%s and %s", one, two)
		}
	}
}

// FuzzTemplate: a template is refused or it makes records.
func FuzzTemplate(f *testing.F) {
	f.Add(`{"a":{{random.number({"min":1,"max":50})}},"b":"{{date.now("YYYY-MM-DD")}}"}`)
	f.Add(`{{random.weightedArrayElement({"weights":[.5,1e1],"data":[1,"}}"]})}}`)
	f.Fuzz(func(t *testing.T, text string) {
		template, err := ParseTemplate(text, 1, nil)
		if err == nil {
			template.Record()
		} else if !strings.HasPrefix(err.Error(), "template:") {
			t.Errorf("%q: %v", text, err)
		}
	})
}

// stream takes records as Firehose does, but not all of them.
type stream struct {
	t       *testing.T
	calls   []int
	taken   map[string]int
	refuse  func(call, record int) bool
	failing error
}

func (s *stream) PutRecordBatch(_ context.Context, records [][]byte) ([]string, error) {
	if s.failing != nil {
		return nil, s.failing
	}
	s.calls = append(s.calls, len(records))
	failed := make([]string, len(records))
	bytes, any := 0, false
	for i, record := range records {
		bytes += len(record)
		if s.refuse != nil && s.refuse(len(s.calls), i) {
			failed[i], any = "ServiceUnavailableException", true
			continue
		}
		s.taken[string(record)]++
	}
	if len(records) > MaxBatchRecords || bytes > maxBatchBytes {
		s.t.Errorf("a call with %d records of %d bytes", len(records), bytes)
	}
	if !any {
		return nil, nil
	}
	return failed, nil
}

// Only the records that were not taken are sent again; none is taken twice.
func TestRecordsHonourPartialFailure(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &stream{t: t, taken: map[string]int{}, refuse: func(call, record int) bool { return (call+record)%3 == 0 }}
		result, err := Records(context.Background(), s, RecordOptions{Template: parse(t, `{{random.uuid}}`), Records: 1200, Newline: true, Retries: 30})
		if err != nil || result.Sent != 1200 || result.Failed != 0 || result.Retried < 400 || len(s.taken) != 1200 {
			t.Fatalf("%+v %v, %d taken", result, err, len(s.taken))
		}
		for record, n := range s.taken {
			if n != 1 || !strings.HasSuffix(record, "\n") {
				t.Errorf("%q was taken %d times", record, n)
			}
		}
		s = &stream{t: t, taken: map[string]int{}, refuse: func(_, record int) bool { return record == 0 }}
		result, err = Records(context.Background(), s, RecordOptions{Template: parse(t, "{{random.uuid}}"), Records: 10, Retries: 2})
		if want := "send records: 1 of them were not taken in 3 attempts, the last with ServiceUnavailableException"; err == nil || err.Error() != want || result != (RecordResult{9, 2, 1}) {
			t.Errorf("%+v %v", result, err)
		}
	})
}

func TestRecordsKeepTheirPaceAndLimits(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &stream{t: t, taken: map[string]int{}}
		ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
		defer cancel()
		result, err := Records(ctx, s, RecordOptions{Template: parse(t, "{{random.uuid}}"), Rate: 100})
		if err != nil || result.Sent < 990 || result.Sent > 1001 {
			t.Errorf("at 100 a second for 10 s: %+v %v", result, err)
		}
	})
	s := &stream{t: t, taken: map[string]int{}}
	large := parse(t, "{{random.alphaNumeric(900000)}}")
	if result, err := Records(context.Background(), s, RecordOptions{Template: large, Records: 9}); err != nil || result.Sent != 9 || fmt.Sprint(s.calls) != "[4 4 1]" {
		t.Errorf("large records: %+v %v in calls of %v", result, err, s.calls)
	}
	for text, want := range map[string]string{"": "record 1 has 0 bytes, want 1 to 1024000", "{{random.alphaNumeric(1024001)}}": "record 1 has 1024001 bytes"} {
		if _, err := Records(context.Background(), s, RecordOptions{Template: parse(t, text), Records: 1}); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v", want, err)
		}
	}
	down := errors.New("down")
	if result, err := Records(context.Background(), &stream{t: t, failing: down}, RecordOptions{Template: parse(t, "a"), Records: 600}); !errors.Is(err, down) || result.Failed != 500 {
		t.Errorf("a stream that is down: %+v %v", result, err)
	}
}
