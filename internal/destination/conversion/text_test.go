package conversion

import (
	"bytes"
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/parquet-go/parquet-go"
	"github.com/parquet-go/parquet-go/deprecated"

	"github.com/millrace/millrace/internal/destination"
	"github.com/millrace/millrace/internal/record"
)

var rewrite = flag.Bool("rewrite", false, "write what happens into testdata")

// TestConversions runs testdata/*.txt. A block is a command with its input
// down to ----, then what comes of it:
//
//	schema FILE     a schema; the columns, or the errors
//	openx OPTIONS   the deserializer of what follows: case-sensitive dots COLUMN=KEY
//	hive | FORMAT … the other one
//	convert         records, a line each, or go:"with escapes"; rows as JSON, refusals
func TestConversions(t *testing.T) {
	files, _ := filepath.Glob("testdata/*.txt")
	if len(files) == 0 {
		t.Fatal("no testdata")
	}
	for _, name := range files {
		t.Run(strings.TrimSuffix(filepath.Base(name), ".txt"), func(t *testing.T) {
			text, err := os.ReadFile(name)
			if err != nil {
				t.Fatal(err)
			}
			got := runText(t, string(text))
			if *rewrite {
				err = os.WriteFile(name, []byte(got), 0o600)
			} else if got != string(text) {
				t.Errorf("%s has changed; go test -rewrite shows how\n%s", name, difference(string(text), got))
			}
			if err != nil {
				t.Fatal(err)
			}
		})
	}
}

func runText(t *testing.T, text string) string {
	var out strings.Builder
	var config Config
	var schema Schema
	for i, block := range strings.Split(strings.TrimRight(text, "\n"), "\n\n") {
		if i > 0 {
			out.WriteString("\n")
		}
		input, _, _ := strings.Cut(block+"\n", "----\n")
		var command string
		for strings.HasPrefix(input, "#") {
			comment, rest, _ := strings.Cut(input, "\n")
			out.WriteString(comment + "\n")
			input = rest
		}
		command, body, _ := strings.Cut(input, "\n")
		out.WriteString(input)
		word, rest, _ := strings.Cut(command, " ")
		switch word {
		case "":
			continue
		case "openx":
			config = Config{OpenX: openX(rest)}
			continue
		case "hive":
			config = Config{Hive: &Hive{TimestampFormats: formats(rest)}}
			continue
		}
		out.WriteString("----\n")
		switch word {
		case "schema":
			s, err := ParseSchema(rest, []byte(body))
			if err != nil {
				fmt.Fprintln(&out, err)
				break
			}
			schema = s
			for _, c := range s.Columns {
				fmt.Fprintln(&out, c.Name, c.Type)
			}
		case "convert":
			out.WriteString(convert(t, config, schema, body))
		default:
			t.Fatalf("unknown command %q", command)
		}
	}
	return out.String()
}

func openX(options string) *OpenX {
	o := &OpenX{CaseInsensitive: true, ColumnToJSONKey: map[string]string{}}
	for _, option := range strings.Fields(options) {
		column, key, mapped := strings.Cut(option, "=")
		switch {
		case mapped:
			o.ColumnToJSONKey[column] = key
		case option == "dots":
			o.ConvertDots = true
		case option == "case-sensitive":
			o.CaseInsensitive = false
		}
	}
	return o
}

func formats(list string) (formats []string) {
	for _, f := range strings.Split(list, "|")[1:] {
		formats = append(formats, strings.TrimSpace(f))
	}
	return formats
}

