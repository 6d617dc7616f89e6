package imported

import (
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

var rewrite = flag.Bool("rewrite", false, "write what is read into the .want files below testdata")

var here = Options{Region: "us-east-1", Account: "000000000000"}

// Each file of testdata is imported as it stands, and with what it lacks given;
// beside it is what comes of it.
func TestFiles(t *testing.T) {
	files, err := filepath.Glob("testdata/*.[jy][sa]*")
	if err != nil || len(files) < 4 {
		t.Fatal(files, err)
	}
	for _, file := range files {
		t.Run(filepath.Base(file), func(t *testing.T) {
			src, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			given := here
			given.Skip, given.InputStream = true, "instead"
			given.Parameters = map[string]string{"Role": "arn:aws:iam::000000000000:role/given"}
			got := "# as it stands\n" + show(t, file, src, here) + "\n# with --skip-unsupported --input-stream instead --parameter Role=…\n" + show(t, file, src, given)
			golden := strings.TrimSuffix(file, filepath.Ext(file)) + ".want"
			if *rewrite {
				if err := os.WriteFile(golden, []byte(got), 0o644); err != nil {
					t.Fatal(err)
				}
			}
			want, err := os.ReadFile(golden)
			if err != nil || got != string(want) {
				t.Errorf("%v, got\n%s", err, got)
			}
		})
	}
}

func show(t *testing.T, file string, src []byte, o Options) string {
	t.Helper()
	all, err := Read(filepath.Base(file), src, o)
	if err != nil {
		t.Fatal(err)
	}
	var out strings.Builder
	for _, a := range all {
		for _, n := range a.Notes {
			fmt.Fprintln(&out, n)
		}
		fmt.Fprintf(&out, "streams %q functions %q refused %v\n", a.Streams, a.Functions, a.Refused())
		for i, body := range append([]map[string]any{a.Create}, a.References...) {
			text, err := json.MarshalIndent(body, "", " ")
			if err != nil {
				t.Fatal(err)
			}
			fmt.Fprintf(&out, "%s.%s %s\n", a.Target, []string{"CreateApplication", "AddApplicationReferenceDataSource"}[min(i, 1)], text)
		}
	}
	return out.String()
}

// Texts that hold no application are refused, with the place of what is wrong.
func TestNothing(t *testing.T) {
	for text, want := range map[string]string{
		"{}":                    "f: there is no Kinesis Analytics application for SQL in it",
		"[1]":                   "f: there is no",
		"":                      "f: there is no",
		"Resources: {}":         "f: there is no",
		"{\"a\": 1,\n \"b\": }": "f:2:7: invalid character '}'",
		"a: [":                  "f: yaml: ",
		strings.Repeat("[", 500) + strings.Repeat("]", 500): "f:1:202: values are more than 200 deep",
		`{"ApplicationDetail":{"ApplicationName":null}}`:    "f: there is no",
	} {
		_, err := Read("f", []byte(text), here)
		if err == nil || !strings.HasPrefix(err.Error(), want) {
			t.Errorf("%.40q: %v, want %s", text, err, want)
		}
	}
	if _, err := Read("f", nil, here); !errors.Is(err, ErrNothing) {
		t.Error(err)
	}
}

// Whatever is in a file, reading it ends without a panic.
func FuzzRead(f *testing.F) {
	files, err := filepath.Glob("testdata/*.[jy][sa]*")
	if err != nil {
		f.Fatal(err)
	}
	for _, file := range files {
		src, err := os.ReadFile(file)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(src)
	}
	f.Add([]byte(`{"Resources":{"A":{"Type":"AWS::KinesisAnalytics::Application","Properties":{"ApplicationName":{"Ref":"A"}}}}}`))
	f.Add([]byte(`{"Resources":{"A":{"Type":"AWS::KinesisAnalytics::Application","Properties":{"ApplicationName":{"Fn::Sub":"${A}${A}"}}}}}`))
	f.Add([]byte("a: &a [1,1,1,1,1,1,1,1]\nb: &b [*a,*a,*a,*a,*a,*a,*a,*a]\nc: &c [*b,*b,*b,*b,*b,*b,*b,*b]\nResources: {x: *c}"))
	f.Add([]byte(`{"ApplicationName":"x","Inputs":{"a":1},"Outputs":[1,null],"ReferenceDataSources":"x"}`))
	f.Add([]byte("Resources: &a {A: *a}"))
	f.Fuzz(func(t *testing.T, src []byte) {
		for _, skip := range []bool{false, true} {
			o := here
			o.Skip = skip
			all, err := Read("f", src, o)
			for _, a := range all {
				if _, err := json.Marshal(a.Create); err != nil {
					t.Error(err)
				}
			}
			if err == nil && len(all) == 0 {
				t.Error("nothing, and no error")
			}
		}
	})
}
