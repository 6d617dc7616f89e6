// Package witness remembers, outside the journal's directory, which journal
// belongs to a data directory and how far it had come, so that a directory that
// went missing, was exchanged or was restored from an older copy is noticed
// before anything is written into it:
//
//	journal/      state "journal/identity": journal, epoch, beat            ◀─ committed first
//	journal.json  journal, epoch, beat, the streams' next sequences, time   ◀─ then written, fsynced, renamed
//
// The file is written every few seconds while the journal moves, and at the
// end; no put waits for it. As it is written after the beat is durable, and the
// journal's log is durable in order, the file is never ahead of the journal: no
// kill and no power cut makes them disagree. docs/formats/journal.md has the
// format.
package witness

import (
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"maps"
	"os"
	"sync"
	"time"

	"github.com/google/uuid"

	"github.com/millrace/millrace/internal/journal"
	"github.com/millrace/millrace/internal/record"
)

// Journal is what the witness asks of an implementation besides the contract.
type Journal interface {
	journal.Journal
	// Positions are the sequences that the streams' next records get, begun or
	// durable.
	Positions() (map[record.StreamID]record.Sequence, error)
	// Commits counts the commits begun since the journal was opened.
	Commits() int64
	// Skip leaves out the sequences of a stream before the one given, durably.
	// It is called before anything else uses the stream.
	Skip(id record.StreamID, to record.Sequence) error
}

const (
	// every is how much of the newest past the file may not know.
	every = 2 * time.Second
	// epochGap is how far sequences skip ahead when a loss is accepted: far more
	// records than a stream takes between two notes.
	epochGap record.Sequence = 1 << 32
)

// Options of Open.
type Options struct {
	// File is the note's path.
	File string
	// AcceptLoss takes the journal as it is, in a new epoch.
	AcceptLoss bool
	// Name is what a person calls a stream, "" if nobody knows; may be nil.
	Name   func(record.StreamID) string
	Logger *slog.Logger
}

// Witness notes the journal's position until Close.
type Witness struct {
	opts    Options
	journal Journal

	mu    sync.Mutex // of note
	id    identity
	noted int64 // commits when the file was last written

	stop    chan struct{}
	stopped sync.WaitGroup
	once    sync.Once
}

// Check refuses a journal directory that is missing or empty although the file
// says that there was one. It is called before the journal is opened, which
// would make a new one.
func Check(file, dir string, acceptLoss bool) error {
	note, err := readNote(file)
	if err != nil || note == nil || acceptLoss {
		return err
	}
	entries, err := os.ReadDir(dir)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("read journal directory: %w", err)
	}
	if len(entries) > 0 {
		return nil
	}
	return &Loss{File: file, Found: fmt.Sprintf("no journal in %q", dir), Expected: note.describe(nil)}
}

// Open compares the journal with the file and begins to note. A journal that
// is another one, or behind the file, is a *Loss. The journal must not be used
// by anybody else before Open returns.
func Open(j Journal, opts Options) (*Witness, error) {
	if opts.Logger == nil {
		opts.Logger = slog.New(slog.DiscardHandler)
	}
	w := &Witness{opts: opts, journal: j, noted: -1, stop: make(chan struct{})}
	note, err := readNote(opts.File)
	if err != nil {
		return nil, err
	}
	if w.id, err = readIdentity(j); err != nil {
		return nil, err
	}
	if loss, err := w.compare(note); err != nil {
		return nil, err
	} else if loss != nil {
		if !opts.AcceptLoss {
			return nil, loss
		}
		if err := w.newEpoch(note, loss); err != nil {
			return nil, err
		}
	}
	if w.id.Journal == "" {
		w.id = identity{Journal: uuid.NewString(), Epoch: 1}
	}
	if err := w.note(); err != nil {
		return nil, err
	}
	w.stopped.Go(w.run)
	return w, nil
}

// compare tells what the file knows and the journal lacks.
func (w *Witness) compare(note *note) (*Loss, error) {
	if note == nil {
		return nil, nil
	}
	next, err := w.journal.Positions()
	if err != nil {
		return nil, err
	}
	loss := &Loss{File: w.opts.File, Expected: note.describe(w.opts.Name)}
	switch {
	case w.id.Journal == "" && len(next) == 0:
		loss.Found = "an empty journal"
	case w.id.Journal == "":
		loss.Found = "a journal that was never noted" + describeStreams(next, w.opts.Name)
	case w.id.Journal != note.Journal:
		loss.Found = w.id.String() + describeStreams(next, w.opts.Name)
	case w.id.Beat < note.Beat:
		for id, noted := range note.Streams { // those that are where they were noted help nobody
			if next[id] >= noted {
				delete(next, id)
			} else if _, there := next[id]; !there {
				next[id] = 1
			}
		}
		maps.DeleteFunc(next, func(id record.StreamID, _ record.Sequence) bool { return note.Streams[id] == 0 })
		loss.Found = "an older state of it (a copy was put back, or the end of its log is gone), " + w.id.String() + describeStreams(next, w.opts.Name)
	default:
		return nil, nil
	}
	return loss, nil
}

// newEpoch takes the journal as it is. No sequence that the lost part may have
// given out is given out again: what it named, an object or a document, is
// still known by it.
func (w *Witness) newEpoch(note *note, loss *Loss) error {
	given, err := w.journal.Positions()
	if err != nil {
		return err
	}
	for id, next := range note.Streams {
		given[id] = max(given[id], next)
	}
	for id, next := range given {
		if err := w.journal.Skip(id, next+epochGap); err != nil {
			return fmt.Errorf("begin a new epoch of the journal: %w", err)
		}
	}
	w.id = identity{Journal: uuid.NewString(), Epoch: max(w.id.Epoch, note.Epoch) + 1, Beat: max(w.id.Beat, note.Beat)}
	w.opts.Logger.Warn("the loss of a part of the journal is accepted", "found", loss.Found, "expected", loss.Expected, "epoch", w.id.Epoch, "journal", w.id.Journal)
	return nil
}

func (w *Witness) run() {
	tick := time.NewTicker(every)
	defer tick.Stop()
	for {
		select {
		case <-tick.C:
			// The file lags, which is what it may; the next note tries again.
			if err := w.note(); err != nil {
				w.opts.Logger.Warn("the journal's position is not noted", "file", w.opts.File, "error", err)
			}
		case <-w.stop:
			return
		}
	}
}

// note writes the file if the journal has moved: first the beat into the
// journal, then, once that is durable, the file.
func (w *Witness) note() error {
	w.mu.Lock()
	defer w.mu.Unlock()
	commits := w.journal.Commits()
	if commits == w.noted {
		return nil
	}
	next, err := w.journal.Positions()
	if err != nil {
		return err
	}
	id := w.id
	id.Beat++
	var b journal.Batch
	if err := id.put(&b); err != nil {
		return err
	}
	if _, err := journal.Put(w.journal, &b); err != nil {
		return fmt.Errorf("note the journal's position: %w", err)
	}
	w.id = id
	if err := (&note{identity: id, Streams: next, Time: time.Now().UTC()}).write(w.opts.File); err != nil {
		return err
	}
	w.noted = commits + 1 // the beat's own
	return nil
}

// Close notes the journal's end. It is called before the journal closes, when
// nobody writes any more.
func (w *Witness) Close() error {
	var err error
	w.once.Do(func() {
		close(w.stop)
		w.stopped.Wait()
		err = w.note()
	})
	return err
}
