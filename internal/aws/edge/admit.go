package edge

import (
	"net/http"

	"github.com/millrace/millrace/internal/aws/awserr"
	"github.com/millrace/millrace/internal/aws/sigv4"
)

// maxBodyBytes bounds what bodies held in memory take together; beyond it
// clients are asked to come again, as AWS asks them.
const maxBodyBytes = 256 << 20

// admit bounds the request's body in memory, time and encoding before anything
// reads it.
func (e *Edge) admit(g *guard, r *http.Request, p sigv4.Protocol) *awserr.Error {
	if p == sigv4.S3 {
		// The body of another service would be held in memory, outside the budget.
		if scope, err := sigv4.ScopeOf(r); err == nil && scope.Service != "s3" {
			return wrongService("s3", p)
		}
		if !g.ended {
			g.begin(streamPace, 0)
			r.Body = g
		}
		return nil
	}
	if encoding := r.Header.Get("Content-Encoding"); encoding != "" && encoding != "identity" {
		return awserr.New("SerializationException", "the Content-Encoding %s is not supported", clip(encoding)).With(http.StatusUnsupportedMediaType)
	}
	g.budget, g.need = &e.bodyBytes, r.ContentLength
	if g.need < 0 || g.need > sigv4.MaxBody {
		g.need = sigv4.MaxBody // refused when it turns out to be longer
	}
	if !g.reserve(min(g.need, firstRoom)) {
		return tooMany()
	}
	if !g.ended {
		g.begin(memoryPace, paceEvery)
		r.Body = g
	}
	return nil
}
