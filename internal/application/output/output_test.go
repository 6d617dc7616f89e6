package output

import (
	"math"
	"testing"

	"github.com/millrace/millrace/internal/sql/types"
)

// TestFormats writes a row of every kind, and one of NULLs.
func TestFormats(t *testing.T) {
	var columns []types.Column
	for _, c := range []struct{ name, sqlType string }{
		{"METRIC", "VARCHAR(32)"}, {"quoted \"name\"", "CHAR(4)"}, {"I", "INTEGER"}, {"D", "DECIMAL(6,2)"}, {"F", "DOUBLE"}, {"SMALL", "DOUBLE"},
		{"R", "REAL"}, {"B", "BOOLEAN"}, {"AT", "TIMESTAMP"}, {"DAY", "DATE"}, {"CLOCK", "TIME"}, {"BYTES", "VARBINARY(4)"}, {"NAN", "DOUBLE"},
	} {
		typ, err := types.ParseType(c.sqlType)
		if err != nil {
			t.Fatal(err)
		}
		columns = append(columns, types.Column{Name: c.name, Type: typ})
	}
	b := types.NewBatch(columns)
	b.N = 2
	for i, v := range b.Cols {
		v.Int, v.Float, v.Str, v.Null = make([]int64, 2), make([]float64, 2), make([]string, 2), []bool{false, true}
		switch columns[i].Name {
		case "METRIC":
			v.Str[0] = "a,\"b\"\nä"
		case "quoted \"name\"":
			v.Str[0] = "ab  "
		case "I":
			v.Int[0] = -7
		case "D":
			v.Int[0] = 1205
		case "F":
			v.Float[0] = 12345678.5
		case "SMALL":
			v.Float[0] = 0.25
		case "R":
			v.Float[0] = float64(float32(0.1))
		case "B":
			v.Int[0] = 1
		case "AT":
			v.Int[0] = 1577836805006
		case "DAY":
			v.Int[0] = 1577836800000
		case "CLOCK":
			v.Int[0] = 3723000
		case "BYTES":
			v.Str[0] = "\x00\x01\xff"
		case "NAN":
			v.Float[0] = math.NaN()
		}
	}
	for _, c := range []struct {
		format Format
		row    int
		want   string
	}{
		{JSON, 0, `{"METRIC":"a,\"b\"\nä","quoted \"name\"":"ab  ","I":-7,"D":12.05,"F":1.23456785E7,"SMALL":0.25,"R":0.1,"B":true,` +
			`"AT":"2020-01-01 00:00:05.006","DAY":"2020-01-01","CLOCK":"01:02:03","BYTES":"AAH/","NAN":null}`},
		{JSON, 1, `{"METRIC":null,"quoted \"name\"":null,"I":null,"D":null,"F":null,"SMALL":null,"R":null,"B":null,"AT":null,"DAY":null,"CLOCK":null,"BYTES":null,"NAN":null}`},
		{CSV, 0, "\"a,\"\"b\"\"\nä\",ab  ,-7,12.05,1.23456785E7,0.25,0.1,true,2020-01-01 00:00:05.006,2020-01-01,01:02:03,AAH/,NaN\n"},
		{CSV, 1, "null,null,null,null,null,null,null,null,null,null,null,null,null\n"},
	} {
		if got := string(c.format.Append([]byte("> "), columns, b, c.row)); got != "> "+c.want {
			t.Errorf("%s, row %d\ngot  %s\nwant > %s", c.format, c.row, got, c.want)
		}
	}
}
