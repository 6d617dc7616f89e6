package tail

import (
	"context"
	"log/slog"
	"sync"
	"sync/atomic"
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
	Pattern string   // see ParseGlob
	Initial Position // for the files found at the first look when Resume is nil; files that appear later start at 0

	// Resume is the last run's checkpoint; nil if there was none. Files that it does not know start at 0.
	Resume *Checkpoint

	MaxLineBytes int           // longer lines are cut (4 MiB)
	Poll         time.Duration // how often files are asked for their size (100 ms); once a second where file events make it needless
	Relist       time.Duration // how often folders are listed even if they look unchanged (10 s)
	Quiet        time.Duration // how long a file that was rotated away must rest before its end counts as its end (5 s)
	NoEvents     bool          // polling alone

	Logger *slog.Logger     // discard
	Now    func() time.Time // time.Now
}

const (
	chunkBytes   = 256 << 10
	maxOpenFiles = 256              // beyond this many, files at rest are closed and looked at by name
	idleClose    = 30 * time.Second // how long a file must rest before it is closed
	eventPoll    = time.Second      // how often files are asked for their size although events tell
	blindPause   = 10 * time.Minute // how long events are not trusted after they left something out
	maxResting   = 32               // rotated files at their end that are still followed
	restPoll     = 20 * time.Second // twice the time after which files are asked for their size while nothing happens
	localPoll    = 60 * time.Second // the same where times and events tell of every change
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

// Tailer follows the files of one pattern. Next, Wait and Close belong to one goroutine, the other methods to any.
type Tailer struct {
	opts  Options
	glob  Glob
	watch *watcher

	mu       sync.Mutex
	files    []*File // in the order in which they were found
	byID     map[identity]*File
	open     int // files with a descriptor
	turn     int // whose turn it is to be read
	buf      []byte
	lastRead int       // bytes of the last lines
	nextPoll time.Time // look at what events named
	nextFull time.Time // look at all files
	rest     time.Duration
	blind    time.Time // events are not trusted until then
	untold   []string  // files that were seen to change without an event so far
	listing  listing
	stats    Stats
	revision atomic.Uint64
}

// Stats count what happened to the files.
type Stats struct {
	Found     int    // incarnations begun or resumed
	Rotated   int    // files that lost their name
	Truncated int    // files that became shorter than they were
	LostBytes uint64 // bytes that went unread with truncations and removals, as far as their size was known
}

// New prepares to follow; the first call of Next looks at the folders, which need not exist yet.
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
	t := &Tailer{opts: opts, glob: glob, byID: make(map[identity]*File), buf: make([]byte, min(chunkBytes, opts.MaxLineBytes))}
	t.listing.begin(opts.Resume, opts.Now())
	t.watch = newWatcher(opts.Logger, opts.NoEvents)
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
	now := t.look()
	for range t.files {
		f := t.files[t.turn%len(t.files)]
		t.turn = (t.turn + 1) % len(t.files)
		if f.held {
			continue
		}
		if lines, ok := t.read(f, now); ok {
			return lines, true
		}
	}
	return Lines{}, false
}

// Look does what Next does before it reads: it is for a reader that cannot take lines for long, while files are rotated.
func (t *Tailer) Look() {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.look()
}

func (t *Tailer) look() time.Time {
	now := t.opts.Now()
	if !now.Before(t.nextPoll) {
		t.poll(now)
		t.nextPoll = now.Add(t.opts.Poll)
	}
	return now
}

// Wait returns when it is worth calling Next again: a file event, the poll interval, at the latest after atMost.
func (t *Tailer) Wait(ctx context.Context, atMost time.Duration) {
	timer := time.NewTimer(min(atMost, t.pause()))
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

// pause is how long Next has nothing to do without an event.
func (t *Tailer) pause() time.Duration {
	t.mu.Lock()
	defer t.mu.Unlock()
	now := t.opts.Now()
	if !t.trusted(now) || !t.listing.settled() {
		return t.opts.Poll
	}
	next := t.nextFull
	if t.listing.next.Before(next) {
		next = t.listing.next
	}
	wait := max(t.opts.Poll, next.Sub(now))
	for _, f := range t.files {
		if f.rotated && !f.finished(now, t.opts.Quiet) {
			return min(wait, eventPoll) // its end is a matter of time
		}
	}
	return wait
}

// trusted reports whether events tell what happens.
func (t *Tailer) trusted(now time.Time) bool { return t.watch.sees() && !now.Before(t.blind) }

// Files describes the incarnations that are followed, with the offset up to which they were read, in the order of their finding. The checkpoint's files that could not be opened yet
// are among them, and truncated ones whose copies are still to be found.
func (t *Tailer) Files() []Status {
	t.mu.Lock()
	defer t.mu.Unlock()
	all := make([]Status, 0, len(t.files)+len(t.listing.resume))
	for _, f := range t.files {
		all = append(all, f.status())
	}
	for _, f := range t.listing.cut {
		all = append(all, f.status())
	}
	for _, s := range t.listing.resume {
		all = append(all, Status{ID: s.ID, Path: s.Path, Rotated: s.Rotated, Ended: s.Ended, Offset: s.Offset})
	}
	return all
}

// Stats returns the counters so far.
func (t *Tailer) Stats() Stats {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.stats
}

// Revision changes whenever Files says something else.
func (t *Tailer) Revision() uint64 { return t.revision.Load() }

// Hold stops or resumes the reading of one incarnation, also in the copy in which it may go on by now.
func (t *Tailer) Hold(f *File, held bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	f.held = held
	for _, other := range t.files {
		if other.ID == f.ID {
			other.held = held
		}
	}
}

// End says that the rest of the file, and what will be written to it, is not wanted.
func (t *Tailer) End(f *File) {
	t.mu.Lock()
	defer t.mu.Unlock()
	f.ended = true
	t.revision.Add(1)
}

// State describes an incarnation as it was read last, for a checkpoint that is written when it is followed no more.
func (t *Tailer) State(f *File) State {
	t.mu.Lock()
	defer t.mu.Unlock()
	return f.state()
}

// LinesBefore counts the lines that end before offset, at most so many. Where they cannot be counted it returns atMost.
func (t *Tailer) LinesBefore(f *File, offset uint64, atMost int) int {
	t.mu.Lock()
	defer t.mu.Unlock()
	if f.fd == nil { // it was closed after the reading, there are many
		if !t.reopen(f, f.path) {
			return atMost
		}
		defer t.closeFile(f)
	}
	return f.linesBefore(offset, atMost)
}

// Close lets go of all files.
func (t *Tailer) Close() error {
	t.mu.Lock()
	defer t.mu.Unlock()
	for _, f := range t.files {
		t.closeFile(f)
	}
	return t.watch.close()
}
