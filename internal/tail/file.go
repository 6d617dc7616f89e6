package tail

import (
	"bytes"
	"crypto/rand"
	"hash/crc32"
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
