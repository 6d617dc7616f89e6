package stack

import (
	"encoding/json"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"testing"

	"github.com/millrace/millrace/internal/realtest"
)

// AWS's own linter takes the templates whose requests are tested, and those of
// the examples. It finds fault with the same lines of the one whose properties
// are wrong, and none with sources and destinations that are refused here alone.
func TestCfnLintAgrees(t *testing.T) {
	t.Parallel()
	lint := realtest.Program(t, "cfn-lint")
	wrong := "testdata/template/delivery_stream.yaml"
	files, _ := filepath.Glob("testdata/request/*.yaml")
	examples, _ := filepath.Glob("../../examples/*/template.yaml")
	files = append(append(files, examples...),
		"../../cmd/millrace/testdata/template/streams.yaml", "../../cmd/millrace/testdata/template/analytics.yaml", wrong, "testdata/template/delivery_stream_sources.yaml", "testdata/template/pipeline.yaml")
	out, err := exec.Command(lint, append([]string{"--format", "json", "--regions", "us-east-1", "--"}, files...)...).Output()
	if err != nil && !errors.As(err, new(*exec.ExitError)) {
		t.Fatal(err)
	}
	var told []struct {
		Filename, Level, Message string
		Location                 struct{ Start struct{ LineNumber int } }
	}
	if err := json.Unmarshal(out, &told); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	var theirs []int
	for _, one := range told {
		switch {
		case one.Level != "Error":
		case one.Filename == wrong:
			theirs = append(theirs, one.Location.Start.LineNumber)
		default:
			t.Errorf("%s:%d: %s", one.Filename, one.Location.Start.LineNumber, one.Message)
		}
	}
	if ours := linesOfDiagnostics(t, wrong); !slices.Equal(distinct(theirs), ours) {
		t.Errorf("%s: lines %v, here %v", wrong, distinct(theirs), ours)
	}
}

func linesOfDiagnostics(t *testing.T, file string) []int {
	src, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	var found Diagnostics
	if _, err := Parse(file, src); !errors.As(err, &found) {
		t.Fatal(err)
	}
	var lines []int
	for _, d := range found {
		lines = append(lines, d.Line)
	}
	return distinct(lines)
}

func distinct(lines []int) []int {
	slices.Sort(lines)
	return slices.Compact(lines)
}
