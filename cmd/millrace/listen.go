package main

import (
	"errors"
	"fmt"
	"net"
	"strconv"
	"syscall"
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

func httpURL(l net.Listener) string { return "http://" + l.Addr().String() }
