// Package pebble is the journal in one directory: a Pebble store whose
// write-ahead log is fsynced once for all commits that wait at the time.
// docs/formats/journal.md describes its keys.
package pebble

import (
	"errors"
	"fmt"
	"log/slog"
	"os"
	"sync"
	"sync/atomic"
	"time"

	"github.com/cockroachdb/pebble/v2"
	"github.com/cockroachdb/pebble/v2/vfs"

	"github.com/millrace/millrace/internal/journal"
	"github.com/millrace/millrace/internal/journal/handover"
	"github.com/millrace/millrace/internal/record"
)

// Options of Open.
type Options struct {
	Dir    string
	Logger *slog.Logger
	// QuotaBytes bounds the frames on disk; 0 is no limit.
	QuotaBytes int64
	// DiskReserveBytes of free space are left to others; 0 leaves none.
	DiskReserveBytes int64
	// RecentBytes of fresh frames are kept in memory for each stream.
	RecentBytes int
	// Now is the clock that stamps arrivals, ms; the system's if nil.
	Now func() int64
	// Fatal is called when a commit cannot be made durable. It must not return;
	// nil logs and ends the process with status 1.
	Fatal func(err error)
	// FS replaces the file system, in tests.
	FS vfs.FS

	memTableBytes  uint64        // 0 for the constant
	rewriteBlobAge time.Duration // 0 for the constant
}

const (
	defaultRecentBytes = 8 << 20
	// A reader that lags gets this much at a time, so that one lagging reader
	// does not hold a long-lived iterator open.
	readBackBytes = 1 << 20
	usageEvery    = 250 * time.Millisecond
)

// Journal implements journal.Journal.
type Journal struct {
	opts    Options
	db      *pebble.DB
	streams *handover.Streams
	done    chan struct{}
	stop    sync.Once
	// begin is held for reading by calls that use the store, and for writing by
	// Close: Pebble panics when it is used after its own Close.
	begin  sync.RWMutex
	closed bool

	bytes      atomic.Int64 // of frames on disk
	commits    atomic.Int64
	diskFree   atomic.Int64
	trimmed    atomic.Bool // since the space was last reclaimed
	reclaiming atomic.Bool
	usage      sync.WaitGroup
}

// Open opens or makes the journal of a directory. Damage in Pebble's own
// files refuses the start and names the file.
func Open(opts Options) (*Journal, error) {
	if opts.Now == nil {
		opts.Now = func() int64 { return time.Now().UnixMilli() }
	}
	if opts.RecentBytes == 0 {
		opts.RecentBytes = defaultRecentBytes
	}
	if opts.Logger == nil {
		opts.Logger = slog.New(slog.DiscardHandler)
	}
	if opts.FS == nil {
		opts.FS = vfs.Default
	}
	if opts.memTableBytes == 0 {
		opts.memTableBytes = memTableBytes
	}
	if opts.rewriteBlobAge == 0 {
		opts.rewriteBlobAge = rewriteBlobAge
	}
	if opts.Fatal == nil {
		logger := opts.Logger
		opts.Fatal = func(err error) {
			logger.Error("journal cannot be made durable, ending", "error", err)
			os.Exit(1)
		}
	}
	j := &Journal{opts: opts, done: make(chan struct{})}
	opening := &openFS{FS: opts.FS}
	p := tuned(opts.memTableBytes, opts.rewriteBlobAge)
	p.FS = opening
	p.Logger = pebbleLogger{opts.Logger, opts.Fatal}
	p.EventListener = &pebble.EventListener{DataCorruption: j.reportDamage}
	if err := checkManifest(opts.FS, opts.Dir); err != nil {
		return nil, fmt.Errorf("open journal %q: %w", opts.Dir, err)
	}
	db, err := pebble.Open(opts.Dir, p)
	if err != nil {
		return nil, fmt.Errorf("open journal %q: %w", opts.Dir, opening.named(err))
	}
	j.db = db
	j.streams = handover.NewStreams(j.load, opts.RecentBytes)
	total, err := j.sum(metaRange(nil))
	if err != nil {
		return nil, errors.Join(fmt.Errorf("open journal %q: %w", opts.Dir, located(err)), db.Close())
	}
	j.bytes.Store(total.bytes)
	j.readDiskFree()
	j.usage.Go(j.watchDisk)
	return j, nil
}

