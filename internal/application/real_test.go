package application

import (
	"context"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/millrace/millrace/internal/application/applicationtest"
	"github.com/millrace/millrace/internal/config"
	"github.com/millrace/millrace/internal/invoke"
	"github.com/millrace/millrace/internal/realtest"
)

// TestRealFunctions puts programs before the schema and behind the results, run
// as the server runs the functions of millrace.yaml.
func TestRealFunctions(t *testing.T) {
	python := realtest.Program(t, "python3")
	taken := filepath.Join(t.TempDir(), "taken")
	s := readScenario(t, "testdata/scenarios/processor.txt")
	s.config.Outputs = []Output{{Stream: "OUT", ARN: applicationtest.FunctionARN("take"), Kind: ToFunction}}
	functions, err := invoke.New(invoke.Options{Logger: slog.New(slog.DiscardHandler), Functions: map[string]config.Function{
		applicationtest.FunctionARN("clean"): {Command: []string{python, "testdata/functions/clean.py"}},
		applicationtest.FunctionARN("take"):  {Command: []string{python, "testdata/functions/take.py", taken}},
	}})
	if err != nil {
		t.Fatal(err)
	}
	w := newWorld(t, s, mode{snapshots: time.Hour})
	o := w.options()
	o.Functions = functions
	if w.app, err = Start(context.Background(), o, s.config, LastStoppedPoint); err != nil {
		t.Fatal(err)
	}
	w.all("put 00:00:01 a 1 | b 2 |  | a 3", "clock 00:00:10")
	w.app.Stop(context.Background())
	got, err := os.ReadFile(taken)
	if err != nil {
		t.Fatal(err)
	}
	want := `{"k":"a","n":2,"sum":4,"at":"2020-01-01 00:00:00.000"} 0` + "\n" + `{"k":"b","n":1,"sum":2,"at":"2020-01-01 00:00:00.000"} 1`
	if strings.TrimSpace(string(got)) != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
}
