package main

import (
	"fmt"
	"os"
	"strings"

	"github.com/spf13/cobra"

	"github.com/millrace/millrace/internal/config"
)

func newEnv(g *globals) *cobra.Command {
	return &cobra.Command{
		Use:   "env",
		Short: "Print exports for any AWS client",
		Long:  `Print the variables with which the AWS CLI, an SDK or Terraform reaches the running server:  eval "$(millrace env)"`,
		Args:  exactly(0),
		RunE: func(c *cobra.Command, _ []string) error {
			dir, err := config.DataDir(g.dir, os.Getenv)
			if err != nil {
				return err
			}
			run, err := config.FindRun(dir)
			if err != nil {
				return err
			}
			for _, v := range [][2]string{
				{"AWS_ENDPOINT_URL", run.Edge},
				{"AWS_ACCESS_KEY_ID", run.AccessKeyID},
				{"AWS_SECRET_ACCESS_KEY", run.SecretAccessKey},
				{"AWS_DEFAULT_REGION", run.Region},
				{"AWS_REGION", run.Region},
				{"MILLRACE_CONSOLE", run.Console},
				// not named like settings of the server, which up would take from this shell
				{"OPENSEARCH_URL", run.Search},
				{"OPENSEARCH_USERNAME", run.SearchUser},
				{"OPENSEARCH_PASSWORD", run.SearchPassword},
			} {
				fmt.Fprintf(c.OutOrStdout(), "export %s=%s\n", v[0], shellQuote(v[1]))
			}
			// A token of another session would be sent along and refused.
			fmt.Fprintln(c.OutOrStdout(), "unset AWS_SESSION_TOKEN AWS_PROFILE")
			return nil
		},
	}
}

// shellQuote makes s one word of a POSIX shell.
func shellQuote(s string) string { return "'" + strings.ReplaceAll(s, "'", `'\''`) + "'" }
