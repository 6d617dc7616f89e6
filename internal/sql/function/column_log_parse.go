package function

import (
	"fmt"
	"strings"
	"unicode/utf8"

	"github.com/millrace/millrace/internal/sql/types"
)

// variableColumnLogParse is VARIABLE_COLUMN_LOG_PARSE(s, n | columns, delimiter [, escape [, quote]]): the fields between
// delimiters. Fields that are missing are NULL, those too many are left out.
func variableColumnLogParse(args []Arg) (Resolved, []types.Column, error) {
	if err := count(args, 3, 5); err != nil {
		return Resolved{}, nil, err
	}
	if err := want(args, 0, types.Kind.IsText, "a text"); err != nil {
		return Resolved{}, nil, err
	}
	columns, err := variableColumns(args)
	if err != nil {
		return Resolved{}, nil, err
	}
	s := splitter{}
	if s.delimiter, err = constantText(args, 2, "a delimiter"); err != nil {
		return Resolved{}, nil, err
	}
	if s.delimiter == "" {
		return Resolved{}, nil, fmt.Errorf("the delimiter is empty")
	}
	if len(args) > 3 {
		if s.escape, err = constantText(args, 3, "an escape string"); err != nil {
			return Resolved{}, nil, err
		}
	}
	if len(args) > 4 {
		quote, err := constantText(args, 4, "a quote string")
		if err != nil {
			return Resolved{}, nil, err
		}
		switch r := []rune(quote); len(r) {
		case 1:
			s.open, s.close = quote, quote
		case 2:
			s.open, s.close = string(r[:1]), string(r[1:])
		default:
			return Resolved{}, nil, fmt.Errorf("the quote string has one or two characters, found '%s'", quote)
		}
	}
	kernel := parseKernel(func(w *rowWriter, text string) (bool, error) {
		more := true
		for i := range columns {
			var err error
			if !more {
				err = columns[i].packNull(w)
			} else {
				var field string
				field, text, more = s.next(text)
				err = columns[i].pack(w, field)
			}
			if err != nil {
				return false, err
			}
		}
		return true, nil
	})
	wanted := typesOf(args)
	return Resolved{Args: wanted, Kernel: kernel}, fieldsOf(columns), nil
}

// variableColumns are as many as argument 1 says, or those that it lists.
func variableColumns(args []Arg) ([]logColumn, error) {
	if c := args[1].Const; args[1].Type.Kind.IsInteger() && c != nil && !c.Null {
		if c.Int > maxLogColumns {
			c = &Value{Int: maxLogColumns + 1}
		}
		fields, err := logColumns(int(c.Int))
		columns := make([]logColumn, len(fields))
		for i, f := range fields {
			columns[i].Column = f
		}
		return columns, err
	}
	text, err := constantText(args, 1, "a number of columns or a list of them")
	if err != nil {
		return nil, err
	}
	columns, err := parseLogColumns(text)
	for _, c := range columns {
		if c.placed {
			return nil, fmt.Errorf("column %s has a place (START), which only FIXED_COLUMN_LOG_PARSE knows", c.Name)
		}
	}
	return columns, err
}

// splitter cuts a text at its delimiters.
type splitter struct{ delimiter, escape, open, close string }

// next takes the first field. more tells that a delimiter stood behind it.
func (s *splitter) next(text string) (field, rest string, more bool) {
	if s.escape == "" && (s.open == "" || !strings.HasPrefix(text, s.open)) {
		return strings.Cut(text, s.delimiter)
	}
	var b strings.Builder
	quoted := false
	for text != "" {
		switch {
		case s.escape != "" && strings.HasPrefix(text, s.escape) && len(text) > len(s.escape):
			text = text[len(s.escape):]
			n := len(s.delimiter)
			if !strings.HasPrefix(text, s.delimiter) {
				_, n = utf8.DecodeRuneInString(text)
			}
			b.WriteString(text[:n])
			text = text[n:]
			continue
		case quoted && strings.HasPrefix(text, s.close):
			quoted, text = false, text[len(s.close):]
			continue
		case !quoted && b.Len() == 0 && s.open != "" && strings.HasPrefix(text, s.open):
			quoted, text = true, text[len(s.open):]
			continue
		case !quoted && strings.HasPrefix(text, s.delimiter):
			return b.String(), text[len(s.delimiter):], true
		}
		b.WriteByte(text[0])
		text = text[1:]
	}
	return b.String(), "", false
}

// fixedColumnLogParse is FIXED_COLUMN_LOG_PARSE(s, columns): fields at fixed places, counted in characters from 0. A place behind
// the end of the text holds NULL.
func fixedColumnLogParse(args []Arg) (Resolved, []types.Column, error) {
	if err := count(args, 2, 2); err != nil {
		return Resolved{}, nil, err
	}
	if err := want(args, 0, types.Kind.IsText, "a text"); err != nil {
		return Resolved{}, nil, err
	}
	text, err := constantText(args, 1, "a list of columns")
	if err != nil {
		return Resolved{}, nil, err
	}
	columns, err := parseLogColumns(text)
	if err != nil {
		return Resolved{}, nil, err
	}
	for _, c := range columns {
		if !c.placed {
			return Resolved{}, nil, fmt.Errorf("column %s has no place: expected START n [FOR m]", c.Name)
		}
	}
	kernel := parseKernel(func(w *rowWriter, s string) (bool, error) {
		length := utf8.RuneCountInString(s)
		for i := range columns {
			c := &columns[i]
			if c.start >= length {
				if err := c.packNull(w); err != nil {
					return false, err
				}
				continue
			}
			end := length
			if c.length >= 0 {
				end = min(c.start+c.length, length)
			}
			field := characters(s, int64(c.start), int64(end))
			if !c.Type.Kind.IsText() {
				field = strings.TrimSpace(field)
			}
			if err := c.pack(w, field); err != nil {
				return false, err
			}
		}
		return true, nil
	})
	return Resolved{Args: textTypes(args), Kernel: kernel}, fieldsOf(columns), nil
}

// sysLogParse is SYS_LOG_PARSE(s): the time of a line "Mon DD HH:MM:SS server message", which has no year and so lies in 1970,
// and the rest of it.
func sysLogParse(args []Arg) (Resolved, []types.Column, error) {
	if err := count(args, 1, 1); err != nil {
		return Resolved{}, nil, err
	}
	if err := want(args, 0, types.Kind.IsText, "a text"); err != nil {
		return Resolved{}, nil, err
	}
	format, err := types.CompileDateFormat("MMM d HH:mm:ss")
	if err != nil {
		return Resolved{}, nil, err
	}
	kernel := parseKernel(func(w *rowWriter, s string) (bool, error) {
		// A priority may stand in front, as it does on the wire.
		if end := strings.IndexByte(s, '>'); strings.HasPrefix(s, "<") && end > 1 && end <= 4 && strings.Trim(s[1:end], "0123456789") == "" {
			s = s[end+1:]
		}
		const width = len("Jan 02 15:04:05")
		if len(s) < width || len(s) > width && s[width] != ' ' || s[3] != ' ' || s[6] != ' ' {
			return false, nil
		}
		ms, err := format.Parse(s[:width])
		if err != nil {
			return false, nil
		}
		w.number(ms)
		return true, w.text(strings.TrimPrefix(s[width:], " "), types.Of(types.Varchar))
	})
	fields := []types.Column{{Name: "COLUMN1", Type: types.Of(types.Timestamp)}, {Name: "COLUMN2", Type: types.Of(types.Varchar)}}
	return Resolved{Args: textTypes(args), Kernel: kernel}, fields, nil
}
