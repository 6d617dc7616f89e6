package sigv4

import (
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"
)

// FuzzUnsignedChunks feeds framed bodies: what is read whole is what was
// framed, and what is damaged is an *Error and never all of the data.
func FuzzUnsignedChunks(f *testing.F) {
	f.Add("5\r\nhello\r\n0\r\nx-amz-checksum-crc32:NhCmhg==\r\n\r\n", 5)
	f.Add("2\r\nhe\r\n3\r\nllo\r\n0\r\nx-amz-checksum-crc32:a\r\n\r\n", 5)
	f.Add("0\r\nx-amz-checksum-crc32:a\r\n\r\n", 0)
	f.Fuzz(func(t *testing.T, text string, length int) {
		r := &http.Request{Body: io.NopCloser(strings.NewReader(text)), Header: http.Header{
			"X-Amz-Decoded-Content-Length": {fmt.Sprint(length)}, "X-Amz-Trailer": {"x-amz-checksum-crc32"}}}
		a := &authorization{contentSHA256: streamingUnsignedTrailer}
		p, err := newPayload(r, a)
		if err != nil {
			return
		}
		err = p.authenticate(nil, a)
		var data []byte
		if err == nil {
			data, err = io.ReadAll(p)
		}
		var refused *Error
		switch {
		case err != nil && (!errors.As(err, &refused) || len(data) >= length && length > 0):
			t.Fatalf("%d bytes of %d, %v", len(data), length, err)
		case err == nil && len(data) != length:
			t.Fatalf("%d bytes of %d accepted", len(data), length)
		case err == nil:
			// Framed by ourselves in one chunk it is the same data.
			framed := "0\r\nx-amz-checksum-crc32:" + p.TrailerValue() + "\r\n\r\n"
			if length > 0 {
				framed = fmt.Sprintf("%x\r\n%s\r\n%s", length, data, framed)
			}
			r.Body = io.NopCloser(strings.NewReader(framed))
			again, err := newPayload(r, a)
			if err == nil {
				err = again.authenticate(nil, a)
			}
			if err != nil {
				t.Fatal(err)
			}
			if back, err := io.ReadAll(again); err != nil || string(back) != string(data) {
				t.Fatalf("%q %v, want %q", back, err, data)
			}
		}
	})
}
