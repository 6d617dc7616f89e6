// Package agentcli is the agent's command line: run, check, try and status. It is the whole of millrace-agent and a part of millrace. Under the name of the Kinesis Agent's
// start script it behaves as that does.
package agentcli

import (
	"errors"
	"fmt"
	"io"

	"github.com/spf13/cobra"

	"github.com/millrace/millrace/internal/agent"
)

// DefaultConfig is where the Kinesis Agent's package puts its configuration.
const DefaultConfig = "/etc/aws-kinesis/agent.json"

// ErrConfig is wrapped by errors about the configuration file: exit code 78.
var ErrConfig = errors.New("bad configuration")

// ExitCode is what the process ends with after an error of one of these commands.
func ExitCode(err error) int {
	switch {
	case err == nil:
		return 0
	case errors.Is(err, errDropIn):
		return 1
	case errors.Is(err, ErrConfig):
		return 78
	case errors.Is(err, errUsage):
		return 2
	}
	return 1
}

var errUsage = errors.New("usage")

func usageError(err error) error { return fmt.Errorf("%w: %w", errUsage, err) }

// New returns the commands under one that is named use, with their flags.
func New(use string) *cobra.Command {
	root := &cobra.Command{
		Use: use, Short: "ship log files to Firehose delivery streams and Kinesis streams, from the Kinesis Agent's agent.json",
		SilenceUsage: true, SilenceErrors: true,
		RunE: func(cmd *cobra.Command, _ []string) error {
			cmd.Usage()
			return fmt.Errorf("%w: want one of run, check, try, status", errUsage)
		},
	}
	root.SetFlagErrorFunc(func(_ *cobra.Command, err error) error { return usageError(err) })
	file := DefaultConfig
	root.PersistentFlags().StringVarP(&file, "configuration", "c", file, "the agent.json")
	root.AddCommand(runCommand(&file), checkCommand(&file), tryCommand(&file), statusCommand(&file))
	return root
}

func usageArgs(check cobra.PositionalArgs) cobra.PositionalArgs {
	return func(cmd *cobra.Command, args []string) error {
		if err := check(cmd, args); err != nil {
			return usageError(err)
		}
		return nil
	}
}

// load reads the configuration and shows what is ignored in it.
func load(file string, warnings io.Writer) (agent.Config, error) {
	cfg, err := agent.Load(file)
	for _, w := range cfg.Warnings {
		fmt.Fprintln(warnings, w)
	}
	if err != nil {
		return cfg, &configError{err}
	}
	return cfg, nil
}

type configError struct{ cause error }

func (e *configError) Error() string        { return e.cause.Error() }
func (e *configError) Unwrap() error        { return e.cause }
func (e *configError) Is(target error) bool { return target == ErrConfig }
