package logformat

import (
	"encoding/binary"
	"math/bits"
	"unicode/utf8"
)

// appendText writes s as the inside of a JSON string. Escaped are quote, backslash and control characters, the latter with upper-case hex where
// they have no letter; everything else stays raw, as Jackson writes it.
func appendText(dst, s []byte) []byte {
	for {
		n := plainPrefix(s)
		dst = append(dst, s[:n]...)
		if n == len(s) {
			return dst
		}
		s = s[n:]
		if s[0] < utf8.RuneSelf {
			dst = appendEscaped(dst, s[0])
			s = s[1:]
			continue
		}
		dst, s = appendWide(dst, s)
	}
}

// plainPrefix counts the leading bytes that need neither an escape nor a look at their encoding, eight at a time. In a word without high bits a borrow
// can only come from a byte that is itself found, so the lowest flag is exact.
func plainPrefix(s []byte) int {
	const ones, high = 0x0101010101010101, 0x8080808080808080
	i := 0
	for ; i+8 <= len(s); i += 8 {
		w := binary.LittleEndian.Uint64(s[i:])
		control := w - ' '*ones
		quote := (w ^ '"'*ones) - ones
		backslash := (w ^ '\\'*ones) - ones
		if found := (w | control | quote | backslash) & high; found != 0 {
			return i + bits.TrailingZeros64(found)>>3
		}
	}
	for ; i < len(s); i++ {
		if c := s[i]; c < ' ' || c == '"' || c == '\\' || c >= utf8.RuneSelf {
			return i
		}
	}
	return i
}

func appendEscaped(dst []byte, c byte) []byte {
	const hex = "0123456789ABCDEF"
	switch c {
	case '"', '\\':
		return append(dst, '\\', c)
	case '\b':
		return append(dst, `\b`...)
	case '\t':
		return append(dst, `\t`...)
	case '\n':
		return append(dst, `\n`...)
	case '\f':
		return append(dst, `\f`...)
	case '\r':
		return append(dst, `\r`...)
	}
	return append(dst, '\\', 'u', '0', '0', hex[c>>4], hex[c&0xf])
}

// appendWide writes the run of non-ASCII bytes at the start of s and returns what follows it.
func appendWide(dst, s []byte) (out, rest []byte) {
	for len(s) > 0 && s[0] >= utf8.RuneSelf {
		r, n := utf8.DecodeRune(s)
		if r == utf8.RuneError && n == 1 {
			dst = append(dst, "\uFFFD"...)
			s = s[malformed(s):]
			continue
		}
		dst = append(dst, s[:n]...)
		s = s[n:]
	}
	return dst, s
}

// malformed is the length of the bad sequence at the start of s that Java's UTF-8 decoder replaces by one U+FFFD: a lead byte with those of its
// continuation bytes that could still have become a character. Go's decoder would replace each byte. A whole surrogate counts as one.
func malformed(s []byte) int {
	continues := func(i int) bool { return i < len(s) && s[i]&0xC0 == 0x80 }
	switch lead := s[0]; {
	case lead >= 0xE0 && lead <= 0xEF:
		if !continues(1) || lead == 0xE0 && s[1] < 0xA0 {
			return 1
		}
		if lead == 0xED && s[1] >= 0xA0 && continues(2) {
			return 3
		}
		return 2
	case lead >= 0xF0 && lead <= 0xF4:
		if !continues(1) || lead == 0xF0 && s[1] < 0x90 || lead == 0xF4 && s[1] > 0x8F {
			return 1
		}
		if !continues(2) {
			return 2
		}
		return 3
	}
	return 1
}

// AppendValid writes s with each malformed sequence replaced by U+FFFD, as Java decodes it.
func AppendValid(dst, s []byte) []byte {
	for i := 0; i < len(s); {
		if s[i] < utf8.RuneSelf {
			start := i
			for i < len(s) && s[i] < utf8.RuneSelf {
				i++
			}
			dst = append(dst, s[start:i]...)
			continue
		}
		var rest []byte
		dst, rest = appendWide(dst, s[i:])
		i = len(s) - len(rest)
	}
	return dst
}

// isASCII tells whether s has no byte above 127, eight at a time.
func isASCII(s []byte) bool {
	const high = 0x8080808080808080
	for ; len(s) >= 8; s = s[8:] {
		if binary.LittleEndian.Uint64(s)&high != 0 {
			return false
		}
	}
	for _, c := range s {
		if c >= utf8.RuneSelf {
			return false
		}
	}
	return true
}

// beforeReplacement is the position in s of what stands at pos in AppendValid(nil, s).
func beforeReplacement(s []byte, pos int) int {
	i := 0
	for valid := 0; i < len(s) && valid < pos; {
		r, n := utf8.DecodeRune(s[i:])
		if r == utf8.RuneError && n == 1 {
			i += malformed(s[i:])
			valid += len("\uFFFD")
			continue
		}
		i += n
		valid += n
	}
	return i
}
