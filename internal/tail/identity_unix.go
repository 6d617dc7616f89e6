//go:build unix

package tail

import (
	"io/fs"
	"syscall"
)

// identity is what a file is, whatever its name.
type identity struct{ device, inode uint64 }

func identityOf(info fs.FileInfo) identity {
	stat, ok := info.Sys().(*syscall.Stat_t)
	if !ok {
		panic("BUG: file information without device and inode")
	}
	return identity{uint64(stat.Dev), uint64(stat.Ino)} //nolint:unconvert // types differ between systems
}
