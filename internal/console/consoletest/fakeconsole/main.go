// Fakeconsole serves the console over a scripted pipeline, for work on the
// pages: go run ./internal/console/consoletest/fakeconsole
package main

import (
	"context"
	"flag"
	"fmt"
	"log"
	"net"
	"net/http"
	"time"

	"github.com/millrace/millrace/internal/console"
	"github.com/millrace/millrace/internal/console/consoletest"
)

func main() {
	address := flag.String("address", "127.0.0.1:4580", "where to listen")
	past := flag.Duration("past", 10*time.Minute, "how long the pipeline has been running")
	flag.Parse()
	if err := serve(*address, *past); err != nil {
		log.Fatal(err)
	}
}

func serve(address string, past time.Duration) error {
	const token = "fake-console-token"
	fake := consoletest.New(time.Now().Add(-past))
	fake.Advance(past)
	go fake.Run(context.Background())
	c, err := console.New(fake.Options(token))
	if err != nil {
		return err
	}
	listener, err := net.Listen("tcp", address)
	if err != nil {
		return err
	}
	fmt.Printf("http://%s/?token=%s\n", listener.Addr(), token)
	server := &http.Server{Handler: c, ReadHeaderTimeout: 5 * time.Second}
	return server.Serve(listener)
}
