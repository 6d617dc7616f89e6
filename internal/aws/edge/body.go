package edge

import (
	"io"
	"net/http"
	"os"
	"sync/atomic"
	"time"

	"github.com/millrace/millrace/internal/aws/awserr"
)

// pace is how fast a body must come: after a grace, so many bytes a second
// that it keeps us waiting, and never a long stall.
type pace struct {
	grace, stall   time.Duration
	bytesPerSecond int64
}

var (
	// A body that is held in memory takes room from others.
	memoryPace = pace{grace: 10 * time.Second, stall: 10 * time.Second, bytesPerSecond: 16 << 10}
	// One that streams takes a connection.
	streamPace = pace{grace: 30 * time.Second, stall: 30 * time.Second, bytesPerSecond: 4 << 10}
)

const (
	// firstRoom is what a body takes of the budget before it has come, later it
	// is twice what has come: buffers grow by doubling.
	firstRoom = 64 << 10
	// paceEvery is how often, in bytes, the deadline of a body in memory moves:
	// what comes at the pace moves it long before it passes.
	paceEvery = 64 << 10
	// lingering is how long the rest of a body is read that nobody wants: a
	// client that still writes does not read the answer.
	lingering = 2 * time.Second
)

// guard bounds a body in time and, if it is held in memory, in the budget.
type guard struct {
	io.ReadCloser
	control *http.ResponseController // of no effect in memory, where nobody is slow
	client  *connection              // nil in memory
	pace    pace
	every   int64 // bytes between two deadlines

	waited     time.Duration
	read, mark int64
	ended      bool // nothing more is to be read

	budget         *atomic.Int64 // nil for a stream
	reserved, need int64
}

// watch makes the guard that of a request, and lets the body through as it is.
func (g *guard) watch(w http.ResponseWriter, r *http.Request) {
	g.ReadCloser, g.control, g.client = r.Body, http.NewResponseController(w), connectionOf(r)
	g.ended = r.Body == nil || r.Body == http.NoBody
}

// begin sets the first deadline: also a body that nobody reads ends.
func (g *guard) begin(p pace, every int64) {
	g.pace, g.every, g.mark = p, every, every
	_ = g.control.SetReadDeadline(time.Now().Add(p.grace))
}

func (g *guard) Read(b []byte) (int, error) {
	start := time.Now()
	if g.read >= g.mark {
		left := min(g.pace.stall, g.pace.grace+time.Duration(g.read)*time.Second/time.Duration(g.pace.bytesPerSecond)-g.waited)
		if left <= 0 {
			return 0, os.ErrDeadlineExceeded
		}
		_ = g.control.SetReadDeadline(start.Add(left))
		g.mark = g.read + g.every
	}
	n, err := g.ReadCloser.Read(b)
	g.waited += time.Since(start)
	g.read += int64(n)
	if err != nil {
		g.ended = err == io.EOF
		_ = g.control.SetReadDeadline(time.Time{}) // it would end a handler that takes longer
		return n, err
	}
	if g.budget != nil && !g.reserve(min(g.need, 2*g.read)) {
		return n, tooMany()
	}
	return n, nil
}

// reserve takes of the budget until there are that many bytes.
func (g *guard) reserve(bytes int64) bool {
	more := bytes - g.reserved
	if more <= 0 {
		return true
	}
	if g.budget.Add(more) > maxBodyBytes {
		g.budget.Add(-more)
		return false
	}
	g.reserved = bytes
	return true
}

// linger bounds the wait for a body that nobody wants any more: the server
// reads some of it before it answers and before the connection's next request.
func (g *guard) linger() {
	if !g.ended {
		g.client.waits(true)
		_ = g.control.SetReadDeadline(time.Now().Add(lingering))
	}
}

// close gives the budget back.
func (g *guard) close() {
	if g.budget != nil {
		g.budget.Add(-g.reserved)
	}
	g.linger()
}

func tooMany() *awserr.Error {
	return awserr.New("ServiceUnavailableException", "Too many requests are under way. Please reduce your request rate.").With(http.StatusServiceUnavailable)
}
