package function

import (
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/millrace/millrace/internal/sql/types"
)

// Whatever the pattern and the text, a log parser is refused or makes rows of the columns that it announced.
func FuzzLogParsers(f *testing.F) {
	line := `192.168.254.30 - John [24/May/2004:22:01:02 -0700] "GET /a.gif HTTP/1.1" 304 0`
	for i, pattern := range []string{`(.*)_+(<Alpha>.*)`, `"a" TYPE INTEGER START 0 FOR 3, b TYPE TIMESTAMP 'yy' NOT NULL START 4`, `(\w+)-(\d+)?`, ``, `a TYPE DOUBLE, b`, `COMMON`} {
		f.Add(uint8(i), pattern, line, ",", "\\", "[]")
	}
	f.Add(uint8(5), `%%x%h"%{Referer}i"|%t`, line, "", "", "")
	f.Fuzz(func(t *testing.T, which uint8, pattern, text, delimiter, escape, quote string) {
		name := RowNames()[int(which)%len(RowNames())]
		texts := []string{text, pattern}
		switch name {
		case "SYS_LOG_PARSE":
			texts = texts[:1]
		case "VARIABLE_COLUMN_LOG_PARSE":
			texts = append(texts, delimiter, escape, quote)
		}
		args := make([]Arg, len(texts))
		vectors := make([]*types.Vector, len(texts))
		for i, s := range texts {
			args[i] = Arg{Type: types.Of(types.Varchar), Const: &Value{Str: s}}
			vectors[i] = &types.Vector{Kind: types.Varchar, Str: []string{s, s}}
		}
		vectors[0].Str[1] = strings.Repeat(text, 2)
		r, fields, err := ResolveRow(name, args)
		if err != nil {
			return
		}
		e := &Eval{}
		out := &types.Vector{Kind: types.Row, Str: make([]string, 2)}
		r.Kernel(e, []int32{0, 1}, vectors, out)
		failed := map[int32]bool{}
		for _, f := range e.Failures {
			failed[f.Row] = true
		}
		for row := range int32(2) {
			if failed[row] || out.IsNull(int(row)) {
				continue
			}
			for i, field := range fields {
				value := &types.Vector{Kind: field.Type.Kind, Int: make([]int64, 2), Float: make([]float64, 2), Str: make([]string, 2)}
				RowField(i, field.Type)(e, []int32{row}, []*types.Vector{out}, value)
			}
			if s, ok := types.RowField(out.Str[row], len(fields)); ok {
				t.Fatalf("%s of %q makes a column more than it announced: %q", name, pattern, s)
			}
		}
	})
}

// A search for a literal text finds what the regular expression finds that it stands for.
func TestPlainSearchesAreTheSame(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		pieces := rapid.SliceOfN(rapid.SampledFrom([]string{".*", "@", "_", `"ab"`, "(.*)", "(a.*)", "(.*b)", "(_.*)", `\.`, "a+", "b*", "[ab]"}), 1, 6).Draw(t, "pieces")
		text := rapid.StringOfN(rapid.SampledFrom([]rune("ab_.é")), 0, 12, -1).Draw(t, "text")
		f, err := compileFast(strings.Join(pieces, ""))
		if err != nil {
			t.Fatal(err)
		}
		slow := &fastRegex{groups: f.groups, searches: slices.Clone(f.searches)}
		for i := range slow.searches {
			slow.searches[i].plain = false
		}
		got, want := make([]int, 2*f.groups), make([]int, 2*f.groups)
		if a, b := f.match(got, text), slow.match(want, text); a != b || a && !slices.Equal(got, want) {
			t.Fatalf("%q on %q: %v %v, as regular expressions %v %v", strings.Join(pieces, ""), text, a, got, b, want)
		}
	})
}
