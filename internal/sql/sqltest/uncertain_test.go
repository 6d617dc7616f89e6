package sqltest

import (
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// Every constant of the dialect is in the documentation with its value: switches
// and limits on the page of uncertain points, names of errors on that of errors.
func TestEveryUncertainPointIsDocumented(t *testing.T) {
	uncertain, err := os.ReadFile(docs + "/uncertain.md")
	if err != nil {
		t.Fatal(err)
	}
	errors, err := os.ReadFile(docs + "/errors.md")
	if err != nil {
		t.Fatal(err)
	}
	files, err := filepath.Glob("../dialect/*.go")
	if err != nil {
		t.Fatal(err)
	}
	seen := 0
	for _, file := range files {
		tree, err := parser.ParseFile(token.NewFileSet(), file, nil, 0)
		if err != nil {
			t.Fatal(err)
		}
		for _, d := range tree.Decls {
			g, ok := d.(*ast.GenDecl)
			if !ok || g.Tok != token.CONST {
				continue
			}
			for _, s := range g.Specs {
				spec := s.(*ast.ValueSpec)
				name, value := spec.Names[0].Name, constant(spec)
				seen++
				if strings.HasPrefix(name, "Err") {
					if !strings.Contains(string(errors), "`"+strings.Trim(value, `"`)+"`") {
						t.Errorf("errors.md does not have %s", value)
					}
					continue
				}
				if !strings.Contains(string(uncertain), "| `"+name+"` | "+value+" |") {
					t.Errorf("uncertain.md does not have | `%s` | %s |", name, value)
				}
			}
		}
	}
	if seen < 20 {
		t.Errorf("only %d constants were found", seen)
	}
}

func constant(spec *ast.ValueSpec) string {
	switch v := spec.Values[0].(type) {
	case *ast.Ident:
		return v.Name
	case *ast.BasicLit:
		return v.Value
	}
	return "?"
}
