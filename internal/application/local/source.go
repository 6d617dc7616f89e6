package local

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math"
	"runtime"
	"sync"
	"time"

	"github.com/millrace/millrace/internal/application/input"
	"github.com/millrace/millrace/internal/sql/dialect"
	"github.com/millrace/millrace/internal/sql/types"
)

const (
	blockBytes = 1 << 18
	// maxRecord is the size of a record that may be held.
	maxRecord = 64 << 20
)

// source is a file while its records are read, held and released.
type source struct {
	file   *file
	block  int   // bytes that are read at once
	window int64 // reorder window, ms
	fail   func(types.ErrorRow)

	ordered <-chan *ticket
	free    *sync.Pool
	ended   bool

	held   held
	seq    int64
	lines  int64 // of blocks that have come
	newest int64 // time of all records that have come
	limit  int64 // records up to this time are released
	counts *SourceCounts

	reader *input.Reader
	meta   input.Metadata
}

// SourceCounts is what became of a file's records.
type SourceCounts struct {
	File    string
	Records int64 // that were read
	Late    int64 // left out as later than the reorder window
	// FirstMismatch is the place of the first line that has not the format, and
	// what was expected there.
	FirstMismatch string
	Mismatches    int64
}

// ticket keeps the place of a block while a worker has it.
type ticket struct {
	block *block
	done  chan struct{}
}

// never is before all times, and so far from the ends that sums do not overflow.
const never = math.MinInt64 / 4

// start reads the file with workers of its own until ctx ends, and closes it. One
// that waits for standard input goes on waiting.
func (s *source) start(ctx context.Context, split splitter, newWorker func() (*worker, error)) error {
	n := max(runtime.GOMAXPROCS(0), 1)
	tasks, ordered := make(chan *ticket, n), make(chan *ticket, 2*n)
	s.ordered, s.newest, s.limit = ordered, never, never
	s.free = &sync.Pool{New: func() any { return &block{} }}
	workers := make([]*worker, n)
	for i := range workers {
		var err error
		if workers[i], err = newWorker(); err != nil {
			return errors.Join(err, s.file.close())
		}
	}
	for _, w := range workers {
		go func() {
			for t := range tasks {
				w.work(t.block)
				close(t.done)
			}
		}()
	}
	go func() {
		defer close(ordered)
		defer close(tasks)
		err := s.read(split, func(b *block) bool {
			t := &ticket{b, make(chan struct{})}
			return send(ctx, ordered, t) && send(ctx, tasks, t)
		})
		if err = errors.Join(err, s.file.close()); err != nil {
			t := &ticket{&block{err: fmt.Errorf("read %s: %w", s.file.name, err)}, make(chan struct{})}
			close(t.done)
			send(ctx, ordered, t)
		}
	}()
	return nil
}

func send(ctx context.Context, to chan<- *ticket, t *ticket) bool {
	select {
	case to <- t:
		return true
	case <-ctx.Done():
		return false
	}
}

// read gives blocks of whole records to take, until there are no more or take is
// false.
func (s *source) read(split splitter, take func(b *block) bool) error {
	var rest []byte
	for size := s.block; ; {
		b := s.free.Get().(*block)
		buffer := b.raw[:0]
		if cap(buffer) < size {
			buffer = make([]byte, 0, size)
		}
		*b = block{spans: b.spans[:0], times: b.times[:0], data: b.data[:0]}
		buffer = append(buffer, rest...)
		n, err := io.ReadFull(s.file, buffer[len(buffer):cap(buffer)])
		buffer = buffer[:len(buffer)+n]
		final := err == io.EOF || err == io.ErrUnexpectedEOF
		if err != nil && !final {
			return err
		}
		used := split.split(b, buffer, final)
		rest = append(rest[:0], buffer[used:]...)
		switch {
		case len(rest) > maxRecord:
			return fmt.Errorf("a record has more than %d bytes", maxRecord)
		case used == 0 && !final:
			size = 2 * cap(buffer)
		default:
			size = max(s.block, 2*len(rest))
		}
		if (used > 0 || final) && !take(b) || final {
			return nil
		}
	}
}

