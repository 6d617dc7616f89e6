//go:build !linux

package main

import (
	"fmt"
	"os"
)

func main() {
	fmt.Fprintln(os.Stderr, "search: CPU time and memory of other processes are read from /proc, which Linux has")
	os.Exit(1)
}
