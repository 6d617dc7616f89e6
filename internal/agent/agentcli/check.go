package agentcli

import (
	"fmt"
	"io"
	"os"

	"github.com/spf13/cobra"

	"github.com/millrace/millrace/internal/agent"
)

// maxShown is how many dropped lines check prints of a sample.
const maxShown = 5

func checkCommand(file *string) *cobra.Command {
	var sample string
	cmd := &cobra.Command{
		Use: "check", Short: "check the configuration, and how many lines of a sample its flows take", Args: usageArgs(cobra.NoArgs),
		RunE: func(cmd *cobra.Command, _ []string) error {
			cfg, err := load(*file, cmd.ErrOrStderr())
			if err != nil {
				return err
			}
			for _, flow := range cfg.Flows {
				fmt.Fprintf(cmd.OutOrStdout(), "%s: ok\n", flow.ID())
				if sample == "" {
					continue
				}
				if err := checkSample(cmd.OutOrStdout(), flow, sample); err != nil {
					return err
				}
			}
			return nil
		},
	}
	cmd.Flags().StringVar(&sample, "sample", "", "log file whose lines are tried")
	return cmd
}

// checkSample says how many lines become records, and why the first others do not.
func checkSample(out io.Writer, flow agent.FlowConfig, path string) error {
	sample, err := os.Open(path)
	if err != nil {
		return fmt.Errorf("open sample: %w", err)
	}
	defer sample.Close()
	lines, dropped := 0, 0
	err = flow.Trial(sample, func(l agent.TrialLine) error {
		lines++
		if l.Mismatch == nil {
			return nil
		}
		if dropped++; dropped <= maxShown {
			fmt.Fprintf(out, "%s:%d:%d: expected %s: %.120q\n", path, l.Number, l.Mismatch.Pos+1, l.Mismatch.Expected, l.Line)
		}
		return nil
	})
	if err != nil {
		return fmt.Errorf("read sample: %w", err)
	}
	if dropped > maxShown {
		fmt.Fprintf(out, "… and %d more\n", dropped-maxShown)
	}
	percent := 100.0
	if lines > 0 {
		percent = 100 * float64(lines-dropped) / float64(lines)
	}
	fmt.Fprintf(out, "%s: %d of %d lines become records (%.1f %%)\n", flow.ID(), lines-dropped, lines, percent)
	return nil
}

func tryCommand(file *string) *cobra.Command {
	return &cobra.Command{
		Use: "try LOG", Short: "print the records that each flow would send for a log file (- for stdin)", Args: usageArgs(cobra.ExactArgs(1)),
		RunE: func(cmd *cobra.Command, args []string) error {
			cfg, err := load(*file, cmd.ErrOrStderr())
			if err != nil {
				return err
			}
			for _, flow := range cfg.Flows {
				if len(cfg.Flows) > 1 {
					fmt.Fprintf(cmd.ErrOrStderr(), "%s:\n", flow.ID())
				}
				if err := try(cmd, flow, args[0]); err != nil {
					return err
				}
			}
			return nil
		},
	}
}

// try prints the records, and then how many lines became some and where the first one did not.
func try(cmd *cobra.Command, flow agent.FlowConfig, path string) error {
	in := cmd.InOrStdin()
	if path != "-" {
		fd, err := os.Open(path)
		if err != nil {
			return fmt.Errorf("open log: %w", err)
		}
		defer fd.Close()
		in = fd
	}
	lines, dropped, first := 0, 0, ""
	err := flow.Trial(in, func(l agent.TrialLine) error {
		lines++
		if l.Mismatch != nil {
			if dropped++; first == "" {
				first = fmt.Sprintf(", the first that does not: %s:%d:%d: expected %s", path, l.Number, l.Mismatch.Pos+1, l.Mismatch.Expected)
			}
			if dropped <= maxShown {
				fmt.Fprintf(cmd.ErrOrStderr(), "%s:%d:%d: dropped: expected %s\n", path, l.Number, l.Mismatch.Pos+1, l.Mismatch.Expected)
			}
			return nil
		}
		if l.Err != nil {
			fmt.Fprintf(cmd.ErrOrStderr(), "%s:%d:1: sent as it is: %v\n", path, l.Number, l.Err)
		}
		_, err := cmd.OutOrStdout().Write(l.Record)
		return err
	})
	if err != nil {
		return fmt.Errorf("read log: %w", err)
	}
	fmt.Fprintf(cmd.ErrOrStderr(), "%s: %d of %d lines become records%s\n", flow.ID(), lines-dropped, lines, first)
	return nil
}
