package stack

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// Each template in testdata/request has beside it what becomes of it: the
// requests that made its delivery streams and applications, or why it failed;
// and its outputs.
func TestRequests(t *testing.T) {
	files, _ := filepath.Glob("testdata/request/*.yaml")
	for _, file := range files {
		t.Run(filepath.Base(file), func(t *testing.T) {
			t.Parallel()
			src, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			got := requested(t, string(src))
			if *rewrite {
				if err := os.WriteFile(file+".golden", []byte(got), 0o644); err != nil {
					t.Fatal(err)
				}
			}
			want, err := os.ReadFile(file + ".golden")
			if err != nil || got != string(want) {
				t.Errorf("%v\ngot\n%s\nwant\n%s", err, got, want)
			}
		})
	}
	if len(files) < 4 {
		t.Fatalf("found only %d files", len(files))
	}
}

func requested(t *testing.T, text string) string {
	b := newRig(t, newCloud())
	if err := b.create("s", text, OnFailureDoNothing, nil); err != nil {
		t.Fatal(err)
	}
	s := b.rests("s")
	var out strings.Builder
	fmt.Fprintln(&out, s.Status)
	for _, o := range s.Outputs {
		fmt.Fprintf(&out, "%s = %s\n", o.Name, o.Value)
	}
	for _, r := range parsed(t, text).Resources {
		made := s.Resource(r.LogicalID)
		if made.Reason != "" {
			fmt.Fprintf(&out, "\n%s: %s\n", r.LogicalID, made.Reason)
		}
		if body := b.cloud.get("stream/" + made.PhysicalID); body != nil {
			body = maps.Clone(body)
			delete(body, "asked") // the cloud's own
			fmt.Fprintf(&out, "\nCreateDeliveryStream %s\n", indented(t, body))
		}
		if body := b.cloud.get("application/" + made.PhysicalID); body != nil {
			body = maps.Clone(body)
			delete(body, "parts") // the cloud's own
			fmt.Fprintf(&out, "\n%s is %s %s\n", r.LogicalID, made.PhysicalID, indented(t, body))
		}
	}
	return out.String()
}

func indented(t *testing.T, body map[string]any) []byte {
	t.Helper()
	text, err := json.MarshalIndent(body, "", "  ")
	if err != nil {
		t.Fatal(err)
	}
	return text
}

func parsed(t *testing.T, text string) *Template {
	t.Helper()
	template, err := Parse("template", []byte(text))
	if err != nil {
		t.Fatal(err)
	}
	return template
}

// What cannot be marshalled cannot be asked for either: a number of the template
// that JSON does not know is refused before.
func TestNumbersThatJSONDoesNotKnow(t *testing.T) {
	for _, n := range []string{"NaN", "Inf", "-Infinity", "1e999"} {
		text := "Resources: {S: {Type: 'AWS::KinesisFirehose::DeliveryStream', Properties: {ExtendedS3DestinationConfiguration: " +
			"{BucketARN: b, RoleARN: r, DataFormatConversionConfiguration: {OutputFormatConfiguration: {Serializer: {OrcSerDe: {PaddingTolerance: '" + n + "'}}}}}}}}"
		var found Diagnostics
		if _, err := Parse("t", []byte(text)); !errors.As(err, &found) || !strings.Contains(found[0].Text, "expected a number") {
			t.Errorf("%s: %v", n, err)
		}
	}
}
