package main

import (
	"context"
	"errors"
	"io"
	"net/http"
	"net/url"

	"github.com/spf13/cobra"
)

func newTap(g *globals) *cobra.Command {
	return &cobra.Command{
		Use:   "tap WHERE",
		Short: "Print what passes a stage as JSON lines",
		Long: `Print what passes a stage as JSON lines until interrupted. WHERE is one of
  agent/FLOW        records that the agent of this server sends
  stream/NAME       records that a delivery stream accepts
  app/NAME/STREAM   rows of an in-application stream
  delivery/NAME     what a delivery stream delivers
Globs are allowed, e.g. 'app/*/DESTINATION_*'.`,
		Args: exactly(1),
		RunE: func(c *cobra.Command, args []string) error {
			cl, err := connect(g)
			if err != nil {
				return err
			}
			answer, err := cl.do(c.Context(), http.MethodGet, "/api/v1/tap?where="+url.QueryEscape(args[0]), nil)
			if err != nil {
				return err
			}
			defer answer.Body.Close()
			_, err = io.Copy(c.OutOrStdout(), answer.Body)
			if errors.Is(err, context.Canceled) || c.Context().Err() != nil {
				return nil
			}
			return err
		},
	}
}
