package input

import (
	"fmt"
	"testing"

	"github.com/millrace/millrace/internal/sql/types"
)

// BenchmarkReader reads the third and the fifth of nine columns of access log
// records, and of orders with three items each.
func BenchmarkReader(b *testing.B) {
	names := []string{"host", "ident", "authuser", "datetime", "request", "response", "bytes", "referer", "agent"}
	field := func(i, n int) string {
		return []string{fmt.Sprintf("10.%d.%d.7", n%7, n%250), "-", "-", fmt.Sprintf("20/Nov/2019:10:%02d:%02d +0000", n/60%60, n%60),
			fmt.Sprintf("GET /catalogue/item-%d.html HTTP/1.1", n%100), fmt.Sprint(200 + n%5), fmt.Sprint(1000 + n*7),
			fmt.Sprintf("https://shop.example.com/list?page=%d", n%9), "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko)"}[i]
	}
	var json, csv Schema
	json.RowPath, csv.Format = "$", CSV
	for _, name := range names {
		json.Columns = append(json.Columns, Column{name, "VARCHAR(256)", "$." + name})
		csv.Columns = append(csv.Columns, Column{name, "VARCHAR(256)", ""})
	}
	items := Schema{RowPath: "$", Columns: []Column{{"id", "INTEGER", "$.id"}, {"sku", "VARCHAR(16)", "$.items[0:].sku"}, {"n", "INTEGER", "$.items[0:].n"}}}
	for _, c := range []struct {
		name   string
		schema Schema
		needed []bool
		record func(n int) string
	}{
		{"JSON", json, []bool{3: true, 5: true, 8: false}, func(n int) string {
			s := "{"
			for i, name := range names {
				s += fmt.Sprintf("%q:%q,", name, field(i, n))
			}
			return s[:len(s)-1] + "}\n"
		}},
		{"CSV", csv, []bool{3: true, 5: true, 8: false}, func(n int) string {
			s := ""
			for i := range names {
				s += field(i, n) + ","
			}
			return s[:len(s)-1] + "\n"
		}},
		{"quoted CSV", csv, []bool{3: true, 5: true, 8: false}, func(n int) string {
			s := ""
			for i := range names {
				s += fmt.Sprintf("%q,", field(i, n))
			}
			return s[:len(s)-1] + "\n"
		}},
		{"items", items, []bool{true, true, true}, func(n int) string {
			return fmt.Sprintf(`{"id":%d,"customer":"c-%d","items":[{"sku":"a-%d","n":%d},{"sku":"b-%d","n":2},{"sku":"c","n":3}]}`, n, n%17, n%5, n%3, n%7)
		}},
	} {
		b.Run(c.name, func(b *testing.B) {
			l, err := c.schema.Layout()
			if err != nil {
				b.Fatal(err)
			}
			var data []byte
			ends := []int{0}
			for n := range 512 {
				data = append(data, c.record(n)...)
				ends = append(ends, len(data))
			}
			rows := 0
			r := NewReader(l, c.needed, func(b *types.Batch) { rows += b.N }, func(e types.ErrorRow) { b.Fatal(e.Message) })
			b.SetBytes(int64(len(data) / 512))
			b.ReportAllocs()
			for n := 0; b.Loop(); n++ {
				r.Part(data, ends[n%512], ends[n%512+1], 0, nil)
			}
			r.Flush()
			if rows < b.N {
				b.Fatalf("%d rows of %d records", rows, b.N)
			}
		})
	}
}
