// Package wire shapes answers as search servers write them: members in a fixed order, doubles in Java's notation, and
// errors with their root cause and status.
package wire

import (
	"encoding/json"
	"fmt"
	"math"
	"slices"
	"strconv"
	"unicode/utf8"
)

// Object is a JSON object whose members keep their order.
type Object []Member

// Member is one name and value. A value is a string, bool, int, int64, float64, nil, Object, []any, []string,
// json.RawMessage or *Error.
type Member struct {
	Name  string
	Value any
}

// Append adds the value's JSON to dst.
func Append(dst []byte, value any) []byte {
	switch v := value.(type) {
	case nil:
		return append(dst, "null"...)
	case string:
		return AppendString(dst, v)
	case bool:
		return strconv.AppendBool(dst, v)
	case int:
		return strconv.AppendInt(dst, int64(v), 10)
	case int64:
		return strconv.AppendInt(dst, v, 10)
	case float64:
		return AppendDouble(dst, v)
	case json.RawMessage:
		return append(dst, v...)
	case *Error:
		return Append(dst, v.object())
	case Object:
		dst = append(dst, '{')
		for i, m := range v {
			if i > 0 {
				dst = append(dst, ',')
			}
			dst = AppendString(dst, m.Name)
			dst = append(dst, ':')
			dst = Append(dst, m.Value)
		}
		return append(dst, '}')
	case []string:
		return appendArray(dst, v)
	case []any:
		return appendArray(dst, v)
	}
	panic(fmt.Sprintf("BUG: no JSON for a value of type %T", value))
}

func appendArray[T any](dst []byte, elems []T) []byte {
	dst = append(dst, '[')
	for i, e := range elems {
		if i > 0 {
			dst = append(dst, ',')
		}
		dst = Append(dst, any(e))
	}
	return append(dst, ']')
}

// AppendString adds a JSON string; only what JSON demands is escaped.
func AppendString(dst []byte, s string) []byte {
	const hex = "0123456789abcdef"
	dst = append(dst, '"')
	for i := 0; i < len(s); {
		c := s[i]
		if c >= utf8.RuneSelf {
			r, n := utf8.DecodeRuneInString(s[i:])
			dst = utf8.AppendRune(dst, r)
			i += n
			continue
		}
		switch {
		case c == '"' || c == '\\':
			dst = append(dst, '\\', c)
		case c == '\n':
			dst = append(dst, '\\', 'n')
		case c == '\r':
			dst = append(dst, '\\', 'r')
		case c == '\t':
			dst = append(dst, '\\', 't')
		case c < 0x20:
			dst = append(dst, '\\', 'u', '0', '0', hex[c>>4], hex[c&15])
		default:
			dst = append(dst, c)
		}
		i++
	}
	return append(dst, '"')
}

// AppendDouble writes a double as Java's Double.toString does: 18.0, 1.795341655E12. What JSON cannot write becomes a string.
func AppendDouble(dst []byte, f float64) []byte {
	if math.IsNaN(f) || math.IsInf(f, 0) {
		return AppendString(dst, DoubleText(f))
	}
	return append(dst, DoubleText(f)...)
}

// DoubleText is Java's Double.toString.
func DoubleText(f float64) string {
	switch {
	case math.IsNaN(f):
		return "NaN"
	case math.IsInf(f, 1):
		return "Infinity"
	case math.IsInf(f, -1):
		return "-Infinity"
	}
	if abs := math.Abs(f); abs == 0 || abs >= 1e-3 && abs < 1e7 {
		b := strconv.AppendFloat(nil, f, 'f', -1, 64)
		if !slices.Contains(b, '.') {
			b = append(b, ".0"...)
		}
		return string(b)
	}
	b := strconv.AppendFloat(nil, f, 'e', -1, 64)
	e := slices.Index(b, 'e')
	mantissa, exponent := b[:e], b[e+1:]
	if !slices.Contains(mantissa, '.') {
		mantissa = append(slices.Clone(mantissa), ".0"...)
	}
	n, _ := strconv.Atoi(string(exponent))
	return string(mantissa) + "E" + strconv.Itoa(n)
}
