package logformat

import (
	"fmt"
	"regexp"
	"unicode/utf8"
)

// pattern is a user's matchPattern, run by Go's regexp after translation. As with Java's matches(), the whole line must match whether or not the
// pattern has anchors.
type pattern struct {
	layout
	re *regexp.Regexp
}

// newPattern refuses what would drop every line at run time: a number of groups that differs from the number of names.
func newPattern(expr string, layout layout) (Format, error) {
	translated, err := translateJava(expr)
	if err != nil {
		return nil, fmt.Errorf("matchPattern %w", err)
	}
	re, err := regexp.Compile(`\A(?:` + translated + `)\z`)
	if err != nil {
		return nil, fmt.Errorf("matchPattern: %w", err)
	}
	if re.NumSubexp() != layout.width {
		return nil, fmt.Errorf("matchPattern has %d groups, customFieldNames has %d names", re.NumSubexp(), layout.width)
	}
	return &pattern{layout: layout, re: re}, nil
}

func (p *pattern) Append(dst, line []byte) ([]byte, *Mismatch) {
	if !utf8.Valid(line) {
		line = AppendValid(nil, line)
	}
	at := p.re.FindSubmatchIndex(line)
	if at == nil {
		return dst, &Mismatch{Pos: 0, Expected: "a line that matches matchPattern"}
	}
	spans := make([]span, 0, 16)
	for i := 2; i < len(at); i += 2 {
		spans = append(spans, span{at[i], at[i+1]})
	}
	return p.appendObject(dst, line, spans), nil
}
