package main

import (
	"errors"
	"fmt"
	"net"
	"net/http"
	"strconv"
	"syscall"
	"time"

	"github.com/millrace/millrace/internal/aws/edge"
)

// listen binds a loopback port. A port that is taken is named together with
// the flag that chooses another.
func listen(what, flag string, port int) (net.Listener, error) {
	l, err := net.Listen("tcp", net.JoinHostPort("127.0.0.1", strconv.Itoa(port)))
	if errors.Is(err, syscall.EADDRINUSE) {
		return nil, fmt.Errorf("%s: port %d is in use by another program; choose one with --%s (0 takes a free one)", what, port, flag)
	}
	if err != nil {
		return nil, fmt.Errorf("%s: %w", what, err)
	}
	return l, nil
}

const headerTimeout = 5 * time.Second

// newHTTPServer has the limits of every door on slow and large headers and on
// connections that nobody uses. Bodies have their handlers' own.
func newHTTPServer(h http.Handler) *http.Server {
	s := &http.Server{Handler: h, ReadHeaderTimeout: headerTimeout, IdleTimeout: time.Minute, MaxHeaderBytes: 32 << 10}
	edge.BoundConnections(s, 0, 0)
	return s
}

func httpURL(l net.Listener) string { return "http://" + l.Addr().String() }
