// Command millrace-agent ships log files to Firehose delivery streams: the agent alone, small enough for every web server.
package main

import (
	"context"
	"fmt"
	"os"

	"github.com/millrace/millrace/internal/agent/agentcli"
)

func main() {
	err := agentcli.New("millrace-agent").ExecuteContext(context.Background())
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
	}
	os.Exit(agentcli.ExitCode(err))
}
