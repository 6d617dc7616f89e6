package archive

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"strings"

	"github.com/millrace/millrace/internal/aws/awserr"
	"github.com/millrace/millrace/internal/aws/sigv4"
)

// body is what a request carries: bytes that are all there, or an object's data
// that a client is still sending.
type body struct {
	bytes   []byte
	payload *sigv4.Payload // nil: bytes
	object  bool           // the data of an object, not XML
	hash    string         // SHA-256 of the data, where somebody has computed it
}

func plainBody(b []byte) body { return body{bytes: b} }

func objectBody(b []byte) body { return body{bytes: b, object: len(b) > 0} }

// streamedBody passes an object's data on while they are verified.
func streamedBody(p *sigv4.Payload) body {
	if p.Length == 0 && p.Trailer == "" {
		return plainBody(nil)
	}
	return body{payload: p, object: true}
}

// wire is a body as it travels.
type wire struct {
	reader io.ReadCloser
	length int64 // -1 if unknown
	again  func() (io.ReadCloser, error)
}

// plain is the data alone.
func (b body) plain() wire {
	if b.payload != nil {
		return wire{reader: io.NopCloser(b.payload), length: b.payload.Length}
	}
	if len(b.bytes) == 0 {
		return wire{reader: http.NoBody}
	}
	again := func() (io.ReadCloser, error) { return io.NopCloser(bytes.NewReader(b.bytes)), nil }
	reader, _ := again()
	return wire{reader: reader, length: int64(len(b.bytes)), again: again}
}

// framed is the data as aws-chunked. The gateway gets objects so: it takes a
// connection that ends early for the end of the data, and would keep half an
// object; without the frame's end it keeps nothing. So an upload of a client that
// goes away, of a payload that proves wrong, or of a server that is killed
// leaves the old object. The frame's length is said beforehand: the gateway
// answers and closes once it has read the frame's end, and if the end of the
// request is still to be written then, the answer is lost. The request's hash
// says that there is a frame: the gateway would keep a Content-Encoding that
// says it with the object.
func (b body) framed(header http.Header) wire {
	if b.payload != nil {
		header.Set("X-Amz-Decoded-Content-Length", strconv.FormatInt(b.payload.Length, 10))
		if b.payload.Trailer != "" {
			header.Set("X-Amz-Trailer", b.payload.Trailer)
		}
		return wire{reader: io.NopCloser(&frame{payload: b.payload}), length: frameLength(b.payload.Length, b.payload.Trailer)}
	}
	header.Set("X-Amz-Decoded-Content-Length", strconv.Itoa(len(b.bytes)))
	head, tail := fmt.Sprintf("%x\r\n", len(b.bytes)), "\r\n0\r\n\r\n"
	again := func() (io.ReadCloser, error) {
		return io.NopCloser(io.MultiReader(strings.NewReader(head), bytes.NewReader(b.bytes), strings.NewReader(tail))), nil
	}
	reader, _ := again()
	return wire{reader: reader, length: int64(len(head) + len(b.bytes) + len(tail)), again: again}
}

// checksumBytes is the length of a checksum in base64, by the header that
// carries it.
var checksumBytes = map[string]int64{
	"x-amz-checksum-crc32": 8, "x-amz-checksum-crc32c": 8, "x-amz-checksum-crc64nvme": 12, "x-amz-checksum-sha1": 28, "x-amz-checksum-sha256": 44,
}

// frameLength is how long a frame becomes; -1 if the trailer may be of any
// length.
func frameLength(data int64, trailer string) int64 {
	n := data / frameChunk * int64(len("10000\r\n")+frameChunk+len("\r\n"))
	if rest := data % frameChunk; rest > 0 {
		n += int64(len(strconv.FormatInt(rest, 16))) + rest + 2*int64(len("\r\n"))
	}
	n += int64(len("0\r\n" + "\r\n"))
	if trailer != "" {
		value, known := checksumBytes[trailer]
		if !known {
			return -1
		}
		n += int64(len(trailer)) + int64(len(":")) + value + int64(len("\r\n"))
	}
	return n
}

const frameChunk = 64 << 10

// frame writes the payload in chunks, which must be full but for the last, then
// the end and the trailer; the gateway compares the checksum there with the
// data and keeps it.
type frame struct {
	payload *sigv4.Payload
	buffer  [frameChunk]byte
	out     bytes.Buffer
	ended   bool
}

func (f *frame) Read(b []byte) (int, error) {
	for f.out.Len() == 0 {
		if f.ended {
			return 0, io.EOF
		}
		n, err := io.ReadFull(f.payload, f.buffer[:])
		if n > 0 && (err == nil || err == io.ErrUnexpectedEOF) {
			fmt.Fprintf(&f.out, "%x\r\n", n)
			f.out.Write(f.buffer[:n])
			f.out.WriteString("\r\n")
		}
		switch err {
		case nil:
		case io.EOF, io.ErrUnexpectedEOF:
			f.end()
		default:
			return 0, err
		}
	}
	return f.out.Read(b)
}

func (f *frame) end() {
	f.ended = true
	f.out.WriteString("0\r\n")
	if f.payload.Trailer != "" {
		fmt.Fprintf(&f.out, "%s:%s\r\n", f.payload.Trailer, f.payload.TrailerValue())
	}
	f.out.WriteString("\r\n")
}

// maxSmallBody is what requests that are read whole may have: the longest are
// DeleteObjects with a thousand keys and CompleteMultipartUpload with ten
// thousand parts.
const maxSmallBody = 4 << 20

// readSmall reads and verifies a body that is no object's data.
func readSmall(payload *sigv4.Payload) ([]byte, error) {
	if payload.Length > maxSmallBody {
		return nil, malformed(errors.New("body too long"))
	}
	text, err := io.ReadAll(payload)
	var refused *sigv4.Error
	if errors.As(err, &refused) {
		return nil, refused.AWS(sigv4.S3)
	}
	return text, err
}

func malformed(cause error) *awserr.Error {
	return &awserr.Error{Code: "MalformedXML", Status: http.StatusBadRequest, Cause: cause,
		Message: "The XML you provided was not well-formed or did not validate against our published schema"}
}
