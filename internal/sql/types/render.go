package types

import (
	"encoding/base64"
	"math"
	"strconv"
	"unicode/utf8"

	"github.com/millrace/millrace/internal/sql/dialect"
)

// AppendJSON appends one row of a batch as the JSON object that leaves an application: keys are the names as stored,
// NULL is written out, times are yyyy-MM-dd HH:mm:ss.SSS, binary is base64. No newline follows.
func AppendJSON(dst []byte, cols []Column, b *Batch, row int) []byte {
	dst = append(dst, '{')
	first := true
	for i, c := range cols {
		if v := b.Cols[i]; !dialect.JSONWritesNull && (v == nil || v.IsNull(row)) {
			continue
		}
		if !first {
			dst = append(dst, ',')
		}
		first = false
		dst = AppendJSONString(dst, c.Name)
		dst = append(dst, ':')
		dst = appendJSONValue(dst, c.Type, b.Cols[i], row)
	}
	return append(dst, '}')
}

func appendJSONValue(dst []byte, t Type, v *Vector, row int) []byte {
	if v == nil || v.IsNull(row) {
		return append(dst, "null"...)
	}
	switch t.Kind {
	case Char, Varchar:
		return AppendJSONString(dst, v.Str[row])
	case Real, Double:
		if f := v.Float[row]; math.IsNaN(f) || math.IsInf(f, 0) {
			return append(dst, "null"...)
		}
	case Binary, Varbinary, Date, Time, Timestamp, Interval, IntervalMonth:
		dst = append(dst, '"')
		return append(AppendText(dst, t, v, row), '"')
	}
	return AppendText(dst, t, v, row)
}

// AppendCSV appends one row of a batch as a CSV line with its newline: commas between the fields, NULL as the word null.
// A text that holds a comma, a quote or a line break is quoted as RFC 4180 has it.
func AppendCSV(dst []byte, cols []Column, b *Batch, row int) []byte {
	for i, c := range cols {
		if i > 0 {
			dst = append(dst, ',')
		}
		v := b.Cols[i]
		switch {
		case v == nil || v.IsNull(row):
			dst = append(dst, "null"...)
		case c.Type.Kind.IsText():
			dst = appendCSVText(dst, v.Str[row])
		default:
			dst = AppendText(dst, c.Type, v, row)
		}
	}
	return append(dst, '\n')
}

func appendCSVText(dst []byte, s string) []byte {
	quote := false
	for i := 0; i < len(s) && !quote; i++ {
		quote = s[i] == ',' || s[i] == '"' || s[i] == '\n' || s[i] == '\r'
	}
	if !quote {
		return append(dst, s...)
	}
	dst = append(dst, '"')
	for i := 0; i < len(s); i++ {
		if s[i] == '"' {
			dst = append(dst, '"')
		}
		dst = append(dst, s[i])
	}
	return append(dst, '"')
}

// AppendText appends the text of a value that is not NULL, as CAST to VARCHAR and CSV print it.
func AppendText(dst []byte, t Type, v *Vector, row int) []byte {
	switch t.Kind {
	case Boolean:
		return strconv.AppendBool(dst, v.Int[row] != 0)
	case Tinyint, Smallint, Integer, Bigint, Interval, IntervalMonth:
		return strconv.AppendInt(dst, v.Int[row], 10)
	case Decimal:
		return AppendDecimal(dst, v.Int[row], t.Scale)
	case Real:
		return AppendFloat(dst, v.Float[row], 32)
	case Double:
		return AppendFloat(dst, v.Float[row], 64)
	case Char, Varchar:
		return append(dst, v.Str[row]...)
	case Binary, Varbinary:
		return base64.StdEncoding.AppendEncode(dst, []byte(v.Str[row]))
	case Date:
		return AppendDate(dst, v.Int[row])
	case Time:
		return AppendTimeOfDay(dst, v.Int[row])
	case Timestamp:
		return AppendTimestamp(dst, v.Int[row])
	case Row:
		return appendRowArray(dst, v.Str[row])
	}
	return append(dst, "null"...)
}

// AppendFloat appends the shortest text that reads back to the same number, in the form of Java's Double.toString:
// always a point, an exponent outside 1e-3 to 1e7.
func AppendFloat(dst []byte, f float64, bits int) []byte {
	if bits == 32 {
		f = float64(float32(f))
	}
	if a := math.Abs(f); a != 0 && (a < 1e-3 || a >= 1e7) && !math.IsInf(f, 0) {
		var buf [32]byte
		text := strconv.AppendFloat(buf[:0], f, 'e', -1, bits)
		e := len(text) - 1
		for text[e] != 'e' {
			e--
		}
		mantissa, exponent := text[:e], text[e+1:]
		dst = append(dst, mantissa...)
		if len(mantissa) <= 2 && (len(mantissa) == 1 || mantissa[0] == '-') {
			dst = append(dst, ".0"...)
		}
		dst = append(dst, 'E')
		if exponent[0] == '-' {
			dst = append(dst, '-')
		}
		exponent = exponent[1:]
		for len(exponent) > 1 && exponent[0] == '0' {
			exponent = exponent[1:]
		}
		return append(dst, exponent...)
	}
	start := len(dst)
	dst = strconv.AppendFloat(dst, f, 'f', -1, bits)
	for _, c := range dst[start:] {
		if c == '.' || c > '9' {
			return dst
		}
	}
	return append(dst, ".0"...)
}

const hexDigits = "0123456789abcdef"

// AppendJSONString appends s as a JSON string. Bytes that are no UTF-8 become U+FFFD.
func AppendJSONString(dst []byte, s string) []byte {
	dst = append(dst, '"')
	start := 0
	for i := 0; i < len(s); {
		c := s[i]
		if c >= 0x20 && c != '"' && c != '\\' && c < utf8.RuneSelf {
			i++
			continue
		}
		if c >= utf8.RuneSelf {
			r, size := utf8.DecodeRuneInString(s[i:])
			if r == utf8.RuneError && size == 1 {
				dst = append(dst, s[start:i]...)
				dst = append(dst, "\ufffd"...)
				start = i + 1
			}
			i += size
			continue
		}
		dst = append(dst, s[start:i]...)
		switch c {
		case '"', '\\':
			dst = append(dst, '\\', c)
		case '\n':
			dst = append(dst, '\\', 'n')
		case '\r':
			dst = append(dst, '\\', 'r')
		case '\t':
			dst = append(dst, '\\', 't')
		default:
			dst = append(dst, '\\', 'u', '0', '0', hexDigits[c>>4], hexDigits[c&15])
		}
		i++
		start = i
	}
	dst = append(dst, s[start:]...)
	return append(dst, '"')
}
