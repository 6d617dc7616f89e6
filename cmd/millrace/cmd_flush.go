package main

import (
	"net/http"
	"net/url"

	"github.com/spf13/cobra"
)

func newFlush(g *globals) *cobra.Command {
	return &cobra.Command{
		Use:   "flush STREAM",
		Short: "Deliver what a delivery stream holds in its buffer now",
		Args:  exactly(1),
		RunE: func(c *cobra.Command, args []string) error {
			cl, err := connect(g)
			if err != nil {
				return err
			}
			answer, err := cl.do(c.Context(), http.MethodPost, "/api/v1/streams/"+url.PathEscape(args[0])+"/flush", nil)
			if err != nil {
				return err
			}
			return answer.Body.Close()
		},
	}
}
