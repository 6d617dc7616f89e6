package agent

import (
	"bytes"
	"errors"
	"fmt"
	"math"
	"os"
	"reflect"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
)

const keyTable = "testdata/keys/keys.txt"

// The table has every key with values at its limits and beyond, of other types, null, and as text, each followed by what becomes of it: the settings that differ from
// those without the key, or the warning, or the error.
//
//	key maxBufferSizeRecords in deliveryStream, 1 to 500
//	  501 => error: maxBufferSizeRecords is 501, want 1 to 500
//
// A key stands beside flows, in a flow with a deliveryStream or a kinesisStream, or in an option; behind "with" is what it needs beside it.
func TestKeysAtTheirLimits(t *testing.T) {
	src, err := os.ReadFile(keyTable)
	if err != nil {
		t.Fatal(err)
	}
	var out bytes.Buffer
	var key keyRow
	seen := make(map[string]bool)
	for line := range strings.Lines(string(src)) {
		line = strings.TrimSuffix(line, "\n")
		value, isValue := strings.CutPrefix(line, "  ")
		if !isValue {
			key.check(t)
			if key, err = parseKeyRow(line); err != nil {
				t.Fatal(err)
			}
			seen[key.name] = true
			fmt.Fprintln(&out, line)
			continue
		}
		value, _, _ = strings.Cut(value, " => ")
		fmt.Fprintf(&out, "  %s => %s\n", value, key.answer(t, value))
	}
	key.check(t)
	if *rewrite {
		if err := os.WriteFile(keyTable, out.Bytes(), 0o644); err != nil {
			t.Fatal(err)
		}
	} else if out.String() != string(src) {
		t.Errorf("%s differs, got:\n%s", keyTable, out.String())
	}
	for _, name := range keysInSource(t) {
		if !seen[name] {
			t.Errorf("%s is not in %s", name, keyTable)
		}
	}
}

// keyRow is a key of the table.
type keyRow struct {
	name, place, with string
	low, high         int64
	ranged            bool
	answers           map[string]string
}

var keyLine = regexp.MustCompile(`^key (\S+) (?:beside flows|in (\w+))(?:, (-?\d+) to (\d+))?(?: with (.+))?$`)

func parseKeyRow(line string) (keyRow, error) {
	m := keyLine.FindStringSubmatch(line)
	if m == nil {
		return keyRow{}, fmt.Errorf("line %q", line)
	}
	k := keyRow{name: m[1], place: m[2], with: m[5], ranged: m[3] != "", answers: make(map[string]string)}
	k.low, _ = strconv.ParseInt(m[3], 10, 64)
	k.high, _ = strconv.ParseInt(m[4], 10, 64)
	return k, nil
}

// config is the least one that has members in the key's place.
func (k keyRow) config(members ...string) string {
	if k.with != "" {
		members = append(members, k.with)
	}
	given := strings.Join(members, ", ")
	fill := func(text string) string { // what the members do not say
		for _, base := range []string{`"filePattern": "/l/a"`, `"deliveryStream": "s"`, `"kinesisStream": "s"`} {
			name, _, _ := strings.Cut(base, ":")
			if k.place == "kinesisStream" == (name == `"deliveryStream"`) && name != `"filePattern"` || strings.Contains(given, name+":") {
				continue
			}
			text += ", " + base
		}
		return strings.TrimPrefix(text, ", ")
	}
	switch k.place {
	case "":
		if k.name == "flows" && len(members) > 0 {
			return "{" + given + "}"
		}
		return strings.Replace(`{`+given+`, "flows": [{"filePattern": "/l/a", "deliveryStream": "s"}]}`, "{, ", "{", 1)
	case "deliveryStream", "kinesisStream":
		return `{"flows": [{` + fill(given) + `}]}`
	}
	return `{"flows": [{"filePattern": "/l/a", "deliveryStream": "s", "dataProcessingOptions": [{` +
		strings.TrimSuffix(fmt.Sprintf(`"optionName": %q, %s`, k.place, given), ", ") + `}]}]}`
}

var place = regexp.MustCompile(`agent\.json:\d+:\d+: `)

