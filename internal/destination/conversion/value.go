package conversion

import (
	"bytes"
	"fmt"
	"math"
	"math/big"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/parquet-go/parquet-go"
	"github.com/parquet-go/parquet-go/deprecated"
)

// scalar is a JSON value that is no object and no array; of one that is, its
// text as it is written.
type scalar struct {
	is   byte // 's' string, 'n' number, 'b' boolean, 'c' object or array
	text []byte
}

// convert makes a column's value of a scalar; false if it does not fit. Of
// OpenX and Hive, only OpenX reads numbers and booleans from strings and writes
// objects into strings.
func (r *rules) convert(t *Type, v scalar) (parquet.Value, bool) {
	switch t.Kind {
	case Boolean:
		b, ok := r.boolean(v)
		return parquet.BooleanValue(b), ok
	case TinyInt, SmallInt, Int:
		n, ok := r.integer(v)
		bits := 8 << (t.Kind - TinyInt) // 8, 16, 32
		return parquet.Int32Value(int32(n)), ok && n>>(bits-1) == n>>63
	case BigInt:
		n, ok := r.integer(v)
		return parquet.Int64Value(n), ok
	case Float:
		f, ok := r.float(v, 32)
		return parquet.FloatValue(float32(f)), ok
	case Double:
		f, ok := r.float(v, 64)
		return parquet.DoubleValue(f), ok
	case Decimal:
		if v.is != 'n' && (v.is != 's' || !r.lenient) {
			return parquet.Value{}, false
		}
		b, ok := decimal(v.text, t.Precision, t.Scale)
		return parquet.FixedLenByteArrayValue(b), ok
	case Timestamp:
		at, ok := r.timestamp(v)
		return parquet.Int96Value(int96(at)), ok && at.Year() >= 1 && at.Year() <= 9999
	case Date:
		if v.is != 's' {
			return parquet.Value{}, false
		}
		at, rest, ok := parseDate(v.text)
		return parquet.Int32Value(int32(at.Unix() / secondsPerDay)), ok && len(rest) == 0
	case Binary:
		return parquet.ByteArrayValue(v.text), v.is == 's'
	}
	text := v.text
	if t.Kind == Char || t.Kind == Varchar {
		text = cut(text, t.Length)
	}
	if t.Kind == Char {
		text = bytes.TrimRight(text, " ") // its padding, which Hive does not write either
	}
	return parquet.ByteArrayValue(text), v.is != 'c' || r.lenient
}

// cut keeps the first characters, as Hive does with what is too long for a
// char or varchar.
func cut(text []byte, length int) []byte {
	if len(text) <= length {
		return text
	}
	at := 0
	for ; length > 0 && at < len(text); length-- {
		_, size := utf8.DecodeRune(text[at:])
		at += size
	}
	return text[:at]
}

func (r *rules) boolean(v scalar) (value, ok bool) {
	if v.is != 'b' && (v.is != 's' || !r.lenient) {
		return false, false
	}
	value = bytes.EqualFold(v.text, []byte("true"))
	return value, value || bytes.EqualFold(v.text, []byte("false"))
}

// integer takes whole numbers, however they are written: 12, 12.0, 1.2e1; from
// strings decimal and hexadecimal ones.
func (r *rules) integer(v scalar) (int64, bool) {
	if v.is != 'n' && (v.is != 's' || !r.lenient) {
		return 0, false
	}
	text := string(v.text)
	if n, err := strconv.ParseInt(text, 10, 64); err == nil {
		return n, true
	}
	if v.is == 's' {
		if digits, hexadecimal := strings.CutPrefix(strings.ToLower(text), "0x"); hexadecimal {
			n, err := strconv.ParseInt(digits, 16, 64)
			return n, err == nil
		}
		return 0, false
	}
	f, err := strconv.ParseFloat(text, 64)
	return int64(f), err == nil && f == math.Trunc(f) && math.Abs(f) < 1<<53
}

func (r *rules) float(v scalar, bits int) (float64, bool) {
	if v.is == 's' && r.lenient {
		switch text := string(v.text); text {
		case "NaN", "Infinity", "-Infinity":
			f, _ := strconv.ParseFloat(text, 64)
			return f, true
		default: // what Go reads and Java does not
			if strings.ContainsAny(text, "xXpP_nN") {
				return 0, false
			}
		}
	} else if v.is != 'n' {
		return 0, false
	}
	f, err := strconv.ParseFloat(string(v.text), bits)
	return f, err == nil
}

// decimal writes a number as Parquet wants it: the digits of value × 10^scale
// in two's complement, big endian, in the fewest bytes that hold the
// precision. Digits behind the scale are rounded half up, as Hive does; too
// many before it do not fit.
func decimal(text []byte, precision, scale int) ([]byte, bool) {
	number := string(text)
	number, negative := strings.CutPrefix(number, "-")
	mantissa, exponent, scientific := strings.Cut(strings.ToLower(number), "e")
	shift := 0
	if scientific {
		var err error
		if shift, err = strconv.Atoi(exponent); err != nil || max(shift, -shift) > 1<<20 {
			return nil, false
		}
	}
	whole, fraction, _ := strings.Cut(mantissa, ".")
	digits := whole + fraction
	if digits == "" || strings.Trim(digits, "0123456789") != "" {
		return nil, false
	}
	digits = strings.TrimLeft(digits, "0")
	shift += scale - len(fraction)
	if digits != "" && len(digits)+shift > precision {
		return nil, false
	}
	roundUp := false
	switch keep := len(digits) + shift; {
	case digits == "" || keep < 0:
		digits = "0"
	case shift < 0:
		roundUp = digits[keep] >= '5'
		digits = "0" + digits[:keep]
	default:
		digits += strings.Repeat("0", shift)
	}
	n, _ := new(big.Int).SetString(digits, 10)
	if roundUp {
		n.Add(n, big.NewInt(1))
	}
	if len(n.String()) > precision {
		return nil, false
	}
	size := decimalBytes(precision)
	if negative && n.Sign() > 0 {
		n.Sub(new(big.Int).Lsh(big.NewInt(1), uint(8*size)), n)
	}
	return n.FillBytes(make([]byte, size)), true
}

// decimalBytes is the length of the numbers with so many digits and a sign.
func decimalBytes(precision int) int {
	most := new(big.Int).Exp(big.NewInt(10), big.NewInt(int64(precision)), nil)
	return most.BitLen()/8 + 1
}

const (
	secondsPerDay = 24 * 60 * 60
	julianEpoch   = 2440588 // the Julian day of 1970-01-01
)

// int96 is how Hive writes timestamps into Parquet: nanoseconds within the
// day, then the Julian day.
func int96(t time.Time) deprecated.Int96 {
	seconds := t.Unix()
	day := seconds / secondsPerDay
	if seconds%secondsPerDay < 0 {
		day--
	}
	nanoseconds := uint64(seconds-day*secondsPerDay)*1e9 + uint64(t.Nanosecond())
	return deprecated.Int96{uint32(nanoseconds), uint32(nanoseconds >> 32), uint32(day + julianEpoch)}
}

// describe names a value for an error message.
func (v scalar) describe() string {
	switch v.is {
	case 's':
		return fmt.Sprintf("string %q", clip(v.text))
	case 'c':
		if v.text[0] == '[' {
			return "an array"
		}
		return "an object"
	}
	return string(clip(v.text))
}
