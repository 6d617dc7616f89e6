//go:build linux

// Command agent measures millrace-agent, and a peer beside it, on this machine:
// a file of access log lines to signed PutRecordBatch calls, many files that
// rest, many files that grow a line a second, and the size of the program. The
// agent, its peer and the sink that takes the calls are processes of their own,
// whose CPU time is counted apart. A run in which the sink gets other than one
// record a line is void: the command ends with an error.
package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"slices"
	"strings"
	"syscall"
	"time"

	"github.com/millrace/millrace/bench/cputime"
)

// options of the command.
type options struct {
	lines  int
	rounds int
	peer   string // shell command, "" = none
	config string // agent.json with placeholders, "" = LOGTOJSON of combined lines
	files  int
	watch  time.Duration
}

// part is something to measure.
type part struct {
	name string
	run  func(ctx context.Context, b *bench) error
}

func parts() []part {
	return []part{{"file", measureFile}, {"idle", measureIdle}, {"growing", measureGrowing}, {"size", measureSize}}
}

func main() {
	if len(os.Args) == 2 && os.Args[1] == sinkArgument {
		exit(serveSink())
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	exit(measure(ctx))
}

func exit(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, "agent:", err)
		os.Exit(1)
	}
	os.Exit(0)
}

func measure(ctx context.Context) error {
	var o options
	flag.IntVar(&o.lines, "lines", 2_000_000, "lines of the file")
	flag.IntVar(&o.rounds, "rounds", 3, "how often the agent reads the file, in turns with the peer; the median counts")
	flag.StringVar(&o.peer, "peer", "", "shell command of another agent; {file}, {endpoint} and {dir}, an empty folder, are replaced")
	flag.StringVar(&o.config, "config", "", "agent.json for the file instead of our own; {file}, {endpoint} and {dir} are replaced")
	flag.IntVar(&o.files, "files", 1000, "files that rest or grow")
	seconds := flag.Int("seconds", 20, "how long those are watched")
	only := flag.String("only", "", "parts to measure, separated by commas: file, idle, growing, size")
	flag.Parse()
	o.watch = time.Duration(*seconds) * time.Second
	if flag.NArg() > 0 || o.lines < 1 || o.rounds < 1 || o.files < 1 || *seconds < 1 {
		return fmt.Errorf("unexpected argument, or a number below 1")
	}
	wanted := strings.FieldsFunc(*only, func(r rune) bool { return r == ',' })
	for _, w := range wanted {
		if !slices.ContainsFunc(parts(), func(p part) bool { return p.name == w }) {
			return fmt.Errorf("-only: there is no part %q", w)
		}
	}
	b, err := newBench(ctx, o, os.Stdout)
	if err != nil {
		return err
	}
	defer b.close()
	fmt.Println(cputime.Machine())
	for _, p := range parts() {
		if len(wanted) > 0 && !slices.Contains(wanted, p.name) {
			continue
		}
		fmt.Printf("\n%s\n", p.name)
		if err := p.run(ctx, b); err != nil {
			return fmt.Errorf("%s: %w", p.name, err)
		}
	}
	return nil
}
