package types

import "strings"

// readZone reads the name of a zone, +hhmm, or GMT+h:mm. A colon in the former is allowed, which is more than Java does.
func (d *dateFields) readZone(s string) (n int, ok bool) {
	if s != "" && (s[0] == '+' || s[0] == '-') {
		return d.readOffset(s, 0)
	}
	for _, z := range zones {
		if len(s) < len(z.name) || !strings.EqualFold(s[:len(z.name)], z.name) {
			continue
		}
		n = len(z.name)
		if z.name == "GMT" && len(s) > n && (s[n] == '+' || s[n] == '-') {
			m, ok := d.readGMTOffset(s[n:])
			return n + m, ok
		}
		d.offset = z.minutes * 60_000
		return n, true
	}
	return 0, false
}

// readGMTOffset reads +h:mm or +hh:mm.
func (d *dateFields) readGMTOffset(s string) (n int, ok bool) {
	if len(s) > 2 && s[2] == ':' {
		n, ok = d.readOffset(s[:1]+"0"+s[1:], 3)
		return n - 1, ok
	}
	return d.readOffset(s, 3)
}

// readISOZone reads Z, +hh (width 1), +hhmm (width 2) or +hh:mm (width 3).
func (d *dateFields) readISOZone(s string, width int) (n int, ok bool) {
	switch {
	case s == "":
		return 0, false
	case s[0] == 'Z':
		d.offset = 0
		return 1, true
	case s[0] != '+' && s[0] != '-':
		return 0, false
	}
	return d.readOffset(s, width)
}

// readOffset reads a sign, two digits of hours and two of minutes, with a colon between them in width 3 and where width 0
// leaves it open; width 1 has no minutes.
func (d *dateFields) readOffset(s string, width int) (n int, ok bool) {
	if len(s) < 3 {
		return 0, false
	}
	hours, ok := digits(s[1:3])
	if !ok || hours > 23 {
		return 0, false
	}
	minutes := int64(0)
	n = 3
	if width != 1 {
		colon := strings.HasPrefix(s[n:], ":")
		if colon {
			n++
		}
		if width == 2 && colon || width == 3 && !colon || len(s) < n+2 {
			return 0, false
		}
		if minutes, ok = digits(s[n : n+2]); !ok || minutes > 59 {
			return 0, false
		}
		n += 2
	}
	d.offset = (hours*60 + minutes) * 60_000
	if s[0] == '-' {
		d.offset = -d.offset
	}
	return n, true
}

// zone is a name of a zone with its offset. Java knows several hundred; these are those that logs carry.
type zone struct {
	name    string
	minutes int64
}

var zones = [...]zone{
	{"UTC", 0}, {"GMT", 0},
	{"EST", -300}, {"EDT", -240}, {"CST", -360}, {"CDT", -300}, {"MST", -420}, {"MDT", -360}, {"PST", -480}, {"PDT", -420}, {"HST", -600},
	{"WET", 0}, {"CEST", 120}, {"CET", 60}, {"EEST", 180}, {"EET", 120}, {"MSK", 180}, {"JST", 540},
}
