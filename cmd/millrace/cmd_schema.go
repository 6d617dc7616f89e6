package main

import (
	"fmt"
	"io"
	"strings"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"github.com/millrace/millrace/internal/application/discover"
	"github.com/millrace/millrace/internal/application/local"
)

func newSchema() *cobra.Command {
	c := &cobra.Command{
		Use:   "schema",
		Short: "Find out the columns of records",
		Args: func(_ *cobra.Command, args []string) error {
			if len(args) > 0 {
				return usage(fmt.Errorf("schema: no such command %q; there is: discover", args[0]))
			}
			return nil
		},
		RunE: func(c *cobra.Command, _ []string) error { return c.Help() },
	}
	c.AddCommand(newSchemaDiscover())
	return c
}

func newSchemaDiscover() *cobra.Command {
	var f formatFlags
	var asJSON bool
	c := &cobra.Command{
		Use:   "discover FILE",
		Short: "Find out the columns of a file's records, as DiscoverInputSchema does",
		Long: `Find out the columns of a file's records from its beginning, as DiscoverInputSchema does, and print the InputSchema as JSON.
On a terminal a table of the columns with values of the first record is shown beside it.

Lines of a log become JSON objects first, as the agent's LOGTOJSON makes them. Without --format records are JSON or CSV, whichever they are.`,
		Args: exactly(1),
		RunE: func(c *cobra.Command, args []string) error {
			format, err := f.discovered(args[0])
			if err != nil {
				return err
			}
			result, err := local.DiscoverFile(args[0], format)
			if err != nil {
				return err
			}
			fmt.Fprintf(c.OutOrStdout(), "%s\n", local.AppendInputSchema(nil, result.Schema))
			if !asJSON && isTerminal(c.ErrOrStderr()) {
				return printColumns(c.ErrOrStderr(), result)
			}
			return nil
		},
	}
	f.add(c, "the file")
	c.Flags().BoolVar(&asJSON, "json", false, "the JSON alone")
	return c
}

// discovered is the format of the file; one that nothing tells is nil.
func (f *formatFlags) discovered(file string) (*local.Format, error) {
	if len(f.formats)+len(f.patterns) == 0 {
		return nil, nil
	}
	format, err := f.of(local.DefaultStream, file)
	return &format, err
}

func printColumns(w io.Writer, r *discover.Result) error {
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	fmt.Fprintln(t, "COLUMN\tTYPE\tMAPPING\tFIRST RECORD")
	for i, c := range r.Schema.Columns {
		value := ""
		if len(r.Parsed) > 0 {
			value = strings.Map(printable, r.Parsed[0][i])
		}
		fmt.Fprintf(t, "%s\t%s\t%s\t%.60s\n", c.Name, c.SQLType, c.Mapping, value)
	}
	return t.Flush()
}

// printable keeps a record's control characters from the terminal.
func printable(r rune) rune {
	if r < ' ' || r == 0x7f || r >= 0x80 && r < 0xa0 {
		return '.'
	}
	return r
}
