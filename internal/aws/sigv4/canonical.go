package sigv4

import (
	"crypto/sha256"
	"encoding/hex"
	"net/http"
	"net/url"
	"path"
	"slices"
	"strconv"
	"strings"
)

// canonicalRequest writes the request in the one form that both sides hash:
//
//	method \n path \n query \n name:value \n … \n\n signed names \n payload hash
func canonicalRequest(r *http.Request, a *authorization, payloadHash string) ([]byte, error) {
	b := make([]byte, 0, 1024)
	b = append(b, r.Method...)
	b = append(b, '\n')
	b, err := appendPath(b, r.URL, a)
	if err != nil {
		return nil, err
	}
	b = append(b, '\n')
	if b, err = appendQuery(b, r.URL.RawQuery, a); err != nil {
		return nil, err
	}
	b = append(b, '\n')
	for _, name := range a.signedHeaders {
		var ok bool
		if b, ok = appendHeader(append(append(b, name...), ':'), r, name); !ok {
			return nil, a.fail(Unsigned, "'"+clip(name)+"' is a 'SignedHeader' that the request does not have.")
		}
		b = append(b, '\n')
	}
	b = append(b, '\n')
	for i, name := range a.signedHeaders {
		if i > 0 {
			b = append(b, ';')
		}
		b = append(b, name...)
	}
	b = append(b, '\n')
	return append(b, payloadHash...), nil
}

func stringToSign(a *authorization, canonical []byte) []byte {
	b := make([]byte, 0, 256)
	b = append(append(b, algorithm...), '\n')
	b = append(append(b, a.date...), '\n')
	for _, part := range [...]string{a.scope.Date, a.scope.Region, a.scope.Service} {
		b = append(append(b, part...), '/')
	}
	b = append(append(b, terminator...), '\n')
	hash := sha256.Sum256(canonical)
	return hex.AppendEncode(b, hash[:])
}

// String is the scope as it is signed.
func (s Scope) String() string {
	return s.Date + "/" + s.Region + "/" + s.Service + "/" + terminator
}

// appendPath writes the path. S3 encodes it once and takes it as it is; the
// other services encode what is on the wire a second time. Those also
// normalize it; as nobody sends paths that this would change, such a path is refused
// rather than signed as one path and served as another.
func appendPath(b []byte, u *url.URL, a *authorization) ([]byte, error) {
	wire := u.EscapedPath()
	if wire == "" {
		wire = "/"
	}
	if a.scope.Service != "s3" {
		if u.RawPath != "" {
			wire = u.RawPath // EscapedPath has encoded it, where the client has not
		}
		if clean := path.Clean(wire); clean != wire && (clean == "/" || clean+"/" != wire) {
			return nil, a.fail(WrongSignature, "The path is not in normal form.")
		}
		return appendEncoded(b, wire, true), nil
	}
	for i, segment := range strings.Split(wire, "/") {
		if i > 0 {
			b = append(b, '/')
		}
		plain, err := url.PathUnescape(segment)
		if err != nil {
			return nil, a.fail(WrongSignature, "The path is malformed.")
		}
		b = appendEncoded(b, plain, false)
	}
	return b, nil
}

// appendQuery writes the parameters encoded, then sorted by name and value,
// without the signature itself.
func appendQuery(b []byte, raw string, a *authorization) ([]byte, error) {
	if raw == "" {
		return b, nil
	}
	type pair struct{ name, value string }
	var pairs []pair
	for part := range strings.SplitSeq(raw, "&") {
		if part == "" {
			continue
		}
		name, value, _ := strings.Cut(part, "=")
		n, errName := url.QueryUnescape(name)
		v, errValue := url.QueryUnescape(value)
		if errName != nil || errValue != nil || strings.Contains(part, ";") {
			return nil, a.fail(WrongSignature, "The query string is malformed.")
		}
		if a.presigned && n == "X-Amz-Signature" {
			continue
		}
		pairs = append(pairs, pair{string(appendEncoded(nil, n, false)), string(appendEncoded(nil, v, false))})
	}
	slices.SortFunc(pairs, func(x, y pair) int {
		if c := strings.Compare(x.name, y.name); c != 0 {
			return c
		}
		return strings.Compare(x.value, y.value)
	})
	for i, p := range pairs {
		if i > 0 {
			b = append(b, '&')
		}
		b = append(append(append(b, p.name...), '='), p.value...)
	}
	return b, nil
}

// appendHeader writes the values of a signed header; net/http keeps some of
// them elsewhere. ok is false if the request has none.
func appendHeader(b []byte, r *http.Request, name string) (_ []byte, ok bool) {
	switch name {
	case "host":
		return appendSqueezed(b, r.Host), true
	case "content-length":
		return strconv.AppendInt(b, r.ContentLength, 10), r.ContentLength >= 0
	}
	values := r.TransferEncoding
	if name != "transfer-encoding" {
		values = valuesOf(r.Header, name)
	}
	for i, value := range values {
		if i > 0 {
			b = append(b, ',')
		}
		b = appendSqueezed(b, value)
	}
	return b, len(values) > 0
}

// valuesOf looks a header up by its name in lower case.
func valuesOf(h http.Header, name string) []string {
	var room [64]byte // most names fit, and need no string of their own
	if len(name) > len(room) {
		return h[http.CanonicalHeaderKey(name)]
	}
	first := true
	for i, c := range []byte(name) {
		switch {
		case 'a' <= c && c <= 'z' && first:
			c -= 'a' - 'A'
		case 'a' <= c && c <= 'z', '0' <= c && c <= '9', c == '-':
		default:
			return h[http.CanonicalHeaderKey(name)]
		}
		room[i], first = c, c == '-'
	}
	return h[string(room[:len(name)])]
}

// appendSqueezed trims a header value and makes runs of spaces one space.
func appendSqueezed(b []byte, value string) []byte {
	value = strings.Trim(value, " \t")
	for i := range len(value) {
		if value[i] == ' ' && i > 0 && value[i-1] == ' ' {
			continue
		}
		b = append(b, value[i])
	}
	return b
}

// appendEncoded percent-encodes all but A–Z a–z 0–9 - . _ ~, and / if asked.
func appendEncoded(b []byte, s string, keepSlash bool) []byte {
	const digits = "0123456789ABCDEF"
	for i := range len(s) {
		switch c := s[i]; {
		case 'a' <= c && c <= 'z', 'A' <= c && c <= 'Z', '0' <= c && c <= '9',
			c == '-', c == '.', c == '_', c == '~', c == '/' && keepSlash:
			b = append(b, c)
		default:
			b = append(b, '%', digits[c>>4], digits[c&15])
		}
	}
	return b
}

// EncodePath percent-encodes a path as S3 signs it.
func EncodePath(path string) string { return string(appendEncoded(nil, path, true)) }
