package tail

import (
	"context"
	"log/slog"
	"sync"
	"time"
)

// Position is where reading begins in files that are there at the first start.
type Position bool

const (
	EndOfFile   Position = false
	StartOfFile Position = true
)

// Options say what is followed and how. Zero values take the defaults named.
type Options struct {
	Pattern string   // folder and glob, see ParseGlob
	Initial Position // for the files found at the first look when Resume is nil; files that appear later start at 0

	// Resume are the files of the last run's checkpoint; nil if there was none. Files that it does not know start at 0.
	Resume []State

	MaxLineBytes int           // longer lines are cut (4 MiB)
	Poll         time.Duration // how often files are asked for their size (100 ms)
	Relist       time.Duration // how often the folder is listed even if it looks unchanged (10 s)
	Quiet        time.Duration // how long a file that was rotated away must rest before its end counts as its end (5 s)

	Logger *slog.Logger     // discard
	Now    func() time.Time // time.Now
}

const (
	chunkBytes   = 256 << 10
	maxOpenFiles = 256              // beyond this many, files at rest are closed and looked at by name
	idleClose    = 30 * time.Second // how long a file must rest before it is closed
)

// Lines is a run of lines of one file incarnation.
type Lines struct {
	File  *File
	Start uint64 // offset of the first byte
	End   uint64 // offset after the last line

	// Data is the lines with their newlines, valid until the next call of Next. Only the last line of a rotated file lacks its newline, and a line
	// that was longer than MaxLineBytes, which comes alone: then Data is its beginning and [Start, End) the whole line.
	Data []byte
	Cut  bool
}

// Tailer follows the files of one pattern. Next, Wait and Close belong to one goroutine, Files and Stats to any.
type Tailer struct {
	opts  Options
	glob  Glob
	watch *watcher

	mu       sync.Mutex
	files    []*File // in the order in which they were found
	turn     int     // whose turn it is to be read
	buf      []byte
	nextPoll time.Time
	listing  listing
	stats    Stats
}

// Stats count what happened to the files.
type Stats struct {
	Found     int    // incarnations begun or resumed
	Rotated   int    // files that lost their name
	Truncated int    // files that became shorter than what was read
	LostBytes uint64 // bytes that went unread with truncations, as far as their size was known
}

// New prepares to follow; the first call of Next looks at the folder, which need not exist yet.
func New(opts Options) (*Tailer, error) {
	glob, err := ParseGlob(opts.Pattern)
	if err != nil {
		return nil, err
	}
	setDefault(&opts.MaxLineBytes, 4<<20)
	setDefault(&opts.Poll, 100*time.Millisecond)
	setDefault(&opts.Relist, 10*time.Second)
	setDefault(&opts.Quiet, 5*time.Second)
	if opts.Logger == nil {
		opts.Logger = slog.New(slog.DiscardHandler)
	}
	if opts.Now == nil {
		opts.Now = time.Now
	}
	t := &Tailer{opts: opts, glob: glob, buf: make([]byte, min(chunkBytes, opts.MaxLineBytes))}
	t.listing.resume = make(map[identity]State)
	for _, s := range opts.Resume {
		t.listing.resume[identity{s.Device, s.Inode}] = s
	}
	t.watch = newWatcher(glob.Dir, opts.Logger)
	return t, nil
}

func setDefault[T int | time.Duration](v *T, to T) {
	if *v <= 0 {
		*v = to
	}
}

// Next returns further lines, or false if there are none now. Files take turns.
func (t *Tailer) Next() (Lines, bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	now := t.opts.Now()
	if !now.Before(t.nextPoll) {
		t.poll(now)
		t.nextPoll = now.Add(t.opts.Poll)
	}
	for range t.files {
		f := t.files[t.turn%len(t.files)]
		lines, ok := t.read(f, now)
		t.turn = (t.turn + 1) % len(t.files)
		if ok {
			return lines, true
		}
	}
	return Lines{}, false
}

// Wait returns when it is worth calling Next again: a file event, the poll interval, at the latest after atMost.
func (t *Tailer) Wait(ctx context.Context, atMost time.Duration) {
	timer := time.NewTimer(min(atMost, t.opts.Poll))
	defer timer.Stop()
	select {
	case <-ctx.Done():
	case <-timer.C:
	case <-t.watch.hint:
		t.mu.Lock()
		t.nextPoll = time.Time{}
		t.mu.Unlock()
	}
}

// poll asks the open files for their size and the folder for changes, and lets go of files that have come to their end.
func (t *Tailer) poll(now time.Time) {
	for i, f := range t.files {
		if f.fd == nil {
			continue
		}
		if fresh := t.refresh(f, now); fresh != f {
			t.files[i] = fresh
		}
	}
	t.list(now)
	kept := t.files[:0]
	for _, f := range t.files {
		if f.gone && f.finished(now, t.opts.Quiet) {
			f.close()
			t.opts.Logger.Info("rotated file read to its end", "path", f.path, "bytes", f.offset)
			continue
		}
		kept = append(kept, f)
	}
	clear(t.files[len(kept):])
	t.files = kept
	if len(t.files) > maxOpenFiles {
		t.closeIdle(now)
	}
}

func (t *Tailer) closeIdle(now time.Time) {
	for _, f := range t.files {
		if f.fd != nil && !f.gone && f.size == f.offset && now.Sub(f.changed) > idleClose {
			f.close()
		}
	}
}

// Files describes the incarnations that are followed, with the offset up to which they were read, in the order of their finding. The checkpoint's files that could not be opened yet
// are among them.
func (t *Tailer) Files() []Status {
	t.mu.Lock()
	defer t.mu.Unlock()
	all := make([]Status, 0, len(t.files)+len(t.listing.resume))
	for _, f := range t.files {
		all = append(all, Status{State: f.state(), Unread: f.size - min(f.size, f.offset)})
	}
	for _, state := range t.listing.resume {
		all = append(all, Status{State: state})
	}
	return all
}

// Stats returns the counters so far.
func (t *Tailer) Stats() Stats {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.stats
}

// Close lets go of all files.
func (t *Tailer) Close() error {
	t.mu.Lock()
	defer t.mu.Unlock()
	for _, f := range t.files {
		f.close()
	}
	return t.watch.close()
}
