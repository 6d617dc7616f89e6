package tail

import (
	"bytes"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"time"
)

// lostName is a name that leads to another file than before.
type lostName struct {
	path     string
	modified time.Time // of the file that had it, while it had it; all that is older was judged
	file     content   // of that file
	judged   map[identity]judgement
}

// judgement is what is known of a file that may have been missed.
type judgement struct {
	decided bool
	since   time.Time // when it was looked at first
}

// lose takes note of a name. Of names that are lost again and again one is enough: the one from which on it is unknown what came.
func (l *listing) lose(name lostName) {
	if name.modified.IsZero() {
		return // nothing tells what is newer
	}
	for i := range l.lost {
		if known := &l.lost[i]; known.path == name.path {
			known.file = name.file
			if name.modified.Before(known.modified) {
				known.modified = name.modified
			}
			return
		}
	}
	l.lost = append(l.lost, name)
}

// findMissed looks for files that were rotated away before they were seen: where a name leads elsewhere now, or its file was truncated, they have rotated names of it, are
// newer than the file that had it, and begin otherwise than that. One that cannot be judged yet is looked at again.
func (t *Tailer) findMissed(now time.Time) {
	lost := t.listing.lost
	t.listing.lost = nil
	for _, name := range lost {
		if t.judgeMissed(&name, now) {
			continue
		}
		t.listing.lose(name)
		t.listing.next = now.Add(missedRest)
	}
	if len(lost) > 0 {
		t.revision.Add(1)
	}
}

// judgeMissed looks at all files that may have had the name, and reports whether all are judged.
func (t *Tailer) judgeMissed(name *lostName, now time.Time) (done bool) {
	dir := filepath.Dir(name.path)
	entries, err := os.ReadDir(dir)
	if err != nil {
		return true
	}
	judged, oldest := make(map[identity]judgement), time.Time{}
	for _, entry := range entries {
		path := filepath.Join(dir, entry.Name())
		if !isRotated(path, name.path) || !isCompressed(path) && t.glob.Match(entry.Name()) {
			continue
		}
		info, err := os.Stat(path)
		if err != nil || !info.Mode().IsRegular() || !info.ModTime().After(name.modified) {
			continue
		}
		id, err := identify(path, info)
		if err != nil {
			continue
		}
		j, seen := name.judged[id]
		if !seen {
			j.since = now
		}
		j.decided = j.decided || t.followMissed(id, path, info, *name, now) || now.Sub(j.since) >= missedPatience
		judged[id] = j
		if !j.decided {
			at := info.ModTime()
			if isCompressed(path) { // it will have the time of what it is made of
				at = name.modified.Add(1)
			}
			if oldest.IsZero() || at.Before(oldest) {
				oldest = at
			}
		}
	}
	if oldest.IsZero() {
		return true
	}
	name.judged, name.modified = judged, oldest.Add(-1)
	return false
}

// missedPatience is how long one that cannot be judged is looked at.
const missedPatience = time.Minute

// missedRest is how long a file must not have changed before it counts as one that was missed.
const missedRest = 200 * time.Millisecond

// followMissed follows one that is what is looked for. False is one that may not be whole yet.
func (t *Tailer) followMissed(id identity, path string, info os.FileInfo, name lostName, now time.Time) (decided bool) {
	if t.byID[id] != nil || t.listing.unpacked[id] {
		return true
	}
	packed := isCompressed(path)
	if packed {
		if _, err := os.Stat(strings.TrimSuffix(path, filepath.Ext(path))); err == nil {
			return false // what it is made of is still there
		}
	}
	if !packed && now.Sub(info.ModTime()).Abs() < missedRest { // it may even have come after now was read
		return false // it may be a copy that is being made
	}
	prefix, err := prefixOf(path, prefixBytes)
	if err != nil {
		return !packed || errors.Is(err, errNotPacked)
	}
	if known, whole := t.isKnown(path, uint64(info.Size()), prefix, name.file); known {
		return whole
	}
	var f *File
	if packed {
		if f, _ = t.openPacked(path, State{}, now); f == nil {
			return false
		}
		t.listing.unpacked[id] = true
	} else {
		var ok bool
		if f, ok = t.openFile(path, now); !ok {
			return true
		}
		f.modified = info.ModTime()
		f.learn()
	}
	f.rotated, f.gone = true, true
	t.follow(f)
	t.opts.Logger.Info("following a file that was rotated away before it was seen", "path", path, "was", name.path, "size", f.size)
	return true
}

// isKnown reports whether a file is one that is followed, or was a while ago, or a copy of one: whether it begins as that and holds what was read of it later, as
// far as it reaches. Without whole it is shorter than that beginning, and may become something else.
func (t *Tailer) isKnown(path string, size uint64, prefix []byte, file content) (known, whole bool) {
	judge := func(c content, f *File) {
		if c.begins(prefix) && holds(path, size, c.known.Witness) && (f == nil || f.agrees(path)) {
			known, whole = true, whole || len(prefix) >= len(c.prefix)
		}
	}
	judge(file, nil)
	for _, past := range t.listing.past {
		judge(past, nil)
	}
	for _, f := range t.files {
		judge(f.content(), f)
	}
	return known, whole
}

// agreeBytes is how much of two files is compared.
const agreeBytes = 1 << 20

// agrees compares with the content of another file, as far as both reach. It tells files apart of which nothing was read but the beginning.
func (f *File) agrees(path string) bool {
	if f.fd == nil || f.packed {
		return true
	}
	var other io.ReadCloser
	var err error
	if isCompressed(path) {
		other, err = unpacked(path)
	} else {
		other, err = openShared(path)
	}
	if err != nil {
		return true
	}
	defer other.Close()
	mine, theirs := make([]byte, 32<<10), make([]byte, 32<<10)
	for at := 0; at < agreeBytes; at += len(mine) {
		n, _ := readAt(f.fd, mine, uint64(at))
		m, _ := io.ReadFull(other, theirs)
		if n = min(n, m); !bytes.Equal(mine[:n], theirs[:n]) {
			return false
		}
		if n < len(mine) {
			break
		}
	}
	return true
}

// holds looks for the bytes of a witness in a file, or in what a compressed one holds. What cannot be read is taken to have them.
func holds(path string, size uint64, w Witness) bool {
	if w.Len == 0 {
		return true
	}
	if isCompressed(path) {
		return packedHolds(path, w)
	}
	fd, err := openShared(path)
	if err != nil {
		return true
	}
	defer fd.Close()
	return w.holds(fd, size)
}

// prefixOf is the beginning of a file, or of what a compressed one holds.
func prefixOf(path string, n int) ([]byte, error) {
	if isCompressed(path) {
		return packedPrefix(path, n)
	}
	return readPrefix(path, n)
}
