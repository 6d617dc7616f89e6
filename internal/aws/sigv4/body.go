package sigv4

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"hash"
	"io"
	"net/http"
	"sync"
)

// readStep is how much is read between two rounds of hashing: small enough to
// be hashed while it is in the cache.
const readStep = 64 << 10

// buffer holds one body and hashes it. Buffers go back to a pool of the process; they carry
// bytes, no state.
type buffer struct {
	data []byte
	hash hash.Hash
	sum  [sha256.Size]byte
}

var buffers = sync.Pool{New: func() any { return &buffer{data: make([]byte, 0, readStep), hash: sha256.New()} }}

func (b *buffer) bytes() []byte {
	if b == nil {
		return nil
	}
	return b.data
}

func (b *buffer) release() {
	if b != nil {
		b.data = b.data[:0]
		buffers.Put(b)
	}
}

// grow makes room for more of a body that may have need bytes: what is claimed
// and does not come takes little.
func (b *buffer) grow(need int) {
	room := 2 * cap(b.data)
	if need > cap(b.data) {
		room = min(room, need)
	}
	b.data = append(make([]byte, 0, room), b.data...)
}

// readBody reads the body of a request to any service but S3, hashing as it
// reads, and answers the hash. A hash that the client declared must be the
// body's.
func readBody(r *http.Request) (*buffer, string, error) {
	if r.ContentLength > MaxBody {
		return nil, "", &Error{Reason: TooLarge}
	}
	b := buffers.Get().(*buffer)
	body := r.Body
	if body == nil {
		body = http.NoBody
	}
	need := int(r.ContentLength) + 1 // one more, so that the read that finds the end needs no growth
	if r.ContentLength < 0 {
		need = MaxBody + 1
	}
	b.hash.Reset()
	for {
		if len(b.data) == cap(b.data) {
			b.grow(need)
		}
		from := len(b.data)
		n, err := body.Read(b.data[from:min(cap(b.data), from+readStep)])
		b.data = b.data[:from+n]
		b.hash.Write(b.data[from:])
		if len(b.data) > MaxBody {
			b.release()
			return nil, "", &Error{Reason: TooLarge}
		}
		if err == io.EOF {
			break
		}
		if err != nil {
			b.release()
			return nil, "", readFailure(err)
		}
	}
	sum := hex.EncodeToString(b.hash.Sum(b.sum[:0]))
	if declared := r.Header.Get("X-Amz-Content-Sha256"); declared != "" && declared != sum {
		b.release()
		return nil, "", &Error{Reason: WrongBody}
	}
	return b, sum, nil
}

func readFailure(err error) *Error {
	var tooLarge *http.MaxBytesError
	if errors.As(err, &tooLarge) {
		return &Error{Reason: TooLarge, Cause: err}
	}
	return &Error{Reason: BrokenBody, Cause: err}
}
