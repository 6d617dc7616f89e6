package tail

import (
	"time"
)

// refresh learns the file's size. A file that became shorter than it was, or holds something else, is a new incarnation.
func (t *Tailer) refresh(f *File, now time.Time) *File {
	if f.packed {
		return f
	}
	info, err := f.fd.Stat()
	if err != nil {
		t.opts.Logger.Warn("stat failed", "path", f.path, "error", err)
		return f
	}
	size, touched := uint64(info.Size()), info.ModTime()
	f.named = hasName(info)
	if size == f.size {
		if !touched.Equal(f.touched) && !f.same() { // written anew, up to the same size
			return t.truncated(f, now)
		}
		f.touch(touched)
		return f
	}
	if size < f.size && f.offset > 0 && size >= f.offset { // perhaps an unfinished line was taken back
		f.prefix, f.digest = f.prefix[:min(uint64(len(f.prefix)), f.offset)], Digest{}
	} else if size < f.size {
		return t.truncated(f, now)
	}
	if !f.same() {
		return t.truncated(f, now)
	}
	if f.size == 0 && !f.rotated { // it may have been filled, copied and truncated before
		t.listing.lose(lostName{path: f.path, modified: f.newest()})
		t.listing.next = time.Time{}
	}
	if size < f.size {
		f.stalled, f.scanned = 0, 0
	}
	f.size, f.changed = size, now
	f.touch(touched)
	if len(f.prefix) < prefixBytes {
		f.learn()
		t.revision.Add(1)
	}
	return f
}

// touch notes the file's time.
func (f *File) touch(at time.Time) {
	f.touched = at
	if !f.rotated {
		f.modified = at
	} else {
		f.notBefore(at)
	}
}

// truncated begins a new incarnation in the same file. The old one may go on in a copy, which list looks for.
func (t *Tailer) truncated(f *File, now time.Time) *File {
	fresh := newFile(f.identity, f.path, f.fd, 0, now)
	if info, err := f.fd.Stat(); err == nil {
		fresh.size, fresh.modified = uint64(info.Size()), info.ModTime()
	}
	fresh.rotated, fresh.gone, fresh.older, fresh.named = f.rotated, f.gone, f.older, f.named
	fresh.learn()
	t.byID[f.identity] = fresh
	t.stats.Truncated++
	t.stats.Found++
	t.opts.Logger.Warn("file was truncated, reading it from its beginning", "path", f.path, "read_to", f.offset, "size", f.size)
	f.fd = nil
	t.listing.remember(f, now)
	t.listing.truncated(f)
	t.revision.Add(1)
	return fresh
}

func (t *Tailer) replace(old, fresh *File) {
	for i, f := range t.files {
		if f == old {
			t.files[i] = fresh
		}
	}
}
