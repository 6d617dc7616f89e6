// Package date reads and writes dates the way search servers do: strict ISO 8601, epochs, Java date patterns, date
// math. A date is milliseconds since 1970 in UTC.
package date

import (
	"fmt"
	"strconv"
	"strings"
	"time"
)

// DefaultFormat is what a date field understands when its mapping names no format.
const DefaultFormat = "strict_date_optional_time||epoch_millis"

// Format is a list of notations separated by "||": the first that reads a text wins, the first one writes.
type Format struct {
	Text      string
	notations []notation
	zone      *time.Location // of dates written without one; nil: UTC
}

// notation reads one way of writing dates. A text that leaves parts out (2026-11) stands for the span first..last. A
// text without zone is read in the zone given, and a date is written in it; nil is UTC.
type notation interface {
	parse(text string, zone *time.Location) (first, last int64, ok bool)
	print(ms int64, zone *time.Location) string
}

// Default is DefaultFormat, compiled.
func Default() Format {
	return Format{Text: DefaultFormat, notations: []notation{isoNotation{}, epochNotation{1}}}
}

// Slashes is the second format that dynamic mapping tries.
func Slashes() Format {
	f, err := NewFormat("yyyy/MM/dd HH:mm:ss||yyyy/MM/dd||epoch_millis")
	if err != nil {
		panic("BUG: " + err.Error())
	}
	return f
}

// NewFormat compiles a format.
func NewFormat(text string) (Format, error) {
	f := Format{Text: text}
	for name := range strings.SplitSeq(text, "||") {
		switch name {
		case "strict_date_optional_time", "date_optional_time", "strict_date_optional_time_nanos":
			f.notations = append(f.notations, isoNotation{})
		case "date_time", "strict_date_time":
			f.notations = append(f.notations, named("yyyy-MM-dd'T'HH:mm:ss.SSSXXX"))
		case "date_time_no_millis", "strict_date_time_no_millis":
			f.notations = append(f.notations, named("yyyy-MM-dd'T'HH:mm:ssXXX"))
		case "date", "strict_date", "strict_year_month_day":
			f.notations = append(f.notations, named("yyyy-MM-dd"))
		case "basic_date":
			f.notations = append(f.notations, named("yyyyMMdd"))
		case "epoch_millis":
			f.notations = append(f.notations, epochNotation{1})
		case "epoch_second":
			f.notations = append(f.notations, epochNotation{1000})
		default:
			p, err := newPattern(name)
			if err != nil {
				return Format{}, fmt.Errorf("Invalid format: [%s]: %w", name, err) //nolint:staticcheck // the wording of the real server
			}
			f.notations = append(f.notations, p)
		}
	}
	return f, nil
}

// named is the pattern that a name stands for.
func named(text string) pattern {
	p, err := newPattern(text)
	if err != nil {
		panic("BUG: " + err.Error())
	}
	return p
}

// Parse reads the date, at the start of what the text leaves open.
func (f Format) Parse(text string) (int64, bool) {
	first, _, ok := f.ParseSpan(text)
	return first, ok
}

// ParseSpan reads the first and last millisecond that the text stands for.
func (f Format) ParseSpan(text string) (first, last int64, ok bool) {
	for _, n := range f.notations {
		if first, last, ok = n.parse(text, f.zone); ok {
			return first, last, true
		}
	}
	return 0, 0, false
}

// Print writes the date in the first notation.
func (f Format) Print(ms int64) string { return f.notations[0].print(ms, f.zone) }

// First names the notation that writes.
func (f Format) First() string {
	first, _, _ := strings.Cut(f.Text, "||")
	return first
}

type epochNotation struct{ unit int64 }

func (n epochNotation) parse(text string, _ *time.Location) (int64, int64, bool) {
	v, err := strconv.ParseInt(text, 10, 64)
	if err != nil {
		return 0, 0, false
	}
	ms := v * n.unit
	return ms, ms + n.unit - 1, ms/n.unit == v
}

func (n epochNotation) print(ms int64, _ *time.Location) string {
	return strconv.FormatInt(ms/n.unit, 10)
}

type isoNotation struct{}

func (isoNotation) print(ms int64, zone *time.Location) string {
	if zone == nil {
		return time.UnixMilli(ms).UTC().Format("2006-01-02T15:04:05.000Z")
	}
	return time.UnixMilli(ms).In(zone).Format("2006-01-02T15:04:05.000Z07:00")
}

// parse reads yyyy[-MM[-dd['T'[HH[:mm[:ss[.S…]]]][zone]]]], every part with all its digits.
func (isoNotation) parse(text string, zone *time.Location) (int64, int64, bool) {
	s := scan{text: text}
	p := parts{year: 1970, month: 1, day: 1}
	year, ok := s.digits(4)
	if !ok {
		return 0, 0, false
	}
	p.year, p.precision = year, precisionYear
	if s.literal('-') {
		if p.month, ok = s.digits(2); !ok {
			return 0, 0, false
		}
		p.precision = precisionMonth
		if s.literal('-') {
			if p.day, ok = s.digits(2); !ok {
				return 0, 0, false
			}
			p.precision = precisionDay
			if s.literal('T') && !s.isoTime(&p) {
				return 0, 0, false
			}
		}
	}
	return p.spanIn(s.at == len(text), zone)
}

func (s *scan) isoTime(p *parts) bool {
	var ok bool
	if s.at == len(s.text) {
		return true
	}
	if p.hour, ok = s.digits(2); !ok {
		return false
	}
	p.precision = precisionHour
	if s.literal(':') {
		if p.minute, ok = s.digits(2); !ok {
			return false
		}
		p.precision = precisionMinute
		if s.literal(':') {
			if p.second, ok = s.digits(2); !ok {
				return false
			}
			p.precision = precisionSecond
			if s.literal('.') || s.literal(',') {
				if p.milli, ok = s.fraction(); !ok {
					return false
				}
				p.precision = precisionMilli
			}
		}
	}
	return s.at == len(s.text) || s.zone(p)
}
