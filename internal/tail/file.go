package tail

import (
	"bytes"
	"crypto/rand"
	"crypto/sha256"
	"io"
	"os"
	"time"
)

// prefixBytes is how much of a file's beginning tells it from another one with its inode.
const prefixBytes = 1 << 10

// identity is what a file is, whatever its name.
type identity struct{ device, inode uint64 }

// State is what a checkpoint keeps of a file incarnation.
type State struct {
	ID            [16]byte // random, made when the incarnation was found
	Path          string   // its last known name
	Device, Inode uint64
	Rotated       bool   // it lost the name under which it was found
	Offset        uint64 // where to go on
	PrefixLen     int    // the first bytes, as many as were known, at most 1 KiB
	PrefixSum     [sha256.Size]byte
}

// Status is a file as it is now.
type Status struct {
	State
	Unread uint64 // bytes known to lie beyond Offset
}

// File is one incarnation. Its ID may be read by anybody, the rest belongs to the Tailer.
type File struct {
	ID [16]byte

	identity
	path    string
	fd      *os.File // nil while a file at rest is closed
	offset  uint64   // up to here its lines were handed out
	size    uint64   // as last seen
	prefix  []byte   // the first bytes, at most up to offset
	stalled uint64   // the size at which no complete line was left; 0 = not stalled
	scanned uint64   // in an over-long line: no newline before this offset
	changed time.Time
	rotated bool // its name leads elsewhere now
	gone    bool // and the pattern does not match its new one
}

func newFile(id identity, path string, fd *os.File, size uint64, now time.Time) *File {
	f := &File{identity: id, path: path, fd: fd, size: size, changed: now}
	rand.Read(f.ID[:])
	return f
}

// Path is the name under which the file was last seen.
func (f *File) Path() string { return f.path }

func (f *File) state() State {
	return State{ID: f.ID, Path: f.path, Device: f.device, Inode: f.inode, Rotated: f.rotated, Offset: f.offset, PrefixLen: len(f.prefix), PrefixSum: sha256.Sum256(f.prefix)}
}

// finished reports whether nothing more will come of a rotated file.
func (f *File) finished(now time.Time, quiet time.Duration) bool {
	return f.rotated && f.size == f.offset && now.Sub(f.changed) >= quiet
}

func (f *File) close() {
	if f.fd != nil {
		f.fd.Close()
		f.fd = nil
	}
}

// read takes the next lines of f, at most a buffer full.
func (t *Tailer) read(f *File, now time.Time) (Lines, bool) {
	if f.fd == nil || f.size <= f.offset {
		return Lines{}, false
	}
	quiet := f.rotated && now.Sub(f.changed) >= t.opts.Quiet
	if f.size == f.stalled && !quiet {
		return Lines{}, false
	}
	n, err := readAt(f.fd, t.buf, f.offset)
	if err != nil {
		t.opts.Logger.Warn("read failed", "path", f.path, "offset", f.offset, "error", err)
		f.stalled = f.size
		return Lines{}, false
	}
	lines := Lines{File: f, Start: f.offset, Data: t.buf[:n]}
	if last := bytes.LastIndexByte(lines.Data, '\n'); last >= 0 {
		lines.Data = lines.Data[:last+1]
	} else if n == len(t.buf) {
		return t.readLong(f, now)
	} else if !quiet || n == 0 {
		f.stalled = f.offset + uint64(n)
		return Lines{}, false
	}
	lines.End = f.offset + uint64(len(lines.Data))
	return lines, t.take(f, lines, now)
}

