package tail

import (
	"compress/bzip2"
	"compress/gzip"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
)

// errNotPacked says that a name is not that of a compressed file that can be read.
var errNotPacked = errors.New("not gzip or bzip2")

// unpacked opens the decompressed content of a rotated file.
func unpacked(path string) (io.ReadCloser, error) {
	fd, err := openShared(path)
	if err != nil {
		return nil, err
	}
	var r io.Reader
	switch filepath.Ext(path) {
	case ".gz":
		r, err = gzip.NewReader(fd)
	case ".bz2":
		r = bzip2.NewReader(fd)
	default:
		err = errNotPacked
	}
	if err != nil {
		fd.Close()
		return nil, err
	}
	return struct {
		io.Reader
		io.Closer
	}{r, fd}, nil
}

// errOther says that a compressed file is not the one that a witness knows.
var errOther = errors.New("it holds something else")

// unpack writes what a compressed file holds into a file without a name, at the same offsets: the first KiB, and what lies behind offset. The rest is a hole, for it
// was read already; the witness lies there.
func unpack(path string, offset uint64, witness Witness) (fd *os.File, size uint64, err error) {
	packed, err := unpacked(path)
	if err != nil {
		return nil, 0, fmt.Errorf("unpack: %w", err)
	}
	defer packed.Close()
	in := &hearing{Reader: packed, witness: witness}
	out, err := os.CreateTemp("", "millrace-agent-*")
	if err != nil {
		return nil, 0, fmt.Errorf("unpack: %w", err)
	}
	defer func() {
		os.Remove(out.Name()) // on Windows this fails while it is open; the folder is for such files
		if err != nil {
			out.Close()
		}
	}()
	_, err = io.CopyN(out, in, prefixBytes)
	if err == nil && offset > prefixBytes {
		if _, err = io.CopyN(io.Discard, in, int64(offset)-prefixBytes); err == nil {
			_, err = out.Seek(int64(offset), io.SeekStart)
		}
	}
	if (err == nil || err == io.EOF) && !in.believes() {
		err = errOther
	}
	if err == nil {
		_, err = io.Copy(out, in)
	}
	if err != nil && err != io.EOF {
		return nil, 0, fmt.Errorf("unpack: %w", err)
	}
	end, err := out.Seek(0, io.SeekEnd)
	return out, uint64(end), err
}

// hearing keeps the bytes that a witness speaks of as they pass.
type hearing struct {
	io.Reader
	witness Witness
	at      uint64
	heard   []byte
}

func (h *hearing) Read(p []byte) (int, error) {
	n, err := h.Reader.Read(p)
	from, to := h.witness.End-min(h.witness.End, uint64(h.witness.Len)), h.witness.End
	if low, high := max(from, h.at), min(to, h.at+uint64(n)); low < high {
		h.heard = append(h.heard, p[low-h.at:high-h.at]...)
	}
	h.at += uint64(n)
	return n, err
}

// believes reports whether what has passed is what the witness knows, as far as it has passed.
func (h *hearing) believes() bool {
	return h.witness.Len == 0 || h.at < h.witness.End || h.witness.of(h.heard)
}

// packedPrefix is the beginning of what a compressed file holds.
func packedPrefix(path string, n int) ([]byte, error) {
	in, err := unpacked(path)
	if err != nil {
		return nil, err
	}
	defer in.Close()
	prefix := make([]byte, n)
	got, err := io.ReadFull(in, prefix)
	if err == io.EOF || err == io.ErrUnexpectedEOF {
		err = nil
	}
	return prefix[:got], err
}

// packedHolds looks for the bytes of a witness in what a compressed file holds.
func packedHolds(path string, w Witness) bool {
	packed, err := unpacked(path)
	if err != nil {
		return true
	}
	defer packed.Close()
	in := &hearing{Reader: packed, witness: w}
	_, err = io.CopyN(io.Discard, in, int64(w.End))
	return err != nil || in.believes()
}
