package logformat

import "bytes"

// SingleLineSpec is what a SINGLELINE option says.
type SingleLineSpec struct {
	NoTrim        bool // parseOptions NO_TRIM: the pieces keep their blanks
	EscapeNewLine bool // parseOptions ESCAPE_NEW_LINE: two backslashes and an n stand between the pieces
}

// NewSingleLine returns SINGLELINE, which joins the lines of a multi-line record. Each line loses the blanks and control characters around it, so also the \r
// of a CRLF; empty lines at the end vanish. One newline follows.
func NewSingleLine(spec SingleLineSpec) Converter { return singleLine{spec} }

type singleLine struct{ spec SingleLineSpec }

const escapedNewLine = `\\n` // three bytes: the agent's own test wants both backslashes

func (c singleLine) Convert(dst, record []byte) ([]byte, *Mismatch, error) {
	rest := bytes.TrimRight(record, "\n")
	for first := true; ; first = false {
		line, after, more := bytes.Cut(rest, newline)
		if !first && c.spec.EscapeNewLine {
			dst = append(dst, escapedNewLine...)
		}
		if !c.spec.NoTrim {
			line = trimJava(line)
		}
		dst = AppendValid(dst, line)
		if !more {
			return append(dst, '\n'), nil, nil
		}
		rest = after
	}
}

var newline = []byte("\n")

// trimJava takes the bytes up to the blank off both ends, as String.trim does.
func trimJava(s []byte) []byte {
	for len(s) > 0 && s[0] <= ' ' {
		s = s[1:]
	}
	for len(s) > 0 && s[len(s)-1] <= ' ' {
		s = s[:len(s)-1]
	}
	return s
}
