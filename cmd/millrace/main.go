// Command millrace runs the pipeline, and talks to a running one.
package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"syscall"

	"github.com/spf13/cobra"

	"github.com/millrace/millrace/internal/agent/agentcli"
)

// Exit codes, besides 0 and 1.
const (
	exitUsage  = 2
	exitConfig = 78 // EX_CONFIG of sysexits.h
)

func main() {
	if ran, code := child(os.Args); ran {
		os.Exit(code)
	}
	os.Exit(run(os.Args[1:]))
}

func run(args []string) int {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	go func() { // a second signal ends at once
		<-ctx.Done()
		stop()
	}()
	root := newRoot()
	root.SetArgs(args)
	err := root.ExecuteContext(ctx)
	var coded *exitError
	switch {
	case err == nil:
		return 0
	case errors.As(err, &coded):
		if coded.err != nil {
			fmt.Fprintln(os.Stderr, "millrace:", coded.err)
		}
		return coded.code
	}
	fmt.Fprintln(os.Stderr, "millrace:", err)
	return agentcli.ExitCode(err) // of the agent's commands; 1 for any other error
}

// exitError is an error with an exit code of its own.
type exitError struct {
	code int
	err  error
}

func (e *exitError) Error() string { return fmt.Sprint(e.err) }
func (e *exitError) Unwrap() error { return e.err }

func usage(err error) error   { return &exitError{exitUsage, err} }
func badFile(err error) error { return &exitError{exitConfig, err} }

// globals are the flags that every command knows.
type globals struct {
	dir string
}

func newRoot() *cobra.Command {
	g := &globals{}
	root := &cobra.Command{
		Use:   "millrace",
		Short: "Access logs to live answers: Kinesis Agent, Firehose, KDA SQL, S3 and search on one machine",
		// Errors are printed once, by run; usage only when asked for.
		SilenceErrors: true, SilenceUsage: true,
		CompletionOptions: cobra.CompletionOptions{HiddenDefaultCmd: true},
		Version:           version,
		Args: func(_ *cobra.Command, args []string) error {
			if len(args) > 0 {
				return usage(fmt.Errorf("there is no command %q; millrace --help lists them", args[0]))
			}
			return nil
		},
		RunE: func(c *cobra.Command, _ []string) error { return c.Help() },
	}
	root.SetFlagErrorFunc(func(_ *cobra.Command, err error) error { return usage(err) })
	root.PersistentFlags().StringVar(&g.dir, "dir", "", "data directory (default: MILLRACE_DIR, ./.millrace where it exists, else the XDG data directory)")
	root.AddCommand(
		newUp(g), newDown(g), newEnv(g), newStatus(g), newTap(g), newFlush(g), newHealth(g),
		newReplay(g), newSearch(g), newDoctor(g), newGen(), newAgent(), newSQL(), newSchema(), newImport(g),
	)
	return root
}

// exactly is cobra.ExactArgs with the exit code of a usage error.
func exactly(n int) cobra.PositionalArgs {
	return func(c *cobra.Command, args []string) error {
		if err := cobra.ExactArgs(n)(c, args); err != nil {
			return usage(err)
		}
		return nil
	}
}