// answer is what becomes of a value.
func (k keyRow) answer(t *testing.T, value string) string {
	base, _ := Parse("agent.json", []byte(k.config()))
	c, err := Parse("agent.json", fmt.Appendf(nil, "%s", k.config(fmt.Sprintf("%q: %s", k.name, value))))
	var all ConfigError
	if errors.As(err, &all) {
		answer := "error: " + place.ReplaceAllString(all[0].Error(), "")
		k.answers[value] = answer
		return answer
	}
	var parts []string
	for _, w := range c.Warnings {
		if !slices.ContainsFunc(base.Warnings, func(b Diagnostic) bool { return b.Text == w.Text }) {
			parts = append(parts, "warning: "+w.Text)
		}
	}
	parts = append(parts, changed(reflect.ValueOf(base), reflect.ValueOf(c))...)
	if len(parts) == 0 {
		parts = []string{"as without it"}
		if option := k.place != "" && k.place != "deliveryStream" && k.place != "kinesisStream"; option {
			parts = []string{"accepted"}
		}
	}
	k.answers[value] = strings.Join(parts, "; ")
	return k.answers[value]
}

// changed lists the fields that differ.
func changed(was, is reflect.Value) (out []string) {
	for i := range is.NumField() {
		name := is.Type().Field(i).Name
		a, b := was.Field(i), is.Field(i)
		switch {
		case name == "Warnings" || name == "place" || name == "File":
		case name == "Flows":
			for n := range min(a.Len(), b.Len()) {
				out = append(out, changed(a.Index(n), b.Index(n))...)
			}
			if a.Len() != b.Len() {
				out = append(out, fmt.Sprintf("%d flows", b.Len()))
			}
		case name == "convert":
			steps := func(v reflect.Value) string { return fmt.Sprint(v.FieldByName("steps").Len()) }
			if steps(a) != steps(b) {
				out = append(out, steps(b)+" options")
			}
		case b.Kind() == reflect.Func:
			if a.IsNil() != b.IsNil() {
				out = append(out, name+" set")
			}
		case b.Kind() == reflect.Struct:
			out = append(out, changed(a, b)...)
		case fmt.Sprint(a) != fmt.Sprint(b):
			text := fmt.Sprint(b)
			if len(text) > 40 {
				text = text[:40] + "…"
			}
			out = append(out, name+" "+text)
		}
	}
	return out
}

// check demands of a key with a range that its limits are accepted, as numbers and as text, and that what lies beyond is refused with key, value and range.
func (k keyRow) check(t *testing.T) {
	if k.name == "" {
		return
	}
	for _, value := range []string{"null", "[]"} {
		if answer, there := k.answers[value]; !there {
			t.Errorf("%s has no row for %s", k.name, value)
		} else if value == "null" && !strings.Contains(answer, k.name) && k.name != "metadata" {
			t.Errorf("%s: %s: %s", k.name, value, answer)
		}
	}
	if !k.ranged {
		return
	}
	for _, v := range []int64{k.low, k.high} {
		for _, value := range []string{fmt.Sprint(v), fmt.Sprintf("%q", fmt.Sprint(v))} {
			if answer, there := k.answers[value]; !there || strings.HasPrefix(answer, "error") {
				t.Errorf("%s: %s: %q", k.name, value, answer)
			}
		}
	}
	for _, v := range []int64{k.low - 1, k.high + 1} {
		answer := k.answers[fmt.Sprint(v)]
		limits := fmt.Sprintf("want %d to %d", k.low, k.high)
		if k.high == math.MaxInt32 && v < k.low {
			limits = fmt.Sprintf("want at least %d", k.low)
		}
		if want := fmt.Sprintf("error: %s is %d, %s", k.name, v, limits); answer != want {
			t.Errorf("%s: %d: %q, want %q", k.name, v, answer, want)
		}
	}
}

// keysInSource are the keys that the reader knows.
func keysInSource(t *testing.T) (keys []string) {
	for _, file := range []string{"config_keys.go", "config_flowkeys.go", "convert.go"} {
		src, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range regexp.MustCompile(`(?m)^\tcase "([\w.]+)":$|^\t\tcase "([\w.]+)":$|m\.key (?:==|!=) "([\w.]+)"`).FindAllStringSubmatch(string(src), -1) {
			if key := m[1] + m[2] + m[3]; key != "optionName" && key != "integer" && key != "boolean" {
				keys = append(keys, key)
			}
		}
	}
	for key := range ignoredGlobalKeys() {
		keys = append(keys, key)
	}
	for key := range ignoredFlowKeys() {
		keys = append(keys, key)
	}
	if len(keys) < 60 {
		t.Fatalf("only %d keys were found in the source", len(keys))
	}
	return keys
}
