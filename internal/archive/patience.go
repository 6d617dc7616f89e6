package archive

import (
	"context"
	"errors"
	"io"
	"net/http"
	"sync"
	"time"
)

// patience bounds one request to a remote S3 by what it keeps us waiting, however
// long the body is and however slow our own client. Waiting uses it up; every
// byte that the other side takes or gives restores a little, up to where it
// began:
//
//	nothing at all          the request ends after the whole of it
//	slower than slowest     it ends, later
//	faster                  it lasts
//
// One byte a second therefore does not hold a connection for ever, and no
// fixed deadline cuts off a large object on a thin line.
type patience struct {
	ctx    context.Context
	cancel context.CancelCauseFunc
	whole  time.Duration

	mu    sync.Mutex
	left  time.Duration
	since time.Time   // of the waiting; zero while we do not wait
	timer *time.Timer // ends the request
	over  bool
}

// slowest is the speed, in bytes a second, below which patience runs out.
const slowest = 16 << 10

var errImpatient = errors.New("the remote S3 does not answer, or too slowly")

// newPatience begins to wait.
func newPatience(parent context.Context, whole time.Duration) *patience {
	p := &patience{whole: whole, left: whole}
	p.ctx, p.cancel = context.WithCancelCause(parent)
	p.timer = time.AfterFunc(whole, func() { p.cancel(errImpatient) })
	p.since = time.Now()
	return p
}

// wait: the next move is the other side's.
func (p *patience) wait() {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.over || !p.since.IsZero() {
		return
	}
	p.since = time.Now()
	p.timer.Reset(p.left)
}

// moved: it took or gave n bytes.
func (p *patience) moved(n int) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.since.IsZero() {
		return
	}
	p.timer.Stop()
	p.left -= time.Since(p.since)
	p.left = min(p.whole, max(0, p.left)+time.Duration(n)*time.Second/slowest)
	p.since = time.Time{}
}

func (p *patience) exhausted() bool { return context.Cause(p.ctx) == errImpatient }

// end gives back what the request held.
func (p *patience) end() {
	p.moved(0)
	p.mu.Lock()
	p.over = true
	p.mu.Unlock()
	p.cancel(nil)
}

// watchBody sees how the request's body is taken.
func (p *patience) watchBody(r *http.Request) {
	if r.Body == nil || r.Body == http.NoBody {
		return
	}
	r.Body = &watchedBody{ReadCloser: r.Body, patience: p}
	if again := r.GetBody; again != nil {
		r.GetBody = func() (io.ReadCloser, error) {
			body, err := again()
			return &watchedBody{ReadCloser: body, patience: p}, err
		}
	}
}

// watchedBody is read by the transport: between two reads it writes to the
// other side, within one it waits for our client.
type watchedBody struct {
	io.ReadCloser
	patience *patience
	given    int
}

func (b *watchedBody) Read(to []byte) (int, error) {
	b.patience.moved(b.given)
	n, err := b.ReadCloser.Read(to)
	b.given = n
	b.patience.wait()
	return n, err
}

// watchAnswer sees how the answer's body comes. The request is over when that
// is closed.
func (p *patience) watchAnswer(r *http.Response) {
	p.moved(0)
	r.Body = &watchedAnswer{r.Body, p}
}

type watchedAnswer struct {
	io.ReadCloser
	patience *patience
}

func (b *watchedAnswer) Read(to []byte) (int, error) {
	b.patience.wait()
	n, err := b.ReadCloser.Read(to)
	b.patience.moved(n)
	if err != nil && err != io.EOF && b.patience.exhausted() {
		err = errImpatient
	}
	return n, err
}

func (b *watchedAnswer) Close() error {
	err := b.ReadCloser.Close()
	b.patience.end()
	return err
}
