package archive

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"net/http"

	"github.com/millrace/millrace/internal/aws/awserr"
	"github.com/millrace/millrace/internal/aws/sigv4"
)

// body is what the gateway gets. Objects' data are framed as aws-chunked: the
// gateway takes a connection that ends early for the end of the data, and
// would keep half an object; without the frame's end it keeps nothing. So an
// upload of a client that goes away, of a payload that proves wrong, or of a
// server that is killed leaves the old object.
type body struct {
	reader io.ReadCloser
	length int64 // of what is sent; -1 if unknown
	again  func() (io.ReadCloser, error)
	framed bool
	data   int64 // length within the frame
	// trailer is the checksum header that the client sends after the data.
	trailer string
}

// plainBody is sent as it is: XML.
func plainBody(b []byte) body {
	if len(b) == 0 {
		return body{reader: http.NoBody}
	}
	again := func() (io.ReadCloser, error) { return io.NopCloser(bytes.NewReader(b)), nil }
	reader, _ := again()
	return body{reader: reader, length: int64(len(b)), again: again}
}

// objectBody is an object's data that are all there.
func objectBody(b []byte) body {
	if len(b) == 0 {
		return plainBody(nil)
	}
	head, tail := fmt.Sprintf("%x\r\n", len(b)), "\r\n0\r\n\r\n"
	again := func() (io.ReadCloser, error) {
		return io.NopCloser(io.MultiReader(bytes.NewReader([]byte(head)), bytes.NewReader(b), bytes.NewReader([]byte(tail)))), nil
	}
	reader, _ := again()
	return body{reader: reader, length: int64(len(head) + len(b) + len(tail)), again: again, framed: true, data: int64(len(b))}
}

// streamedBody passes an object's data on while they are verified.
func streamedBody(p *sigv4.Payload) body {
	if p.Length == 0 && p.Trailer == "" {
		return plainBody(nil)
	}
	return body{reader: io.NopCloser(&frame{payload: p}), length: -1, framed: true, data: p.Length, trailer: p.Trailer}
}

// frame writes the payload in chunks, which must be full but for the last, then
// the end and the trailer; the gateway compares the checksum there with the
// data and keeps it.
type frame struct {
	payload *sigv4.Payload
	buffer  [64 << 10]byte
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
