package tail

import (
	"bytes"
	"hash/crc32"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"time"
)

// rotation is what rotated names have behind the name, or between its stem and its extension: .1 -20261122 .2026-11-22-17 .old
var rotation = regexp.MustCompile(`^(?:[-._]?\d[\d\-_.T:Z]*|\.(?:old|prev|bak))$`)

// isRotated reports whether path is a rotated name of another file: access.log.1, access.log-20261122, access-1.log, each also compressed.
func isRotated(path, of string) bool {
	if filepath.Dir(path) != filepath.Dir(of) {
		return false
	}
	name, original := filepath.Base(path), filepath.Base(of)
	if isCompressed(name) {
		name = strings.TrimSuffix(name, filepath.Ext(name))
	}
	if rest, ok := strings.CutPrefix(name, original); ok && rotation.MatchString(rest) {
		return true
	}
	ext := filepath.Ext(original)
	stem := strings.TrimSuffix(original, ext)
	rest, ok := strings.CutPrefix(name, stem)
	if !ok || ext == "" || stem == "" {
		return false
	}
	rest, ok = strings.CutSuffix(rest, ext)
	return ok && rotation.MatchString(rest)
}

// waits reports whether a new file must not be read yet, because it may be a copy that is being made before the original is truncated. When that does not come
// within Quiet, it is a file like any other.
func (t *Tailer) waits(m found, now time.Time) bool {
	w, seen := t.listing.waiting[m.identity]
	if !seen || w.size != m.size {
		w = waiting{m.size, now}
	}
	if !t.listing.done || now.Sub(w.since) >= t.opts.Quiet || !t.looksLikeCopy(m) {
		delete(t.listing.waiting, m.identity)
		return false
	}
	t.listing.waiting[m.identity] = w
	t.listing.next = time.Time{}
	return true
}

// looksLikeCopy compares the beginnings only: it is truncation that makes a copy matter.
func (t *Tailer) looksLikeCopy(m found) bool {
	for _, f := range t.files {
		if f.rotated || !isRotated(m.path, f.path) {
			continue
		}
		prefix, err := readPrefix(m.path, len(f.prefix))
		n := min(len(prefix), len(f.prefix))
		if err == nil && bytes.Equal(prefix[:n], f.prefix[:n]) {
			return true
		}
	}
	return false
}

func readPrefix(path string, n int) ([]byte, error) {
	fd, err := openShared(path)
	if err != nil {
		return nil, err
	}
	defer fd.Close()
	prefix := make([]byte, n)
	got, err := readAt(fd, prefix, 0)
	return prefix[:got], err
}

// findCopies looks for copies of files that were truncated: among the files that are new under the pattern, and under rotated names beside it. A copy is the old
// incarnation, which goes on where its reading was.
func (t *Tailer) findCopies(all []found, now time.Time) {
	cut := t.listing.cut
	t.listing.cut = nil
	for _, old := range cut {
		t.listing.lose(lostName{path: old.path, modified: old.newest(), file: old.content()}) // it may have been truncated more than once
		path, copied := t.findCopy(old, all)
		left := old.size - min(old.size, old.offset)
		if path == "" {
			if left > 0 {
				t.lose(left)
				t.opts.Logger.Warn("unread bytes were truncated away", "path", old.path, "lost_bytes", left)
			}
			continue
		}
		if copied.size > old.offset || matched(all, copied.identity) { // also one that holds nothing more must not be taken for a new file
			if !t.goOn(old, path, all, now) {
				t.listing.cut = append(t.listing.cut, old)
				continue
			}
		}
		if old.size > max(copied.size, old.offset) {
			t.lose(old.size - max(copied.size, old.offset))
			t.opts.Logger.Warn("bytes were truncated away after the file was copied", "path", old.path, "copy", path, "lost_bytes", old.size-copied.size)
		}
	}
}

func (t *Tailer) lose(n uint64) { t.stats.LostBytes += n }

// findCopy returns the newest file beside old that holds what was read of it.
func (t *Tailer) findCopy(old *File, all []found) (path string, copied found) {
	dir := filepath.Dir(old.path)
	entries, err := os.ReadDir(dir)
	if err != nil {
		return "", found{}
	}
	for _, entry := range entries {
		name := filepath.Join(dir, entry.Name())
		if !isRotated(name, old.path) || isCompressed(name) {
			continue
		}
		info, err := os.Stat(name)
		if err != nil || !info.Mode().IsRegular() || path != "" && !info.ModTime().After(copied.modified) {
			continue
		}
		id, err := identify(name, info)
		if err == nil && t.byID[id] == nil && old.isCopied(name, uint64(info.Size())) {
			path, copied = name, found{id, name, uint64(info.Size()), info.ModTime()}
		}
	}
	return path, copied
}

// isCopied compares a file with what was read of f: the beginning, and the check sum up to the last read position that the copy reaches.
func (f *File) isCopied(path string, size uint64) bool {
	prefix, err := readPrefix(path, len(f.prefix))
	if err != nil || len(prefix) == 0 || !bytes.Equal(prefix, f.prefix[:len(prefix)]) || len(prefix) < len(f.prefix) && uint64(len(prefix)) < size {
		return false
	}
	at := f.sum
	for n := len(f.marks) - 1; at.offset > size && n >= 0; n-- {
		at = f.marks[n]
	}
	if at.offset > size {
		return true // shorter than all that is remembered; the beginning has to do
	}
	fd, err := openShared(path)
	if err != nil {
		return false
	}
	defer fd.Close()
	sum := crc32.New(castagnoli)
	n, err := io.Copy(sum, io.NewSectionReader(fd, int64(f.base), int64(at.offset-f.base)))
	return err == nil && uint64(n) == at.offset-f.base && sum.Sum32() == at.crc
}

// goOn follows a copy as the incarnation that it is a copy of.
func (t *Tailer) goOn(old *File, path string, all []found, now time.Time) bool {
	f, ok := t.openFile(path, now)
	if !ok {
		return false
	}
	f.ID, f.ended, f.held, f.rotated, f.copied = old.ID, old.ended, old.held, true, true
	f.prefix = old.prefix[:min(len(old.prefix), int(f.size))]
	f.seek(old.offset)
	f.gone = !matched(all, f.identity)
	t.follow(f)
	t.opts.Logger.Info("following the copy of a truncated file to its end", "path", path, "was", old.path, "offset", f.offset, "size", f.size)
	return true
}

func matched(all []found, id identity) bool {
	for _, m := range all {
		if m.identity == id {
			return true
		}
	}
	return false
}

// resumes reports whether an opened file is the checkpoint's. Without a known beginning there is nothing to tell the file from another one with its inode, and
// nothing was read of it either. A rotated file may be shorter than what was read: a copy that was made a moment too early.
func (f *File) resumes(state State) bool {
	if state.Prefix.Len == 0 {
		return state.Offset == 0
	}
	prefix := make([]byte, min(state.Prefix.Len, prefixBytes))
	n, err := readAt(f.fd, prefix, 0)
	return err == nil && state.Prefix.of(prefix[:n]) && (f.size >= state.Offset || state.Rotated) && state.Witness.holds(f.fd, f.size)
}

func (f *File) resume(state State) {
	f.ID, f.ended, f.witness = state.ID, state.Ended, state.Witness
	if state.Modified != 0 {
		f.notBefore(time.Unix(0, state.Modified))
	}
	f.seek(state.Offset)
}
