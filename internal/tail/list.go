package tail

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
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

// begin opens a file that is new to us: at its beginning, or at its end if it was there before the very first start and that is configured.
func (t *Tailer) begin(m found, now time.Time) {
	f, ok := t.openFile(m.path, now)
	if !ok {
		return
	}
	if t.byID[f.identity] != nil { // the name leads elsewhere already
		f.fd.Close()
		return
	}
	f.modified = m.modified
	f.learn()
	if !t.listing.done && t.opts.Resume == nil && t.opts.Initial == EndOfFile {
		f.seek(f.endOfLines())
	}
	t.follow(f)
	t.opts.Logger.Info("following file", "path", f.path, "offset", f.offset, "size", f.size)
}

// follow takes an opened file among those that are read.
func (t *Tailer) follow(f *File) {
	t.stats.Found++
	t.files = append(t.files, f)
	t.byID[f.identity] = f
	t.open++
	delete(t.listing.waiting, f.identity)
	if t.open > maxOpenFiles && !f.gone {
		t.closeFile(f)
	}
	t.revision.Add(1)
}

// openFile opens what it can; it is tried again soon.
func (t *Tailer) openFile(path string, now time.Time) (*File, bool) {
	f, err := open(path, now)
	if err != nil {
		t.complain(path, "file cannot be opened", err)
		t.listing.retryAt(now)
		return nil, false
	}
	delete(t.listing.complaint, path)
	return f, true
}

func open(path string, now time.Time) (*File, error) {
	fd, err := openShared(path)
	if err != nil {
		return nil, err
	}
	info, err := fd.Stat()
	if err == nil && !info.Mode().IsRegular() {
		err = fs.ErrInvalid
	}
	id := identity{}
	if err == nil {
		id, err = identifyOpen(fd)
	}
	if err != nil {
		fd.Close()
		return nil, err
	}
	return newFile(id, path, fd, uint64(info.Size()), now), nil
}

// endOfLines is the offset after the last newline, so that a line that is being written is not torn.
func (f *File) endOfLines() uint64 {
	tail := make([]byte, min(f.size, 64<<10))
	at := f.size - uint64(len(tail))
	n, err := readAt(f.fd, tail, at)
	if err != nil || n < len(tail) {
		return f.size
	}
	for last := len(tail) - 1; last >= 0; last-- {
		if tail[last] == '\n' {
			return at + uint64(last+1)
		}
	}
	if at == 0 {
		return 0
	}
	return f.size
}

// findInode returns the name of any file in the folder that is the one wanted, "" if there is none.
func findInode(dir string, id identity) string {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return ""
	}
	for _, entry := range entries {
		info, err := entry.Info()
		if err != nil || !info.Mode().IsRegular() {
			continue
		}
		path := filepath.Join(dir, entry.Name())
		if is, err := identify(path, info); err == nil && is == id {
			return path
		}
	}
	return ""
}

// reopenRenamed opens a closed file that lost its name, as long as it has another one here.
func (t *Tailer) reopenRenamed(f *File) {
	if f.fd != nil {
		return
	}
	if path := findInode(filepath.Dir(f.path), f.identity); path != "" {
		t.reopen(f, path)
	}
}

// reopenChanged looks at closed files once a second, less often where events tell and nothing happens. It reports whether the folders must be listed because a name leads elsewhere.
func (t *Tailer) reopenChanged(now time.Time) (moved bool) {
	if now.Before(t.listing.closedAt) {
		return false
	}
	t.listing.closedAt = now.Add(max(time.Second, t.rest/2))
	for _, f := range t.files {
		if f.fd != nil || f.gone {
			continue
		}
		info, err := os.Stat(f.path)
		id := identity{}
		if err == nil {
			id, err = identify(f.path, info)
		}
		if err != nil || id != f.identity {
			moved = true
		} else if uint64(info.Size()) != f.size {
			f.changed = now
			t.reopen(f, f.path)
		}
	}
	return moved
}

// reopen opens f again if path still is that file. Its size is learnt by the next refresh.
func (t *Tailer) reopen(f *File, path string) bool {
	again, err := open(path, f.changed)
	if err != nil {
		t.complain(path, "file cannot be opened", err)
		return false
	}
	if again.identity != f.identity {
		again.fd.Close()
		return false
	}
	f.fd = again.fd
	t.open++
	return true
}

// retryAt asks for another look at what could not be opened: a second later, then less and less often.
func (l *listing) retryAt(now time.Time) {
	if !now.Equal(l.retried) { // of many at once, one
		l.retry, l.retried = min(maxRetry, max(time.Second, 2*l.retry)), now
	}
	l.next = now.Add(l.retry)
}

// maxRetry is how often at least files that cannot be opened are tried again. A change of their permissions is an event.
const maxRetry = 10 * time.Second

// forget drops the troubles with files that are no more.
func (l *listing) forget() {
	for path := range l.complaint {
		if _, err := os.Lstat(path); errors.Is(err, fs.ErrNotExist) {
			delete(l.complaint, path)
		}
	}
	if len(l.complaint) == 0 {
		l.retry = 0
	}
}

// complain logs a trouble with a path once, until it changes.
func (t *Tailer) complain(path, what string, err error) {
	if text := what + err.Error(); t.listing.complaint[path] != text {
		t.listing.complaint[path] = text
		t.opts.Logger.Warn(what, "path", path, "error", err)
	}
}
