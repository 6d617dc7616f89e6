package sigv4

import (
	"crypto/sha256"
	"encoding/hex"
	"hash"
	"io"
	"net/http"
	"strconv"
	"strings"
)

// What x-amz-content-sha256 may say instead of a hash.
const (
	unsignedPayload          = "UNSIGNED-PAYLOAD"
	streamingUnsignedTrailer = "STREAMING-UNSIGNED-PAYLOAD-TRAILER"
	streamingSigned          = "STREAMING-AWS4-HMAC-SHA256-PAYLOAD"
	streamingSignedTrailer   = "STREAMING-AWS4-HMAC-SHA256-PAYLOAD-TRAILER"
)

// Payload is the body of an S3 request, freed of its transfer framing. It may
// be passed on while it is read: Read holds the last bytes back until
// everything is verified, so whoever counts Length bytes has verified ones.
type Payload struct {
	// Length of the data in bytes.
	Length int64
	// Trailer is the checksum header that follows the data
	// ("x-amz-checksum-crc32"), empty if none does.
	Trailer string

	body      io.Reader
	remaining int64
	sum       hash.Hash // of the data; nil if its hash is not declared
	declared  string
	chunks    *chunkReader // nil unless streamed
}

func newPayload(r *http.Request, a *authorization) (*Payload, error) {
	body := io.Reader(r.Body)
	if r.Body == nil {
		body = http.NoBody
	}
	p := &Payload{Length: r.ContentLength, body: body}
	switch a.contentSHA256 {
	case "":
		return nil, a.fail(MissingContentHash, "")
	case unsignedPayload:
	case streamingSigned, streamingSignedTrailer, streamingUnsignedTrailer:
		if a.presigned {
			return nil, a.fail(UnknownContentHash, "")
		}
		length, err := strconv.ParseInt(r.Header.Get("X-Amz-Decoded-Content-Length"), 10, 64)
		if err != nil || length < 0 {
			return nil, a.fail(MissingLength, "")
		}
		p.Length = length
		if strings.HasSuffix(a.contentSHA256, "-TRAILER") {
			p.Trailer = strings.ToLower(r.Header.Get("X-Amz-Trailer"))
			if !strings.HasPrefix(p.Trailer, "x-amz-checksum-") || strings.ContainsAny(p.Trailer, ", :") {
				return nil, a.fail(BrokenBody, "")
			}
		}
		p.chunks = newChunkReader(body, a.contentSHA256 != streamingUnsignedTrailer, p.Trailer)
		p.body = p.chunks
	default:
		if hash, err := hex.DecodeString(a.contentSHA256); err != nil || len(hash) != sha256.Size || strings.ToLower(a.contentSHA256) != a.contentSHA256 {
			return nil, a.fail(UnknownContentHash, "")
		}
		p.sum, p.declared = sha256.New(), a.contentSHA256
	}
	if p.Length < 0 {
		return nil, a.fail(MissingLength, "")
	}
	p.remaining = p.Length
	return p, nil
}

// authenticate gives the chunks their key once the request's own signature,
// the seed of theirs, is right. A body without data is verified here: nobody
// would read it.
func (p *Payload) authenticate(key []byte, a *authorization) error {
	if p.chunks != nil {
		p.chunks.signer = chunkSigner{key: key, date: a.date, scope: a.scope.String(), previous: hex.EncodeToString(a.signature)}
	}
	if p.Length == 0 {
		return p.finish()
	}
	return nil
}

// Read reads data. An error but io.EOF is an *Error, and then the data must
// not be used.
func (p *Payload) Read(b []byte) (int, error) {
	if p.remaining == 0 {
		return 0, io.EOF
	}
	n, err := p.body.Read(b[:min(int64(len(b)), p.remaining)])
	p.remaining -= int64(n)
	if p.sum != nil {
		p.sum.Write(b[:n])
	}
	if p.remaining == 0 {
		if err := p.finish(); err != nil {
			return 0, err
		}
		return n, nil
	}
	if err == io.EOF {
		return 0, &Error{Reason: BrokenBody, Cause: io.ErrUnexpectedEOF}
	}
	if err != nil {
		return 0, asError(err)
	}
	return n, nil
}

// finish verifies what can only be verified at the end.
func (p *Payload) finish() error {
	if p.sum != nil && hex.EncodeToString(p.sum.Sum(nil)) != p.declared {
		return &Error{Reason: WrongBody}
	}
	if p.chunks != nil {
		if err := p.chunks.finish(); err != nil {
			return asError(err)
		}
	}
	return nil
}

// TrailerValue is the value of Trailer, known once all data has been read.
func (p *Payload) TrailerValue() string {
	if p.chunks == nil {
		return ""
	}
	return p.chunks.trailerValue
}

func asError(err error) error {
	if e, ok := err.(*Error); ok {
		return e
	}
	return readFailure(err)
}
