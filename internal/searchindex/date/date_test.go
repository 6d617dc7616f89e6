package date

import (
	"testing"
	"time"
)

func TestParse(t *testing.T) {
	for _, c := range []struct{ format, text, first, last string }{
		{DefaultFormat, "2026-11-22T10:00:00.123456789Z", "2026-11-22T10:00:00.123Z", "2026-11-22T10:00:00.123Z"},
		{DefaultFormat, "2026-11-22T10:00:00+05:30", "2026-11-22T04:30:00Z", "2026-11-22T04:30:00.999Z"},
		{DefaultFormat, "2026-11-22T10:00-0100", "2026-11-22T11:00:00Z", "2026-11-22T11:00:59.999Z"},
		{DefaultFormat, "2026-11-22T10", "2026-11-22T10:00:00Z", "2026-11-22T10:59:59.999Z"},
		{DefaultFormat, "2026-11-22", "2026-11-22T00:00:00Z", "2026-11-22T23:59:59.999Z"},
		{DefaultFormat, "2028-02", "2028-02-01T00:00:00Z", "2028-02-01T23:59:59.999Z"},
		{DefaultFormat, "2026", "2026-01-01T00:00:00Z", "2026-01-01T23:59:59.999Z"},
		{DefaultFormat, "1795341600000", "2026-11-22T10:00:00Z", "2026-11-22T10:00:00Z"},
		{"epoch_second", "1795341600", "2026-11-22T10:00:00Z", "2026-11-22T10:00:00.999Z"},
		{"yyyy/MM/dd HH:mm:ss||yyyy/MM/dd", "2026/11/22", "2026-11-22T00:00:00Z", "2026-11-22T23:59:59.999Z"},
		{"yyyy-MM-dd'T'HH:mm:ss.SSSX", "2026-11-22T10:00:00.250+01:00", "2026-11-22T09:00:00.25Z", "2026-11-22T09:00:00.25Z"},
		{DefaultFormat, "2026-11-22 10:00:00", "", ""}, // what an application writes for a TIMESTAMP: no date
		{DefaultFormat, "2026-1-2", "", ""},
		{DefaultFormat, "2026-02-30", "", ""},
		{DefaultFormat, "2026-11-22T24:00:00Z", "", ""},
		{DefaultFormat, "2026-11-22T10:00:00.Z", "", ""},
		{DefaultFormat, "22/Nov/2026:10:00:00 +0000", "", ""},
		{DefaultFormat, "", "", ""},
	} {
		f, err := NewFormat(c.format)
		if err != nil {
			t.Fatal(err)
		}
		first, last, ok := f.ParseSpan(c.text)
		if ok != (c.first != "") {
			t.Errorf("%q as %s: taken %v", c.text, c.format, ok)
			continue
		}
		if got := rfc(first); ok && got != c.first {
			t.Errorf("%q begins at %s, want %s", c.text, got, c.first)
		}
		if got := rfc(last); ok && got != c.last {
			t.Errorf("%q ends at %s, want %s", c.text, got, c.last)
		}
	}
}

func rfc(ms int64) string { return time.UnixMilli(ms).UTC().Format(time.RFC3339Nano) }

func TestMath(t *testing.T) {
	now := time.Date(2026, 11, 22, 10, 17, 3, 0, time.UTC) // a Sunday
	for _, c := range []struct{ text, first, last string }{
		{"now", "2026-11-22T10:17:03Z", "2026-11-22T10:17:03Z"},
		{"now-15m", "2026-11-22T10:02:03Z", "2026-11-22T10:02:03Z"},
		{"now-1h/h", "2026-11-22T09:00:00Z", "2026-11-22T09:59:59.999Z"},
		{"now/w", "2026-11-16T00:00:00Z", "2026-11-22T23:59:59.999Z"},
		{"now/d+12h", "2026-11-22T12:00:00Z", "2026-11-22T12:00:00Z"},
		{"2026-11||+1M/y", "2026-01-01T00:00:00Z", "2026-12-31T23:59:59.999Z"},
		{"now-", "", ""}, {"now-5", "", ""}, {"now/3d", "", ""}, {"now-1x", "", ""}, {"nonsense||+1d", "", ""},
	} {
		first, last, ok := Default().Resolve(c.text, now)
		if ok != (c.first != "") || ok && (rfc(first) != c.first || rfc(last) != c.last) {
			t.Errorf("%s: %s to %s, %v; want %s to %s", c.text, rfc(first), rfc(last), ok, c.first, c.last)
		}
	}
}

func TestPrint(t *testing.T) {
	for format, want := range map[string]string{
		DefaultFormat: "2026-11-22T10:00:00.250Z", "epoch_millis": "1795341600250", "epoch_second||yyyy": "1795341600",
		"yyyy/MM/dd HH:mm:ss": "2026/11/22 10:00:00", "dd.MM.yyyy 'um' HH'h'mm SS Z": "22.11.2026 um 10h00 25 +0000",
	} {
		f, err := NewFormat(format)
		if err != nil {
			t.Fatal(err)
		}
		if got := f.Print(1795341600250); got != want {
			t.Errorf("%s prints %s, want %s", format, got, want)
		}
	}
	for _, bad := range []string{"", "EEE yyyy", "yyyy 'open", "MMM", "basic_week_date"} {
		if _, err := NewFormat(bad); err == nil {
			t.Errorf("format %q taken", bad)
		}
	}
}
