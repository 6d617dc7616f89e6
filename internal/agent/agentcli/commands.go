// Package agentcli is the agent's command line: run, check and try. It is the whole of millrace-agent and a part of millrace.
package agentcli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"os/signal"
	"syscall"

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
	case errors.Is(err, ErrConfig):
		return 78
	case errors.Is(err, errUsage):
		return 2
	}
	return 1
}

var errUsage = errors.New("usage")

// New returns the commands under one that is named use, with their flags.
func New(use string) *cobra.Command {
	root := &cobra.Command{
		Use: use, Short: "ship log files to Firehose delivery streams, from the Kinesis Agent's agent.json",
		SilenceUsage: true, SilenceErrors: true,
		RunE: func(cmd *cobra.Command, _ []string) error {
			cmd.Usage()
			return fmt.Errorf("%w: want one of run, check, try", errUsage)
		},
	}
	root.SetFlagErrorFunc(func(_ *cobra.Command, err error) error { return fmt.Errorf("%w: %w", errUsage, err) })
	file := DefaultConfig
	root.PersistentFlags().StringVarP(&file, "configuration", "c", file, "the agent.json")
	root.AddCommand(runCommand(&file), checkCommand(&file), tryCommand(&file))
	return root
}

func usageArgs(check cobra.PositionalArgs) cobra.PositionalArgs {
	return func(cmd *cobra.Command, args []string) error {
		if err := check(cmd, args); err != nil {
			return fmt.Errorf("%w: %w", errUsage, err)
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

func runCommand(file *string) *cobra.Command {
	var level slog.Level
	var checkpoint, endpoint string
	cmd := &cobra.Command{
		Use: "run", Short: "follow the files and send their lines until stopped", Args: usageArgs(cobra.NoArgs),
		Long: `Follows the files of each flow and sends their lines until it is stopped by an interrupt or a termination signal; then it sends what it has read.
A second signal ends it at once.

Where to: the file's firehose.endpoint, otherwise AWS_ENDPOINT_URL_FIREHOSE or AWS_ENDPOINT_URL, otherwise AWS.
Credentials: the file's awsAccessKeyId and awsSecretAccessKey, otherwise the environment, the shared files, the container or the instance.`,
		RunE: func(cmd *cobra.Command, _ []string) error {
			logger := slog.New(slog.NewTextHandler(cmd.ErrOrStderr(), &slog.HandlerOptions{Level: level}))
			cfg, err := load(*file, cmd.ErrOrStderr())
			if err != nil {
				return err
			}
			opts := agent.Options{Logger: logger, CheckpointPath: checkpoint, Endpoint: endpoint}
			if endpoint == "" && cfg.FirehoseEndpoint == "" {
				opts.Endpoint = endpointOfEnvironment()
			}
			a, err := agent.New(cfg, opts)
			if err != nil {
				return err
			}
			logger.Info("agent started", "configuration", cfg.File, "flows", len(cfg.Flows))
			return runUntilSignal(cmd.Context(), a)
		},
	}
	cmd.Flags().TextVar(&level, "log-level", slog.LevelInfo, "debug, info, warn or error")
	cmd.Flags().StringVar(&checkpoint, "checkpoint", "", "checkpoint file, instead of the configuration's")
	cmd.Flags().StringVar(&endpoint, "endpoint", "", "Firehose endpoint, instead of the configuration's")
	return cmd
}

func endpointOfEnvironment() string {
	if endpoint := os.Getenv("AWS_ENDPOINT_URL_FIREHOSE"); endpoint != "" {
		return endpoint
	}
	return os.Getenv("AWS_ENDPOINT_URL")
}

func runUntilSignal(ctx context.Context, a *agent.Agent) error {
	ctx, stop := signal.NotifyContext(ctx, os.Interrupt, syscall.SIGTERM)
	defer stop()
	context.AfterFunc(ctx, stop) // from now on a signal does what it does by default
	return a.Run(ctx)
}