func convert(t *testing.T, config Config, schema Schema, lines string) string {
	table := &destination.Table{Database: "web", Name: "hits"}
	config.Table = table
	f, err := New(config, schema)
	if err != nil {
		return err.Error() + "\n"
	}
	var records []record.Record
	for i, line := range strings.Split(strings.TrimSuffix(lines, "\n"), "\n") {
		if quoted, ok := strings.CutPrefix(line, "go:"); ok {
			if line, err = strconv.Unquote(quoted); err != nil {
				t.Fatal(err)
			}
		}
		records = append(records, record.Record{Sequence: record.Sequence(i + 1), Data: []byte(line)})
	}
	body, refused, err := f.Encode(records)
	if err != nil {
		t.Fatal(err)
	}
	var out strings.Builder
	for _, row := range readBack(t, body) {
		fmt.Fprintf(&out, "row %s\n", row)
	}
	for _, r := range refused {
		if r.Type != "format-conversion-failed" || r.Attempts != 1 || r.AttemptedAt == 0 || r.Table != table || !bytes.Equal(r.Record.Data, records[r.Record.Sequence-1].Data) {
			t.Errorf("refusal %+v", r)
		}
		fmt.Fprintf(&out, "refused %d %s: %s\n", r.Record.Sequence, r.Code, r.Message)
	}
	return out.String()
}

// readBack reads a file's rows as JSON, columns in their order, without those
// that are null.
func readBack(t testing.TB, body []byte) (rows []string) {
	t.Helper()
	if body == nil {
		return nil
	}
	file, err := parquet.OpenFile(bytes.NewReader(body), int64(len(body)))
	if err != nil {
		t.Fatal(err)
	}
	values, err := parquet.Read[any](bytes.NewReader(body), int64(len(body)))
	if err != nil {
		t.Fatal(err)
	}
	for _, row := range values {
		var members []string
		for _, column := range file.Schema().Fields() {
			if v := plainValue(row.(map[string]any)[column.Name()]); v != nil {
				text, err := json.Marshal(v)
				if err != nil {
					text = []byte(fmt.Sprint(v)) // NaN
				}
				members = append(members, strconv.Quote(column.Name())+":"+string(text))
			}
		}
		rows = append(rows, "{"+strings.Join(members, ",")+"}")
	}
	return rows
}

// plainValue makes maps, lists and texts of what the library reads, which
// within maps are structs and pointers.
func plainValue(v any) any {
	switch v := v.(type) {
	case nil:
		return nil
	case deprecated.Int96:
		nanoseconds := int64(v[1])<<32 | int64(v[0])
		return time.Unix((int64(v[2])-2440588)*86400, nanoseconds).UTC().Format(time.RFC3339Nano)
	case []byte:
		return string(v)
	case fmt.Stringer:
		return v.String()
	}
	switch r := reflect.ValueOf(v); r.Kind() {
	case reflect.Pointer:
		if r.IsNil() {
			return nil
		}
		return plainValue(r.Elem().Interface())
	case reflect.Slice:
		if r.IsNil() {
			return nil
		}
		list := make([]any, r.Len())
		for i := range list {
			list[i] = plainValue(r.Index(i).Interface())
		}
		return list
	case reflect.Map:
		if r.IsNil() {
			return nil
		}
		members := map[string]any{}
		for key, value := range r.Seq2() {
			members[fmt.Sprint(key)] = plainValue(value.Interface())
		}
		return members
	case reflect.Struct:
		members := map[string]any{}
		for i := range r.NumField() {
			name, _, _ := strings.Cut(r.Type().Field(i).Tag.Get("parquet"), ",")
			members[name] = plainValue(r.Field(i).Interface())
		}
		return unwrapped(members)
	}
	return v
}

// unwrapped takes off the groups that Parquet puts around lists and maps,
// which the library leaves on below maps.
func unwrapped(members map[string]any) any {
	if list, ok := members["list"].([]any); ok && len(members) == 1 {
		for i := range list {
			list[i] = list[i].(map[string]any)["element"]
		}
		return list
	}
	if list, ok := members["key_value"].([]any); ok && len(members) == 1 {
		entries := map[string]any{}
		for _, e := range list {
			entries[fmt.Sprint(e.(map[string]any)["key"])] = e.(map[string]any)["value"]
		}
		return entries
	}
	return members
}

// difference shows the first line that is not as it was.
func difference(want, got string) string {
	a, b := strings.Split(want, "\n"), strings.Split(got, "\n")
	for i := range min(len(a), len(b)) {
		if a[i] != b[i] {
			return fmt.Sprintf("line %d\nwant %s\n got %s", i+1, a[i], b[i])
		}
	}
	return fmt.Sprintf("%d lines, want %d", len(b), len(a))
}
