package main

import (
	"compress/gzip"
	"errors"
	"fmt"
	"io"
	"math"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"github.com/spf13/cobra"

	"github.com/millrace/millrace/internal/loadgen"
)

// accessLogFlags are those of gen access-log, as they are typed.
type accessLogFlags struct {
	output   string
	prefix   string
	style    string
	sleep    float64
	bursts   string
	parallel int
	opts     loadgen.Options
}

// Values of -o that name no file.
const (
	outputLog     = "LOG"
	outputGzip    = "GZ"
	outputConsole = "CONSOLE"
)

func newGenAccessLog() *cobra.Command {
	var f accessLogFlags
	c := &cobra.Command{
		Use:   "access-log",
		Short: "Write an access log in Apache's combined format",
		Long: `Write an access log in Apache's combined format.

-o FILE appends to a file, without -o lines go to standard output. -o LOG, -o GZ and -o CONSOLE, -p and -s are those of the
Fake-Apache-Log-Generator, with its fields and weights: LOG and GZ make a new file access_log_YYYYMMDD-HHMMSS.log (.gz), one line unless -n says more; a second file of the
same second gets -2.`,
		Args: exactly(0),
		RunE: func(c *cobra.Command, _ []string) error {
			if err := f.check(c); err != nil {
				return usage(fmt.Errorf("gen access-log: %w", err))
			}
			return f.run(c)
		},
	}
	flags := c.Flags()
	flags.StringVarP(&f.output, "output", "o", "", "file to append to, or LOG, GZ, CONSOLE (default: standard output)")
	flags.Int64VarP(&f.opts.Lines, "lines", "n", 0, "end after so many; 0 goes on until interrupted")
	flags.StringVarP(&f.prefix, "prefix", "p", "", "with -o LOG or GZ: the file's name begins with this and '_'")
	flags.Float64VarP(&f.sleep, "sleep", "s", 0, "seconds between lines")
	flags.StringVar(&f.style, "style", "", "shop: a web shop with busy pages and moving errors; fake: all at random (default: shop, fake with LOG, GZ, CONSOLE, -p or -s)")
	flags.Float64Var(&f.opts.Rate, "rate", 0, "lines a second; 0 is as fast as possible")
	flags.StringVar(&f.bursts, "bursts", "", "EVERY,LENGTH,FACTOR: in the last LENGTH of each EVERY the rate is FACTOR times as high, as in 60s,10s,5")
	flags.BoolVar(&f.opts.Daily, "daily", false, "the rate follows the hour of the day")
	flags.Float64Var(&f.opts.Hostile, "hostile", 0, "share of lines, 0 to 1, that are made to trouble a reader")
	flags.IntVar(&f.parallel, "parallel", 1, "write so many logs at once, each with its own seed; files get -2, -3, …")
	flags.Uint64Var(&f.opts.Seed, "seed", 1, "the same seed gives the same lines, apart from their time")
	flags.Int64Var(&f.opts.RotateBytes, "rotate-bytes", 0, "rename the file to FILE.1, FILE.2, … at this size")
	return c
}

// newFile tells whether -o asks for a file of its own name.
func (f *accessLogFlags) newFile() bool { return f.output == outputLog || f.output == outputGzip }

func (f *accessLogFlags) check(c *cobra.Command) error {
	o := &f.opts
	fake := f.newFile() || f.output == outputConsole || f.prefix != "" || c.Flags().Changed("sleep")
	switch f.style {
	case "shop":
	case "":
		if fake {
			o.Style = loadgen.Fake
		}
	case "fake":
		o.Style = loadgen.Fake
	default:
		return fmt.Errorf("--style is %q, want shop or fake", f.style)
	}
	if (f.newFile() || f.output == outputConsole) && !c.Flags().Changed("lines") {
		o.Lines = 1
	}
	if f.bursts != "" {
		var err error
		if o.Burst, err = loadgen.ParseBurst(f.bursts); err != nil {
			return fmt.Errorf("--%w", err)
		}
	}
	switch {
	case o.Lines < 0 || !(o.Rate >= 0) || o.RotateBytes < 0:
		return fmt.Errorf("--lines, --rate and --rotate-bytes must not be negative")
	case !(f.sleep >= 0) || f.sleep > math.MaxInt32:
		return fmt.Errorf("--sleep is %v, want a number of seconds", f.sleep)
	case f.sleep > 0 && o.Rate > 0:
		return fmt.Errorf("--sleep and --rate exclude each other")
	case (o.Daily || f.bursts != "") && f.sleep == 0 && o.Rate == 0:
		return fmt.Errorf("--bursts and --daily need --rate or --sleep")
	case !(o.Hostile >= 0 && o.Hostile <= 1):
		return fmt.Errorf("--hostile is %v, want a share from 0 to 1", o.Hostile)
	case f.parallel < 1 || f.parallel > 1000:
		return fmt.Errorf("--parallel is %d, want 1 to 1000", f.parallel)
	case f.prefix != "" && !f.newFile():
		return fmt.Errorf("--prefix needs -o LOG or GZ")
	case o.RotateBytes > 0 && (f.output == "" || f.newFile() || f.output == outputConsole):
		return fmt.Errorf("--rotate-bytes needs -o FILE")
	}
	o.Sleep = time.Duration(f.sleep * float64(time.Second))
	return nil
}

func (f *accessLogFlags) run(c *cobra.Command) (err error) {
	var all []loadgen.Options
	var closers []io.Closer
	defer func() {
		for _, closer := range closers {
			err = errors.Join(err, closer.Close())
		}
	}()
	console := &lineWriter{to: c.OutOrStdout()}
	for i := range f.parallel {
		o := f.opts
		o.Seed += uint64(i)
		switch {
		case f.newFile():
			file, err := loadgen.CreateLog(f.prefix, time.Now(), f.output == outputGzip)
			if err != nil {
				return err
			}
			closers = append([]io.Closer{file}, closers...)
			if o.Writer = file; f.output == outputGzip {
				compressed := gzip.NewWriter(file)
				closers = append([]io.Closer{compressed}, closers...)
				o.Writer = compressed
			}
		case f.output == "" || f.output == outputConsole:
			o.Writer = console
		default:
			o.Path = numbered(f.output, i+1)
		}
		all = append(all, o)
	}
	return loadgen.GenerateAll(c.Context(), all)
}

// numbered puts -2, -3, … before the ending of a file's name.
func numbered(file string, n int) string {
	if n == 1 {
		return file
	}
	end := filepath.Ext(file)
	return fmt.Sprintf("%s-%d%s", strings.TrimSuffix(file, end), n, end)
}

// lineWriter keeps the lines of several generators whole.
type lineWriter struct {
	mu sync.Mutex
	to io.Writer
}

func (w *lineWriter) Write(lines []byte) (int, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.to.Write(lines)
}
