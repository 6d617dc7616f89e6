//go:build linux

package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"os"
	"os/signal"
	"runtime"
	"runtime/pprof"
	"syscall"

	"github.com/millrace/millrace/internal/aws/call"
	"github.com/millrace/millrace/internal/aws/edge"
	"github.com/millrace/millrace/internal/aws/jsonrpc"
	"github.com/millrace/millrace/internal/aws/sigv4"
	"github.com/millrace/millrace/internal/config"
	"github.com/millrace/millrace/internal/firehose"
	"github.com/millrace/millrace/internal/journal/pebble"
)

// away is an archive that does not answer.
type away struct{}

func (away) Put(ctx context.Context, _, _ string, _ []byte, _ http.Header) error {
	<-ctx.Done()
	return ctx.Err()
}

// everything is allowed to everybody who can sign.
type everything struct{}

func (everything) Authorize(context.Context, call.Identity, string, string) error { return nil }
func (everything) AuthorizeRole(context.Context, string, string, string) error    { return nil }

// serveIngest is the server of measureIngest: edge, Firehose and the journal on
// disk, as cmd/millrace wires them, until it is asked to stop. With a file
// named, its CPU profile goes there.
func serveIngest(dir, profile string) (err error) {
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM)
	defer stop()
	log := slog.New(slog.NewTextHandler(io.Discard, nil))
	j, err := pebble.Open(pebble.Options{Dir: dir, Logger: log})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, j.Close()) }()
	f, err := firehose.Open(firehose.Options{Journal: j, Authorizer: everything{}, Archive: away{}, Logger: log})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	verifier := sigv4.NewVerifier(sigv4.Options{Credentials: func(id string) (sigv4.Credential, bool) {
		return sigv4.Credential{Secret: ingestSecret, Identity: call.Identity{AccessKeyID: id}}, id == ingestKey
	}})
	front := edge.New(edge.Options{Verifier: verifier, JSON: []*jsonrpc.Service{f.JSONRPC()}, Logger: log})
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	server := front.Server()
	go func() { _ = server.Serve(l) }()
	defer server.Close()
	client := edge.NewClient(front, sigv4.Signer{AccessKeyID: ingestKey, Secret: ingestSecret, Region: region})
	err = client.JSON(ctx, "firehose", "Firehose_20150804.CreateDeliveryStream", map[string]any{
		"DeliveryStreamName":         ingestStream,
		"S3DestinationConfiguration": map[string]any{"RoleARN": "arn:aws:iam::000000000000:role/r", "BucketARN": "arn:aws:s3:::archive"},
	}, nil)
	if err != nil {
		return err
	}
	for f.Streams()[0].Status != "ACTIVE" {
		runtime.Gosched()
	}
	if profile != "" {
		out, err := os.Create(profile)
		if err != nil {
			return err
		}
		if err := pprof.StartCPUProfile(out); err != nil {
			return err
		}
		defer pprof.StopCPUProfile()
	}
	counters, err := serveAllocations()
	if err != nil {
		return err
	}
	ready := config.Run{Ready: true, Edge: "http://" + l.Addr().String(), Console: counters, PID: os.Getpid()}
	if err := json.NewEncoder(os.Stdout).Encode(ready); err != nil {
		return fmt.Errorf("say ready: %w", err)
	}
	<-ctx.Done()
	return nil
}
