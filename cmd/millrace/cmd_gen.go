package main

import (
	"fmt"
	"os"

	"github.com/spf13/cobra"

	"github.com/millrace/millrace/internal/loadgen"
)

func newGen() *cobra.Command {
	c := &cobra.Command{
		Use:   "gen",
		Short: "Generate load",
		Args: func(_ *cobra.Command, args []string) error {
			if len(args) > 0 {
				return usage(fmt.Errorf("gen: no such generator %q; there is: access-log", args[0]))
			}
			return nil
		},
		RunE: func(c *cobra.Command, _ []string) error { return c.Help() },
	}
	c.AddCommand(newGenAccessLog())
	return c
}

func newGenAccessLog() *cobra.Command {
	opts := loadgen.Options{}
	c := &cobra.Command{
		Use:   "access-log",
		Short: "Write an access log in Apache's combined format",
		Args:  exactly(0),
		RunE: func(c *cobra.Command, _ []string) error {
			if opts.Path == "" {
				opts.Writer = os.Stdout
			}
			if opts.Lines < 0 || opts.Rate < 0 || opts.RotateBytes < 0 {
				return usage(fmt.Errorf("gen access-log: --lines, --rate and --rotate-bytes must not be negative"))
			}
			return loadgen.Generate(c.Context(), opts)
		},
	}
	c.Flags().StringVarP(&opts.Path, "output", "o", "", "file to append to (default: standard output)")
	c.Flags().Float64Var(&opts.Rate, "rate", 0, "lines a second; 0 is as fast as possible")
	c.Flags().Int64Var(&opts.Lines, "lines", 0, "end after so many lines; 0 goes on until interrupted")
	c.Flags().Uint64Var(&opts.Seed, "seed", 1, "the same seed gives the same lines, apart from their time")
	c.Flags().Int64Var(&opts.RotateBytes, "rotate-bytes", 0, "rename the file to FILE.1, FILE.2, … at this size")
	return c
}
