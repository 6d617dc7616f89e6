package main

import (
	"errors"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"time"

	"github.com/spf13/cobra"

	"github.com/millrace/millrace/internal/config"
)

func newDown(g *globals) *cobra.Command {
	var wipe bool
	c := &cobra.Command{
		Use:   "down",
		Short: "Stop the running server; with --wipe also delete everything it kept",
		Args:  exactly(0),
		RunE: func(c *cobra.Command, _ []string) error {
			dir, err := config.DataDir(g.dir, os.Getenv)
			if err != nil {
				return err
			}
			stopErr := stopServer(c, g, dir)
			if stopErr != nil && !(wipe && errors.Is(stopErr, config.ErrNotRunning)) {
				return stopErr
			}
			if !wipe {
				return nil
			}
			return wipeDir(c, dir)
		},
	}
	c.Flags().BoolVar(&wipe, "wipe", false, "delete journal, archive, index and keys of the data directory (millrace.yaml stays)")
	return c
}

// stopServer asks the server to end and waits until it has.
func stopServer(c *cobra.Command, g *globals, dir string) error {
	cl, err := connect(g)
	if err != nil {
		return err
	}
	answer, err := cl.do(c.Context(), http.MethodPost, "/api/v1/shutdown", nil)
	if err != nil {
		return err
	}
	_ = answer.Body.Close()
	// The lock is the last that the server lets go of: run.json goes before its
	// agents have sent what they have read.
	for deadline := time.Now().Add(40 * time.Second); time.Now().Before(deadline); time.Sleep(50 * time.Millisecond) {
		if unlock, err := lockDir(dir); err == nil {
			unlock()
			fmt.Fprintln(c.ErrOrStderr(), "millrace stopped")
			return nil
		}
	}
	return fmt.Errorf("the server on %s (pid %d) did not end within 40 s", dir, cl.run.PID)
}

// kept are the entries of a data directory that belong to millrace, so that a
// wipe never deletes what somebody else put there.
var kept = []string{journalNote, journalNote + ".tmp", journalDir, "s3", "search", "instances", "agent", "logs", diagnosticsDir, config.SecretsFile, config.RunFile, lockFile}

func wipeDir(c *cobra.Command, dir string) error {
	unlock, err := lockDir(dir)
	if errors.Is(err, os.ErrNotExist) {
		fmt.Fprintf(c.ErrOrStderr(), "%s does not exist\n", dir)
		return nil
	}
	if err != nil {
		return err
	}
	defer unlock()
	for _, name := range kept {
		if err := os.RemoveAll(filepath.Join(dir, name)); err != nil {
			return fmt.Errorf("wipe: %w", err)
		}
	}
	fmt.Fprintf(c.ErrOrStderr(), "%s wiped\n", dir)
	return nil
}
