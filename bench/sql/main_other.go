//go:build !linux

// Command sql measures the SQL engine, on Linux only: it counts the CPU time
// and the memory of processes.
package main

import (
	"fmt"
	"os"
)

func main() {
	fmt.Fprintln(os.Stderr, "bench/sql: measures on Linux only")
	os.Exit(1)
}
