package types

import (
	"strconv"
	"strings"
)

// ParseInterval reads the text of an interval literal, its fields divided by blank, colon and minus: '10', '1 02:30',
// '59:59.999', '2-06'. The result is in milliseconds, or in months. The first field may be of any size, of a second's fraction
// milliseconds are kept.
func ParseInterval(s string, from, to Unit) (v int64, ok bool) {
	s = strings.TrimSpace(s)
	negative := strings.HasPrefix(s, "-")
	s = strings.TrimPrefix(strings.TrimPrefix(s, "-"), "+")
	for u := from; u <= to; u++ {
		field := s
		if u < to {
			if field, s, ok = strings.Cut(s, intervalMark(u)); !ok {
				return 0, false
			}
		}
		n, ok := intervalField(field, u, u == from)
		if !ok {
			return 0, false
		}
		v += n
	}
	if negative {
		v = -v
	}
	return v, true
}

// intervalMark stands behind a field.
func intervalMark(u Unit) string {
	switch u {
	case Year:
		return "-"
	case Day:
		return " "
	}
	return ":"
}

func intervalField(s string, u Unit, first bool) (v int64, ok bool) {
	whole, fraction, point := strings.Cut(s, ".")
	if point && (u != Second || fraction == "" || len(fraction) > 9) {
		return 0, false
	}
	n, err := strconv.ParseUint(whole, 10, 32)
	limit := map[Unit]uint64{Month: 11, Hour: 23, Minute: 59, Second: 59}[u]
	if err != nil || !first && n > limit {
		return 0, false
	}
	switch u {
	case Year:
		return int64(n) * 12, true
	case Month:
		return int64(n), true
	}
	v = int64(n) * u.Milliseconds()
	if point {
		ms, err := strconv.ParseUint((fraction + "000")[:3], 10, 32)
		if err != nil {
			return 0, false
		}
		v += int64(ms)
	}
	return v, true
}

// AppendInterval appends an interval as ParseInterval reads it. What is smaller than its last unit is left out, but for
// milliseconds behind a second.
func AppendInterval(dst []byte, v int64, from, to Unit) []byte {
	// The magnitude of the least number does not fit int64, so all of it is unsigned.
	rest := uint64(v)
	if v < 0 {
		dst = append(dst, '-')
		rest = -rest
	}
	for u := from; u <= to; u++ {
		size := uint64(u.Milliseconds())
		switch u {
		case Year:
			size = 12
		case Month:
			size = 1
		}
		field := rest / size
		rest %= size
		if u == from {
			dst = strconv.AppendUint(dst, field, 10)
		} else {
			dst = appendPadded(dst, int64(field), 2)
		}
		if u < to {
			dst = append(dst, intervalMark(u)...)
		}
	}
	if to == Second && rest != 0 {
		dst = appendPadded(append(dst, '.'), int64(rest), 3)
	}
	return dst
}
