//go:build linux

package main

import (
	"context"
	"encoding/json"
	"fmt"
	"net"
	"net/http"
	"runtime"
)

// allocations are what a process has taken of its heap since it began.
type allocations struct {
	Objects, Bytes uint64
	Collections    uint32
}

// serveAllocations answers the process's own at the address that it returns.
func serveAllocations() (address string, err error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return "", err
	}
	handler := http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		var m runtime.MemStats
		runtime.ReadMemStats(&m)
		_ = json.NewEncoder(w).Encode(allocations{Objects: m.Mallocs, Bytes: m.TotalAlloc, Collections: m.NumGC})
	})
	go func() { _ = http.Serve(l, handler) }()
	return "http://" + l.Addr().String(), nil
}

// allocations asks the server of ingest.
func (p *process) allocations(ctx context.Context) (a allocations, err error) {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, p.run.Console, nil)
	if err != nil {
		return a, err
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return a, fmt.Errorf("ask for allocations: %w", err)
	}
	defer response.Body.Close()
	return a, json.NewDecoder(response.Body).Decode(&a)
}
