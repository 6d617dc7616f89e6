package console

import (
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"reflect"
	"strings"
	"testing"
)

var rewrite = flag.Bool("rewrite", false, "write web/src/types.ts anew from api.go")

const typesFile = "../../web/src/types.ts"

// The browser's types are those of api.go, field by field.
func TestTypeScriptTypesAreCurrent(t *testing.T) {
	want := typeScript(Status{}, ApplicationDetail{}, RowBatch{})
	if *rewrite {
		if err := os.WriteFile(typesFile, []byte(want), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	have, err := os.ReadFile(typesFile)
	if err != nil {
		t.Fatal(err)
	}
	if string(have) != want {
		t.Errorf("%s differs from api.go: go test ./internal/console -run TypeScript -rewrite, then build web/", typesFile)
	}
}

// typeScript prints the interfaces of the values' types and of all below them.
func typeScript(values ...any) string {
	var out strings.Builder
	out.WriteString("// The words of the API, written from internal/console/api.go by its test:\n// go test ./internal/console -run TypeScript -rewrite\n")
	seen := make(map[reflect.Type]bool)
	var print func(t reflect.Type)
	print = func(t reflect.Type) {
		if seen[t] {
			return
		}
		seen[t] = true
		var below []reflect.Type
		extends := ""
		var body strings.Builder
		for f := range t.Fields() {
			if f.Anonymous {
				extends = " extends " + f.Type.Name()
				below = append(below, f.Type)
				continue
			}
			name, option, _ := strings.Cut(f.Tag.Get("json"), ",")
			if option == "omitempty" {
				name += "?"
			}
			word, uses := typeScriptWord(f.Type)
			if uses != nil {
				below = append(below, uses)
			}
			fmt.Fprintf(&body, "  %s: %s;\n", name, word)
		}
		fmt.Fprintf(&out, "\nexport interface %s%s {\n%s}\n", t.Name(), extends, body.String())
		for _, u := range below {
			print(u)
		}
	}
	for _, v := range values {
		print(reflect.TypeOf(v))
	}
	return out.String()
}

func typeScriptWord(t reflect.Type) (word string, uses reflect.Type) {
	switch {
	case t == reflect.TypeFor[json.RawMessage]():
		return "Record<string, unknown>", nil
	case t.Kind() == reflect.Pointer:
		return t.Elem().Name(), t.Elem()
	case t.Kind() == reflect.Slice:
		word, uses = typeScriptWord(t.Elem())
		return word + "[]", uses
	case t.Kind() == reflect.Struct:
		return t.Name(), t
	case t.Kind() == reflect.String:
		return "string", nil
	case t.Kind() == reflect.Bool:
		return "boolean", nil
	case t.Kind() == reflect.Int64, t.Kind() == reflect.Float64:
		return "number", nil
	}
	panic(fmt.Sprintf("BUG: api.go uses %s, which has no word in TypeScript yet", t))
}
