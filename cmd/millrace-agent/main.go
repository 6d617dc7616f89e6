// Command millrace-agent ships log files to Firehose delivery streams and Kinesis streams: the agent alone, small enough for every web server. Called as
// start-aws-kinesis-agent it takes the place of that script.
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
		debug.SetGCPercent(25) // the machine is the web server's: rather a little more CPU than memory
	}
	err := agentcli.For(os.Args[0]).ExecuteContext(context.Background())
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
	}
	os.Exit(agentcli.ExitCode(err))
}
