package sqltest

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/millrace/millrace/internal/sql/function"
	"github.com/millrace/millrace/internal/sql/types"
)

const today = "2020-01-01"

// readTime reads HH:mm:ss[.fff], or a date, T and a time.
func readTime(s string) (int64, error) {
	full := s
	if !strings.Contains(s, "T") {
		full = today + "T" + s
	}
	ms, ok := types.ParseTimestamp(full)
	if !ok {
		return 0, fmt.Errorf("%q is no time", s)
	}
	return ms, nil
}

// writeTime writes a time as readTime reads it.
func writeTime(ms int64) string {
	text := strings.TrimSuffix(string(types.AppendTimestamp(nil, ms)), ".000")
	date, clock, _ := strings.Cut(text, " ")
	if date == today {
		return clock
	}
	return date + "T" + clock
}

// words cuts a line at blanks; a word in single quotes may hold some, and two quotes in it are one. quoted tells which
// words stood in quotes.
func words(line string) (all []string, quoted []bool, err error) {
	for line = strings.TrimSpace(line); line != ""; line = strings.TrimLeft(line, " ") {
		if line[0] != '\'' {
			word, rest, _ := strings.Cut(line, " ")
			all, quoted, line = append(all, word), append(quoted, false), rest
			continue
		}
		var word strings.Builder
		i := 1
		for ; ; i++ {
			if i >= len(line) {
				return nil, nil, fmt.Errorf("quote is not closed in %q", line)
			}
			if line[i] == '\'' {
				if i+1 >= len(line) || line[i+1] != '\'' {
					break
				}
				i++
			}
			word.WriteByte(line[i])
		}
		all, quoted, line = append(all, word.String()), append(quoted, true), line[i+1:]
	}
	return all, quoted, nil
}

// appendValue appends a value of a row to its column.
func appendValue(v *types.Vector, t types.Type, word string, quoted bool) error {
	null := word == "NULL" && !quoted
	v.Null = append(v.Null, null)
	switch t.Kind.Physical() {
	case types.StrValues:
		v.Str = append(v.Str, word)
		return nil
	case types.FloatValues:
		f, err := strconv.ParseFloat(word, 64)
		v.Float = append(v.Float, f)
		if err != nil && !null {
			return err
		}
		return nil
	}
	n, ok := function.ParseInt(t, word)
	if t.Kind == types.Timestamp {
		var err error
		n, err = readTime(word)
		ok = err == nil
	}
	v.Int = append(v.Int, n)
	if !ok && !null {
		return fmt.Errorf("%q is no %s", word, t)
	}
	return nil
}

// writeValue writes a value as appendValue reads it.
func writeValue(t types.Type, v *types.Vector, row int) string {
	switch {
	case v.IsNull(row):
		return "NULL"
	case t.Kind == types.Timestamp:
		return writeTime(v.Int[row])
	}
	text := string(types.AppendText(nil, t, v, row))
	if t.Kind.IsText() && (text == "" || text == "NULL" || strings.ContainsAny(text, " '")) {
		return "'" + strings.ReplaceAll(text, "'", "''") + "'"
	}
	return text
}
