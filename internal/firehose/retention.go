package firehose

import (
	"fmt"
	"strings"
	"time"

	"github.com/millrace/millrace/internal/journal"
	"github.com/millrace/millrace/internal/record"
)

const (
	// applicationCursors are those of readers that hold data back for no longer
	// than retention; deliveries hold it until it is delivered.
	applicationCursors = "application/"
	retention          = 24 * time.Hour

	trimEvery   = 2 * time.Second
	expireEvery = time.Hour
)

// retain gives up, until Close, what no reader needs any more.
func (s *Service) retain() {
	trim, expire := time.NewTicker(trimEvery), time.NewTicker(expireEvery)
	defer trim.Stop()
	defer expire.Stop()
	for {
		select {
		case <-s.ctx.Done():
			return
		case <-trim.C:
			s.forEach("trim", s.trim)
		case <-expire.C:
			s.forEach("expire origins of", func(st *stream) error { return st.origins.expire(time.Now()) })
		}
	}
}

func (s *Service) forEach(what string, do func(st *stream) error) {
	for _, st := range s.all() {
		if err := do(st); err != nil && st.ctx.Err() == nil {
			s.opts.Logger.Error("retention failed", "delivery_stream", st.name, "error", fmt.Errorf("%s %q: %w", what, st.name, err))
		}
	}
}

// trim gives up the frames that lie before all cursors of deliveries, and
// before those of applications or older than retention.
func (s *Service) trim(st *stream) error {
	cursors, err := journal.Cursors(st.journal, st.id)
	if err != nil || len(cursors) == 0 {
		return err
	}
	extent := st.journal.Extent(st.id)
	delivered, read := extent.Next, extent.Next
	for name, next := range cursors {
		if strings.HasPrefix(name, applicationCursors) {
			read = min(read, next)
		} else {
			delivered = min(delivered, next)
		}
	}
	before := delivered
	if read < delivered {
		if before, err = s.firstSince(st, max(read, extent.First), delivered, time.Now().Add(-retention)); err != nil {
			return err
		}
	}
	if before <= max(extent.First, st.trimmed) {
		return nil
	}
	st.trimmed = before
	return st.journal.Trim(st.id, before)
}

// firstSince returns the sequence, between from and delivered, of the first
// frame that arrived since a time: an application that lags more than retention
// loses what is older. It reads frames only as long as they are that old.
func (s *Service) firstSince(st *stream, from, delivered record.Sequence, since time.Time) (record.Sequence, error) {
	reader := st.journal.Read(st.id, from)
	defer reader.Close()
	for from < delivered {
		f, err := reader.Next(st.ctx)
		if err != nil {
			return 0, err
		}
		if f.Arrival >= since.UnixMilli() {
			return from, nil
		}
		from = f.Next()
	}
	return delivered, nil
}
