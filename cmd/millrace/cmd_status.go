package main

import (
	"encoding/json"
	"fmt"
	"io"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"

	"github.com/millrace/millrace/internal/console"
)

func newStatus(g *globals) *cobra.Command {
	var asJSON bool
	c := &cobra.Command{
		Use:   "status",
		Short: "Show the parts of the pipeline, their counters and their last trouble",
		Args:  exactly(0),
		RunE: func(c *cobra.Command, _ []string) error {
			cl, err := connect(g)
			if err != nil {
				return err
			}
			var s console.Status
			if err := cl.getJSON(c.Context(), "/api/v1/status", &s); err != nil {
				return err
			}
			if asJSON {
				return json.NewEncoder(c.OutOrStdout()).Encode(s)
			}
			return printStatus(c.OutOrStdout(), &s)
		},
	}
	c.Flags().BoolVar(&asJSON, "json", false, "print it as JSON")
	return c
}

// bufferText is what a delivery stream holds, and when it goes.
func bufferText(d *console.DeliveryStream) string {
	text := "buffer empty"
	if b := d.Buffer; b.Records > 0 {
		text = fmt.Sprintf("buffer %d records, %d %% of %d MiB, %s old", b.Records, 100*b.Bytes/max(b.SizeBytes, 1), b.SizeBytes>>20,
			(time.Duration(b.AgeMs) * time.Millisecond).Round(time.Second))
		if b.NextFlushAt > 0 {
			text += ", goes at " + time.UnixMilli(b.NextFlushAt).UTC().Format(time.TimeOnly)
		}
	}
	if d.ObjectsUnderWay > 0 {
		text += fmt.Sprintf("; %d on their way, the oldest record waits %s", d.ObjectsUnderWay, (time.Duration(d.FreshnessMs) * time.Millisecond).Round(time.Second))
	}
	if d.Breaker != "" && d.Breaker != "closed" {
		text += "; the destination is tried now and then"
	}
	return text
}

func printStatus(out io.Writer, s *console.Status) error {
	w := tabwriter.NewWriter(out, 0, 8, 2, ' ', 0)
	line := func(kind, name, state, counters string, failure *console.Failure) {
		fmt.Fprintf(w, "%s\t%s\t%s\t%s\n", kind, name, state, counters)
		if failure != nil {
			when := "last trouble"
			if failure.Current {
				when = "TROUBLE"
			}
			fmt.Fprintf(w, "\t\t%s\t%s %s\n", when, time.UnixMilli(failure.At).UTC().Format(time.RFC3339), failure.Message)
		}
	}
	for _, f := range s.Agents {
		line("agent", f.Name, "", fmt.Sprintf("%d lines read, %d sent, %d unmatched, %d bytes behind",
			f.LinesRead, f.RecordsSent, f.LinesUnmatched, f.BytesBehind), f.LastError)
	}
	for _, d := range s.DeliveryStreams {
		line("stream", d.Name, d.Status, fmt.Sprintf("%d in, %d delivered, %d refused, %d puts refused",
			d.RecordsIn, d.RecordsOut, d.RecordsRefused, d.PutsRefused), d.LastError)
		line("", "", "", bufferText(&d), d.BackupError)
	}
	for _, a := range s.Applications {
		line("application", a.Name, a.Status, fmt.Sprintf("%d ms behind", a.MillisBehindLatest), a.LastError)
		for _, st := range a.Streams {
			line("", "  "+st.Name, "", fmt.Sprintf("%d rows", st.Rows), nil)
		}
	}
	for _, d := range s.Search {
		line("search", d.Name, d.Endpoint, "", d.LastError)
		for _, i := range d.Indices {
			line("", "  "+i.Name, "", fmt.Sprintf("%d documents", i.Docs), nil)
		}
	}
	return w.Flush()
}
