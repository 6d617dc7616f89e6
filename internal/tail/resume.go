package tail

import (
	"errors"
	"io"
	"os"
	"path/filepath"
	"slices"
	"time"
)

// resumeKnown goes on with the checkpoint's files that the pattern still matches: by inode first, whatever the device, whose number may change with a restart of the
// machine; then by content, for copies that were made while nobody looked.
func (t *Tailer) resumeKnown(all []found, now time.Time) {
	t.resumeBy(all, now, func(m found, state State) bool { return m.inode == state.Inode }, false)
	t.resumeBy(all, now, func(m found, state State) bool {
		return m.path != state.Path && m.size >= state.Offset && state.Prefix.Len > 0 && isRotated(m.path, state.Path)
	}, true)
}

func (t *Tailer) resumeBy(all []found, now time.Time, fits func(found, State) bool, moved bool) {
	for _, m := range all {
		if t.byID[m.identity] != nil || !slices.ContainsFunc(t.listing.resume, func(s State) bool { return fits(m, s) }) {
			continue
		}
		f, ok := t.openFile(m.path, now)
		if !ok {
			continue
		}
		// one inode may have been several files', one after the other
		i := slices.IndexFunc(t.listing.resume, func(s State) bool { return fits(m, s) && f.resumes(s) })
		if i < 0 {
			f.fd.Close()
			if !moved {
				t.opts.Logger.Warn("file is not the one of the checkpoint, reading it from its beginning", "path", m.path)
			}
			continue
		}
		state := t.listing.resume[i]
		t.listing.resume = slices.Delete(t.listing.resume, i, i+1)
		f.resume(state)
		f.modified = m.modified
		f.rotated = state.Rotated || state.Path != f.path
		if f.rotated && !state.Rotated && !moved || state.Prefix.Len == 0 { // of an empty file nobody knows how often it was filled and truncated
			t.listing.lose(state.lostName(f.content()))
		}
		t.follow(f)
		t.opts.Logger.Info("following file", "path", f.path, "offset", f.offset, "size", f.size)
	}
}

// resumeElsewhere looks for the checkpoint's files that the pattern no longer matches under other names of the same folder: the file itself, a copy, a compressed
// one. One that cannot be opened is kept for a later look. One of which nothing is known must have a rotated name of the old one: its inode may be another file's
// by now.
func (t *Tailer) resumeElsewhere(now time.Time) {
	kept := t.listing.resume[:0]
	for _, state := range t.listing.resume {
		f, wait := t.findElsewhere(state, now)
		switch {
		case f != nil:
			f.rotated, f.gone = true, true
			if !state.Rotated {
				t.listing.lose(state.lostName(f.content()))
			}
			t.follow(f)
			t.opts.Logger.Info("following rotated file to its end", "path", f.path, "was", state.Path, "offset", f.offset, "size", f.size)
		case wait:
			kept = append(kept, state)
		case !state.Ended && (!state.Rotated || state.Size > state.Offset):
			t.listing.lose(state.lostName(content{}))
			lost := state.Size - min(state.Size, state.Offset)
			t.lose(lost)
			t.opts.Logger.Warn("file of the checkpoint is gone, what was unread of it is lost", "path", state.Path, "offset", state.Offset, "lost_bytes", lost)
		}
	}
	clear(t.listing.resume[len(kept):])
	t.listing.resume = kept
}

// lostName is that of a file that lost it while nobody looked.
func (s State) lostName(file content) lostName {
	name := lostName{path: originalName(s), file: file}
	if s.Modified != 0 {
		name.modified = time.Unix(0, s.Modified)
	}
	return name
}

func (t *Tailer) findElsewhere(state State, now time.Time) (f *File, wait bool) {
	dir := filepath.Dir(state.Path)
	if path := findInode(dir, identity{state.Device, state.Inode}); path != "" && t.byID[identity{state.Device, state.Inode}] == nil {
		if f, wait := t.openState(path, state, now); f != nil || wait {
			return f, wait
		}
	}
	entries, err := os.ReadDir(dir)
	if err != nil || state.Prefix.Len == 0 {
		return nil, false
	}
	for _, entry := range entries {
		path := filepath.Join(dir, entry.Name())
		if path == state.Path || !isRotated(path, state.Path) && !isRotated(path, originalName(state)) {
			continue
		}
		info, err := os.Stat(path)
		if err != nil || !info.Mode().IsRegular() {
			continue
		}
		if id, err := identify(path, info); err != nil || t.byID[id] != nil {
			continue
		}
		if f, wait := t.openState(path, state, now); f != nil || wait {
			return f, wait
		}
	}
	return nil, false
}

// originalName is the name that a rotated one was made of, as far as that can be told: access.log of access.log.1. Rotation goes on from there.
func originalName(state State) string {
	if !state.Rotated {
		return state.Path
	}
	dir, name := filepath.Split(state.Path)
	for cut := 1; cut < len(name); cut++ {
		if isRotated(state.Path, dir+name[:cut]) {
			return dir + name[:cut]
		}
	}
	return state.Path
}

// openState opens a file if it is the checkpoint's.
func (t *Tailer) openState(path string, state State, now time.Time) (f *File, wait bool) {
	if isCompressed(path) {
		return t.openPacked(path, state, now)
	}
	f, err := open(path, now)
	if err != nil {
		t.complain(path, "file cannot be opened", err)
		t.listing.retryAt(now)
		return nil, os.IsPermission(err)
	}
	if !f.resumes(state) || state.Prefix.Len == 0 && !isRotated(path, state.Path) {
		f.fd.Close()
		return nil, false
	}
	if info, err := f.fd.Stat(); err == nil {
		f.modified = info.ModTime()
	}
	f.resume(state)
	return f, false
}

// openPacked unpacks a compressed file if it begins as the checkpoint's did.
func (t *Tailer) openPacked(path string, state State, now time.Time) (f *File, wait bool) {
	if state.Prefix.Len > 0 {
		prefix, err := packedPrefix(path, state.Prefix.Len)
		if err != nil || !state.Prefix.of(prefix) {
			return nil, false
		}
	}
	info, err := os.Stat(path)
	if err != nil {
		return nil, false
	}
	id, err := identify(path, info)
	if err != nil {
		return nil, false
	}
	fd, size, err := unpack(path, state.Offset, state.Witness)
	if err != nil {
		if !errors.Is(err, io.ErrUnexpectedEOF) && !errors.Is(err, errOther) {
			t.complain(path, "file cannot be unpacked", err)
		}
		return nil, false
	}
	f = newFile(id, path, fd, size, now)
	f.packed, f.modified = true, info.ModTime()
	if state.ID != [16]byte{} {
		f.ID, f.ended = state.ID, state.Ended
	}
	f.witness = state.Witness
	f.seek(state.Offset)
	return f, false
}
