package types

import (
	"testing"

	"pgregory.net/rapid"
)

// What is packed is found again, field by field, and nothing behind the last one.
func TestRowFieldsAreFoundAgain(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		fields := rapid.SliceOfN(rapid.Ptr(rapid.String(), true), 1, 20).Draw(t, "fields")
		var row []byte
		for _, f := range fields {
			if f == nil {
				row = AppendRowNull(row)
			} else {
				row = AppendRowText(row, *f)
			}
		}
		for i, f := range fields {
			s, ok := RowField(string(row), i)
			if ok != (f != nil) || ok && s != *f {
				t.Fatalf("field %d is %q, %v", i, s, ok)
			}
		}
		if s, ok := RowField(string(row), len(fields)); ok {
			t.Fatalf("there is a field behind the last one: %q", s)
		}
	})
}

// Any bytes are a row or none; none makes it read beyond its end.
func TestDamagedRows(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		row := string(rapid.SliceOf(rapid.Byte()).Draw(t, "row"))
		for i := range 4 {
			RowField(row, i)
		}
		AppendText(nil, Of(Row), &Vector{Kind: Row, Str: []string{row}}, 0)
	})
}

// An interval reads back from its text, but for what is below its last unit.
func TestIntervalTextsReadBack(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		from := Unit(rapid.IntRange(int(Year), int(Second)).Draw(t, "from"))
		last := Second
		if from <= Month {
			last = Month
		}
		to := Unit(rapid.IntRange(int(from), int(last)).Draw(t, "to"))
		v := rapid.Int64Range(-1<<40, 1<<40).Draw(t, "v")
		if from <= Month {
			v %= 1 << 30
		}
		text := string(AppendInterval(nil, v, from, to))
		got, ok := ParseInterval(text, from, to)
		unit := max(to.Milliseconds(), 1)
		if to == Second {
			unit = 1
		}
		if to == Year {
			unit = 12
		}
		if !ok || got != v/unit*unit {
			t.Fatalf("%d from %s to %s is %q, and that is %d (%v)", v, from, to, text, got, ok)
		}
	})
}
