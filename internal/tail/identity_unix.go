//go:build unix

package tail

import (
	"io/fs"
	"os"
	"syscall"
)

// identify says which file info describes; path is where it came from.
func identify(_ string, info fs.FileInfo) (identity, error) {
	stat, ok := info.Sys().(*syscall.Stat_t)
	if !ok {
		panic("BUG: file information without device and inode")
	}
	return identity{uint64(stat.Dev), uint64(stat.Ino)}, nil
}

// openShared opens a file for reading without hindering its writer from renaming it.
func openShared(path string) (*os.File, error) { return os.Open(path) }

func identifyOpen(fd *os.File) (identity, error) {
	info, err := fd.Stat()
	if err != nil {
		return identity{}, err
	}
	return identify(fd.Name(), info)
}

// hasName reports whether a file that is open has a name yet.
func hasName(info fs.FileInfo) bool {
	stat, ok := info.Sys().(*syscall.Stat_t)
	return ok && stat.Nlink > 0
}
