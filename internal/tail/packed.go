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

// unpack writes what a compressed file holds into a file without a name, at the same offsets: the first KiB, and what lies behind offset. The rest is a hole, for it
// was read already.
func unpack(path string, offset uint64) (fd *os.File, size uint64, err error) {
	in, err := unpacked(path)
	if err != nil {
		return nil, 0, fmt.Errorf("unpack: %w", err)
	}
	defer in.Close()
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
	if err == nil {
		_, err = io.Copy(out, in)
	}
	if err != nil && err != io.EOF {
		return nil, 0, fmt.Errorf("unpack: %w", err)
	}
	end, err := out.Seek(0, io.SeekEnd)
	return out, uint64(end), err
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