// Begin implements journal.Journal. The batch is in Pebble's log order when it
// returns; the fsync is awaited in Wait, together with those of other batches.
func (j *Journal) Begin(b *journal.Batch) (journal.Commit, error) {
	j.begin.RLock()
	defer j.begin.RUnlock()
	if j.closed {
		return nil, journal.ErrClosed
	}
	if j.Usage().Refuses(b) {
		return nil, journal.ErrFull
	}
	streams, unlock, err := j.streams.Lock(b)
	if err != nil {
		return nil, err
	}
	defer unlock()
	c := &commit{j: j, batch: j.db.NewBatchWithSize(batchBytes(b))}
	var bytes int64
	for _, a := range b.Appends {
		f, encoded := streams[a.Stream].Stamp(a.Frame, j.opts.Now())
		c.frames = append(c.frames, f)
		bytes += int64(len(encoded))
		_ = c.batch.Set(frameKey(f.Stream, f.First), encoded, nil) // a batch grows in memory; errors come with Apply
		_ = c.batch.Set(metaKey(f.Stream, f.First), encodeMeta(f, len(encoded)), nil)
	}
	for _, change := range b.Changes {
		if change.Value == nil {
			_ = c.batch.Delete(stateKey(change.Key), nil)
		} else {
			_ = c.batch.Set(stateKey(change.Key), change.Value, nil)
		}
	}
	for _, f := range b.Floors {
		_ = c.batch.Set(floorKey(f.Stream), encodeFloor(streams[f.Stream].Raise(f.Time)), nil)
	}
	if c.batch.Empty() {
		_ = c.batch.LogData(nil, nil) // waits for everything begun before
	}
	if err := j.write("append", func() error { return j.db.ApplyNoSyncWait(c.batch, pebble.Sync) }); err != nil {
		return nil, err
	}
	for _, a := range b.Appends {
		a.Frame.Release() // the store has copied it
	}
	j.bytes.Add(bytes)
	j.diskFree.Add(-bytes) // until it is read again
	j.commits.Add(1)
	return c, nil
}

// write changes the store. What cannot be written is fatal, as an error and as
// a panic alike: a store whose log has failed panics in the next writer, with
// its locks held, and a server recovers the panics of its handlers. (Where it is
// just turning its memory over, the runtime ends the process itself.)
func (j *Journal) write(what string, change func() error) (err error) {
	defer func() {
		if failure := recover(); failure != nil {
			err = fmt.Errorf("the store gives up: %v", failure)
			if cause, ok := failure.(error); ok {
				err = cause
			}
		}
		if err != nil {
			err = fmt.Errorf("%s in journal %q: %w", what, j.opts.Dir, err)
			j.opts.Fatal(err)
		}
	}()
	return change()
}

func batchBytes(b *journal.Batch) int {
	n := 64
	for _, a := range b.Appends {
		n += a.Frame.EncodedBytes() + 128
	}
	for _, c := range b.Changes {
		n += len(c.Key) + len(c.Value) + 16
	}
	return n + 64*len(b.Floors)
}

type commit struct {
	j      *Journal
	batch  *pebble.Batch
	frames []*record.Frame
}

// Frames implements journal.Commit.
func (c *commit) Frames() []*record.Frame { return c.frames }

// Wait implements journal.Commit. The log is synced in order, so everything
// begun before is durable, too.
func (c *commit) Wait() error {
	if err := c.batch.SyncWait(); err != nil {
		c.j.opts.Fatal(fmt.Errorf("sync journal %q: %w", c.j.opts.Dir, err))
		return err
	}
	for _, f := range c.frames {
		s, err := c.j.streams.Get(f.Stream)
		if err != nil {
			return err
		}
		s.Publish(f)
	}
	return c.batch.Close()
}

// Close implements journal.Journal. Commits that were begun must have been
// waited for.
func (j *Journal) Close() error {
	var err error
	j.stop.Do(func() {
		close(j.done)
		j.usage.Wait()
		j.begin.Lock()
		defer j.begin.Unlock()
		j.closed = true
		err = j.db.Close()
	})
	return err
}

// pebbleLogger keeps what a person must know of Pebble's talk.
type pebbleLogger struct {
	log   *slog.Logger
	fatal func(error)
}

func (l pebbleLogger) Infof(string, ...any) {}
func (l pebbleLogger) Errorf(format string, args ...any) {
	l.log.Error("journal store reports an error", "error", fmt.Sprintf(format, args...))
}
func (l pebbleLogger) Fatalf(format string, args ...any) { l.fatal(fmt.Errorf(format, args...)) }
