package tail

import (
	"bytes"
	"crypto/rand"
	"hash/crc32"
	"io"
	"os"
	"sync/atomic"
	"time"
)

const (
	// prefixBytes is how much of a file's beginning tells it from another one with its inode.
	prefixBytes = 1 << 10
	// suffixBytes is how much before the read position tells whether the file was written anew.
	suffixBytes = 64
	// markCount is how many former read positions are remembered with their check sums.
	markCount = 16
)

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

// identity is what a file is, whatever its name.
type identity struct{ device, inode uint64 }

// Status is a file as it is now.
type Status struct {
	ID      [16]byte
	Path    string
	Rotated bool   // it lost the name under which it was found
	Ended   bool   // its rest is not wanted
	Offset  uint64 // up to which it was read
	Unread  uint64 // bytes known to lie beyond Offset
}

// File is one incarnation. Its ID and Path may be asked for by anybody, the rest belongs to the Tailer.
type File struct {
	ID [16]byte

	identity
	path     string
	shown    atomic.Pointer[string] // path for others
	fd       *os.File               // nil while a file at rest is closed
	offset   uint64                 // up to here its lines were handed out
	size     uint64                 // as last seen
	modified time.Time              // as last seen while it had its name
	touched  time.Time              // as last seen
	older    time.Time              // files with rotated names of this one up to here were seen
	named    bool                   // it has a name somewhere, as last seen
	prefix   []byte                 // the first bytes, as many as there were
	digest   Digest                 // of prefix, when it was asked for last
	witness  Witness                // of what is done with, for the checkpoint
	suffix   []byte                 // the last bytes before offset
	sum      mark                   // of the bytes from base to offset
	base     uint64
	marks    []mark // former sums, ascending
	stalled  uint64 // the size at which no complete line was left; 0 = not stalled
	scanned  uint64 // in an over-long line: no newline before this offset
	found    time.Time
	changed  time.Time
	rotated  bool // its name leads elsewhere now
	gone     bool // and the pattern does not match its new one
	ended    bool
	held     bool
	packed   bool // fd is its unpacked content
	copied   bool // it is the copy of a truncated file
}

// mark is the CRC-32C of an incarnation's bytes from its base up to an offset.
type mark struct {
	offset uint64
	crc    uint32
}

func newFile(id identity, path string, fd *os.File, size uint64, now time.Time) *File {
	f := &File{identity: id, fd: fd, size: size, changed: now, found: now}
	f.setPath(path)
	rand.Read(f.ID[:])
	return f
}

// Path is the name under which the file was last seen.
func (f *File) Path() string { return *f.shown.Load() }

func (f *File) setPath(path string) {
	f.path = path
	f.shown.Store(&path)
}

func (f *File) state() State {
	if f.digest.Len != len(f.prefix) {
		f.digest = digestOf(f.prefix)
	}
	return State{
		ID: f.ID, Path: f.path, Device: f.device, Inode: f.inode, Rotated: f.rotated, Ended: f.ended, Offset: f.offset, Size: max(f.size, f.offset),
		Modified: unixNano(f.newest()), Known: Known{f.digest, f.witness},
	}
}

func (f *File) status() Status {
	return Status{ID: f.ID, Path: f.path, Rotated: f.rotated, Ended: f.ended, Offset: f.offset, Unread: f.size - min(f.size, f.offset)}
}

func unixNano(at time.Time) int64 {
	if at.IsZero() {
		return 0
	}
	return at.UnixNano()
}

// finished reports whether nothing more will come of a rotated file.
func (f *File) finished(now time.Time, quiet time.Duration) bool {
	return f.rotated && (f.ended || f.size <= f.offset) && now.Sub(f.changed) >= quiet
}

// rests reports whether a file that was read to its end has a name and so may still be somebody's log.
func (f *File) rests() bool { return f.fd != nil && f.named && !f.copied && !f.packed && !f.ended }

// overwritten reports whether a rotated file holds something else now.
func (f *File) overwritten() bool {
	info, err := f.fd.Stat()
	return err == nil && !f.packed && (uint64(info.Size()) < f.offset || !info.ModTime().Equal(f.touched) && !f.same())
}

// newest is the time up to which what was written under the file's name was seen.
func (f *File) newest() time.Time {
	if f.older.After(f.modified) {
		return f.older
	}
	return f.modified
}

// notBefore says that a file which had the name before was written to at this time: writers may hold a file beyond its rotation.
func (f *File) notBefore(at time.Time) {
	if at.After(f.older) {
		f.older = at
	}
}

// seek makes offset the place to go on from.
func (f *File) seek(offset uint64) {
	f.offset, f.base, f.sum, f.marks = offset, offset, mark{offset, 0}, nil
	f.suffix = f.suffix[:0]
	f.learn()
}

