package loadgen

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"time"
)

// Template makes records from a text with functions in double braces, in the language of the Kinesis Data Generator:
//
//	{"sensor": {{random.number({"min":1, "max":50})}}, "status": "{{random.arrayElement(["OK","FAIL"])}}", "at": "{{date.now("YYYY-MM-DD HH:mm:ss")}}"}
//
// A Template belongs to one goroutine.
type Template struct {
	parts  []templatePart
	state  templateState
	buffer []byte
}

// templatePart is a text or what a function writes.
type templatePart struct {
	text  []byte
	write writeValue
}

// writeValue appends a made-up value.
type writeValue func(dst []byte, s *templateState) []byte

type templateState struct {
	random *rand.Rand
	now    func() time.Time
}

// ParseTemplate reads text. Functions that do not exist and arguments that they do not take are refused with their line and column. Now is the clock of date functions; nil =
// time.Now.
func ParseTemplate(text string, seed uint64, now func() time.Time) (*Template, error) {
	if now == nil {
		now = time.Now
	}
	t := &Template{state: templateState{random: rand.New(rand.NewPCG(seed, 0x7265636f7264)), now: now}}
	for pos := 0; ; {
		open := strings.Index(text[pos:], "{{")
		if open < 0 {
			t.addText(text[pos:])
			return t, nil
		}
		open += pos
		t.addText(text[pos:open])
		write, end, err := parseCall(text, open+2)
		if err != nil {
			return nil, err
		}
		t.parts = append(t.parts, templatePart{write: write})
		pos = end
	}
}

func (t *Template) addText(text string) {
	if text != "" {
		t.parts = append(t.parts, templatePart{text: []byte(text)})
	}
}

// Record is the next record. It is valid until the one after.
func (t *Template) Record() []byte {
	t.buffer = t.AppendRecord(t.buffer[:0])
	return t.buffer
}

// AppendRecord appends the next record to dst.
func (t *Template) AppendRecord(dst []byte) []byte {
	for _, part := range t.parts {
		if part.write == nil {
			dst = append(dst, part.text...)
			continue
		}
		dst = part.write(dst, &t.state)
	}
	return dst
}

// templateError is a fault at a place.
func templateError(text string, at int, format string, args ...any) error {
	before := text[:min(at, len(text))]
	line := 1 + strings.Count(before, "\n")
	column := 1 + len([]rune(before[strings.LastIndexByte(before, '\n')+1:]))
	return fmt.Errorf("template:%d:%d: %s", line, column, fmt.Sprintf(format, args...))
}

// parseCall reads what stands between {{ and }}: a name with dots, and perhaps arguments in parentheses. End is behind the braces.
func parseCall(text string, at int) (write writeValue, end int, err error) {
	p := &valueParser{text: text, pos: at}
	p.blanks()
	start := p.pos
	for p.pos < len(text) && (isWord(text[p.pos]) || text[p.pos] == '.') {
		p.pos++
	}
	name := text[start:p.pos]
	function, known := templateFunctions[name]
	if !known {
		if name == "" {
			return nil, 0, templateError(text, start, "want the name of a function")
		}
		return nil, 0, templateError(text, start, "unknown function %s; there are %s", name, functionNames())
	}
	var args []any
	argsAt := p.pos
	if p.blanks(); p.accept("(") {
		argsAt = p.pos
		if args, err = p.values(")"); err != nil {
			return nil, 0, err
		}
		p.blanks()
	}
	if !p.accept("}}") {
		return nil, 0, templateError(text, p.pos, "want }} behind %s", name)
	}
	write, err = function(args)
	if err != nil {
		return nil, 0, templateError(text, argsAt, "%s: %v", name, err)
	}
	return write, p.pos, nil
}

func isWord(c byte) bool {
	return c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || c == '_' || c == '$'
}
