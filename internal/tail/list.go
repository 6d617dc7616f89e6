package tail

import (
	"errors"
	"io/fs"
	"os"
	"slices"
	"time"
)

// listing is what the tailer remembers between looks at the folders.
type listing struct {
	done      bool          // the folders were listed before
	next      time.Time     // look at files again at the latest
	routine   time.Time     // what next is if nothing asks for an earlier look
	relisted  time.Time     // when folders that look unchanged were read, too
	retry     time.Duration // until files are tried again that could not be opened
	retried   time.Time
	closedAt  time.Time // look at closed files again
	folders   folders
	resume    []State              // of the last run, not found yet
	cut       []*File              // truncated ones whose copies are looked for
	waiting   map[identity]waiting // new files that may be copies
	lost      []lostName
	past      []content         // of the last incarnations that are followed no more, the oldest first
	unpacked  map[identity]bool // compressed files that were found missing; few, for rotation makes few
	complaint map[string]string // path to the last thing logged about it
}

// found is a file that the pattern matches.
type found struct {
	identity
	path     string
	size     uint64
	modified time.Time
}

// waiting is a new file that begins as another one does, under a rotated name of it.
type waiting struct {
	size  uint64
	since time.Time // when its size changed last
}

func (l *listing) begin(resume *Checkpoint, now time.Time) {
	l.resumeFrom(resume, now)
	l.waiting, l.unpacked = make(map[identity]waiting), make(map[identity]bool)
	l.complaint = make(map[string]string)
}

// settled reports whether nothing waits for another look.
func (l *listing) settled() bool {
	return l.done && len(l.resume) == 0 && len(l.cut) == 0 && len(l.waiting) == 0 && len(l.lost) == 0
}

func (l *listing) truncated(old *File) {
	l.cut = append(l.cut, old)
	l.next = time.Time{}
}

// list looks at the folders when one of them changed or Relist is over: new files are begun, files that lost their name are marked.
func (t *Tailer) list(now time.Time, full bool) {
	l := &t.listing
	if t.reopenChanged(now) {
		l.next = time.Time{}
	}
	due := !l.done || !now.Before(l.next)
	if !due && !full && len(l.waiting) == 0 {
		return
	}
	var all []found
	seen := make(map[identity]int)
	again := now.Sub(l.relisted) >= t.relistPause(now)
	if due && !again && l.next.Equal(l.routine) && t.unchanged(now) {
		return
	}
	changed, err := l.folders.walk(t.glob, again, func(path string) {
		if due {
			t.note(&all, seen, path)
		}
	})
	t.watch.follow(l.folders.known)
	if err != nil {
		t.complain(t.glob.Dir, "folder cannot be listed", err)
		if !errors.Is(err, fs.ErrNotExist) && len(l.folders.known) == 0 {
			return
		}
	} else {
		delete(l.complaint, t.glob.Dir)
	}
	if !due && !changed && len(l.waiting) == 0 {
		return
	}
	if !due { // the paths of a walk that found changes are complete only when all files are looked at
		l.folders.walk(t.glob, false, func(path string) { t.note(&all, seen, path) })
	}
	l.next = now.Add(t.opts.Relist)
	l.routine = l.next
	if again {
		l.relisted = now
	}
	slices.SortStableFunc(all, func(a, b found) int { return a.modified.Compare(b.modified) })
	t.mark(all, now)
	t.resumeKnown(all, now)
	t.findCopies(all, now)
	for _, m := range all {
		if t.byID[m.identity] == nil && !t.waits(m, now) {
			t.begin(m, now)
		}
	}
	if err == nil || !errors.Is(err, fs.ErrNotExist) {
		t.resumeElsewhere(now)
		t.findMissed(now) // what the checkpoint knows was not missed
	}
	if len(l.complaint) > 0 && (err == nil || !errors.Is(err, fs.ErrNotExist)) {
		l.forget()
	}
	l.done = true
}

// relistRest is how often at most folders are read that look unchanged, where times and events can be trusted.
const relistRest = 10 * time.Minute

// relistPause is how often folders are read that look unchanged.
func (t *Tailer) relistPause(now time.Time) time.Duration {
	if t.trusted(now) && t.listing.folders.local() {
		return max(t.opts.Relist, relistRest)
	}
	return t.opts.Relist
}

// unchanged is the look at the folders while nothing happens: at their times. It stands for the look at each file where times and events can be trusted.
func (t *Tailer) unchanged(now time.Time) bool {
	l := &t.listing
	if !t.trusted(now) || !l.settled() || !l.folders.local() || !l.folders.unchanged() {
		return false
	}
	l.next = now.Add(t.opts.Relist)
	l.routine = l.next
	return true
}

// note gathers a regular file, once whatever the number of its names.
func (t *Tailer) note(all *[]found, seen map[identity]int, path string) {
	info, err := os.Stat(path)
	if err != nil || !info.Mode().IsRegular() {
		return
	}
	id, err := identify(path, info)
	if err != nil {
		t.complain(path, "file cannot be opened", err)
		return
	}
	at, twice := seen[id]
	if !twice {
		seen[id] = len(*all)
		*all = append(*all, found{id, path, uint64(info.Size()), info.ModTime()})
	} else if f := t.byID[id]; f != nil && f.path == path {
		(*all)[at].path = path
	}
}

// mark notes which files have lost their name.
func (t *Tailer) mark(all []found, now time.Time) {
	names := make(map[identity]string, len(all))
	for _, m := range all {
		names[m.identity] = m.path
	}
	for id := range t.listing.waiting {
		if _, there := names[id]; !there {
			delete(t.listing.waiting, id)
		}
	}
	for _, f := range t.files {
		path, there := names[f.identity]
		if there && path == f.path && !f.packed {
			f.gone = false
			continue
		}
		if !f.rotated {
			f.rotated, f.changed = true, now
			f.stalled = 0
			f.learnMore()
			t.stats.Rotated++
			t.listing.lose(lostName{path: f.path, modified: f.newest(), file: f.content()})
			t.revision.Add(1)
			t.opts.Logger.Info("file was rotated", "path", f.path, "now", path)
		}
		if there {
			if path != f.path {
				f.setPath(path)
				t.revision.Add(1)
			}
			f.gone = false
		} else if !f.gone {
			f.gone = true
			t.reopenRenamed(f)
		}
	}
}
