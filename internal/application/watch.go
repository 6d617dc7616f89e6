package application

import (
	"sync"
	"time"

	"github.com/millrace/millrace/internal/sql/types"
)

// What watching may cost: a stream keeps its newest rows as text, but no more
// a second than a person can make use of. Rows beyond that are counted and
// skipped.
const (
	recentRows    = 1000
	rowsPerSecond = 2000
	rateSeconds   = 10
)

// Row is a row of an in-application stream as a person sees it.
type Row struct {
	Rowtime int64  // ms since the epoch
	Data    []byte // JSON object
}

// Rows are consecutive rows; Skipped rows before them were not shown.
type Rows struct {
	Rows    []Row
	Skipped int64
}

// Watch receives the rows of a stream until it is closed. A receiver that is
// slow misses rows and is told how many.
type Watch struct {
	C      <-chan Rows
	stream *streamWatch
	c      chan Rows
	missed int64
}

// Close ends the watch. C gets no more rows; it is not closed.
func (w *Watch) Close() {
	w.stream.mu.Lock()
	defer w.stream.mu.Unlock()
	delete(w.stream.watches, w)
}

// StreamStatus counts what entered an in-application stream since the
// application was started in this process.
type StreamStatus struct {
	Name       string
	Columns    []types.Column
	Rows       int64
	RowsPerSec float64 // over the last ten seconds
	LastRow    time.Time
	// LastRowtime is the ROWTIME of the newest row, ms since the epoch.
	LastRowtime int64
}

// streamWatch is the observed side of an in-application stream.
type streamWatch struct {
	name    string
	columns []types.Column // that are shown
	at      []int          // their places in a batch
	now     func() time.Time

	mu      sync.Mutex
	rows    int64
	last    time.Time
	rowtime int64
	rate    [rateSeconds + 1]int64 // rows by second
	second  int64                  // newest second of rate
	shown   int                    // in that second
	recent  []Row                  // ring, the oldest at oldest
	oldest  int
	skipped int64 // since the last row that was shown
	watches map[*Watch]bool
}

// newStreamWatch observes a stream whose columns are shown where show is nil or true.
func newStreamWatch(name string, columns []types.Column, show []bool, now func() time.Time) *streamWatch {
	s := &streamWatch{name: name, now: now, watches: map[*Watch]bool{}}
	for i, c := range columns {
		if show == nil || i < len(show) && show[i] {
			s.columns, s.at = append(s.columns, c), append(s.at, i)
		}
	}
	return s
}

// observe takes note of a batch.
func (s *streamWatch) observe(b *types.Batch) {
	if b.N == 0 {
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.last = s.now()
	s.tick(s.last.Unix())
	s.rows += int64(b.N)
	s.rowtime = b.Rowtime[b.N-1]
	s.rate[s.second%int64(len(s.rate))] += int64(b.N)
	s.show(b)
}

// tick moves the rate on to a second.
func (s *streamWatch) tick(second int64) {
	if second-s.second > int64(len(s.rate)) {
		clear(s.rate[:])
		s.second, s.shown = second, 0
	}
	for s.second < second {
		s.second++
		s.rate[s.second%int64(len(s.rate))] = 0
		s.shown = 0
	}
}

// show keeps the newest rows of a batch as far as the second's share goes.
func (s *streamWatch) show(b *types.Batch) {
	n := min(b.N, rowsPerSecond-s.shown, recentRows)
	s.skipped += int64(b.N - n)
	if n == 0 {
		return
	}
	s.shown += n
	view := types.Batch{N: b.N, Rowtime: b.Rowtime, Cols: make([]*types.Vector, len(s.at))}
	for i, at := range s.at {
		view.Cols[i] = b.Cols[at]
	}
	fresh := make([]Row, 0, n)
	for i := b.N - n; i < b.N; i++ {
		fresh = append(fresh, Row{b.Rowtime[i], types.AppendJSON(nil, s.columns, &view, i)})
	}
	s.keep(fresh)
	for w := range s.watches {
		w.send(fresh, s.skipped)
	}
	s.skipped = 0
}

func (s *streamWatch) keep(fresh []Row) {
	for _, r := range fresh {
		if len(s.recent) < recentRows {
			s.recent = append(s.recent, r)
			continue
		}
		s.recent[s.oldest] = r
		s.oldest = (s.oldest + 1) % recentRows
	}
}

// send never waits.
func (w *Watch) send(rows []Row, skipped int64) {
	select {
	case w.c <- Rows{rows, skipped + w.missed}:
		w.missed = 0
	default:
		w.missed += skipped + int64(len(rows))
	}
}

// watch begins with the recent rows.
func (s *streamWatch) watch() *Watch {
	s.mu.Lock()
	defer s.mu.Unlock()
	c := make(chan Rows, 64)
	w := &Watch{C: c, c: c, stream: s}
	if len(s.recent) > 0 {
		c <- Rows{Rows: s.list()}
	}
	s.watches[w] = true
	return w
}

// list returns the recent rows, oldest first.
func (s *streamWatch) list() []Row {
	return append(append(make([]Row, 0, len(s.recent)), s.recent[s.oldest:]...), s.recent[:s.oldest]...)
}

func (s *streamWatch) status() StreamStatus {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.tick(s.now().Unix())
	var whole int64 // of the seconds that are over
	for i, n := range s.rate {
		if int64(i) != s.second%int64(len(s.rate)) {
			whole += n
		}
	}
	return StreamStatus{Name: s.name, Columns: s.columns, Rows: s.rows, RowsPerSec: float64(whole) / rateSeconds,
		LastRow: s.last, LastRowtime: s.rowtime}
}
