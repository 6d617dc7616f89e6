package edge

import (
	"io"
	"net/http"
	"time"

	"github.com/millrace/millrace/internal/aws/awserr"
	"github.com/millrace/millrace/internal/aws/sigv4"
)

const (
	// maxBodyBytes bounds what bodies held in memory take together; beyond it
	// clients are asked to come again, as AWS asks them.
	maxBodyBytes = 256 << 20
	// A body that is held in memory must be there within bodyTimeout; one that
	// streams must bring something within stallTimeout.
	bodyTimeout  = 60 * time.Second
	stallTimeout = 30 * time.Second
)

// admit bounds the request's body in memory, time and encoding before anything
// reads it. release gives the memory back.
func (e *Edge) admit(w http.ResponseWriter, r *http.Request, p sigv4.Protocol) (release func(), err *awserr.Error) {
	control := http.NewResponseController(w)
	if p == sigv4.S3 {
		// The body of another service would be held in memory, outside the budget.
		if scope, err := sigv4.ScopeOf(r); err == nil && scope.Service != "s3" {
			return nil, wrongService("s3", p)
		}
		if r.Body != nil && r.Body != http.NoBody {
			r.Body = &stallGuard{ReadCloser: r.Body, control: control}
		}
		return func() {}, nil
	}
	if encoding := r.Header.Get("Content-Encoding"); encoding != "" && encoding != "identity" {
		return nil, awserr.New("SerializationException", "the Content-Encoding %s is not supported", clip(encoding)).With(http.StatusUnsupportedMediaType)
	}
	need := r.ContentLength
	if need < 0 || need > sigv4.MaxBody {
		need = sigv4.MaxBody // refused when it turns out to be longer
	}
	if e.bodyBytes.Add(need) > maxBodyBytes {
		e.bodyBytes.Add(-need)
		return nil, awserr.New("ServiceUnavailableException", "Too many requests are under way. Please reduce your request rate.").With(http.StatusServiceUnavailable)
	}
	_ = control.SetReadDeadline(time.Now().Add(bodyTimeout)) // not supported in memory, nor needed there
	return func() { e.bodyBytes.Add(-need) }, nil
}

// stopReading ends the body's deadline, which would otherwise end a handler
// that takes longer.
func stopReading(w http.ResponseWriter) {
	_ = http.NewResponseController(w).SetReadDeadline(time.Time{})
}

// stallGuard gives every read of a streamed body its own deadline.
type stallGuard struct {
	io.ReadCloser
	control *http.ResponseController
}

func (g *stallGuard) Read(b []byte) (int, error) {
	_ = g.control.SetReadDeadline(time.Now().Add(stallTimeout))
	n, err := g.ReadCloser.Read(b)
	if err != nil {
		_ = g.control.SetReadDeadline(time.Time{})
	}
	return n, err
}
