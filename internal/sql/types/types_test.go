package types

import (
	"fmt"
	"math"
	"testing"
	"time"
)

func TestParseType(t *testing.T) {
	for text, want := range map[string]string{
		"VARCHAR(16)":       "VARCHAR(16)",
		" varchar ( 16 ) ":  "VARCHAR(16)",
		"VARCHAR":           "VARCHAR",
		"INTEGER":           "INTEGER",
		"int":               "INTEGER",
		"DECIMAL(8,2)":      "DECIMAL(8,2)",
		"DECIMAL(1, 1)":     "DECIMAL(1,1)",
		"NUMERIC":           "DECIMAL(18,0)",
		"DOUBLE":            "DOUBLE",
		"double  precision": "DOUBLE",
		"FLOAT":             "DOUBLE",
		"REAL":              "REAL",
		"CHAR":              "CHAR(1)",
		"TIMESTAMP":         "TIMESTAMP",
		"VARBINARY(4)":      "VARBINARY(4)",
		"":                  `read type "": the name of a type is missing`,
		"VARCHAR(16":        `read type "VARCHAR(16": closing parenthesis is missing`,
		"VARCHAR(x)":        `read type "VARCHAR(x)": argument "x" is no number`,
		"VARCHAR(70000)":    `read type "VARCHAR(70000)": length 70000 of VARCHAR is not between 1 and 65535`,
		"INTEGER(4)":        `read type "INTEGER(4)": INTEGER takes at most 0 arguments, found 1`,
		"DECIMAL(19)":       `read type "DECIMAL(19)": precision 19 of DECIMAL is not between 1 and 18`,
		"DECIMAL(4,5)":      `read type "DECIMAL(4,5)": scale 5 of DECIMAL is not between 0 and its precision 4`,
		"JSON":              `read type "JSON": unknown type JSON`,
	} {
		got, err := ParseType(text)
		switch {
		case err != nil && err.Error() != want:
			t.Errorf("%q: %v, want %s", text, err, want)
		case err == nil && got.String() != want:
			t.Errorf("%q: %s, want %s", text, got, want)
		case err == nil && !got.Nullable:
			t.Errorf("%q is not nullable", text)
		}
	}
}

func TestTimestampTexts(t *testing.T) {
	for text, want := range map[string]string{
		"1992-02-14":                 "1992-02-14 00:00:00.000",
		"1992-02-14 18:35:44.0":      "1992-02-14 18:35:44.000",
		"2018-06-13T14:11:05.766191": "2018-06-13 14:11:05.766",
		"2018-06-13T14:11:05Z":       "2018-06-13 14:11:05.000",
		"0001-01-01 00:00:00":        "0001-01-01 00:00:00.000",
		"2020-02-29 23:59:59.999":    "2020-02-29 23:59:59.999",
		"2019-02-29":                 "",
		"2020-13-01":                 "",
		"2020-01-01 24:00:00":        "",
		"2020-01-01 10:00":           "",
		"2020-01-01 10:00:00.":       "",
		"2020-01-01x10:00:00":        "",
		"20-01-01":                   "",
		"":                           "",
	} {
		ms, ok := ParseTimestamp(text)
		if ok != (want != "") {
			t.Errorf("%q: ok is %v", text, ok)
		} else if got := string(AppendTimestamp(nil, ms)); ok && got != want {
			t.Errorf("%q: %s, want %s", text, got, want)
		}
	}
	if _, ok := ParseTimestampCast("2020-01-01 10:00:00.5"); ok {
		t.Error("CAST takes a fraction")
	}
}

// The calendar agrees with Go's over 4000 years, and moving by months stays within the month.
func TestCalendar(t *testing.T) {
	for day := int64(-800_000); day < 800_000; day += 37 {
		y, m, d := CivilDate(day)
		want := time.Unix(day*86400, 0).UTC()
		if int(y) != want.Year() || int(m) != int(want.Month()) || int(d) != want.Day() {
			t.Fatalf("day %d is %d-%d-%d, want %s", day, y, m, d, want.Format(time.DateOnly))
		}
		if DayNumber(y, m, d) != day {
			t.Fatalf("day number of %d-%d-%d is %d, want %d", y, m, d, DayNumber(y, m, d), day)
		}
		if got, want := weekday(day), int64(want.Weekday()); got != want {
			t.Fatalf("weekday of day %d is %d, want %d", day, got, want)
		}
		for _, u := range []Unit{Year, Month, Day, Hour, Minute, Second} {
			ms := day*86_400_000 + day%86_400_000
			if f, n := FloorTo(ms, u), NextTo(ms, u); f > ms || n <= ms || FloorTo(n, u) != n || FloorTo(n-1, u) != f {
				t.Fatalf("%d lies between %d and %d of unit %s", ms, f, n, u)
			}
		}
	}
	jan31, _ := ParseTimestamp("2020-01-31 10:00:00")
	for months, want := range map[int64]string{1: "2020-02-29 10:00:00.000", 13: "2021-02-28 10:00:00.000", -2: "2019-11-30 10:00:00.000", 24: "2022-01-31 10:00:00.000"} {
		if got := string(AppendTimestamp(nil, AddMonths(jan31, months))); got != want {
			t.Errorf("%d months on: %s, want %s", months, got, want)
		}
	}
}

