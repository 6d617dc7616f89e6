package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/millrace/millrace/internal/application/local"
	"github.com/millrace/millrace/internal/sql"
)

// sqlSchemaFlags say which columns the SQL may read, where there is no file to
// look at.
type sqlSchemaFlags struct {
	formatFlags
	schema          string
	streams, tables []string
}

func (f *sqlSchemaFlags) addTo(c *cobra.Command) {
	f.add(c, "the input")
	flags := c.Flags()
	flags.StringVar(&f.schema, "schema", "", "columns of "+local.DefaultStream+": an InputSchema as JSON or a list of columns, as a text or @FILE")
	flags.StringArrayVar(&f.streams, "stream", nil, "STREAM=SCHEMA: columns of another stream")
	flags.StringArrayVar(&f.tables, "table", nil, "TABLE=SCHEMA: columns of reference data")
}

const sqlSchemaHelp = `
What the SQL may read is said by --schema for the stream ` + local.DefaultStream + `, by --stream STREAM=SCHEMA and --table TABLE=SCHEMA for others,
or by --format for a log format that has columns of its own. Without any of them the schema is taken from a file beside the SQL: for app.sql
app.schema.json or app.schema.`

// read are the streams and tables of the flags, or of the files beside the SQL.
func (f *sqlSchemaFlags) read(file string) (sql.Schema, error) {
	var schema sql.Schema
	add := func(option, name, value string, table bool) error {
		s, err := readSchema(option, value)
		if err != nil {
			return err
		}
		stream, err := streamOf(name, s.Schema, table)
		if table {
			schema.Tables = append(schema.Tables, stream)
		} else {
			schema.Inputs = append(schema.Inputs, stream)
		}
		return err
	}
	if f.schema == "" && len(f.streams)+len(f.formats)+len(f.patterns) == 0 {
		f.schema = schemaBeside(file)
	}
	if f.schema != "" {
		if err := add("--schema", local.DefaultStream, f.schema, false); err != nil {
			return schema, err
		}
	} else if len(f.formats)+len(f.patterns) > 0 {
		format, err := f.of(local.DefaultStream, "the input")
		if err != nil {
			return schema, err
		}
		columns, ok := format.Schema()
		if !ok {
			return schema, usage(fmt.Errorf("--schema: the format %s has no columns of its own", format.Name))
		}
		stream, err := streamOf(local.DefaultStream, columns, false)
		if err != nil {
			return schema, err
		}
		schema.Inputs = append(schema.Inputs, stream)
	}
	for i, v := range append(slices.Clone(f.streams), f.tables...) {
		option, table := "--stream", i >= len(f.streams)
		if table {
			option = "--table"
		}
		name, value, err := cutOption(option, v)
		if err == nil {
			err = add(option, name, value, table)
		}
		if err != nil {
			return schema, err
		}
	}
	if len(schema.Inputs) == 0 {
		return schema, usage(errors.New("--schema: the columns that the SQL may read are not known; say them, or put them into " + strings.TrimSuffix(file, ".sql") + ".schema.json"))
	}
	return schema, nil
}

// schemaBeside is the schema of the file that belongs to the SQL, "" if there is
// none.
func schemaBeside(file string) string {
	for _, end := range []string{".schema.json", ".schema"} {
		name := strings.TrimSuffix(file, ".sql") + end
		if _, err := os.Stat(name); err == nil {
			return "@" + name
		}
	}
	return ""
}

func newSQLCheck() *cobra.Command {
	var f sqlSchemaFlags
	var asJSON bool
	c := &cobra.Command{
		Use:   "check APP.SQL",
		Short: "Say what is wrong with an application's SQL",
		Long: `Say what is wrong with an application's SQL, a line each on stdout: FILE:LINE:COLUMN: TEXT, or with --json an object with the
members file, line, column and message. It ends with 1 if anything is, and with 2 if the columns are not known.
` + sqlSchemaHelp,
		Args: exactly(1),
		RunE: func(c *cobra.Command, args []string) error {
			_, err := f.compile(args[0])
			var faults *sql.Diagnostics
			if !errors.As(err, &faults) {
				return err
			}
			if err := printFaults(c.OutOrStdout(), faults, asJSON); err != nil {
				return err
			}
			return &exitError{1, nil}
		},
	}
	f.addTo(c)
	c.Flags().BoolVar(&asJSON, "json", false, "print a line of JSON for each fault")
	return c
}

func (f *sqlSchemaFlags) compile(file string) (*compiled, error) {
	code, err := readCode(file)
	if err != nil {
		return nil, err
	}
	schema, err := f.read(file)
	if err != nil {
		return nil, err
	}
	p, err := sql.Compile(file, code, schema)
	return &compiled{p, schema}, err
}

// compiled is SQL and what it may read.
type compiled struct {
	program *sql.Program
	schema  sql.Schema
}

func printFaults(w io.Writer, faults *sql.Diagnostics, asJSON bool) error {
	if !asJSON {
		_, err := fmt.Fprintln(w, faults.Error())
		return err
	}
	encoder := json.NewEncoder(w)
	for _, d := range faults.List {
		err := encoder.Encode(struct {
			File    string `json:"file"`
			Line    int    `json:"line"`
			Column  int    `json:"column"`
			Message string `json:"message"`
		}{d.File, d.Pos.Line, d.Pos.Column, d.Text})
		if err != nil {
			return err
		}
	}
	return nil
}

func newSQLExplain() *cobra.Command {
	var f sqlSchemaFlags
	c := &cobra.Command{
		Use:   "explain APP.SQL [PUMP]",
		Short: "Print how pumps are carried out, and which columns they need of each input",
		Long: `Print how the pumps of an application are carried out, as indented trees whose inputs stand below what reads them, and which columns
are needed of each input: others are never read.
` + sqlSchemaHelp,
		Args: func(c *cobra.Command, args []string) error {
			if err := cobra.RangeArgs(1, 2)(c, args); err != nil {
				return usage(err)
			}
			return nil
		},
		RunE: func(c *cobra.Command, args []string) error {
			app, err := f.compile(args[0])
			if err != nil {
				return sqlError(c.ErrOrStderr(), err)
			}
			pumps := app.program.Pumps()
			if len(args) == 2 {
				if !slices.Contains(pumps, args[1]) {
					return usage(fmt.Errorf("there is no pump %q; there are: %s", args[1], strings.Join(pumps, ", ")))
				}
				pumps = args[1:]
			}
			for _, p := range pumps {
				fmt.Fprintf(c.OutOrStdout(), "pump %s\n%s\n", p, strings.TrimRight(app.program.Explain(p), "\n"))
			}
			if len(args) == 1 {
				app.printNeeds(c.OutOrStdout())
			}
			return nil
		},
	}
	f.addTo(c)
	return c
}

// printNeeds prints which columns of the inputs are read.
func (a *compiled) printNeeds(w io.Writer) {
	for _, in := range a.schema.Inputs {
		var names []string
		for i, needed := range a.program.Needed(in.Name) {
			if needed {
				names = append(names, in.Columns[i].Name)
			}
		}
		what := strings.Join(names, ", ")
		if what == "" {
			what = "nothing"
		}
		fmt.Fprintf(w, "%s: %s of %d columns\n", in.Name, what, len(in.Columns)-in.Hidden)
	}
}
