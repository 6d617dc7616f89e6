//go:build linux

package main

import (
	"context"
	"os"
	"path/filepath"
)

// measureSize is the stripped program for the servers that most people have.
func measureSize(ctx context.Context, b *bench) error {
	for _, arch := range []string{"amd64", "arm64"} {
		file := filepath.Join(b.dir, "millrace-agent-"+arch)
		if err := b.build(ctx, file, "GOOS=linux", "GOARCH="+arch); err != nil {
			return err
		}
		info, err := os.Stat(file)
		if err != nil {
			return err
		}
		b.print("linux/"+arch, "%.1f MB", float64(info.Size())/1e6)
	}
	return nil
}
