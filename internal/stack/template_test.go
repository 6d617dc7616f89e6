package stack

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

var rewrite = flag.Bool("rewrite", false, "write what the templates give into their .golden files")

// Each template in testdata/template has beside it what Parse makes of it: the
// diagnostics, or the resources with what they wait for.
func TestTemplates(t *testing.T) {
	files, _ := filepath.Glob("testdata/template/*.[yj]*")
	for _, file := range files {
		if strings.HasSuffix(file, ".golden") {
			continue
		}
		t.Run(filepath.Base(file), func(t *testing.T) {
			src, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			got := describe(Parse(filepath.Base(file), src))
			golden := file + ".golden"
			if *rewrite {
				if err := os.WriteFile(golden, []byte(got), 0o644); err != nil {
					t.Fatal(err)
				}
			}
			want, err := os.ReadFile(golden)
			if err != nil {
				t.Fatal(err)
			}
			if got != string(want) {
				t.Errorf("got\n%s\nwant\n%s", got, want)
			}
		})
	}
	if len(files) < 10 {
		t.Fatalf("found only %d files", len(files))
	}
}

func describe(t *Template, err error) string {
	if err != nil {
		return err.Error() + "\n"
	}
	var b strings.Builder
	for _, p := range t.Parameters {
		fmt.Fprintf(&b, "parameter %s %s", p.Name, p.Type)
		if p.Default != nil {
			fmt.Fprintf(&b, " = %q", *p.Default)
		}
		b.WriteString("\n")
	}
	for _, r := range t.Resources {
		fmt.Fprintf(&b, "%d:%d %s %s", r.At.Line, r.At.Column, r.LogicalID, r.Type)
		if len(r.Dependencies) > 0 {
			fmt.Fprintf(&b, " after %s", strings.Join(r.Dependencies, ", "))
		}
		if r.DeletionPolicy != policyDelete {
			fmt.Fprintf(&b, " (%s)", r.DeletionPolicy)
		}
		fmt.Fprintf(&b, "\n    %v\n", r.Properties)
	}
	for _, o := range t.Outputs {
		fmt.Fprintf(&b, "output %s = %v\n", o.Name, o.Value)
	}
	for _, c := range t.Capabilities() {
		fmt.Fprintf(&b, "needs %s\n", c)
	}
	return b.String()
}

func TestParameterValues(t *testing.T) {
	template, err := Parse("t", []byte(`
Parameters:
  Text: {Type: String, MinLength: 2, MaxLength: 3, AllowedPattern: '[a-zé]+'}
  Number: {Type: Number, MinValue: -1, MaxValue: 2.5, Default: 1}
  List: {Type: CommaDelimitedList, AllowedValues: [a, b], Default: 'a, b'}
  Told: {Type: String, Default: a, AllowedValues: [a], ConstraintDescription: must be a letter that is an a}
Resources:
  Bucket: {Type: 'AWS::S3::Bucket'}
`))
	if err != nil {
		t.Fatal(err)
	}
	for _, test := range []struct{ given, want string }{
		{"Text=abc", ""},
		{"Text=éé", ""},
		{"", "Parameters: [Text] must have values"},
		{"Text=abc Nope=1 Also=2", "Parameters: [Also, Nope] do not exist in the template"},
		{"Text=a", "Parameter 'Text' must contain at least 2 characters"},
		{"Text=abcd", "Parameter 'Text' must contain at most 3 characters"},
		{"Text=a1", "Parameter 'Text' must match pattern [a-zé]+"},
		{"Text=abc Number=x", "Parameter 'Number' must be a number"},
		{"Text=abc Number=NaN", "Parameter 'Number' must be a number"},
		{"Text=abc Number=-2", "Parameter 'Number' must be a number not less than -1"},
		{"Text=abc Number=2.6", "Parameter 'Number' must be a number not greater than 2.5"},
		{"Text=abc List=b,a", ""},
		{"Text=abc List=a,c", "Parameter 'List' must be one of AllowedValues"},
		{"Text=abc Told=b", "Parameter 'Told' failed to satisfy constraint: must be a letter that is an a"},
	} {
		given := map[string]string{}
		for _, pair := range strings.Fields(test.given) {
			name, value, _ := strings.Cut(pair, "=")
			given[name] = value
		}
		values, err := template.Values(given)
		if got := fmt.Sprint(err); err != nil && got != test.want || err == nil && test.want != "" {
			t.Errorf("%s: got %v, want %s", test.given, err, test.want)
		}
		if err == nil && (values["Number"] != "1" || values["Text"] != given["Text"]) {
			t.Errorf("%s: got %v", test.given, values)
		}
	}
}

func FuzzParse(f *testing.F) {
	files, _ := filepath.Glob("testdata/template/*.[yj]*")
	for _, file := range files {
		if src, err := os.ReadFile(file); err == nil {
			f.Add(src)
		}
	}
	f.Add([]byte("Resources: {A: {Type: AWS::S3::Bucket, Properties: {BucketName: !Sub '${'}}}"))
	f.Add([]byte("Resources: {A: {Type: AWS::S3::Bucket, Properties: {BucketName: !Ref {Ref: Ref}}}}"))
	f.Fuzz(func(t *testing.T, src []byte) {
		template, err := Parse("f", src)
		if err != nil {
			if ds, ok := err.(Diagnostics); !ok || len(ds) == 0 || ds[0].Line < 1 || ds[0].Column < 1 {
				t.Fatalf("no diagnostics with places: %v", err)
			}
			return
		}
		// What is accepted can be resolved, whatever the resources' values are.
		given := map[string]string{}
		for _, p := range template.Parameters {
			given[p.Name] = "x"
		}
		scope := newScope(template, given, &Stack{Name: "s"}, func(_, _ string) (string, error) { return "v", nil })
		for _, r := range template.Resources {
			properties, err := scope.resolve(r.Properties)
			if err != nil {
				continue
			}
			check := &findings{}
			if r.kind.properties.check(check, r.Type, properties); check.err() == nil {
				r.kind.properties.render(properties)
			}
		}
		for _, o := range template.Outputs {
			_, _ = scope.resolve(o.Value)
		}
	})
}
