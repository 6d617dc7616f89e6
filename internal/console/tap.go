package console

import (
	"context"
	"errors"
	"io"
	"iter"
	"net/http"
	"time"
)

// tap writes what passes a stage as NDJSON until the reader goes away. The
// reader sets the pace: it sees every record, late if it is slow.
func (c *Console) tap(w http.ResponseWriter, r *http.Request) {
	where := r.URL.Query().Get("where")
	if where == "" {
		problem(w, http.StatusBadRequest, "where is missing: agent/FLOW, stream/NAME, app/NAME/STREAM or delivery/NAME")
		return
	}
	ctx, cancel := context.WithCancel(r.Context())
	defer cancel()
	defer context.AfterFunc(c.ended, cancel)()
	lines, err := c.opts.Tapper.Tap(ctx, where)
	if err != nil {
		c.failed(w, r, "tap", err)
		return
	}
	w.Header().Set("Content-Type", "application/x-ndjson")
	if err := writeLines(w, pump(ctx, lines)); err != nil && ctx.Err() == nil {
		// The status line is out: only a broken answer can still say that this
		// is not the end of the data.
		c.opts.Logger.Warn("tap ended", "where", where, "error", err)
		panic(http.ErrAbortHandler)
	}
}

type tapped struct {
	line []byte
	err  error
}

// pump moves the sequence into a channel, so that the writer knows when there
// is nothing more for now and flushes.
func pump(ctx context.Context, lines iter.Seq2[[]byte, error]) <-chan tapped {
	ch := make(chan tapped, 256)
	go func() {
		defer close(ch)
		for line, err := range lines {
			select {
			case ch <- tapped{line, err}:
			case <-ctx.Done():
				return
			}
		}
	}()
	return ch
}

func writeLines(w http.ResponseWriter, lines <-chan tapped) error {
	rc := http.NewResponseController(w)
	if err := rc.Flush(); err != nil { // headers: the tap is open
		return err
	}
	for t := range lines {
		if errors.Is(t.err, context.Canceled) {
			return nil
		}
		if t.err != nil {
			return t.err
		}
		_ = rc.SetWriteDeadline(time.Now().Add(writeTimeout))
		if _, err := w.Write(t.line); err != nil {
			return err
		}
		if _, err := io.WriteString(w, "\n"); err != nil {
			return err
		}
		if len(lines) == 0 {
			if err := rc.Flush(); err != nil {
				return err
			}
		}
	}
	return nil
}
