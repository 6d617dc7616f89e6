//go:build unix

package main

import (
	"io"
	"net/http"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/millrace/millrace/internal/realtest"
)

// A template of an application of each version of the API is brought up: both
// run, through the function and past it, and the metrics tell of each flow.
func TestTemplateOfApplications(t *testing.T) {
	python := realtest.Program(t, "python3")
	t.Parallel()
	handler, err := filepath.Abs("testdata/boto3/function.py")
	if err != nil {
		t.Fatal(err)
	}
	const function = "arn:aws:lambda:us-east-1:000000000000:function:pass"
	dir := dataDir(t)
	configure(t, dir, "functions:\n  "+function+":\n    command: ["+python+", "+handler+"]\n")
	p := up(t, dir, "testdata/template/analytics.yaml", "--parameter", "Function="+function)

	p.put("ingest", "192.0.2.1|200\n", "192.0.2.2|404\n192.0.2.3|500\n")
	eventually(t, "both applications have told", 60*time.Second, func() error {
		if _, errs, code := millrace(t, dir, "flush", "results"); code != 0 {
			t.Fatal(errs)
		}
		var text strings.Builder
		for key, lines := range p.objects("results") {
			if strings.HasPrefix(key, "results/") {
				text.WriteString(strings.Join(lines, "\n") + "\n")
			}
		}
		// rows of JSON have no line end
		rows := strings.Fields(strings.NewReplacer("}{", "}\n{", "}1", "}\n1").Replace(text.String()))
		slices.Sort(rows)
		return unlessEqual(strings.Join(rows, " "), `192.0.2.1,201 192.0.2.2,405 192.0.2.3,501 `+
			`{"host":"192.0.2.1","code":200} {"host":"192.0.2.2","code":404} {"host":"192.0.2.3","code":500}`)
	})
	eventually(t, "the function has taken the rows", 30*time.Second, func() error {
		return unlessEqual(metricsOf(t, p, "aws_kinesisanalytics_lambda_delivery_ok_records_total"),
			`aws_kinesisanalytics_lambda_delivery_ok_records_total{application="second",flow="Output",id="3.1"} 3`)
	})
	for want, name := range map[string]string{
		`aws_kinesisanalytics_input_processing_ok_records_total{application="first",flow="Input",id="1.1"} 2`: "aws_kinesisanalytics_input_processing_ok_records_total",
		`aws_kinesisanalytics_kpus{application="first"} 1 aws_kinesisanalytics_kpus{application="second"} 1`:  "aws_kinesisanalytics_kpus",
	} {
		if got := metricsOf(t, p, name); got != want {
			t.Errorf("%s, want %s", got, want)
		}
	}
	if code := p.stop(); code != 0 {
		t.Errorf("exit code %d", code)
	}
}

// metricsOf are the lines of one metric.
func metricsOf(t *testing.T, p *process, name string) string {
	t.Helper()
	address, token, _ := strings.Cut(p.Run.Console, "/?token=")
	r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, address+"/metrics", nil)
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Authorization", "Bearer "+token)
	response, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	text, err := io.ReadAll(response.Body)
	if err != nil || response.StatusCode != http.StatusOK {
		t.Fatalf("metrics: status %d, %v", response.StatusCode, err)
	}
	var lines []string
	for line := range strings.Lines(string(text)) {
		if strings.HasPrefix(line, name+"{") {
			lines = append(lines, strings.TrimSpace(line))
		}
	}
	return strings.Join(lines, " ")
}
