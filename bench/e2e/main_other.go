//go:build !linux

// Command e2e measures whole programs. It reads what processes use from /proc.
package main

import (
	"fmt"
	"os"
)

func main() {
	fmt.Fprintln(os.Stderr, "e2e: this measurement needs Linux")
	os.Exit(1)
}
