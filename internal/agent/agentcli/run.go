package agentcli

import (
	"context"
	"log/slog"
	"os"
	"os/signal"
	"syscall"

	"github.com/spf13/cobra"

	"github.com/millrace/millrace/internal/agent"
)

// runFlags are what the command line adds to the configuration file.
type runFlags struct {
	level       slog.Level
	checkpoint  string
	endpoint    string
	endpointFor []string
	metrics     string
}

func runCommand(file *string) *cobra.Command {
	var flags runFlags
	cmd := &cobra.Command{
		Use: "run", Short: "follow the files and send their lines until stopped", Args: usageArgs(cobra.NoArgs),
		Long: `Follows the files of each flow and sends their lines until it is stopped by an interrupt, a hang-up or a termination signal; then it sends what it has read, for at
most shutdownTimeoutMillis. A second signal ends it at once.

Where to: --endpoint, otherwise the file's firehose.endpoint or kinesis.endpoint, otherwise AWS_ENDPOINT_URL_FIREHOSE, AWS_ENDPOINT_URL_KINESIS or AWS_ENDPOINT_URL,
otherwise AWS. What is meant for a host may go elsewhere: --endpoint-for '*.amazonaws.com=http://127.0.0.1:4566'.
Credentials: the file's awsAccessKeyId and awsSecretAccessKey, otherwise the environment, the shared files, the container or the instance.`,
		RunE: func(cmd *cobra.Command, _ []string) error {
			logger := slog.New(slog.NewTextHandler(cmd.ErrOrStderr(), &slog.HandlerOptions{Level: flags.level}))
			cfg, err := load(*file, cmd.ErrOrStderr())
			if err != nil {
				return err
			}
			return flags.run(cmd.Context(), cfg, logger)
		},
	}
	cmd.Flags().TextVar(&flags.level, "log-level", slog.LevelInfo, "debug, info, warn or error")
	cmd.Flags().StringVar(&flags.checkpoint, "checkpoint", "", "checkpoint file, instead of the configuration's")
	cmd.Flags().StringVar(&flags.endpoint, "endpoint", "", "endpoint of Firehose and Kinesis, instead of the configuration's")
	cmd.Flags().StringArrayVar(&flags.endpointFor, "endpoint-for", nil, "HOSTS=URL: where to send what is meant for some hosts, a glob; may be repeated")
	cmd.Flags().StringVar(&flags.metrics, "metrics", "", "HOST:PORT: show counters to Prometheus there, instead of the configuration's metricsAddress")
	return cmd
}

func (flags runFlags) run(ctx context.Context, cfg agent.Config, logger *slog.Logger) error {
	opts := agent.Options{Logger: logger, CheckpointPath: flags.checkpoint, Endpoint: flags.endpoint}
	for _, text := range flags.endpointFor {
		rule, err := agent.ParseEndpointRule(text)
		if err != nil {
			return usageError(err)
		}
		opts.EndpointFor = append(opts.EndpointFor, rule)
	}
	if flags.metrics != "" {
		cfg.MetricsAddress = flags.metrics
	}
	if flags.endpoint == "" {
		setFromEnvironment(&cfg.FirehoseEndpoint, "AWS_ENDPOINT_URL_FIREHOSE")
		setFromEnvironment(&cfg.KinesisEndpoint, "AWS_ENDPOINT_URL_KINESIS")
	}
	a, err := agent.New(cfg, opts)
	if err != nil {
		return err
	}
	logger.Info("agent started", "configuration", cfg.File, "flows", len(cfg.Flows))
	return runUntilSignal(ctx, a)
}

func setFromEnvironment(endpoint *string, name string) {
	for _, name := range []string{name, "AWS_ENDPOINT_URL"} {
		if *endpoint == "" {
			*endpoint = os.Getenv(name)
		}
	}
}

func runUntilSignal(ctx context.Context, a *agent.Agent) error {
	ctx, stop := signal.NotifyContext(ctx, os.Interrupt, syscall.SIGTERM, syscall.SIGHUP)
	defer stop()
	systemd := newNotifier()
	context.AfterFunc(ctx, func() {
		systemd.say("STOPPING=1")
		stop() // from now on a signal does what it does by default
	})
	systemd.say("READY=1")
	go systemd.live(ctx, func() { a.Snapshot() })
	return a.Run(ctx)
}
