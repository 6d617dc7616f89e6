package function

import (
	"testing"

	"github.com/millrace/millrace/internal/sql/types"
)

const combined = `203.0.113.24 - jane [25/Mar/2018:15:25:37 -0700] "GET /index.php?id=4711&x=1 HTTP/1.1" 200 12512 "http://www.example.org/shop/cart" "Mozilla/5.0 (X11; Linux x86_64; rv:52.0) Gecko/20100101 Firefox/52.0"`

// What a line of an access log costs in each of the log parsers, and in the functions that take it apart.
func BenchmarkLogParsers(b *testing.B) {
	varchar := types.Of(types.Varchar)
	for _, c := range []struct{ name, pattern string }{
		{"W3C_LOG_PARSE", "NCSA EXTENDED"},
		{"REGEX_LOG_PARSE", `(\S+) (\S+) (\S+) \[([^\]]+)\] "([^"]*)" (\d+) (\S+) "([^"]*)" "([^"]*)"`},
		{"FAST_REGEX_LOG_PARSE", `(.*) (.*) (.*) \[(.*)\] \"(.*)\" (.*) (.*) \"(.*)\" \"(.*)\"`},
	} {
		r, _, err := ResolveRow(c.name, []Arg{{Type: varchar}, {Type: varchar, Const: &Value{Str: c.pattern}}})
		if err != nil {
			b.Fatal(err)
		}
		b.Run(c.name, func(b *testing.B) { benchmarkKernel(b, r.Kernel, types.Row, combined, c.pattern) })
	}
	for _, c := range []struct {
		name, first, second string
		out                 types.Kind
	}{
		{"CHAR_TO_TIMESTAMP", "dd/MMM/yyyy:HH:mm:ss z", "25/Mar/2018:15:25:37 -0700", types.Timestamp},
		{"SUBSTRING", combined, `/[a-z]+\.php`, types.Varchar},
	} {
		args := []Arg{{Type: varchar}, {Type: varchar}}
		constant := map[string]int{"CHAR_TO_TIMESTAMP": 0, "SUBSTRING": 1}[c.name]
		args[constant].Const = &Value{Str: []string{c.first, c.second}[constant]}
		r, err := Resolve(c.name, args)
		if err != nil {
			b.Fatal(err)
		}
		b.Run(c.name, func(b *testing.B) { benchmarkKernel(b, r.Kernel, c.out, c.first, c.second) })
	}
}

func benchmarkKernel(b *testing.B, k Kernel, out types.Kind, texts ...string) {
	const n = 1000
	args := make([]*types.Vector, len(texts))
	for i, s := range texts {
		args[i] = &types.Vector{Kind: types.Varchar, Str: make([]string, n)}
		for row := range n {
			args[i].Str[row] = s
		}
	}
	sel := make([]int32, n)
	for i := range sel {
		sel[i] = int32(i)
	}
	result := &types.Vector{Kind: out, Int: make([]int64, n), Str: make([]string, n)}
	e := &Eval{}
	b.ReportAllocs()
	for b.Loop() {
		e.Reset()
		k(e, sel, args, result)
		if len(e.Failures) > 0 || len(result.Null) > 0 {
			b.Fatalf("the text does not fit: %v", e.Failures)
		}
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/n, "ns/row")
}
