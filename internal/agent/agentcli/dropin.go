package agentcli

import (
	"errors"
	"fmt"
	"io"
	"log/slog"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"
)

// startScript is what the Kinesis Agent's service runs.
const startScript = "start-aws-kinesis-agent"

// The Kinesis Agent's log, and where it goes when that cannot be written.
const (
	dropInLog         = "/var/log/aws-kinesis-agent/aws-kinesis-agent.log"
	dropInLogFallback = "/tmp/aws-kinesis-agent.log"
)

// errDropIn is wrapped by every error of the start script: its exit code is always 1.
var errDropIn = errors.New(startScript)

// For returns the commands for the name under which the program was called.
func For(argv0 string) *cobra.Command {
	name := strings.TrimSuffix(filepath.Base(argv0), ".exe")
	if name == startScript {
		return newDropIn()
	}
	return New(name)
}

// newDropIn takes the start script's flags and writes the Kinesis Agent's log.
func newDropIn() *cobra.Command {
	file, logFile, level := DefaultConfig, dropInLog, "INFO"
	cmd := &cobra.Command{
		Use: startScript, Short: "the Kinesis Agent's service: ship log files until stopped", Args: cobra.NoArgs,
		SilenceUsage: true, SilenceErrors: true,
		RunE: func(cmd *cobra.Command, _ []string) error {
			err := runDropIn(cmd, file, logFile, level)
			if err != nil {
				return &dropInError{err}
			}
			return nil
		},
	}
	cmd.Flags().StringVarP(&file, "configuration", "c", file, "path to the configuration file for the agent")
	cmd.Flags().StringVarP(&logFile, "log-file", "l", logFile, "path to the agent's log file")
	cmd.Flags().StringVarP(&level, "log-level", "L", level, "TRACE, DEBUG, INFO, WARN or ERROR")
	cmd.SetFlagErrorFunc(func(cmd *cobra.Command, err error) error {
		cmd.Usage()
		return &dropInError{err}
	})
	return cmd
}

func runDropIn(cmd *cobra.Command, file, logFile, level string) error {
	log, err := openRotating(logFile, dropInLogFallback)
	if err != nil {
		return err
	}
	defer log.Close()
	levels := map[string]slog.Level{"TRACE": slog.LevelDebug, "DEBUG": slog.LevelDebug, "INFO": slog.LevelInfo, "WARN": slog.LevelWarn, "ERROR": slog.LevelError}
	least, ok := levels[level]
	if !ok {
		return fmt.Errorf("log level %q, want TRACE, DEBUG, INFO, WARN or ERROR", level)
	}
	logger := slog.New(newJavaHandler(log, least))
	cfg, err := load(file, io.Discard)
	for _, w := range cfg.Warnings {
		logger.Warn(w.String())
	}
	if err != nil {
		logger.Error(err.Error())
		return err
	}
	return runFlags{}.run(cmd.Context(), cfg, logger)
}

type dropInError struct{ cause error }

func (e *dropInError) Error() string        { return e.cause.Error() }
func (e *dropInError) Unwrap() error        { return e.cause }
func (e *dropInError) Is(target error) bool { return target == errDropIn }