// Patterns of SimpleDateFormat print as Go's layouts do where both have the field, and read back what they print.
func TestDateFormatAgainstGo(t *testing.T) {
	for pattern, layout := range map[string]string{
		"yyyy-MM-dd HH:mm:ss.SSS":        "2006-01-02 15:04:05.000",
		"dd/MMM/yyyy:HH:mm:ss Z":         "02/Jan/2006:15:04:05 -0700",
		"EEE, d MMMM yy h:mm a":          "Mon, 2 January 06 3:04 PM",
		"EEEE 'of' yyyy 'o''clock' hh z": "Monday of 2006 o'clock 03 MST",
		"yyyyMMddHHmmss":                 "20060102150405",
		"yyyy-MM-dd'T'HH:mm:ssX":         "2006-01-02T15:04:05Z07:00",
		"DDD":                            "002",
	} {
		f, err := CompileDateFormat(pattern)
		if err != nil {
			t.Fatal(err)
		}
		for ms := int64(-30_000_000_000); ms < 2_000_000_000_000; ms += 86_423_456_789 {
			at := time.UnixMilli(ms).UTC()
			got := string(f.Append(nil, ms))
			if want := at.Format(layout); got != want {
				t.Fatalf("%s of %d: %q, want %q", pattern, ms, got, want)
			}
			if len(got) > f.Room() {
				t.Fatalf("%s takes %d bytes, room for %d", pattern, len(got), f.Room())
			}
			exact := map[string]int64{"yyyy-MM-dd HH:mm:ss.SSS": ms, "yyyyMMddHHmmss": FloorTo(ms, Second)}
			if want, ok := exact[pattern]; ok {
				if back, err := f.Parse(got); err != nil || back != want {
					t.Fatalf("parse %q: %d, %v, want %d", got, back, err, want)
				}
			}
		}
	}
	for pattern, want := range map[string]string{
		"yyyy 'x":            `read date format "yyyy 'x": quote at character 6 is not closed`,
		"b":                  `read date format "b": letter b at character 1 has no meaning`,
		"u F W w k K G YYYY": "3 1 1 1 24 0 AD 2020",
	} {
		f, err := CompileDateFormat(pattern)
		got := fmt.Sprint(err)
		if err == nil {
			got = string(f.Append(nil, 1_577_836_800_000))
		}
		if got != want {
			t.Errorf("%s: %s, want %s", pattern, got, want)
		}
	}
}

func FuzzDateFormat(f *testing.F) {
	f.Add("yyyy-MM-dd'T'HH:mm:ss.SSSX", "2020-01-01T10:00:00.123+0100", int64(5))
	f.Fuzz(func(t *testing.T, pattern, text string, ms int64) {
		d, err := CompileDateFormat(pattern)
		if err != nil {
			return
		}
		_, _ = d.Parse(text)
		ms %= 1 << 50
		if n := len(d.Append(nil, ms)); n > d.Room() {
			t.Fatalf("%q of %d takes %d bytes, room for %d", pattern, ms, n, d.Room())
		}
	})
}

func TestFloatsAreWrittenLikeJava(t *testing.T) {
	for want, f := range map[string]float64{
		"0.0": 0, "-0.0": math.Copysign(0, -1), "1.0": 1, "100.0": 100, "0.1": 0.1, "9999999.0": 9999999, "1.0E7": 1e7, "1.2345678E8": 123456780,
		"0.001": 0.001, "9.99E-4": 0.000999, "-1.5E300": -1.5e300, "4.9E-324": 5e-324,
	} {
		got := string(AppendFloat(nil, f, 64))
		if want == "4.9E-324" {
			want = "5.0E-324" // the shortest text; Java prints two digits at least
		}
		if got != want {
			t.Errorf("%g: %s, want %s", f, got, want)
		}
	}
	if got := string(AppendFloat(nil, float64(float32(0.1)), 32)); got != "0.1" {
		t.Errorf("REAL 0.1: %s", got)
	}
}

