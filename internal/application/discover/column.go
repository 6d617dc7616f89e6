package discover

import (
	"fmt"
	"math"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/millrace/millrace/internal/sql/types"
)

// column is a column while its values are looked at.
type column struct {
	name, mapping string
	kinds         map[kind]bool
	characters    int // of the longest text
}

// kind is what a value could be, from the narrowest type to the widest.
type kind uint8

const (
	boolean kind = iota
	small        // fits INTEGER
	whole        // fits BIGINT
	short        // a number with a fraction that REAL keeps as it is
	long         // any other number
	timestamp
	text
)

// see takes a number or a bare word as it is written.
func (c *column) see(k kind, written string) {
	if c.kinds == nil {
		c.kinds = map[kind]bool{}
	}
	c.kinds[k] = true
	c.characters = max(c.characters, utf8.RuneCountInString(written))
}

// number takes a number.
func (c *column) number(s string) {
	if n, err := strconv.ParseInt(s, 10, 64); err == nil {
		if n >= math.MinInt32 && n <= math.MaxInt32 {
			c.see(small, s)
		} else {
			c.see(whole, s)
		}
		return
	}
	f, err := strconv.ParseFloat(s, 64)
	switch back, _ := strconv.ParseFloat(strconv.FormatFloat(float64(float32(f)), 'g', -1, 32), 64); {
	case err == nil && back == f:
		c.see(short, s)
	default:
		c.see(long, s)
	}
}

// word takes a text, which may look like something else where types says so: the fields of CSV have no other form.
func (c *column) word(s string, typed bool) {
	if typed && isNumber(s) {
		c.number(s)
		return
	}
	if typed && (strings.EqualFold(s, "true") || strings.EqualFold(s, "false")) {
		c.see(boolean, s)
		return
	}
	if _, ok := types.ParseTimestamp(s); ok {
		c.see(timestamp, s)
		return
	}
	c.see(text, s)
}

// isNumber tells decimal numbers from the other forms that strconv reads.
func isNumber(s string) bool {
	if s == "" || strings.Trim(s, "0123456789+-.eE") != "" {
		return false
	}
	_, err := strconv.ParseFloat(s, 64)
	return err == nil
}

// sqlType is the narrowest type that holds every value seen.
func (c *column) sqlType() string {
	has := func(kinds ...kind) bool {
		for _, k := range kinds {
			if c.kinds[k] {
				return true
			}
		}
		return false
	}
	switch numbers := has(small, whole, short, long); {
	case has(text), has(timestamp) && (numbers || has(boolean)), has(boolean) && numbers, len(c.kinds) == 0:
		return fmt.Sprintf("VARCHAR(%d)", varcharSize(c.characters))
	case has(timestamp):
		return "TIMESTAMP"
	case has(boolean):
		return "BOOLEAN"
	case has(long), has(short) && has(whole):
		return "DOUBLE"
	case has(short):
		return "REAL"
	case has(whole):
		return "BIGINT"
	}
	return "INTEGER"
}

// varcharSize steps the lengths of VARCHAR: 4, 16, 64 and so on.
func varcharSize(characters int) int {
	size := 4
	for size < characters && size < 65_535 {
		size *= 4
	}
	return min(size, 65_535)
}
