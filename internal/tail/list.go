package tail

import (
	"bytes"
	"crypto/sha256"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"
)

// listing is what the tailer remembers between looks at the folder.
type listing struct {
	done      bool      // the folder was listed before
	modified  time.Time // the folder's time at the last look
	next      time.Time // list again at the latest
	closedAt  time.Time // look at closed files again
	resume    map[identity]State
	complaint map[string]string // path to the last thing logged about it
}

// found is a file that the pattern matches.
type found struct {
	identity
	path     string
	size     uint64
	modified time.Time
}

// modifiedGrain covers the coarseness of a folder's time: within it, a second change may leave no trace.
const modifiedGrain = time.Second

// list looks at the folder when its time changed or Relist is over: new files are begun, files that lost their name are marked.
func (t *Tailer) list(now time.Time) {
	if t.reopenChanged(now) {
		t.listing.next = time.Time{}
	}
	info, err := os.Stat(t.glob.Dir)
	if err != nil {
		t.complain(t.glob.Dir, "folder cannot be looked at", err)
		info = nil
	} else if t.listing.done && info.ModTime().Equal(t.listing.modified) && time.Since(info.ModTime()) > modifiedGrain && now.Before(t.listing.next) {
		return
	}
	matches, err := t.matches()
	if err != nil {
		t.complain(t.glob.Dir, "folder cannot be listed", err)
		if !errors.Is(err, fs.ErrNotExist) {
			return
		}
	} else {
		delete(t.listing.complaint, t.glob.Dir)
	}
	t.watch.add()
	t.listing.next = now.Add(t.opts.Relist)
	if info != nil {
		t.listing.modified = info.ModTime()
	}
	t.mark(matches, now)
	for _, m := range matches {
		if !t.follows(m.identity) {
			t.begin(m, now)
		}
	}
	t.listing.done = true
	if info != nil {
		t.resumeRenamed(now)
	}
}

// matches are the regular files of the pattern, oldest first, each once whatever the number of its names.
func (t *Tailer) matches() ([]found, error) {
	entries, err := os.ReadDir(t.glob.Dir)
	if err != nil {
		return nil, err
	}
	var all []found
	seen := make(map[identity]int)
	for _, entry := range entries {
		if !t.glob.Match(entry.Name()) {
			continue
		}
		path := filepath.Join(t.glob.Dir, entry.Name())
		info, err := os.Stat(path)
		if err != nil || !info.Mode().IsRegular() {
			continue
		}
		id, err := identify(path, info)
		if err != nil {
			t.complain(path, "file cannot be opened", err)
			continue
		}
		m := found{id, path, uint64(info.Size()), info.ModTime()}
		at, twice := seen[m.identity]
		if !twice {
			seen[m.identity] = len(all)
			all = append(all, m)
		} else if f := t.file(m.identity); f != nil && f.path == path {
			all[at].path = path
		}
	}
	slices.SortStableFunc(all, func(a, b found) int { return a.modified.Compare(b.modified) })
	return all, nil
}

// mark notes which files have lost their name.
func (t *Tailer) mark(matches []found, now time.Time) {
	names := make(map[identity]string, len(matches))
	for _, m := range matches {
		names[m.identity] = m.path
	}
	for _, f := range t.files {
		path, there := names[f.identity]
		if there && path == f.path {
			f.gone = false
			continue
		}
		if !f.rotated {
			f.rotated, f.changed = true, now
			f.stalled = 0
			t.stats.Rotated++
			t.opts.Logger.Info("file was rotated", "path", f.path, "now", path)
		}
		if there {
			f.path, f.gone = path, false
		} else if !f.gone {
			f.gone = true
			t.reopenRenamed(f)
		}
	}
}

func (t *Tailer) follows(id identity) bool { return t.file(id) != nil }

func (t *Tailer) file(id identity) *File {
	for _, f := range t.files {
		if f.identity == id {
			return f
		}
	}
	return nil
}