func TestDecimalTexts(t *testing.T) {
	for _, c := range []struct {
		text             string
		precision, scale int
		want             string
	}{
		{"1.25", 8, 1, "1.3"}, {"-1.25", 8, 1, "-1.3"}, {"1.24", 8, 1, "1.2"}, {"7", 3, 2, "7.00"}, {"+.5", 3, 2, "0.50"}, {"-0.05", 3, 2, "-0.05"},
		{"10", 3, 2, ""}, {"9.999", 3, 2, ""}, {"1e3", 8, 2, ""}, {"", 8, 2, ""}, {".", 8, 2, ""}, {"1.2.3", 8, 2, ""}, {"99999999999999999999", 18, 0, ""},
		{"0.4444444444444444444444444444", 18, 3, "0.444"}, {"999999999999999999", 18, 0, "999999999999999999"},
	} {
		v, ok := ParseDecimal(c.text, c.precision, c.scale)
		got := ""
		if ok {
			got = string(AppendDecimal(nil, v, c.scale))
		}
		if got != c.want {
			t.Errorf("%q as DECIMAL(%d,%d): %q, want %q", c.text, c.precision, c.scale, got, c.want)
		}
	}
}

func TestRows(t *testing.T) {
	cols := []Column{{"A", Of(Integer)}, {"s\"", VarcharOf(8)}, {"B", Of(Varbinary)}, {"T", Of(Timestamp)}, {"D", DecimalOf(5, 3)}, {"unread", Of(Integer)}}
	b := &Batch{N: 2, Rowtime: []int64{0, 0}, Cols: []*Vector{
		{Kind: Integer, Int: []int64{-1, 0}, Null: []bool{false, true}},
		{Kind: Varchar, Str: []string{"a,\"b\"\n\x01\xff", "ü"}},
		{Kind: Varbinary, Str: []string{"\x00\xff", ""}},
		{Kind: Timestamp, Int: []int64{1, 1_577_836_800_000}},
		{Kind: Decimal, Int: []int64{-5, 12345}},
		nil,
	}}
	for i, want := range []string{
		`{"A":-1,"s\"":"a,\"b\"\n\u0001` + "\ufffd" + `","B":"AP8=","T":"1970-01-01 00:00:00.001","D":-0.005,"unread":null}`,
		`{"A":null,"s\"":"ü","B":"","T":"2020-01-01 00:00:00.000","D":12.345,"unread":null}`,
	} {
		if got := string(AppendJSON(nil, cols, b, i)); got != want {
			t.Errorf("row %d as JSON:\n%s, want\n%s", i, got, want)
		}
	}
	for i, want := range []string{"-1,\"a,\"\"b\"\"\n\x01\xff\",AP8=,1970-01-01 00:00:00.001,-0.005,null\n", "null,ü,,2020-01-01 00:00:00.000,12.345,null\n"} {
		if got := string(AppendCSV(nil, cols, b, i)); got != want {
			t.Errorf("row %d as CSV:\n%q, want\n%q", i, got, want)
		}
	}
}

func TestErrorRows(t *testing.T) {
	b := NewBatch(ErrorStreamColumns())
	AppendErrorRow(b, ErrorRow{Time: 1000, Name: "CAST_FAILED", Message: "no", DataRowtime: 999, DataRow: []byte("{}"), Pump: "P"})
	AppendErrorRow(b, ErrorRow{DataRow: make([]byte, 30_000), Pump: "null"})
	want := `{"ERROR_TIME":"1970-01-01 00:00:01.000","ERROR_LEVEL":"ERROR","ERROR_NAME":"CAST_FAILED","MESSAGE":"no","DATA_ROWTIME":"1970-01-01 00:00:00.999","DATA_ROW":"7b7d","PUMP_NAME":"P"}`
	if got := string(AppendJSON(nil, ErrorStreamColumns(), b, 0)); got != want {
		t.Errorf("error row\n%s, want\n%s", got, want)
	}
	if n := len(b.Cols[5].Str[1]); n != 49152 {
		t.Errorf("a long row takes %d characters, want 49152", n)
	}
}
