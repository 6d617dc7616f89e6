package main

import (
	"fmt"

	"github.com/spf13/cobra"
)

func newGen() *cobra.Command {
	c := &cobra.Command{
		Use:   "gen",
		Short: "Generate load",
		Args: func(_ *cobra.Command, args []string) error {
			if len(args) > 0 {
				return usage(fmt.Errorf("gen: no such generator %q; there are: access-log, beacon, records", args[0]))
			}
			return nil
		},
		RunE: func(c *cobra.Command, _ []string) error { return c.Help() },
	}
	c.AddCommand(newGenAccessLog(), newGenBeacon(), newGenRecords())
	return c
}
