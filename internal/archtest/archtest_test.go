package archtest

import (
	"encoding/json"
	"errors"
	"io"
	"os/exec"
	"strings"
	"testing"
)

const module = "github.com/millrace/millrace/"

// layers is the house from the ground up. A package imports packages of lower
// layers and those below its own folder, never a neighbour; neighbours meet in
// cmd through small interfaces that the caller declares.
var layers = [][]string{
	1: {"record", "config", "metrics", "realtest"},
	2: {"journal", "tail", "logformat", "aws", "outbound"},
	3: {"destination", "sql", "archive", "searchindex", "webserver", "loadgen", "invoke"},
	4: {"delivery", "application", "agent", "stack", "fleet", "instance", "replay"},
	5: {"firehose", "kinesisanalytics", "cloudformation", "iam", "sts", "secrets", "logs", "ssm", "domains", "lambda", "ec2",
		"autoscaling", "elbv2", "cloudwatch", "console"},
}

// part is the folder below internal that a package belongs to.
func part(importPath string) string {
	rest, ok := strings.CutPrefix(importPath, module+"internal/")
	if !ok {
		return ""
	}
	name, _, _ := strings.Cut(rest, "/")
	return name
}

func layerOf(part string) int {
	for n, names := range layers {
		for _, name := range names {
			if name == part {
				return n
			}
		}
	}
	return 0
}

func TestImportsPointDown(t *testing.T) {
	if _, err := exec.LookPath("go"); err != nil {
		t.Skip("the go command is not there")
	}
	list := exec.Command("go", "list", "-json=ImportPath,Imports", "./...")
	list.Dir = "../.."
	out, err := list.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := list.Start(); err != nil {
		t.Fatal(err)
	}
	seen := 0
	for d := json.NewDecoder(out); ; {
		var p struct {
			ImportPath string
			Imports    []string
		}
		if err := d.Decode(&p); errors.Is(err, io.EOF) {
			break
		} else if err != nil {
			t.Fatal(err)
		}
		from := part(p.ImportPath)
		if from == "" || from == "archtest" {
			continue
		}
		seen++
		if layerOf(from) == 0 {
			t.Errorf("%s is in no layer", p.ImportPath)
		}
		for _, imported := range p.Imports {
			to := part(imported)
			if to != "" && to != from && layerOf(to) >= layerOf(from) {
				t.Errorf("%s (layer %d) imports %s (layer %d)", p.ImportPath, layerOf(from), imported, layerOf(to))
			}
		}
	}
	if err := list.Wait(); err != nil {
		t.Fatal(err)
	}
	if seen < 10 {
		t.Fatalf("only %d packages were looked at", seen)
	}
}
