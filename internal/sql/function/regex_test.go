package function

import (
	"testing"

	"github.com/millrace/millrace/internal/sql/types"
)

// The results are those of String.replaceAll of Java 17.
func TestRegexReplaceIsJavas(t *testing.T) {
	for _, c := range []struct{ text, regex, replacement, want string }{
		{"TECHNOLOGY", `O`, "<$0>", "TECHN<O>L<O>GY"},
		{"me@here you@there", `\b\w`, "<$0>", "<m>e@<h>ere <y>ou@<t>here"},
		{"baac", `a*`, "<$0>", "<>b<aa><>c<>"},
		{"größer", `ö|ß`, "<$0>", "gr<ö><ß>er"},
		{"abc", ``, "<$0>", "<>a<>b<>c<>"},
		{"abc", `(b)`, "$11", "ab1c"},
		{"aXbX", `(?<=a)X`, "-", "a-bX"},
		{"a\nb\n", `$`, "<$0>", "a\nb<>\n<>"},
		{"a\n", `b?$`, "-", "a-\n-"},
		{"ab", `(?:)|b`, "<$0>", "<>a<>b<>"},
		{"ééx", `\B`, "|", "é|é|x"},
		{"aaa", `(a)|(b)`, "[$1$2]", "[a][a][a]"},
	} {
		text, number := types.Of(types.Varchar), types.Of(types.Bigint)
		r, err := Resolve("REGEX_REPLACE", []Arg{{Type: text}, {Type: text, Const: &Value{Str: c.regex}}, {Type: text}, {Type: number}, {Type: number}})
		if err != nil {
			t.Fatal(err)
		}
		out, failures := run(t, r, c.text, c.regex, c.replacement, int64(1), int64(0))
		if len(failures) > 0 || out.Str[0] != c.want {
			t.Errorf("%q, %q, %q: %q (%v), Java has %q", c.text, c.regex, c.replacement, out.Str[0], failures, c.want)
		}
	}
}
