package main

import (
	"fmt"
	"net/http"

	"github.com/spf13/cobra"
)

func newHealth(g *globals) *cobra.Command {
	return &cobra.Command{
		Use:   "health",
		Short: "Tell by the exit code whether the server works",
		Args:  exactly(0),
		RunE: func(c *cobra.Command, _ []string) error {
			cl, err := connect(g)
			if err != nil {
				return err
			}
			answer, err := cl.do(c.Context(), http.MethodGet, "/healthz", nil)
			if err != nil {
				return err
			}
			fmt.Fprintln(c.OutOrStdout(), "ok")
			return answer.Body.Close()
		},
	}
}
