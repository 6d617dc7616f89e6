package date

import (
	"regexp"
	"strconv"
	"time"
	_ "time/tzdata" // the names of zones, where the machine has none
)

var offsetForm = regexp.MustCompile(`^(?:UTC|GMT)?([+-])(\d{1,2})(?::?(\d{2}))?$`)

// Zone reads the name of a time zone or an offset: Europe/Berlin, +01:00, Z.
func Zone(text string) (*time.Location, bool) {
	switch text {
	case "Z", "UTC", "GMT", "UT", "Etc/UTC", "z":
		return time.UTC, true
	case "", "Local":
		return nil, false
	}
	if parts := offsetForm.FindStringSubmatch(text); parts != nil {
		hours, _ := strconv.Atoi(parts[2])
		minutes, _ := strconv.Atoi(parts[3])
		if hours > 18 || minutes > 59 {
			return nil, false
		}
		seconds := hours*3600 + minutes*60
		if parts[1] == "-" {
			seconds = -seconds
		}
		if seconds == 0 {
			return time.UTC, true
		}
		return time.FixedZone(text, seconds), true
	}
	zone, err := time.LoadLocation(text)
	return zone, err == nil
}

// In returns the format for dates of a zone: those written without one are read in it, and dates are written in it.
// nil changes nothing.
func (f Format) In(zone *time.Location) Format {
	if zone != nil && zone != time.UTC {
		f.zone = zone
	}
	return f
}

// Shift moves a moment given as the wall clock of UTC to the moment when the zone's wall clock shows the same. Of two
// such moments it is the first, and of none, the end of the gap.
func Shift(ms int64, zone *time.Location) int64 {
	t := time.UnixMilli(ms).UTC()
	local := time.Date(t.Year(), t.Month(), t.Day(), t.Hour(), t.Minute(), t.Second(), t.Nanosecond(), zone)
	if shown := Wall(local.UnixMilli(), zone); shown != ms {
		// A gap: time.Date takes one of both offsets; the gap ends where the later one begins.
		_, end := local.ZoneBounds()
		if start, _ := local.ZoneBounds(); shown > ms {
			return start.UnixMilli()
		}
		return end.UnixMilli()
	}
	if earlier := local.Add(-time.Hour); Wall(earlier.UnixMilli(), zone) == ms {
		return earlier.UnixMilli()
	}
	return local.UnixMilli()
}

// Wall is what the wall clock of a zone shows at a moment, as if it were UTC's.
func Wall(ms int64, zone *time.Location) int64 {
	_, offset := time.UnixMilli(ms).In(zone).Zone()
	return ms + int64(offset)*1000
}
