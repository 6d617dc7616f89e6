package agent

import (
	"strconv"
	"strings"
)

func (p *jsonParser) string() string {
	end := p.pos + 1
	for ; end < len(p.src) && p.src[end] != '"'; end++ {
		if p.src[end] < ' ' {
			p.pos = end
			p.fail("control character in a string")
		}
		if p.src[end] == '\\' {
			end++
		}
	}
	if end >= len(p.src) {
		p.fail("string without a closing quote")
	}
	raw := p.src[p.pos+1 : end]
	text, ok := unescape(raw)
	if !ok {
		p.fail("bad escape in the string %q", raw)
	}
	p.pos = end + 1
	return text
}

func unescape(raw string) (text string, ok bool) {
	if !strings.Contains(raw, `\`) {
		return strings.ToValidUTF8(raw, "\uFFFD"), true
	}
	var out strings.Builder
	for i := 0; i < len(raw); i++ {
		if raw[i] != '\\' {
			out.WriteByte(raw[i])
			continue
		}
		i++
		switch raw[i] {
		case '"', '\\', '/':
			out.WriteByte(raw[i])
		case 'b', 'f', 'n', 'r', 't':
			out.WriteByte("\b\f\n\r\t"[strings.IndexByte("bfnrt", raw[i])])
		case 'u':
			r, n := unescapeUnicode(raw[i+1:])
			if n == 0 {
				return "", false
			}
			out.WriteRune(r)
			i += n
		default:
			return "", false
		}
	}
	return strings.ToValidUTF8(out.String(), "\uFFFD"), true
}

// unescapeUnicode reads the four digits after \u and, for the first half of a pair, the second half.
func unescapeUnicode(s string) (r rune, n int) {
	half := func(s string) (rune, bool) {
		if len(s) < 4 {
			return 0, false
		}
		v, err := strconv.ParseUint(s[:4], 16, 16)
		return rune(v), err == nil
	}
	high, ok := half(s)
	if !ok {
		return 0, 0
	}
	if high < 0xD800 || high > 0xDBFF || !strings.HasPrefix(s[4:], `\u`) {
		return high, 4
	}
	low, ok := half(s[6:])
	if !ok || low < 0xDC00 || low > 0xDFFF {
		return high, 4
	}
	return (high-0xD800)<<10 + (low - 0xDC00) + 0x10000, 10
}