// begin opens a file that is new to us: at the place of the checkpoint if that knows it, otherwise at its beginning, or at its end if it was there before the
// very first start and that is configured.
func (t *Tailer) begin(m found, now time.Time) {
	f, err := open(m.path, now)
	if err != nil {
		t.complain(m.path, "file cannot be opened", err)
		t.listing.next = now.Add(time.Second)
		return
	}
	delete(t.listing.complaint, m.path)
	if state, known := t.listing.resume[f.identity]; known {
		delete(t.listing.resume, f.identity)
		if f.resume(state) {
			f.rotated = state.Rotated || state.Path != f.path
		} else {
			t.opts.Logger.Warn("file is not the one of the checkpoint, reading it from its beginning", "path", m.path, "checkpoint_offset", state.Offset)
		}
	} else if !t.listing.done && t.opts.Resume == nil && t.opts.Initial == EndOfFile {
		f.offset = f.endOfLines()
		f.learnPrefix()
	}
	t.stats.Found++
	t.files = append(t.files, f)
	t.opts.Logger.Info("following file", "path", f.path, "offset", f.offset, "size", f.size)
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

// resume goes on where a former run stood if the file still begins as it did then. Without a known beginning there is nothing to tell the file from another
// one with its inode, and nothing was read of it either.
func (f *File) resume(state State) bool {
	if state.PrefixLen == 0 && state.Offset == 0 {
		return true
	}
	prefix := make([]byte, min(state.PrefixLen, prefixBytes))
	n, err := readAt(f.fd, prefix, 0)
	if err != nil || n < len(prefix) || n == 0 || sha256.Sum256(prefix) != state.PrefixSum || f.size < state.Offset {
		return false
	}
	f.ID, f.offset, f.prefix = state.ID, state.Offset, prefix
	return true
}

// endOfLines is the offset after the last newline, so that a line that is being written is not torn.
func (f *File) endOfLines() uint64 {
	tail := make([]byte, min(f.size, 64<<10))
	at := f.size - uint64(len(tail))
	n, err := readAt(f.fd, tail, at)
	if err != nil || n < len(tail) {
		return f.size
	}
	if last := bytes.LastIndexByte(tail, '\n'); last >= 0 || at == 0 {
		return at + uint64(last+1)
	}
	return f.size
}

// resumeRenamed looks for the checkpoint's files that the pattern no longer matches under other names of the same folder. One that cannot be opened is
// kept for a later look. One of which nothing was read must have a name that begins with the old one (access.log.1): its inode may be another file's by now.
func (t *Tailer) resumeRenamed(now time.Time) {
	for id, state := range t.listing.resume {
		if path := t.findInode(id); path != "" {
			f, err := open(path, now)
			if err != nil {
				t.complain(path, "file cannot be opened", err)
				t.listing.next = now.Add(time.Second)
				continue
			}
			if f.resume(state) && (state.PrefixLen > 0 || strings.HasPrefix(path, state.Path)) {
				f.rotated, f.gone = true, true
				t.stats.Found++
				t.files = append(t.files, f)
				delete(t.listing.resume, id)
				t.opts.Logger.Info("following rotated file to its end", "path", path, "was", state.Path, "offset", f.offset, "size", f.size)
				continue
			}
			f.close()
		}
		delete(t.listing.resume, id)
		t.opts.Logger.Warn("file of the checkpoint is gone, what was unread of it is lost", "path", state.Path, "offset", state.Offset)
	}
}

// findInode returns the name of any file in the folder that is the one wanted, "" if there is none.
func (t *Tailer) findInode(id identity) string {
	entries, err := os.ReadDir(t.glob.Dir)
	if err != nil {
		return ""
	}
	for _, entry := range entries {
		info, err := entry.Info()
		if err != nil || !info.Mode().IsRegular() {
			continue
		}
		path := filepath.Join(t.glob.Dir, entry.Name())
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
	if path := t.findInode(f.identity); path != "" {
		t.reopen(f, path)
	}
}

// reopenChanged looks at closed files once a second. It reports whether the folder must be listed because a name leads elsewhere.
func (t *Tailer) reopenChanged(now time.Time) (moved bool) {
	if now.Before(t.listing.closedAt) {
		return false
	}
	t.listing.closedAt = now.Add(time.Second)
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
func (t *Tailer) reopen(f *File, path string) {
	again, err := open(path, f.changed)
	if err != nil {
		t.complain(path, "file cannot be opened", err)
		return
	}
	if again.identity != f.identity {
		again.close()
		return
	}
	f.fd = again.fd
}

// complain logs a trouble with a path once, until it changes.
func (t *Tailer) complain(path, what string, err error) {
	if t.listing.complaint == nil {
		t.listing.complaint = make(map[string]string)
	}
	if text := what + err.Error(); t.listing.complaint[path] != text {
		t.listing.complaint[path] = text
		t.opts.Logger.Warn(what, "path", path, "error", err)
	}
}