// readLong reads a line that does not fit the buffer: with a larger buffer, or, beyond MaxLineBytes, its beginning once its end is known.
func (t *Tailer) readLong(f *File, now time.Time) (Lines, bool) {
	if len(t.buf) < t.opts.MaxLineBytes {
		t.buf = make([]byte, min(4*len(t.buf), t.opts.MaxLineBytes))
		return t.read(f, now)
	}
	end, found := t.findNewline(f, max(f.scanned, f.offset+uint64(len(t.buf))))
	if !found && !(f.rotated && now.Sub(f.changed) >= t.opts.Quiet) {
		f.scanned, f.stalled = end, end
		return Lines{}, false
	}
	lines := Lines{File: f, Start: f.offset, End: end, Data: t.buf, Cut: true}
	t.buf = make([]byte, min(chunkBytes, t.opts.MaxLineBytes))
	return lines, t.take(f, lines, now)
}

// findNewline returns the offset after the next newline from at on, or the end of the file.
func (t *Tailer) findNewline(f *File, at uint64) (end uint64, found bool) {
	chunk := make([]byte, chunkBytes)
	for {
		n, err := readAt(f.fd, chunk, at)
		if i := bytes.IndexByte(chunk[:n], '\n'); i >= 0 {
			return at + uint64(i) + 1, true
		}
		at += uint64(n)
		if err != nil || n < len(chunk) {
			return at, false
		}
	}
}

// take accepts what was read if the file still is what it was: looked at after the reading, so that bytes of a truncated file are not taken for this
// incarnation's.
func (t *Tailer) take(f *File, lines Lines, now time.Time) bool {
	info, err := f.fd.Stat()
	if err != nil || uint64(info.Size()) < lines.End || !f.samePrefix() {
		t.replace(f, t.truncated(f, now))
		return false
	}
	f.size = max(f.size, uint64(info.Size()))
	f.offset, f.stalled, f.scanned = lines.End, 0, 0
	if len(f.prefix) < prefixBytes {
		f.learnPrefix()
	}
	return true
}

// learnPrefix keeps the file's first bytes, as many as were handed out.
func (f *File) learnPrefix() {
	prefix := make([]byte, min(prefixBytes, f.offset))
	if n, err := readAt(f.fd, prefix, 0); err == nil && n == len(prefix) {
		f.prefix = prefix
	}
}

func (f *File) samePrefix() bool {
	var now [prefixBytes]byte
	n, err := readAt(f.fd, now[:len(f.prefix)], 0)
	return err == nil && bytes.Equal(now[:n], f.prefix)
}

// refresh learns the file's size. A file that became shorter than what was read, or begins otherwise, is a new incarnation.
func (t *Tailer) refresh(f *File, now time.Time) *File {
	info, err := f.fd.Stat()
	if err != nil {
		t.opts.Logger.Warn("stat failed", "path", f.path, "error", err)
		return f
	}
	size := uint64(info.Size())
	if size == f.size {
		return f
	}
	if size < f.offset || !f.samePrefix() {
		return t.truncated(f, now)
	}
	f.size, f.changed = size, now
	return f
}

// truncated begins a new incarnation in the same file. The unread rest of the old one no longer exists.
func (t *Tailer) truncated(f *File, now time.Time) *File {
	info, err := f.fd.Stat()
	size := uint64(0)
	if err == nil {
		size = uint64(info.Size())
	}
	lost := f.size - min(f.size, f.offset)
	t.stats.Truncated++
	t.stats.Found++
	t.stats.LostBytes += lost
	t.opts.Logger.Warn("file was truncated, reading it from its beginning", "path", f.path, "read_to", f.offset, "lost_bytes", lost)
	fresh := newFile(f.identity, f.path, f.fd, size, now)
	fresh.rotated, fresh.gone = f.rotated, f.gone
	return fresh
}

func (t *Tailer) replace(old, fresh *File) {
	for i, f := range t.files {
		if f == old {
			t.files[i] = fresh
		}
	}
}

// readAt is ReadAt for which the end of the file is no error.
func readAt(fd *os.File, buf []byte, offset uint64) (int, error) {
	n, err := fd.ReadAt(buf, int64(offset))
	if err == io.EOF {
		err = nil
	}
	return n, err
}
