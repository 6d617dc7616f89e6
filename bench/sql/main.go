//go:build linux

// Command sql measures the SQL engine on files of JSON lines: records are
// scanned, given the ROWTIME that one of their members holds, pushed through an
// application and written as JSON again. Each query runs in a process of its
// own on two files, a short and a long one; the difference of their CPU times is
// what a row costs once everything is warm. With -flink the same tumbling query
// runs in Apache Flink over the same files, both results are compared row by
// row, and the ratio is printed.
package main

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	"github.com/millrace/millrace/bench/cputime"
)

func main() {
	if len(os.Args) == 4 && os.Args[1] == childArgument {
		exit(runChild(os.Args[2], os.Args[3]))
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	exit(measure(ctx))
}

func exit(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, "bench/sql:", err)
		os.Exit(1)
	}
	os.Exit(0)
}

// childArgument begins the arguments of a process that runs one query.
const childArgument = "run-query"

func measure(ctx context.Context) error {
	rows := flag.Int("rows", 1_000_000, "rows of the short file; the long one has five times as many")
	only := flag.String("only", "", "names of queries, by commas; empty for all")
	tries := flag.Int("tries", 3, "runs of each query, of which the cheapest counts")
	python := flag.String("flink", "", "a Python with the package apache-flink, to run the tumbling queries beside it")
	flag.Parse()
	dir, err := os.MkdirTemp("", "millrace-bench-sql-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	fmt.Printf("calibration %v; rows %d and %d\n", cputime.Calibrate(), *rows, 5**rows)
	fmt.Printf("%-22s %12s %14s %12s %10s\n", "query", "µs CPU/row", "rows/s a core", "out/row", "peak MiB")
	for _, q := range queries() {
		if *only != "" && !contains(strings.Split(*only, ","), q.name) {
			continue
		}
		if err := measureQuery(ctx, dir, q, *rows, *tries, *python); err != nil {
			return fmt.Errorf("%s: %w", q.name, err)
		}
	}
	return nil
}

func contains(all []string, s string) bool {
	for _, a := range all {
		if a == s {
			return true
		}
	}
	return false
}

// measured is what a run of a query took and gave.
type measured struct {
	Rows, Out int64
	CPU       time.Duration
	PeakMiB   int64
	// Digest is a sum over the result's rows that their order does not change.
	Digest uint64
}

func measureQuery(ctx context.Context, dir string, q query, rows, tries int, python string) error {
	short, long := filepath.Join(dir, q.name+"-short.jsonl"), filepath.Join(dir, q.name+"-long.jsonl")
	defer os.Remove(short)
	defer os.Remove(long)
	if err := errors.Join(generate(short, rows/q.scale, q.keys, q.density), generate(long, 5*rows/q.scale, q.keys, q.density)); err != nil {
		return err
	}
	first, err := cheapest(ctx, q, short, tries)
	if err != nil {
		return err
	}
	second, err := cheapest(ctx, q, long, tries)
	if err != nil {
		return err
	}
	ours := perRow(first, second, second.Rows-first.Rows)
	fmt.Printf("%-22s %12.3f %14.0f %12.3f %10d\n", q.name, ours, 1e6/ours, float64(second.Out)/float64(second.Rows), second.PeakMiB)
	if python == "" || !q.flink {
		return nil
	}
	theirFirst, err := runFlink(ctx, python, dir, short)
	if err != nil {
		return err
	}
	theirSecond, err := runFlink(ctx, python, dir, long)
	if err != nil {
		return err
	}
	if theirSecond.Out != second.Out || theirSecond.Digest != second.Digest {
		return fmt.Errorf("the results differ: %d rows, digest %x; Flink %d rows, %x", second.Out, second.Digest, theirSecond.Out, theirSecond.Digest)
	}
	theirs := perRow(theirFirst, theirSecond, second.Rows-first.Rows)
	fmt.Printf("%-22s %12.3f %14.0f %12.3f %10d   Flink, %.1f times ours, equal results\n", "", theirs, 1e6/theirs, float64(theirSecond.Out)/float64(second.Rows), theirSecond.PeakMiB, theirs/ours)
	return nil
}

// perRow is what a row costs once all is warm, in microseconds.
func perRow(short, long measured, rows int64) float64 {
	return float64((long.CPU - short.CPU).Microseconds()) / float64(rows)
}

// cheapest is the run of a query that other programs disturbed least.
func cheapest(ctx context.Context, q query, file string, tries int) (best measured, err error) {
	for i := range tries {
		m, err := runQuery(ctx, q, file)
		if err != nil {
			return m, err
		}
		if i == 0 || m.CPU < best.CPU {
			best = m
		}
	}
	return best, nil
}

// runQuery runs a query over a file in a process of its own, on one core.
func runQuery(ctx context.Context, q query, file string) (measured, error) {
	self, err := os.Executable()
	if err != nil {
		return measured{}, err
	}
	cmd := exec.CommandContext(ctx, self, childArgument, q.name, file)
	cmd.Stderr = os.Stderr
	out, err := cmd.Output()
	if err != nil {
		return measured{}, err
	}
	var m measured
	if err := json.Unmarshal(out, &m); err != nil {
		return measured{}, err
	}
	m.fromState(cmd.ProcessState)
	return m, nil
}

// fromState takes CPU time and memory of a process that has ended.
func (m *measured) fromState(s *os.ProcessState) {
	m.CPU = s.UserTime() + s.SystemTime()
	if u, ok := s.SysUsage().(*syscall.Rusage); ok {
		m.PeakMiB = u.Maxrss >> 10
	}
}