// learn keeps the file's first bytes and those before the read position.
func (f *File) learn() {
	if want := min(prefixBytes, f.size); uint64(len(f.prefix)) < want {
		prefix := make([]byte, want)
		if n, err := readAt(f.fd, prefix, 0); err == nil && n == len(prefix) && bytes.Equal(prefix[:len(f.prefix)], f.prefix) {
			f.prefix = prefix
		}
	}
	n := min(suffixBytes, f.offset)
	if cap(f.suffix) == 0 {
		f.suffix = make([]byte, 0, suffixBytes)
	}
	suffix := f.suffix[:n]
	if got, err := readAt(f.fd, suffix, f.offset-n); err != nil || got < len(suffix) {
		suffix = suffix[:0]
	}
	f.suffix = suffix
}

// learnMore takes note of what a file has become since the last look, before it is compared with others.
func (f *File) learnMore() {
	if f.fd == nil || f.packed {
		return
	}
	if info, err := f.fd.Stat(); err == nil && uint64(info.Size()) > f.size {
		f.size = uint64(info.Size())
	}
	if len(f.prefix) < prefixBytes {
		f.learn()
	}
}

// same reports whether the file still begins as it did, and holds before the read position what was read there.
func (f *File) same() bool {
	var now [prefixBytes]byte
	n, err := readAt(f.fd, now[:len(f.prefix)], 0)
	if err != nil || !bytes.Equal(now[:n], f.prefix) {
		return false
	}
	n, err = readAt(f.fd, now[:len(f.suffix)], f.offset-uint64(len(f.suffix)))
	return err == nil && bytes.Equal(now[:n], f.suffix)
}

// read takes the next lines of f, at most a buffer full.
func (t *Tailer) read(f *File, now time.Time) (Lines, bool) {
	if f.size <= f.offset || f.ended {
		return Lines{}, false
	}
	quiet := f.rotated && now.Sub(f.changed) >= t.opts.Quiet
	if f.size == f.stalled && !quiet {
		return Lines{}, false
	}
	if f.fd == nil && !t.reopen(f, f.path) {
		return Lines{}, false
	}
	if len(t.buf) > chunkBytes && t.lastRead <= chunkBytes { // the long line is over
		t.buf = make([]byte, min(chunkBytes, t.opts.MaxLineBytes))
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
		t.lastRead = len(t.buf)
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
	if err != nil || uint64(info.Size()) < lines.End || !f.same() {
		t.replace(f, t.truncated(f, now))
		return false
	}
	f.size = max(f.size, uint64(info.Size()))
	f.advance(lines)
	t.lastRead = len(lines.Data)
	t.revision.Add(1)
	if t.open > maxOpenFiles && !f.gone {
		t.closeFile(f)
	}
	return true
}

// advance makes the lines read ones.
func (f *File) advance(lines Lines) {
	f.marks = append(f.marks, f.sum)
	if len(f.marks) > markCount {
		f.marks = append(f.marks[:0], f.marks[1:]...)
	}
	if lines.Cut { // its end was not read: the sum begins anew behind it
		f.base, f.sum, f.marks = lines.End, mark{lines.End, 0}, nil
	} else {
		f.sum = mark{lines.End, crc32.Update(f.sum.crc, castagnoli, lines.Data)}
	}
	f.offset, f.stalled, f.scanned = lines.End, 0, 0
	if lines.Cut {
		f.learn()
		return
	}
	if n := uint64(len(f.prefix)); n < prefixBytes && lines.Start <= n && lines.End > n { // as it was read, whatever the file holds by now
		f.prefix = append(append([]byte{}, f.prefix[:lines.Start]...), lines.Data[:min(uint64(len(lines.Data)), prefixBytes-lines.Start)]...)
	}
	tail := lines.Data[len(lines.Data)-min(len(lines.Data), suffixBytes):]
	if keep := suffixBytes - len(tail); keep > 0 {
		f.suffix = append(f.suffix[:0], f.suffix[len(f.suffix)-min(len(f.suffix), keep):]...)
		f.suffix = append(f.suffix, tail...)
		return
	}
	f.suffix = append(f.suffix[:0], tail...)
}

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

func (f *File) linesBefore(offset uint64, atMost int) int {
	n, chunk := 0, make([]byte, 4<<10)
	for at := uint64(0); f.fd != nil && at < offset && n < atMost; {
		got, err := readAt(f.fd, chunk[:min(uint64(len(chunk)), offset-at)], at)
		n += bytes.Count(chunk[:got], []byte{'\n'})
		at += uint64(got)
		if err != nil || got == 0 {
			break
		}
	}
	return min(n, atMost)
}

// readAt is ReadAt for which the end of the file is no error.
func readAt(fd *os.File, buf []byte, offset uint64) (int, error) {
	n, err := fd.ReadAt(buf, int64(offset))
	if err == io.EOF {
		err = nil
	}
	return n, err
}
