package tail

import (
	"io/fs"
	"os"

	"golang.org/x/sys/windows"
)

// identify says which file a path leads to: volume serial number and file index stand for device and inode. A directory entry does not hold them, so
// the file is opened.
func identify(path string, _ fs.FileInfo) (identity, error) {
	fd, err := openShared(path)
	if err != nil {
		return identity{}, err
	}
	defer fd.Close()
	return identifyOpen(fd)
}

// openShared opens a file for reading without hindering its writer from renaming or removing it.
func openShared(path string) (*os.File, error) {
	name, err := windows.UTF16PtrFromString(path)
	if err != nil {
		return nil, &fs.PathError{Op: "open", Path: path, Err: err}
	}
	const share = windows.FILE_SHARE_READ | windows.FILE_SHARE_WRITE | windows.FILE_SHARE_DELETE
	handle, err := windows.CreateFile(name, windows.GENERIC_READ, share, nil, windows.OPEN_EXISTING, windows.FILE_ATTRIBUTE_NORMAL, 0)
	if err != nil {
		return nil, &fs.PathError{Op: "open", Path: path, Err: err}
	}
	return os.NewFile(uintptr(handle), path), nil
}

func identifyOpen(fd *os.File) (identity, error) {
	var info windows.ByHandleFileInformation
	if err := windows.GetFileInformationByHandle(windows.Handle(fd.Fd()), &info); err != nil {
		return identity{}, &fs.PathError{Op: "stat", Path: fd.Name(), Err: err}
	}
	return identity{uint64(info.VolumeSerialNumber), uint64(info.FileIndexHigh)<<32 | uint64(info.FileIndexLow)}, nil
}

// hasName reports whether a file that is open must stay so. Here that would keep its folder from being removed.
func hasName(fs.FileInfo) bool { return false }
