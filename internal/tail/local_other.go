//go:build !linux

package tail

// isLocal is not known here: folders are read again whatever their times say.
func isLocal(string) bool { return false }
