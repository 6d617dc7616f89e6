package main

import (
	"fmt"
	"io"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/millrace/millrace/internal/application/local"
	"github.com/millrace/millrace/internal/application/output"
	"github.com/millrace/millrace/internal/config"
	"github.com/millrace/millrace/internal/sql"
)

// sqlRunFlags are those of sql run, as they are typed.
type sqlRunFlags struct {
	formatFlags
	inputs, streams      []string
	schemas, rowtimes    []string
	tables, tableSchemas []string
	reorder              time.Duration
	from, output         string
}

func newSQLRun() *cobra.Command {
	var f sqlRunFlags
	c := &cobra.Command{
		Use:   "run APP.SQL",
		Short: "Run an application's SQL over files",
		Long: `Run an application's SQL over files, and print the rows of one in-application stream on stdout, one a line, just as an
output would deliver them.

  millrace sql run app.sql --input access.log --format combined
  millrace sql run app.sql --input events.json.gz --rowtime created_at --from ALERTS
  millrace sql run app.sql --stream ORDERS=orders.csv --stream SHIPMENTS=shipments.csv --rowtime at --table CUSTOMERS=customers.json

The input stream is ` + local.DefaultStream + `; --stream names others. Files of the same stream, and different streams, are merged by
time. "-" is standard input, and what is compressed by gzip is read as what it holds. Options may be for one stream: --format ORDERS=csv.

Columns come from --schema, an InputSchema as JSON or a list of columns as inside CREATE STREAM's parentheses; else from the format;
else from the beginning of the file, as DiscoverInputSchema finds them. ROWTIME comes from the column that --rowtime names: times as
Apache writes them, ISO 8601, or seconds or milliseconds since 1970. Lines of Apache's logs have their own time.

Records are put in the order of ROWTIME within --reorder, and later ones are left out and counted. The memory needed is that of the
records of so long a time. The end of the files closes all windows.

It ends with 0 also when rows went to error_stream, which are counted on stderr; with 1 when the SQL does not compile or a file cannot
be read; with 2 when an option is wrong or missing.`,
		Args: exactly(1),
		RunE: func(c *cobra.Command, args []string) error { return f.run(c, args[0]) },
	}
	f.add(c, "a file")
	flags := c.Flags()
	flags.StringArrayVar(&f.inputs, "input", nil, "file of the stream "+local.DefaultStream)
	flags.StringArrayVar(&f.streams, "stream", nil, "STREAM=FILE: file of another stream")
	flags.StringArrayVar(&f.schemas, "schema", nil, "columns: a text, or @FILE")
	flags.StringArrayVar(&f.rowtimes, "rowtime", nil, "column that ROWTIME is read from")
	flags.StringArrayVar(&f.tables, "table", nil, "TABLE=FILE: reference data, JSON or CSV")
	flags.StringArrayVar(&f.tableSchemas, "table-schema", nil, "TABLE=SCHEMA: columns of a table, a text or @FILE")
	flags.DurationVar(&f.reorder, "reorder", time.Minute, "how much later than its successors a record may come")
	flags.StringVar(&f.from, "from", "", "in-application stream to print, or error_stream (default: the last one created)")
	flags.StringVar(&f.output, "output", "json", "json or csv")
	return c
}

func (f *sqlRunFlags) run(c *cobra.Command, file string) error {
	o := local.Options{File: file, From: f.from, Out: c.OutOrStdout(), Window: f.reorder, Limits: sql.Limits(config.Default().SQL.Limits), Progress: &local.Progress{}}
	var err error
	switch {
	case f.reorder < 0:
		return usage(fmt.Errorf("--reorder %v is negative", f.reorder))
	case f.output == "csv":
		o.Output = output.CSV
	case f.output != "json":
		return usage(fmt.Errorf("--output %q: want json or csv", f.output))
	}
	if o.Inputs, err = f.sources(); err != nil {
		return err
	}
	if o.Tables, err = f.references(); err != nil {
		return err
	}
	if o.Code, err = readCode(file); err != nil {
		return err
	}
	stop := showProgress(c.ErrOrStderr(), o)
	result, err := local.Run(c.Context(), o)
	stop()
	if err != nil {
		return sqlError(c.ErrOrStderr(), err)
	}
	printResult(c.ErrOrStderr(), result, f.reorder)
	return nil
}

