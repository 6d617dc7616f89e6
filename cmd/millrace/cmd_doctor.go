package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"

	"github.com/spf13/cobra"

	"github.com/millrace/millrace/internal/config"
)

func newDoctor(g *globals) *cobra.Command {
	var asJSON bool
	c := &cobra.Command{
		Use:   "doctor",
		Short: "Look for what keeps the pipeline from working, and say what helps",
		Long: `Look at the settings, the keys, the ports and the journal of the data directory; at every part of the server, if it
runs; at the search server that results go to, and whether it lets the roles of the delivery streams in. It changes nothing.
It ends with 0 if nothing is wrong, with 1 otherwise.`,
		Args: exactly(0),
		RunE: func(c *cobra.Command, _ []string) error {
			dir, err := config.DataDir(g.dir, os.Getenv)
			if err != nil {
				return err
			}
			d := &doctor{dir: dir}
			d.examine(c.Context())
			if err := d.print(c.OutOrStdout(), asJSON); err != nil {
				return err
			}
			if n := d.count(wrong); n > 0 {
				return fmt.Errorf("%d of %d checks found something wrong", n, len(d.findings))
			}
			return nil
		},
	}
	c.Flags().BoolVar(&asJSON, "json", false, "print a line of JSON a check")
	return c
}

// finding is what one check says.
type finding struct {
	Check   string `json:"check"`
	Level   string `json:"level"` // fine, warning, wrong
	Message string `json:"message"`
	Help    string `json:"help,omitempty"` // a command
}

const (
	fine    = "fine"
	warning = "warning"
	wrong   = "wrong"
)

// doctor gathers findings. Every check goes on where the one before found something.
type doctor struct {
	dir      string
	cfg      config.Config
	findings []finding
}

func (d *doctor) say(check, level, help, format string, values ...any) {
	d.findings = append(d.findings, finding{check, level, fmt.Sprintf(format, values...), help})
}

func (d *doctor) count(level string) (n int) {
	for _, f := range d.findings {
		if f.Level == level {
			n++
		}
	}
	return n
}

func (d *doctor) examine(ctx context.Context) {
	settings := d.settings()
	d.keys()
	run, err := config.FindRun(d.dir)
	if err == nil && d.running(ctx, run) {
		return
	}
	if err != nil && !errors.Is(err, config.ErrNotRunning) {
		d.say("server", wrong, "", "%v", err)
	}
	d.say("server", warning, "millrace up", "it does not run on %s", d.dir)
	if !settings {
		return
	}
	d.ports()
	d.journal()
	d.cluster(ctx)
}

func (d *doctor) print(out io.Writer, asJSON bool) error {
	for _, f := range d.findings {
		if asJSON {
			if err := json.NewEncoder(out).Encode(f); err != nil {
				return err
			}
			continue
		}
		text := fmt.Sprintf("%-8s %s: %s\n", f.Level, f.Check, f.Message)
		if f.Help != "" {
			text += fmt.Sprintf("%-8s   %s\n", "", f.Help)
		}
		if _, err := io.WriteString(out, text); err != nil {
			return err
		}
	}
	return nil
}
