package tail

import (
	"bytes"
	"hash/crc32"
	"io"
	"os"
	"time"
)

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
