package types

import "strconv"

var powers = [...]int64{1, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15, 1e16, 1e17, 1e18}

// Pow10 returns 10 to the n, for 0 ≤ n ≤ 18.
func Pow10(n int) int64 { return powers[n] }

// AppendDecimal appends a decimal that is scaled by 10^scale, with exactly scale digits behind the point.
func AppendDecimal(dst []byte, v int64, scale int) []byte {
	if scale == 0 {
		return strconv.AppendInt(dst, v, 10)
	}
	u := uint64(v)
	if v < 0 {
		dst = append(dst, '-')
		u = -u
	}
	p := uint64(powers[scale])
	dst = strconv.AppendUint(dst, u/p, 10)
	dst = append(dst, '.')
	return appendPadded(dst, int64(u%p), scale)
}

// ParseDecimal reads a decimal number and scales it by 10^scale, rounding half away from zero. It is not ok when the
// text is no plain number or the result has more than precision digits.
func ParseDecimal(s string, precision, scale int) (v int64, ok bool) {
	negative := false
	if s != "" && (s[0] == '-' || s[0] == '+') {
		negative = s[0] == '-'
		s = s[1:]
	}
	seen, point, fraction, roundUp := false, false, 0, false
	for i := 0; i < len(s); i++ {
		c := s[i]
		if c == '.' && !point {
			point = true
			continue
		}
		if c < '0' || c > '9' {
			return 0, false
		}
		seen = true
		if point {
			if fraction == scale {
				roundUp = c >= '5'
			}
			if fraction++; fraction > scale {
				continue
			}
		}
		if v > (1<<63-1-9)/10 {
			return 0, false
		}
		v = v*10 + int64(c-'0')
	}
	for ; fraction < scale; fraction++ {
		if v > (1<<63-1)/10 {
			return 0, false
		}
		v *= 10
	}
	if roundUp {
		v++
	}
	if !seen || v >= powers[precision] {
		return 0, false
	}
	if negative {
		v = -v
	}
	return v, true
}
