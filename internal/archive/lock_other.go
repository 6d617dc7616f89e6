//go:build !unix

package archive

import "os"

// lock opens the file; the journal's own lock keeps a second server away.
func lock(name string) (*os.File, error) { return os.OpenFile(name, os.O_CREATE|os.O_RDWR, 0o600) }
