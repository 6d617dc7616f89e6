package main

import (
	"github.com/spf13/cobra"

	"github.com/millrace/millrace/internal/agent/agentcli"
)

// newAgent is millrace-agent as a subcommand.
func newAgent() *cobra.Command {
	c := agentcli.New("agent")
	c.Short = "The agent: ship log files to Firehose delivery streams (millrace-agent is the same, alone)"
	return c
}
