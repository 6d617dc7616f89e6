//go:build linux

// Command e2e measures whole programs on this machine: ingest alone, the path
// from signed calls to the archive and the search index, start-up and memory.
// It builds millrace, runs it in processes of their own and counts their CPU
// time apart from the load's. A run whose sums do not come out is void: the
// command ends with an error and prints no figure for it.
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

	"github.com/millrace/millrace/bench/cputime"
)

// options of the command.
type options struct {
	seconds     int
	slices      int
	connections int
	bufferMiB   int
	profile     string // file
	overload    int    // seconds
}

// part is something to measure.
type part struct {
	name string
	run  func(ctx context.Context, e *environment, o options) error
}

var parts = []part{
	{"ingest", measureIngest},
	{"ones", measureOnes},
	{"path", measurePath},
	{"start", measureStart},
	{"memory", measureMemory},
	{"overload", measureOverload},
	{"peers", measurePeers},
}

func main() {
	if len(os.Args) > 1 && os.Args[1] == ingestArgument {
		exit(serveIngest(os.Args[2], os.Args[3]))
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	exit(measure(ctx))
}

func exit(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, "e2e:", err)
		os.Exit(1)
	}
	os.Exit(0)
}

func measure(ctx context.Context) error {
	var o options
	flag.IntVar(&o.seconds, "seconds", 10, "how long load lasts")
	flag.IntVar(&o.slices, "slices", 5, "slices of ingest and ones, of which the best counts")
	flag.IntVar(&o.connections, "connections", 16, "connections of the load")
	flag.IntVar(&o.bufferMiB, "buffer", 5, "size of the archive's objects in MiB")
	flag.StringVar(&o.profile, "profile", "", "file for a CPU profile of the server of ingest or ones")
	flag.IntVar(&o.overload, "overload", 10, "how long each overload lasts, in seconds")
	only := flag.String("only", "", "parts to measure, separated by commas: ingest, ones, path, start, memory, overload, peers")
	flag.Parse()
	if flag.NArg() > 0 || o.seconds < 1 || o.slices < 1 || o.connections < 1 || o.bufferMiB < 1 || o.overload < 1 {
		return fmt.Errorf("unexpected argument, or a number below 1")
	}
	wanted := strings.FieldsFunc(*only, func(r rune) bool { return r == ',' })
	for _, w := range wanted {
		if !slices.ContainsFunc(parts, func(p part) bool { return p.name == w }) {
			return fmt.Errorf("-only: there is no part %q", w)
		}
	}
	e, err := newEnvironment(ctx)
	if err != nil {
		return err
	}
	defer e.close()
	fmt.Println(cputime.Machine())
	for _, p := range parts {
		if len(wanted) > 0 && !slices.Contains(wanted, p.name) {
			continue
		}
		fmt.Printf("\n%s\n", p.name)
		if err := p.run(ctx, e, o); err != nil {
			return fmt.Errorf("%s: %w", p.name, err)
		}
	}
	return nil
}

// print writes one figure.
func print(name, format string, args ...any) {
	fmt.Printf("  %-38s %s\n", name, fmt.Sprintf(format, args...))
}
