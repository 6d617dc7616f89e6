package tail

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"time"
)

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