// sources are the files of all streams.
func (f *sqlRunFlags) sources() (inputs []local.Input, err error) {
	for _, file := range f.inputs {
		inputs = append(inputs, local.Input{Stream: local.DefaultStream, File: file})
	}
	for _, s := range f.streams {
		name, file, err := cutOption("--stream", s)
		if err != nil {
			return nil, err
		}
		inputs = append(inputs, local.Input{Stream: name, File: file})
	}
	f.names = []string{local.DefaultStream}
	for _, option := range slices.Concat(f.streams, f.tables) {
		name, _, _ := strings.Cut(option, "=")
		f.names = append(f.names, name)
	}
	if len(inputs) == 0 {
		return nil, usage(fmt.Errorf("--input FILE is missing, or --stream STREAM=FILE"))
	}
	for i := range inputs {
		in := &inputs[i]
		if in.Format, err = f.of(in.Stream, in.File); err != nil {
			return nil, err
		}
		if in.Schema, err = readSchema("--schema", f.forStream(f.schemas, in.Stream)); err != nil {
			return nil, err
		}
		in.Rowtime = f.forStream(f.rowtimes, in.Stream)
	}
	return inputs, nil
}

// references are the files of all tables.
func (f *sqlRunFlags) references() (tables []local.Table, err error) {
	for _, t := range f.tables {
		name, file, err := cutOption("--table", t)
		if err != nil {
			return nil, err
		}
		one := local.Table{Name: name, File: file}
		if one.Schema, err = readSchema("--table-schema", forTable(f.tableSchemas, name)); err != nil {
			return nil, err
		}
		own := formatFlags{formats: tableFormats(f.formats, name)}
		if one.Format, err = own.of(name, file); err != nil {
			return nil, err
		}
		if one.Format.Name != "json" && one.Format.Name != "csv" {
			return nil, usage(fmt.Errorf("--table %s: reference data is json or csv, not %s", name, one.Format.Name))
		}
		tables = append(tables, one)
	}
	return tables, nil
}

func forTable(values []string, name string) string {
	for _, v := range values {
		if table, schema, ok := strings.Cut(v, "="); ok && table == name {
			return schema
		}
	}
	return ""
}

// tableFormats are the values that are for a table alone: others are for streams.
func tableFormats(values []string, name string) []string {
	var own []string
	for _, v := range values {
		if strings.HasPrefix(v, name+"=") {
			own = append(own, v)
		}
	}
	return own
}

// printResult says what was counted.
func printResult(w io.Writer, r *local.Result, window time.Duration) {
	var records, late, mismatches, failed int64
	first := ""
	for _, s := range r.Sources {
		records, late, mismatches = records+s.Records, late+s.Late, mismatches+s.Mismatches
		if first == "" {
			first = s.FirstMismatch
		}
	}
	fmt.Fprintf(w, "%s read, %s of %s written\n", count(records, "record"), count(r.Rows, "row"), r.From)
	if mismatches > 0 {
		fmt.Fprintf(w, "%s not in the format, the first one at %s\n", count(mismatches, "line"), first)
	}
	if late > 0 {
		fmt.Fprintf(w, "%s left out as later than %v; --reorder says how long records are put in order\n", count(late, "record"), window)
	}
	var names []string
	for _, name := range r.ErrorNames() {
		failed += r.Errors[name]
		names = append(names, fmt.Sprintf("%d %s", r.Errors[name], name))
	}
	if failed > 0 {
		fmt.Fprintf(w, "%s in error_stream: %s; --from error_stream prints them\n", count(failed, "row"), strings.Join(names, ", "))
	}
}

func count(n int64, what string) string {
	if n == 1 {
		return "1 " + what
	}
	return fmt.Sprintf("%d %ss", n, what)
}

// showProgress shows how far a run is, if somebody sees it. The function that it
// returns ends that.
func showProgress(w io.Writer, o local.Options) (stop func()) {
	if !isTerminal(w) {
		return func() {}
	}
	var total int64
	for _, in := range o.Inputs {
		if info, err := os.Stat(in.File); err == nil {
			total += info.Size()
		}
	}
	done, ended := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(ended)
		began := time.Now()
		for tick := time.NewTicker(200 * time.Millisecond); ; {
			select {
			case <-tick.C:
				rows := o.Progress.Rows.Load()
				fmt.Fprintf(w, "\r\x1b[K%s of %s, %d rows, %.0f rows/s", megabytes(o.Progress.Bytes.Load()), megabytes(total), rows, float64(rows)/time.Since(began).Seconds())
			case <-done:
				tick.Stop()
				fmt.Fprint(w, "\r\x1b[K")
				return
			}
		}
	}()
	return func() { close(done); <-ended }
}

func megabytes(n int64) string { return fmt.Sprintf("%.1f MB", float64(n)/1e6) }

// isTerminal tells whether a person may look at w.
func isTerminal(w io.Writer) bool {
	f, ok := w.(*os.File)
	if !ok {
		return false
	}
	info, err := f.Stat()
	return err == nil && info.Mode()&os.ModeCharDevice != 0 && info.Mode()&os.ModeDevice != 0 && f.Name() != os.DevNull
}
