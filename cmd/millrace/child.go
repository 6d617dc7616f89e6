package main

import "github.com/millrace/millrace/internal/archive"

// child runs what this binary is when one of its own parts starts it again.
func child(args []string) (ran bool, code int) {
	if len(args) > 1 && args[1] == archive.ChildArgument {
		return true, archive.ChildMain()
	}
	return false, 0
}
