package logformat

import (
	"fmt"
	"unicode/utf8"
)

// pattern is a user's matchPattern. As with Java's matches(), the whole line must match whether or not the pattern has anchors.
//
// Three engines stand behind it, each for what the one before cannot do: the delimiter program, Go's regexp, one that backtracks. The program is asked first; a match it
// finds is the match, and where it is the only way through the line its "no" is final too.
type pattern struct {
	layout
	re      *JavaRegexp
	program *program      // nil if the pattern is not of that kind
	prefix  *prefixFinder // nil if the program reads every line
}

func newPattern(expr string, layout layout) (Format, error) {
	re, err := CompileJava(expr)
	if err != nil {
		return nil, fmt.Errorf("matchPattern: %w", err)
	}
	p := &pattern{layout: layout, re: re, program: compileProgram(re.root, re.groups)}
	if p.program == nil || p.program.ascii {
		p.prefix = newPrefixFinder(re.root)
	}
	return p, nil
}

func (p *pattern) Append(dst, line []byte) ([]byte, *Mismatch) {
	text := line
	if !isASCII(line) && !utf8.Valid(line) {
		text = AppendValid(nil, line)
	}
	var array [stackSpans]span // goes to the program only: what an interface gets is not on the stack
	spans, mismatch := p.match(array[:0], text)
	if mismatch != nil {
		if len(text) != len(line) {
			mismatch.Pos = beforeReplacement(line, mismatch.Pos)
		}
		return dst, mismatch
	}
	if p.re.groups != p.width {
		return dst, &Mismatch{Expected: fmt.Sprintf("%d names in customFieldNames, one for each group of matchPattern, instead of %d", p.re.groups, p.width)}
	}
	return p.appendObject(dst, text, spans[1:]), nil
}

// match answers the span of the line and those of the groups, in spans if there is room.
func (p *pattern) match(spans []span, line []byte) ([]span, *Mismatch) {
	if p.program != nil {
		found, failed, final := p.program.match(spans, line, true)
		if found != nil {
			return found, nil
		}
		if final {
			return nil, failed
		}
	}
	found, err := p.re.whole.match(nil, line)
	switch {
	case err != nil:
		return nil, &Mismatch{Expected: "a line that can be matched in time: " + err.Error()}
	case found == nil:
		return nil, p.explain(line)
	}
	return found, nil
}

// explain says where a line that does not match stops to do so.
func (p *pattern) explain(line []byte) *Mismatch {
	if p.program != nil {
		if _, failed, _ := p.program.match(nil, line, false); failed != nil {
			return failed
		}
	}
	if p.prefix != nil {
		return p.prefix.mismatch(line)
	}
	return &Mismatch{Expected: "what matchPattern wants"}
}

// Warning is about a number of groups that is not that of the names: what would be right, and what there is. The Kinesis Agent starts with it and drops every line.
func (p *pattern) Warning() string {
	if p.re.groups == p.width {
		return ""
	}
	return fmt.Sprintf("a matchPattern with as many groups as there are customFieldNames, or every line is dropped: it has %d, there are %d names", p.re.groups, p.width)
}
