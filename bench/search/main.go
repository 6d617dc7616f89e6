//go:build linux

// Command search measures the embedded index in a process of its own: bulks of small documents, then aggregations over
// all of them, CPU time, wall time and memory, and the same on a real OpenSearch when one is given. A server whose sums
// do not come out is void: the command ends with an error and prints no figure for it.
package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"syscall"

	"github.com/millrace/millrace/bench/cputime"
)

// options of the command.
type options struct {
	documents   int
	connections int
	repeats     int
	opensearch  string // its address; "" for none
	pid         int    // its process
	profile     string // file for a CPU profile of the embedded index
	peerOnly    bool   // the OpenSearch alone
}

func main() {
	if len(os.Args) > 1 && os.Args[1] == serveArgument {
		exit(serve(os.Args[2], os.Args[3]))
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	exit(measure(ctx))
}

func exit(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, "search:", err)
		os.Exit(1)
	}
	os.Exit(0)
}

func measure(ctx context.Context) error {
	var o options
	flag.IntVar(&o.documents, "documents", 1_000_000, "documents to index")
	flag.IntVar(&o.connections, "connections", 2, "bulks at a time")
	flag.IntVar(&o.repeats, "repeats", 5, "times that each search is repeated; the best counts")
	flag.StringVar(&o.opensearch, "opensearch", "", "address of a real OpenSearch without security, for the same")
	flag.IntVar(&o.pid, "pid", 0, "process of that OpenSearch")
	flag.StringVar(&o.profile, "profile", "", "file for a CPU profile of the embedded index")
	flag.BoolVar(&o.peerOnly, "peer-only", false, "measure that OpenSearch alone")
	flag.Parse()
	fmt.Println(cputime.Machine())
	if !o.peerOnly {
		if err := measureEmbedded(ctx, o); err != nil {
			return err
		}
	}
	if o.opensearch == "" {
		return nil
	}
	real := &server{name: "OpenSearch", address: o.opensearch, pid: o.pid}
	return real.measure(ctx, o)
}

func measureEmbedded(ctx context.Context, o options) error {
	s, err := start(ctx, o.profile)
	if err != nil {
		return err
	}
	defer s.stop()
	return s.measure(ctx, o)
}
