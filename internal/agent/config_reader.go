package agent

import (
	"fmt"
	"math"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"
)

// configReader collects what is wrong while it reads. Values are coerced as the Kinesis Agent does it: through their text, so numbers may be strings, and
// integers may be written 0x10 or 010.
type configReader struct {
	file     string
	errors   ConfigError
	warnings []Diagnostic
}

func (r *configReader) fail(line, col int, format string, args ...any) {
	r.errors = append(r.errors, Diagnostic{r.file, line, col, fmt.Sprintf(format, args...)})
}

func (r *configReader) warn(m member, format string, args ...any) {
	r.warnings = append(r.warnings, Diagnostic{r.file, m.line, m.col, fmt.Sprintf(format, args...)})
}

// members calls rule for each key; of a repeated key the last one counts.
func (r *configReader) members(n node, rule func(m member)) {
	last := make(map[string]int, len(n.members))
	for i, m := range n.members {
		last[m.key] = i
	}
	for i, m := range n.members {
		if last[m.key] != i {
			r.warn(m, "%s is repeated below: this one is ignored", m.key)
			continue
		}
		rule(m)
	}
}

// text is a string, or a number or boolean as written.
func (r *configReader) text(m member) (string, bool) {
	switch m.value.kind {
	case stringNode, numberNode, boolNode:
		return m.value.text, true
	}
	r.fail(m.value.line, m.value.col, "%s is %s, want a string", m.key, m.value.kind)
	return "", false
}

func (r *configReader) setText(to *string, m member) {
	if text, ok := r.text(m); ok {
		*to = text
	}
}

// setName is setText for what cannot be empty.
func (r *configReader) setName(to *string, m member) {
	if text, ok := r.text(m); ok && text == "" {
		r.fail(m.value.line, m.value.col, "%s is \"\", want a text that is not empty", m.key)
	} else if ok {
		*to = text
	}
}

// setBool takes what the Kinesis Agent takes for true and false, in any case.
func (r *configReader) setBool(to *bool, m member) bool {
	switch strings.ToLower(m.value.text) {
	case "true", "t", "yes", "y", "1":
		*to = true
	case "false", "f", "no", "n", "0":
		*to = false
	default:
		text := m.value.kind.String()
		if m.value.kind == stringNode || m.value.kind == numberNode {
			text = strconv.Quote(m.value.text)
		}
		r.fail(m.value.line, m.value.col, "%s is %s, want true or false", m.key, text)
		return false
	}
	return true
}

// oneOf wants one of some words, in this case.
func (r *configReader) oneOf(m member, words ...string) bool {
	if slices.Contains(words, m.value.text) && m.value.kind == stringNode {
		return true
	}
	text := m.value.kind.String()
	if m.value.kind == stringNode || m.value.kind == numberNode {
		text = strconv.Quote(m.value.text)
	}
	r.fail(m.value.line, m.value.col, "%s is %s, want %s", m.key, text, strings.Join(words, " or "))
	return false
}

// setEndpoint takes a host or a URL; nothing stands for AWS.
func (r *configReader) setEndpoint(to *string, m member) {
	text, ok := r.text(m)
	if !ok || text == "" {
		return
	}
	if !strings.Contains(text, "://") {
		text = "https://" + text
	}
	u, err := url.Parse(text)
	if err != nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "https" {
		r.fail(m.value.line, m.value.col, "%s is %q, want a host or an http or https URL", m.key, m.value.text)
		return
	}
	*to = text
}

// integer reads a whole number from low to high.
func (r *configReader) integer(m member, low, high int64) (int64, bool) {
	if m.value.kind != stringNode && m.value.kind != numberNode {
		r.fail(m.value.line, m.value.col, "%s is %s, want a whole number", m.key, m.value.kind)
		return 0, false
	}
	v, err := decodeInteger(m.value.text)
	if err != nil {
		r.fail(m.value.line, m.value.col, "%s is %q, want a whole number", m.key, m.value.text)
		return 0, false
	}
	if v < low || v > high {
		if high == math.MaxInt32 && v < low {
			r.fail(m.value.line, m.value.col, "%s is %d, want at least %d", m.key, v, low)
		} else {
			r.fail(m.value.line, m.value.col, "%s is %d, want %d to %d", m.key, v, low, high)
		}
		return 0, false
	}
	return v, true
}

func (r *configReader) setInteger(to *int, m member, low, high int64) {
	if v, ok := r.integer(m, low, high); ok {
		*to = int(v)
	}
}

func (r *configReader) setDuration(to *time.Duration, m member, unit time.Duration, low, high int64) {
	if v, ok := r.integer(m, low, high); ok {
		*to = time.Duration(v) * unit
	}
}

// decodeInteger is Java's Long.decode: decimal, 0x, 0X or # hexadecimal, leading 0 octal.
func decodeInteger(text string) (int64, error) {
	digits, sign := text, ""
	if strings.HasPrefix(digits, "-") || strings.HasPrefix(digits, "+") {
		sign, digits = digits[:1], digits[1:]
	}
	base := 10
	switch {
	case strings.HasPrefix(digits, "0x") || strings.HasPrefix(digits, "0X"):
		base, digits = 16, digits[2:]
	case strings.HasPrefix(digits, "#"):
		base, digits = 16, digits[1:]
	case strings.HasPrefix(digits, "0") && len(digits) > 1:
		base, digits = 8, digits[1:]
	}
	if strings.ContainsAny(digits, "+-_") {
		return 0, strconv.ErrSyntax
	}
	return strconv.ParseInt(sign+digits, base, 64)
}
