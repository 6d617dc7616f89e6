package sigv4

import (
	"bufio"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"hash"
	"io"
	"strconv"
	"strings"
)

const (
	maxChunk     = 16 << 20 // S3's own limit
	maxChunkLine = 512      // a chunk's header or a trailer
	emptySHA256  = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
)

// chunkReader takes the aws-chunked framing off a body:
//
//	<hex size>[;chunk-signature=<hex>] CRLF <data> CRLF
//	… 0[;chunk-signature=<hex>] CRLF [<trailer>:<value> CRLF [x-amz-trailer-signature:<hex> CRLF]] CRLF
//
// Each signature covers the one before it, the first the request's own.
type chunkReader struct {
	in           *bufio.Reader
	signed       bool
	trailer      string
	trailerValue string
	signer       chunkSigner

	left      int64  // of the chunk under way
	signature string // that it claims
	sum       hash.Hash
	ended     bool // the chunk without data has been read
}

func newChunkReader(body io.Reader, signed bool, trailer string) *chunkReader {
	return &chunkReader{in: bufio.NewReaderSize(body, 4096), signed: signed, trailer: trailer, sum: sha256.New()}
}

// Read returns data of one chunk. The bytes that end a chunk are returned only
// if its signature is right.
func (c *chunkReader) Read(b []byte) (int, error) {
	if c.left == 0 {
		if err := c.next(); err != nil {
			return 0, err
		}
		if c.ended {
			return 0, io.EOF
		}
	}
	n, err := c.in.Read(b[:min(int64(len(b)), c.left)])
	c.left -= int64(n)
	if c.signed {
		c.sum.Write(b[:n])
	}
	if err != nil {
		return 0, broken(err)
	}
	if c.left == 0 {
		if err := c.endChunk(); err != nil {
			return 0, err
		}
	}
	return n, nil
}

// finish reads the final chunk and the trailers, after the last data.
func (c *chunkReader) finish() error {
	if c.left > 0 {
		return broken(nil)
	}
	if !c.ended {
		if err := c.next(); err != nil {
			return err
		}
	}
	if !c.ended {
		return broken(nil) // more data than declared
	}
	if c.signed {
		if err := c.signer.check("PAYLOAD", c.signature, emptySHA256, emptySHA256); err != nil {
			return err
		}
	}
	if err := c.readTrailer(); err != nil {
		return err
	}
	if _, err := c.in.ReadByte(); err != io.EOF {
		return broken(nil)
	}
	return nil
}

// next reads a chunk's header.
func (c *chunkReader) next() error {
	line, err := c.line()
	if err != nil {
		return err
	}
	size, extension, _ := strings.Cut(line, ";")
	n, err := strconv.ParseUint(size, 16, 32)
	if err != nil || n > maxChunk {
		return broken(err)
	}
	signature, ok := strings.CutPrefix(extension, "chunk-signature=")
	if ok != c.signed || !c.signed && extension != "" {
		return broken(nil)
	}
	c.left, c.signature, c.ended = int64(n), signature, n == 0
	c.sum.Reset()
	return nil
}

func (c *chunkReader) endChunk() error {
	if c.signed {
		if err := c.signer.check("PAYLOAD", c.signature, emptySHA256, hex.EncodeToString(c.sum.Sum(nil))); err != nil {
			return err
		}
	}
	if line, err := c.line(); err != nil || line != "" {
		return broken(err)
	}
	return nil
}

func (c *chunkReader) readTrailer() error {
	if c.trailer == "" {
		line, err := c.line()
		if err != nil || line != "" {
			return broken(err)
		}
		return nil
	}
	line, err := c.line()
	if err != nil {
		return err
	}
	name, value, _ := strings.Cut(line, ":")
	if strings.ToLower(name) != c.trailer {
		return broken(nil)
	}
	c.trailerValue = strings.TrimSpace(value)
	if c.signed {
		if line, err = c.line(); err != nil {
			return err
		}
		signature, ok := strings.CutPrefix(line, "x-amz-trailer-signature:")
		if !ok {
			return broken(nil)
		}
		hash := sha256.Sum256([]byte(c.trailer + ":" + c.trailerValue + "\n"))
		if err := c.signer.check("TRAILER", signature, hex.EncodeToString(hash[:])); err != nil {
			return err
		}
	}
	if line, err = c.line(); err != nil || line != "" {
		return broken(err)
	}
	return nil
}

// line reads up to CRLF.
func (c *chunkReader) line() (string, error) {
	var line []byte
	for len(line) <= maxChunkLine {
		b, err := c.in.ReadByte()
		if err != nil {
			return "", broken(err)
		}
		if b == '\n' {
			text, ok := strings.CutSuffix(string(line), "\r")
			if !ok {
				return "", broken(nil)
			}
			return text, nil
		}
		line = append(line, b)
	}
	return "", broken(nil)
}

func broken(cause error) error {
	if e, ok := cause.(*Error); ok {
		return e
	}
	if cause == io.EOF {
		cause = io.ErrUnexpectedEOF
	}
	return &Error{Reason: BrokenBody, Cause: cause}
}

// chunkSigner holds the chain of signatures.
type chunkSigner struct {
	key         []byte
	date, scope string
	previous    string
}

func (s *chunkSigner) check(kind, claimed string, hashes ...string) error {
	parts := append([]string{algorithm + "-" + kind, s.date, s.scope, s.previous}, hashes...)
	want := hex.EncodeToString(sign(s.key, []byte(strings.Join(parts, "\n"))))
	if !hmac.Equal([]byte(want), []byte(claimed)) {
		return &Error{Reason: WrongSignature}
	}
	s.previous = want
	return nil
}