// next is the time of the record that is released next; false when there are no
// more. It waits for the file.
func (s *source) next(ctx context.Context) (t int64, ok bool, err error) {
	for {
		if t, ok := s.held.least(); ok && (s.ended || t <= s.limit) {
			return t, true, nil
		}
		if s.ended {
			return 0, false, nil
		}
		if err := s.receive(ctx); err != nil {
			return 0, false, err
		}
	}
}

// receive takes the next block.
func (s *source) receive(ctx context.Context) error {
	select {
	case t, ok := <-s.ordered:
		if !ok {
			s.ended = true
			return ctx.Err()
		}
		select {
		case <-t.done:
		case <-ctx.Done(): // no worker may have it
			return ctx.Err()
		}
		if t.block.err != nil {
			return t.block.err
		}
		s.accept(t.block)
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// accept judges what is late, in the order of the file, and holds the rest.
func (s *source) accept(b *block) {
	s.counts.Records += int64(len(b.times) + len(b.bad))
	if b.least < max(s.newest, b.greatest)-s.window {
		s.leaveOut(b)
	}
	s.report(b)
	s.newest = max(s.newest, b.greatest)
	s.limit = s.newest - s.window
	b.seq = s.seq
	s.seq++
	s.lines += b.lineCount
	s.hold(b)
}

// leaveOut counts records that are behind one before them by more than the
// window, and leaves them out.
func (s *source) leaveOut(b *block) {
	newest := s.newest
	late := map[int]bool{}
	for i, t := range b.times {
		newest = max(newest, t)
		if t >= newest-s.window {
			continue
		}
		late[i] = true
		at := b.spans[i]
		b.bad = append(b.bad, badRecord{at: i, name: dialect.ErrLate, raw: b.data[at.start:at.end],
			message: fmt.Sprintf("the record is %v behind a record before it, and records are put in order within %v", time.Duration(newest-t)*time.Millisecond, time.Duration(s.window)*time.Millisecond)})
	}
	s.counts.Late += int64(len(late))
	if len(late) > 0 {
		b.sortBad()
		b.reorder(func(i int) bool { return late[i] })
	}
}

// report makes error rows of bad records. Their time is that of the newest
// record before them, for error_stream has an order too.
func (s *source) report(b *block) {
	newest, from := s.newest, 0
	for _, bad := range b.bad {
		for ; from < bad.at; from++ {
			newest = max(newest, b.times[from])
		}
		if bad.name == ErrorInvalidLine {
			if s.counts.Mismatches++; s.counts.Mismatches == 1 {
				s.counts.FirstMismatch = fmt.Sprintf("%s:%d:%d: %s", s.file.name, s.lines+bad.line+1, bad.column, bad.message)
			}
		}
		t := max(newest, 0)
		s.fail(types.ErrorRow{Time: t, Name: bad.name, Message: bad.message, DataRowtime: t, DataRow: bad.raw, Pump: input.NoPump})
	}
}

// hold keeps a block until its records are released.
func (s *source) hold(b *block) {
	if _, ok := b.head(); !ok {
		s.recycle(b)
		return
	}
	s.held.push(b)
}

// release reads the records whose times are below until, or equal to it with
// inclusive, as far as they are released.
func (s *source) release(until int64, inclusive bool) (n int64) {
	if !inclusive {
		until--
	}
	if !s.ended {
		until = min(until, s.limit)
	}
	for len(s.held.heap) > 0 {
		b := s.held.heap[0]
		stop := s.held.stop(until)
		i, ok := b.head()
		for ; ok && b.times[i] <= stop; i, ok = b.head() {
			s.meta.Arrival = b.times[i]
			at := b.spans[i]
			s.reader.Part(b.data, at.start, at.end, b.times[i], &s.meta)
			b.next++
			n++
		}
		switch {
		case !ok:
			s.reader.Flush() // its texts are in the block
			s.held.pop()
			s.recycle(b)
		case b.times[i] > until:
			s.held.fix()
			if t, _ := s.held.least(); t > until {
				return n
			}
		default:
			s.held.fix()
		}
	}
	return n
}

func (s *source) recycle(b *block) { s.free.Put(b) }
