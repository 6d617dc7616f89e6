package examples

import (
	"io/fs"
	"os"
	"os/exec"
	"strings"
	"testing"

	"github.com/millrace/millrace/internal/agent"
	"github.com/millrace/millrace/internal/sql"
	"github.com/millrace/millrace/internal/sql/types"
	"github.com/millrace/millrace/internal/stack"
)

func read(t *testing.T, name string) []byte {
	t.Helper()
	b, err := fs.ReadFile(Files, name)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func folders(t *testing.T) []string {
	t.Helper()
	entries, err := fs.ReadDir(Files, ".")
	if err != nil || len(entries) == 0 {
		t.Fatalf("%d examples, %v", len(entries), err)
	}
	var names []string
	for _, e := range entries {
		names = append(names, e.Name())
	}
	return names
}

func TestTemplates(t *testing.T) {
	for _, name := range folders(t) {
		template, err := stack.Parse(name+"/template.yaml", read(t, name+"/template.yaml"))
		if err != nil {
			t.Errorf("%v", err)
			continue
		}
		if _, err := template.Values(nil); err != nil {
			t.Errorf("%s: the parameters want values: %v", name, err)
		}
	}
}

// What AWS's own linter accepts is not only what this program accepts.
func TestTemplatesPassTheLinter(t *testing.T) {
	if _, err := exec.LookPath("cfn-lint"); err != nil {
		if os.Getenv("MILLRACE_REAL") != "" {
			t.Fatal("cfn-lint is not there")
		}
		t.Skip("cfn-lint is not there")
	}
	for _, name := range folders(t) {
		if out, err := exec.Command("cfn-lint", name+"/template.yaml").CombinedOutput(); err != nil {
			t.Errorf("%s: %v\n%s", name, err, out)
		}
	}
}

// The agent sends to a stream that the template makes.
func TestAgents(t *testing.T) {
	for _, name := range folders(t) {
		config, err := agent.Parse(name+"/agent.json", read(t, name+"/agent.json"))
		if err != nil {
			t.Errorf("%v", err)
			continue
		}
		template := string(read(t, name+"/template.yaml"))
		for _, flow := range config.Flows {
			stream := strings.TrimPrefix(flow.DeliveryStream, "status-codes")
			if !strings.Contains(template, "DeliveryStreamName: !Sub ${Name}"+stream+"\n") {
				t.Errorf("%s: the template has no stream %s", name, flow.DeliveryStream)
			}
		}
	}
}

// The application's code compiles against its input schema and reads one
// column of it.
func TestStatusCodesCompiles(t *testing.T) {
	template, err := stack.Parse("template.yaml", read(t, "status-codes/template.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	properties := template.Resource("Application").Properties
	code := strings.ReplaceAll(properties.Get("ApplicationCode").Items[0].Text, "${WindowSeconds}", "10")
	input := sql.Stream{Name: "SOURCE_SQL_STREAM_001"}
	for _, column := range properties.Get("Inputs").Items[0].Get("InputSchema").Get("RecordColumns").Items {
		kind, err := types.ParseType(column.Get("SqlType").Text)
		if err != nil {
			t.Fatal(err)
		}
		input.Columns = append(input.Columns, types.Column{Name: column.Get("Name").Text, Type: kind})
	}
	program, err := sql.Compile("status-codes", code, sql.Schema{Inputs: []sql.Stream{input}})
	if err != nil {
		t.Fatal(err)
	}
	for i, needed := range program.Needed(input.Name) {
		if needed != (input.Columns[i].Name == "response") {
			t.Errorf("column %s is needed: %v", input.Columns[i].Name, needed)
		}
	}
}
