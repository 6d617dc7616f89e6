package tail

import "syscall"

// isLocal reports whether a folder's file system is one on which nobody but this kernel writes, and which keeps the times of folders: there, file events and those
// times leave nothing out. Others may, such as those of a network, of another kernel or of layers.
func isLocal(dir string) bool {
	var s syscall.Statfs_t
	if syscall.Statfs(dir, &s) != nil {
		return false
	}
	switch uint32(s.Type) {
	case 0xef53, // ext2, ext3, ext4
		0x58465342, // XFS
		0x9123683e, // Btrfs
		0xf2f52010, // F2FS
		0x2fc12fc1, // ZFS
		0x01021994: // tmpfs
		return true
	}
	return false
}
