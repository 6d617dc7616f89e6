//go:build !linux

// Command agent measures millrace-agent. It reads what processes use from /proc.
package main

import (
	"fmt"
	"os"
)

func main() {
	fmt.Fprintln(os.Stderr, "agent: this measurement needs Linux")
	os.Exit(1)
}
