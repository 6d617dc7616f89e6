package objectkey

import "time"

// offsetField is a distance from UTC:
//
//	      1      2      3       4          5
//	X     +0530  +0530  +05:30  +0530      +05:30     Z where there is none
//	x     +0530  +0530  +05:30  +0530      +05:30     without minutes, x and X are +05
//	Z     +0530  +0530  +0530   GMT+05:30  +05:30     five: Z where there is none
//	O     GMT+5:30              GMT+05:30             GMT where there is none
//
// Four and five letters of X and x, and five of Z, add seconds if there are any.
func offsetField(c byte, n int) field {
	switch {
	case c == 'O' && n == 1:
		return localized(false)
	case c == 'O' && n == 4, c == 'Z' && n == 4:
		return localized(true)
	case c == 'O' || n > 5:
		return nil
	case c == 'Z' && n <= 3:
		return offset("+0000", false, true, false)
	case c == 'Z':
		return offset("Z", true, true, true)
	}
	none := "Z"
	if c == 'x' {
		none = []string{"+00", "+0000", "+00:00", "+0000", "+00:00"}[n-1]
	}
	return offset(none, n == 3 || n == 5, n > 1, n > 3)
}

// offset appends the distance, or what stands for none. Minutes and seconds are
// left out when they are zero, minutes unless always is set, seconds as well.
func offset(none string, colons, minutesAlways, seconds bool) field {
	return func(b []byte, t time.Time) []byte {
		sign, hour, minute, second := distance(t)
		if hour == 0 && minute == 0 && (second == 0 || !seconds) {
			return append(b, none...)
		}
		part := func(v int) {
			if colons {
				b = append(b, ':')
			}
			b = pad(b, v, 2)
		}
		b = pad(append(b, sign), hour, 2)
		if minutesAlways || minute > 0 {
			part(minute)
		}
		if seconds && second > 0 {
			part(second)
		}
		return b
	}
}

// localized appends "GMT+5:30" or, in full, "GMT+05:30".
func localized(full bool) field {
	return func(b []byte, t time.Time) []byte {
		sign, hour, minute, second := distance(t)
		b = append(b, "GMT"...)
		if hour == 0 && minute == 0 && second == 0 {
			return b
		}
		b = append(b, sign)
		if full {
			b = pad(b, hour, 2)
		} else {
			b = pad(b, hour, 1)
		}
		if full || minute > 0 || second > 0 {
			b = pad(append(b, ':'), minute, 2)
		}
		if second > 0 {
			b = pad(append(b, ':'), second, 2)
		}
		return b
	}
}

func distance(t time.Time) (sign byte, hour, minute, second int) {
	_, seconds := t.Zone()
	sign = '+'
	if seconds < 0 {
		sign, seconds = '-', -seconds
	}
	return sign, seconds / 3600, seconds / 60 % 60, seconds % 60
}
