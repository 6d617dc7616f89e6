package main

import (
	"fmt"
	"time"

	"github.com/spf13/cobra"

	"github.com/millrace/millrace/internal/sql/sqltest"
)

func newSQLTest() *cobra.Command {
	return &cobra.Command{
		Use:   "test DIR",
		Short: "Run the tests of an application's SQL",
		Long: `Run the tests in a folder and those below it: .slt files, and .yaml files with a case a document. Each runs three times with the same
outcome: rows as one batch, row by row, and with a new engine, restored from a snapshot, after each row.

A test that fails is told as FILE:LINE with what came and what was expected; then the command ends with 1.`,
		Args: exactly(1),
		RunE: func(c *cobra.Command, args []string) error {
			files, err := sqltest.Files(args[0])
			if err != nil {
				return usage(err)
			}
			began, cases, failed := time.Now(), 0, 0
			for _, file := range files {
				n, err := sqltest.RunFile(file)
				cases += n
				if err != nil {
					failed++
					fmt.Fprintln(c.OutOrStdout(), err)
				}
			}
			fmt.Fprintf(c.ErrOrStderr(), "%s in %s, %s failed, %.2f s\n", count(int64(cases), "case"), count(int64(len(files)), "file"), count(int64(failed), "file"), time.Since(began).Seconds())
			if failed > 0 {
				return &exitError{1, nil}
			}
			return nil
		},
	}
}
