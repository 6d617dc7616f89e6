package firehose

import (
	"bytes"

	"github.com/emmansun/base64"
)

// appendBase64 appends what src, base64 up to a quote, stands for, and returns how
// many characters that is. It takes standard base64 with padding, on one line,
// as encoding/base64 does: bits beyond the last byte are not looked at.
func appendBase64(dst, src []byte) (out []byte, n int, ok bool) {
	start := len(dst)
	n = decodeFours(dst[start:cap(dst)], src)
	dst = dst[:start+n/4*3]
	for ; n+4 < len(src); n += 4 { // what is left of them, and a quote
		a, b, c, d := sixBits[src[n]], sixBits[src[n+1]], sixBits[src[n+2]], sixBits[src[n+3]]
		if a|b|c|d < 64 {
			dst = append(dst, a<<2|b>>4, b<<4|c>>2, c<<6|d)
			continue
		}
		switch padding := src[n+3] == '='; {
		case src[n] == '"':
			return dst, n, true
		case a|b|c < 64 && padding:
			return append(dst, a<<2|b>>4, b<<4|c>>2), n + 4, src[n+4] == '"'
		case a|b < 64 && src[n+2] == '=' && padding:
			return append(dst, a<<2|b>>4), n + 4, src[n+4] == '"'
		}
		return dst, n, false
	}
	return dst, n, n < len(src) && src[n] == '"'
}

// decodeFours decodes fours of characters from src to dst until one of them is
// not of base64's alphabet, or earlier, and returns how many characters that
// were. Beyond their bytes, dst may be overwritten.
//
// decodeFoursAnywhere is for processors that have nothing better.
func decodeFoursAnywhere(dst, src []byte) (n int) {
	n = max(0, bytes.IndexByte(src, '"')-4) / 4 * 4 // the last four may be padded
	n = min(n, len(dst)/3*4)
	if got, err := base64.StdEncoding.Decode(dst, src[:n]); err != nil || got != n/4*3 {
		return 0
	}
	return n
}

// sixBits are the values of the alphabet's characters, 0xff for all others.
var sixBits = func() (values [256]byte) {
	for i := range values {
		values[i] = 0xff
	}
	for i, c := range "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/" {
		values[c] = byte(i)
	}
	return values
}()
