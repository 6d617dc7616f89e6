package tail

import (
	"bytes"
	"crypto/sha256"
	"os"
	"slices"
	"time"
)

// Checkpoint is what a later Tailer goes on from.
type Checkpoint struct {
	Files  []State
	Past   []Past   // incarnations that are followed no more, the oldest first
	Missed []Missed // names whose rotated files are still to be judged
}

// State is what a checkpoint keeps of a file incarnation.
type State struct {
	ID            [16]byte // random, made when the incarnation was found
	Path          string   // its last known name
	Device, Inode uint64
	Rotated       bool   // it lost the name under which it was found
	Ended         bool   // its rest is not wanted
	Offset        uint64 // where to go on
	Size          uint64 // as last seen
	Modified      int64  // as last seen while it had its name, or of a later file that had it before, ns since 1970
	Known
}

// Digest stands for the first bytes of a file, at most 1 KiB. Len 0 is nothing known.
type Digest struct {
	Len int
	Sum [sha256.Size]byte
}

// Witness stands for the bytes before End, at most 1 KiB, at or before the offset of its State: a file with the inode and the beginning of an incarnation that
// holds something else there is another one. Len 0 is nothing known.
type Witness struct {
	End uint64
	Digest
}

// Past is an incarnation that was read to its end: files that hold what it did were not missed.
type Past struct {
	Known
	At int64 // when it was let go, ns since 1970
}

// Missed is a name that led to another file than before. Files with rotated names of it that are newer and begin otherwise were rotated away unseen.
type Missed struct {
	Path     string
	Modified int64 // of the file that had the name, ns since 1970
	Known          // of that file
}

// Known is what tells an incarnation from others.
type Known struct {
	Prefix  Digest // of its first bytes, as many as were known
	Witness Witness
}

const (
	maxPast      = 32  // incarnations that are remembered
	maxFreshPast = 256 // those of the last minute among them: files that come and go fast are judged a little later
	pastFresh    = time.Minute
	pastAge      = 7 * 24 * time.Hour // how long the next runs remember them
)

// Checkpoint describes what is followed. done says of an incarnation that was read up to an offset, up to which offset its lines are done with: there a later Tailer
// goes on. It is called under the Tailer's lock.
func (t *Tailer) Checkpoint(done func(id [16]byte, read uint64) uint64) Checkpoint {
	t.mu.Lock()
	defer t.mu.Unlock()
	c := Checkpoint{Files: make([]State, 0, len(t.files)+len(t.listing.resume))}
	add := func(s State) {
		s.Offset = done(s.ID, s.Offset)
		c.Files = append(c.Files, s)
	}
	for _, f := range t.files {
		f.testify(done(f.ID, f.offset))
		add(f.state())
	}
	for _, f := range t.listing.cut { // behind the file's new incarnation: that is whom its inode belongs to
		add(f.state())
	}
	for _, s := range t.listing.resume {
		add(s)
	}
	for _, past := range t.listing.past {
		c.Past = append(c.Past, Past{past.stored(), past.at})
	}
	for _, name := range t.listing.lost {
		c.Missed = append(c.Missed, Missed{name.path, unixNano(name.modified), name.file.stored()})
	}
	return c
}

// testify makes the bytes before offset the witness, if the file still holds what was read of it. What is not to be had leaves an earlier witness.
func (f *File) testify(offset uint64) {
	from := offset - min(offset, prefixBytes)
	if f.packed { // what lies before is a hole
		from = max(from, f.base)
	}
	if f.witness.End == offset || from >= offset {
		return
	}
	if f.fd == nil {
		again, err := open(f.path, f.changed)
		if err != nil {
			return
		}
		defer again.fd.Close()
		if again.identity != f.identity {
			return
		}
		f.fd = again.fd
		defer func() { f.fd = nil }()
	}
	var buf [prefixBytes]byte
	n, err := readAt(f.fd, buf[:offset-from], from)
	if err == nil && uint64(n) == offset-from && f.same() {
		f.witness = Witness{offset, digestOf(buf[:n])}
	}
}

func digestOf(bytes []byte) Digest { return Digest{len(bytes), sha256.Sum256(bytes)} }

// of reports whether these are the first bytes of a file that began so.
func (d Digest) of(prefix []byte) bool {
	return d.Len > 0 && len(prefix) >= d.Len && sha256.Sum256(prefix[:d.Len]) == d.Sum
}

// holds reports whether a file has the bytes of a witness, as far as it reaches.
func (w Witness) holds(fd *os.File, size uint64) bool {
	if w.Len == 0 || size < w.End || uint64(w.Len) > w.End {
		return true
	}
	bytes := make([]byte, min(w.Len, prefixBytes))
	n, err := readAt(fd, bytes, w.End-uint64(len(bytes)))
	return err == nil && w.of(bytes[:n])
}

// content is what is known of an incarnation: its first bytes, or their digest from a checkpoint, and some that were read later.
type content struct {
	prefix []byte
	known  Known // Prefix counts where there are no bytes
	at     int64 // when the incarnation was let go, ns since 1970
}

// content of f, as it was read.
func (f *File) content() content {
	c := content{prefix: f.prefix}
	if f.packed { // what was read of it before is a hole
		c.known.Witness = f.witness
	} else if len(f.suffix) > 0 {
		c.known.Witness = Witness{f.offset, digestOf(f.suffix)}
	}
	return c
}

func (c content) stored() Known {
	if len(c.prefix) > 0 {
		c.known.Prefix = digestOf(c.prefix)
	}
	return c.known
}

// begins reports whether these are the first bytes of the incarnation, or of a copy that is not whole yet.
func (c content) begins(prefix []byte) bool {
	if len(c.prefix) == 0 {
		return c.known.Prefix.of(prefix)
	}
	n := min(len(prefix), len(c.prefix))
	return n > 0 && bytes.Equal(prefix[:n], c.prefix[:n])
}

// remember keeps what an incarnation was that is followed no more.
func (l *listing) remember(f *File, now time.Time) {
	if len(f.prefix) == 0 {
		return
	}
	past := f.content()
	past.at = now.UnixNano()
	l.past = append(l.past, past)
	drop := max(0, len(l.past)-maxFreshPast)
	for len(l.past)-drop > maxPast && now.Sub(time.Unix(0, l.past[drop].at)) > pastFresh {
		drop++
	}
	l.past = slices.Delete(l.past, 0, drop)
}

// resumeFrom takes over what the last run knew.
func (l *listing) resumeFrom(c *Checkpoint, now time.Time) {
	if c == nil {
		return
	}
	l.resume = slices.Clone(c.Files)
	for _, past := range c.Past {
		if now.Sub(time.Unix(0, past.At)) < pastAge {
			l.past = append(l.past, content{known: past.Known, at: past.At})
		}
	}
	l.past = l.past[max(0, len(l.past)-maxFreshPast):]
	for _, name := range c.Missed {
		if name.Modified != 0 {
			l.lose(lostName{path: name.Path, modified: time.Unix(0, name.Modified), file: content{known: name.Known}})
		}
	}
}
