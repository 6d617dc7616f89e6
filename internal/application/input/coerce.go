package input

import (
	"encoding/base64"
	"fmt"
	"math"
	"strconv"
	"strings"

	"github.com/millrace/millrace/internal/application/input/jsonscan"
	"github.com/millrace/millrace/internal/sql/types"
)

// column makes values of one schema column from JSON, by AWS's table:
//
//	JSON            numbers             CHAR, VARCHAR   BOOLEAN                times, binary
//	null, missing   NULL                NULL            NULL                   NULL
//	true, false     1, 0                its text, cut   itself                 error
//	number          itself, or error    its text, cut   0 is false             error
//	string          parsed, or error    cut             "true" in any case     parsed, or error
//	object, array   error               source text     error                  error
type column struct {
	types.Column
	vector *types.Vector
}

// add appends a value. It is false, and appends nothing, when the value does
// not fit the column.
func (c *column) add(v *value) bool {
	switch {
	case v.Kind <= jsonscan.Null:
		c.addNull()
		return true
	case c.Type.Kind.IsText():
		c.vector.Str = append(c.vector.Str, c.text(v.Text))
	case c.Type.Kind.IsBytes():
		b, ok := c.bytes(v)
		if !ok {
			return false
		}
		c.vector.Str = append(c.vector.Str, b)
	case c.Type.Kind.IsApprox():
		f, ok := c.float(v)
		if !ok {
			return false
		}
		c.vector.Float = append(c.vector.Float, f)
	default:
		n, ok := c.int(v)
		if !ok {
			return false
		}
		c.vector.Int = append(c.vector.Int, n)
	}
	c.notNull()
	return true
}

// notNull marks the value that was just appended.
func (c *column) notNull() {
	if len(c.vector.Null) > 0 {
		c.vector.Null = append(c.vector.Null, false)
	}
}

func (c *column) addNull() {
	v, n := c.vector, 0
	switch c.Type.Kind.Physical() {
	case types.IntValues:
		n, v.Int = len(v.Int), append(v.Int, 0)
	case types.FloatValues:
		n, v.Float = len(v.Float), append(v.Float, 0)
	case types.StrValues:
		n, v.Str = len(v.Str), append(v.Str, "")
	}
	for len(v.Null) < n {
		v.Null = append(v.Null, false)
	}
	v.Null = append(v.Null, true)
}

// truncate takes back the values after row n.
func (c *column) truncate(n int) {
	v := c.vector
	v.Int, v.Float, v.Str, v.Null = v.Int[:min(n, len(v.Int))], v.Float[:min(n, len(v.Float))], v.Str[:min(n, len(v.Str))], v.Null[:min(n, len(v.Null))]
}

// text cuts silently, as AWS does; CHAR is padded with blanks.
func (c *column) text(s string) string {
	if n := c.Type.Length; n > 0 && len(s) > n {
		s = types.Cut(s, n)
	}
	if c.Type.Kind == types.Char {
		if missing := c.Type.Length - len([]rune(s)); missing > 0 {
			s += strings.Repeat(" ", missing)
		}
	}
	return s
}

func (c *column) bytes(v *value) (string, bool) {
	if v.Kind != jsonscan.String {
		return "", false
	}
	b, err := base64.StdEncoding.DecodeString(v.Text)
	if n := c.Type.Length; n > 0 && len(b) > n {
		b = b[:n]
	}
	return string(b), err == nil
}

func (c *column) float(v *value) (float64, bool) {
	switch v.Kind {
	case jsonscan.True:
		return 1, true
	case jsonscan.False:
		return 0, true
	case jsonscan.Number, jsonscan.String:
		bits := 64
		if c.Type.Kind == types.Real {
			bits = 32
		}
		return parseFloat(v.Text, bits)
	}
	return 0, false
}

// int makes everything that a vector keeps as an integer.
func (c *column) int(v *value) (int64, bool) {
	k := c.Type.Kind
	switch v.Kind {
	case jsonscan.True, jsonscan.False:
		n := int64(0)
		if v.Kind == jsonscan.True {
			n = 1
		}
		if k == types.Decimal {
			n *= types.Pow10(c.Type.Scale)
			return n, n < types.Pow10(c.Type.Precision)
		}
		return n, k == types.Boolean || k.IsNumeric()
	case jsonscan.Object, jsonscan.Array:
		return 0, false
	}
	switch {
	case k.IsInteger():
		n, ok := parseInt(v.Text)
		lo, hi := k.IntRange()
		return n, ok && lo <= n && n <= hi
	case k == types.Boolean:
		return parseBool(v)
	case k == types.Decimal:
		return parseDecimal(v.Text, c.Type)
	case v.Kind != jsonscan.String:
		return 0, false
	case k == types.Timestamp:
		return types.ParseTimestamp(v.Text)
	case k == types.Date:
		return types.ParseDate(v.Text)
	case k == types.Time:
		return types.ParseTimeOfDay(v.Text)
	}
	return 0, false
}

func parseBool(v *value) (int64, bool) {
	truth := strings.EqualFold(v.Text, "true")
	if v.Kind == jsonscan.Number {
		f, err := strconv.ParseFloat(v.Text, 64)
		truth = f != 0 || err != nil // out of range is not zero
	}
	if truth {
		return 1, true
	}
	return 0, true
}

// parseInt reads a whole number. 12.0 and 1.2e1 are whole, 12.4 is not.
func parseInt(s string) (n int64, ok bool) {
	digits := s
	if len(s) > 0 && s[0] == '-' {
		digits = s[1:]
	}
	if len(digits) == 0 || len(digits) > 18 {
		return parseLongInt(s)
	}
	for i := 0; i < len(digits); i++ {
		d := digits[i] - '0'
		if d > 9 {
			return parseLongInt(s)
		}
		n = n*10 + int64(d)
	}
	if len(digits) < len(s) {
		n = -n
	}
	return n, true
}

func parseLongInt(s string) (int64, bool) {
	if n, err := strconv.ParseInt(s, 10, 64); err == nil {
		return n, true
	}
	f, ok := parseFloat(s, 64)
	return int64(f), ok && f == math.Trunc(f) && math.Abs(f) <= 1<<53
}

// parseFloat reads plain decimal numbers and not the words and hexadecimal
// forms that strconv knows besides.
func parseFloat(s string, bits int) (float64, bool) {
	for i := 0; i < len(s); i++ {
		if c := s[i]; c-'0' > 9 && c != '.' && c != '-' && c != '+' && c|0x20 != 'e' {
			return 0, false
		}
	}
	f, err := strconv.ParseFloat(s, bits)
	return f, err == nil
}

func parseDecimal(s string, t types.Type) (int64, bool) {
	if strings.ContainsAny(s, "eE") {
		f, ok := parseFloat(s, 64)
		if !ok {
			return 0, false
		}
		s = strconv.FormatFloat(f, 'f', -1, 64)
	}
	return types.ParseDecimal(s, t.Precision, t.Scale)
}

// shownBytes of a value are quoted in a message.
const shownBytes = 64

// misfit explains why add refused a value.
func (c *column) misfit(v *value) string {
	text := v.Text
	if len(text) > shownBytes {
		text = text[:shownBytes] + "…"
	}
	return fmt.Sprintf("column %q: the %s %q is no %s", c.Name, v.Kind, text, c.Type)
}
