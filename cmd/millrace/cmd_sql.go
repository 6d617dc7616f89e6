package main

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/millrace/millrace/internal/application/input"
	"github.com/millrace/millrace/internal/application/local"
	"github.com/millrace/millrace/internal/sql"
)

func newSQL() *cobra.Command {
	c := &cobra.Command{
		Use:   "sql",
		Short: "Run, check, explain and test the SQL of an application without a server",
		Args: func(_ *cobra.Command, args []string) error {
			if len(args) > 0 {
				return usage(fmt.Errorf("sql: no such command %q; there are: run, check, explain, test", args[0]))
			}
			return nil
		},
		RunE: func(c *cobra.Command, _ []string) error { return c.Help() },
	}
	c.AddCommand(newSQLRun(), newSQLCheck(), newSQLExplain(), newSQLTest())
	return c
}

// formatFlags say how records are written.
type formatFlags struct {
	formats, patterns, fields []string
	// names are the streams and tables that a value may be for.
	names []string
}

func (f *formatFlags) add(c *cobra.Command, which string) {
	flags := c.Flags()
	flags.StringArrayVar(&f.formats, "format", nil, "how "+which+" is written: "+strings.Join(local.FormatNames(), ", "))
	flags.StringArrayVar(&f.patterns, "pattern", nil, "Java regular expression that lines match, as matchPattern of agent.json")
	flags.StringArrayVar(&f.fields, "fields", nil, "names of the pattern's groups, with commas between them")
}

// of is the format of a stream's file; the file's name may say it.
func (f *formatFlags) of(stream, file string) (local.Format, error) {
	name, pattern := f.forStream(f.formats, stream), f.forStream(f.patterns, stream)
	var fields []string
	if text := f.forStream(f.fields, stream); text != "" {
		fields = strings.Split(text, ",")
	}
	if name == "" && pattern == "" {
		switch filepath.Ext(strings.TrimSuffix(file, ".gz")) {
		case ".json", ".jsonl", ".ndjson":
			name = "json"
		case ".csv":
			name = "csv"
		default:
			return local.Format{}, usage(fmt.Errorf("--format: say how %s is written: %s", file, strings.Join(local.FormatNames(), ", ")))
		}
	}
	format, err := local.ParseFormat(name, pattern, fields)
	if err != nil {
		return format, usage(err)
	}
	return format, nil
}

// forStream is the last of an option's values that is for a stream: STREAM=VALUE,
// or VALUE for all of them.
func (f *formatFlags) forStream(values []string, stream string) string {
	found, own := "", false
	for _, v := range values {
		name, value, ok := strings.Cut(v, "=")
		switch {
		case ok && name == stream:
			found, own = value, true
		case ok && slices.Contains(f.names, name): // for another one
		case !own:
			found = v
		}
	}
	return found
}

// readSchema reads a schema that an option gives as its text or as @FILE; nil if
// there is none.
func readSchema(option, value string) (*local.Schema, error) {
	if value == "" {
		return nil, nil
	}
	name, text := option, value
	if file, ok := strings.CutPrefix(value, "@"); ok {
		read, err := os.ReadFile(file)
		if err != nil {
			return nil, usage(fmt.Errorf("%s: %w", option, err))
		}
		name, text = file, string(read)
	}
	s, err := local.ParseSchema(name, text)
	if err != nil {
		return nil, usage(err)
	}
	return s, nil
}

// cutOption cuts NAME=VALUE.
func cutOption(option, value string) (name, rest string, err error) {
	name, rest, ok := strings.Cut(value, "=")
	if !ok || name == "" || rest == "" {
		return "", "", usage(fmt.Errorf("%s %q: want NAME=VALUE", option, value))
	}
	return name, rest, nil
}

// readCode reads an application's SQL. Its name in diagnostics is as it was typed.
func readCode(file string) (string, error) {
	text, err := os.ReadFile(file)
	return string(text), err
}

// sqlError prints the diagnostics of an application's code, a line each, and
// makes an error of any kind one with its exit code.
func sqlError(w io.Writer, err error) error {
	var faults *sql.Diagnostics
	var option *local.OptionError
	switch {
	case errors.As(err, &faults):
		fmt.Fprintln(w, faults.Error())
		return &exitError{1, nil}
	case errors.As(err, &option):
		return usage(option)
	}
	return err
}

// streamOf is an input stream or table of a schema.
func streamOf(name string, s input.Schema, table bool) (sql.Stream, error) {
	layout, err := s.Layout()
	if err != nil {
		return sql.Stream{}, usage(fmt.Errorf("schema of %s: %w", name, err))
	}
	columns := layout.Columns()
	if table {
		return sql.Stream{Name: name, Columns: columns[:len(columns)-layout.Hidden()]}, nil
	}
	return sql.Stream{Name: name, Columns: columns, Hidden: layout.Hidden()}, nil
}
