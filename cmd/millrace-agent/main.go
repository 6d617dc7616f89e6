// Command millrace-agent ships log files to Firehose delivery streams: the agent alone, small enough for every web server.
package main

import (
	"context"
	"fmt"
	"os"
	"runtime/debug"

	"github.com/millrace/millrace/internal/agent/agentcli"
)

func main() {
	if os.Getenv("GOGC") == "" {
		debug.SetGCPercent(50) // the machine is the web server's: rather a little more CPU than memory
	}
	err := agentcli.New("millrace-agent").ExecuteContext(context.Background())
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
	}
	os.Exit(agentcli.ExitCode(err))
}
