package agentcli

import (
	"encoding/json"
	"fmt"

	"github.com/spf13/cobra"

	"github.com/millrace/millrace/internal/agent"
)

func statusCommand(file *string) *cobra.Command {
	var checkpoint string
	var asJSON bool
	cmd := &cobra.Command{
		Use: "status", Short: "say whether an agent runs, and how far it has come with each file", Args: usageArgs(cobra.NoArgs),
		RunE: func(cmd *cobra.Command, _ []string) error {
			cfg, err := load(*file, cmd.ErrOrStderr())
			if err != nil {
				return err
			}
			status, err := agent.Inspect(cfg, checkpoint)
			if err != nil {
				return err
			}
			out := cmd.OutOrStdout()
			if asJSON {
				return json.NewEncoder(out).Encode(status)
			}
			state := "no agent runs on it"
			if status.Running {
				state = "an agent runs on it"
			}
			fmt.Fprintf(out, "checkpoint %s: %s\n", status.Checkpoint, state)
			for _, flow := range status.Flows {
				fmt.Fprintf(out, "%s: %d bytes behind\n", flow.Flow, flow.Behind)
				for _, f := range flow.Files {
					fmt.Fprintf(out, "  %s at %d of %d%s\n", f.Path, f.Offset, f.Size, f.Remark)
				}
			}
			return nil
		},
	}
	cmd.Flags().StringVar(&checkpoint, "checkpoint", "", "checkpoint file, instead of the configuration's")
	cmd.Flags().BoolVar(&asJSON, "json", false, "for programs")
	return cmd
}
