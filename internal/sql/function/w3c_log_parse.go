package function

import (
	"fmt"
	"strings"

	"github.com/millrace/millrace/internal/sql/types"
)

// w3cFormats are the formats that have a name.
func w3cFormat(name string) (string, bool) {
	switch strings.ToUpper(strings.TrimSpace(name)) {
	case "COMMON":
		return `%h %l %u %t "%r" %>s %b`, true
	case "COMMON WITH VHOST":
		return `%v %h %l %u %t "%r" %>s %b`, true
	case "NCSA EXTENDED", "COMBINED":
		return `%h %l %u %t "%r" %>s %b "%[Referer]i" "%[User-agent]i"`, true
	case "REFERER":
		return `%[Referer]i ---> %U`, true
	case "AGENT":
		return `%[User-agent]i`, true
	}
	return "", false
}

// w3cLogParse is W3C_LOG_PARSE(s, format): a column for each specifier of an Apache log format.
func w3cLogParse(args []Arg) (Resolved, []types.Column, error) {
	if err := count(args, 2, 2); err != nil {
		return Resolved{}, nil, err
	}
	if err := want(args, 0, types.Kind.IsText, "a text"); err != nil {
		return Resolved{}, nil, err
	}
	text, err := constantText(args, 1, "a log format")
	if err != nil {
		return Resolved{}, nil, err
	}
	if format, named := w3cFormat(text); named {
		text = format
	}
	f, err := parseW3CFormat(text)
	if err != nil {
		return Resolved{}, nil, err
	}
	columns, err := logColumns(len(f.fields))
	if err != nil {
		return Resolved{}, nil, err
	}
	kernel := parseKernel(func(w *rowWriter, s string) (bool, error) { return f.parse(w, s) })
	return Resolved{Args: textTypes(args), Kernel: kernel}, columns, nil
}

// w3c is a log format: a text, then each field with the text behind it.
type w3c struct {
	before string
	fields []w3cField
}

// w3cField is a specifier. A time in brackets keeps them; what stands in double quotes may hold them behind a backslash; one that is
// a single word holds no blank.
type w3cField struct {
	time, quoted, word bool
	behind             string
}

// parseW3CFormat reads a format.
//
//	specifier = "%" [ [ "!" ] status { "," status } ] [ "<" | ">" ] [ "[" name "]" | "{" name "}" ] letter | "%%"
func parseW3CFormat(text string) (*w3c, error) {
	f := &w3c{}
	literal := &f.before
	for rest := text; rest != ""; {
		if rest[0] != '%' {
			*literal += rest[:1]
			rest = rest[1:]
			continue
		}
		if strings.HasPrefix(rest, "%%") {
			*literal += "%"
			rest = rest[2:]
			continue
		}
		letter, after, err := w3cSpecifier(rest[1:])
		if err != nil {
			return nil, fmt.Errorf("log format '%s': %w", types.Cut(text, 80), err)
		}
		if len(f.fields) > 0 && *literal == "" {
			return nil, fmt.Errorf("log format '%s': nothing divides two fields", types.Cut(text, 80))
		}
		f.fields = append(f.fields, w3cField{
			time: letter == 't', quoted: strings.HasSuffix(*literal, `"`), word: strings.IndexByte("aABbDhHlmpPsTuvVXIO", letter) >= 0,
		})
		literal = &f.fields[len(f.fields)-1].behind
		rest = after
	}
	if len(f.fields) == 0 {
		if strings.EqualFold(strings.TrimSpace(text), "IIS") {
			return nil, fmt.Errorf("the format IIS is not supported: its columns are not documented; use VARIABLE_COLUMN_LOG_PARSE")
		}
		return nil, fmt.Errorf("'%s' is no log format: expected COMMON, COMMON WITH VHOST, NCSA EXTENDED, REFERER, AGENT or one with specifiers such as %%h", types.Cut(text, 80))
	}
	return f, nil
}

// w3cSpecifier reads what follows a percent sign.
func w3cSpecifier(s string) (letter byte, rest string, err error) {
	s = strings.TrimLeft(s, "!0123456789,")
	s = strings.TrimLeft(s, "<>")
	if s != "" && (s[0] == '[' || s[0] == '{') {
		end := strings.IndexAny(s, "]}")
		if end < 0 {
			return 0, "", fmt.Errorf("a name behind %% is not closed")
		}
		s = s[end+1:]
	}
	if s == "" || strings.IndexByte("aABbCDefhHilmnopPqrstTuUvVXIO", s[0]) < 0 {
		return 0, "", fmt.Errorf("expected the letter of a specifier at '%s'", types.Cut(s, 10))
	}
	return s[0], s[1:], nil
}

func (f *w3c) parse(w *rowWriter, s string) (ok bool, err error) {
	s, ok = strings.CutPrefix(strings.TrimRight(s, "\r\n"), f.before)
	if !ok {
		return false, nil
	}
	for _, field := range f.fields {
		n := field.length(s)
		if n < 0 || field.word && strings.IndexByte(s[:n], ' ') >= 0 {
			return false, nil
		}
		if err := w.text(s[:n], logType()); err != nil {
			return false, err
		}
		s = s[n+len(field.behind):]
	}
	return s == "", nil
}

// length is that of the field at the start of s, which what stands behind it follows; -1 when the line does not fit.
func (f *w3cField) length(s string) int {
	switch {
	case f.behind == "":
		return len(s)
	case f.time && strings.HasPrefix(s, "["):
		n := strings.IndexByte(s, ']') + 1
		if n == 0 || !strings.HasPrefix(s[n:], f.behind) {
			return -1
		}
		return n
	}
	for at := 0; ; {
		n := strings.Index(s[at:], f.behind)
		if n < 0 {
			return -1
		}
		n += at
		if !f.quoted || !escaped(s[:n]) {
			return n
		}
		at = n + 1
	}
}

// escaped reports whether an odd number of backslashes ends a text.
func escaped(s string) bool {
	return (len(s)-len(strings.TrimRight(s, `\`)))%2 == 1
}
