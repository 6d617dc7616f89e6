package edge

import (
	"cmp"
	"context"
	"net"
	"net/http"
	"net/netip"
	"sync"
)

const (
	// maxConnections bounds all clients together, maxPerAddress those of one
	// address. A connection that only waits takes 20 to 30 KiB.
	maxConnections = 2048
	maxPerAddress  = 1024
)

// BoundConnections bounds how many clients a server has, all together and of
// one address; 0 is 2048 and 1024. At a bound a new client takes the place of
// the one that has kept the server waiting longest. It is called before the
// server serves, and takes its ConnState and ConnContext.
func BoundConnections(s *http.Server, limit, perAddress int) {
	all := newConnections(cmp.Or(limit, maxConnections), cmp.Or(perAddress, maxPerAddress))
	s.ConnState, s.ConnContext = all.observe, all.context
}

// connections are the clients of a server. We wait for one while it sends a
// request's header, nothing, or, at the edge, a body: clients that speak do not
// notice others that do not. Where all are being served, a new one is turned away.
type connections struct {
	max, maxPerAddress int

	mu        sync.Mutex
	open      map[net.Conn]*connection
	byAddress map[netip.Addr]int
	waiting   connection // the ring of those we wait for, the longest first
	ended     int        // to make room
}

// connection is one client's. We wait for it while it is in the ring.
type connection struct {
	all            *connections
	conn           net.Conn
	address        netip.Addr
	before, behind *connection // nil while it is served, and once it is closed
}

func newConnections(limit, perAddress int) *connections {
	a := &connections{max: limit, maxPerAddress: perAddress, open: map[net.Conn]*connection{}, byAddress: map[netip.Addr]int{}}
	a.waiting.before, a.waiting.behind = &a.waiting, &a.waiting
	return a
}

// observe is an http.Server's ConnState.
func (a *connections) observe(conn net.Conn, state http.ConnState) {
	a.mu.Lock()
	defer a.mu.Unlock()
	c := a.open[conn]
	switch state {
	case http.StateNew: // known since context
	case http.StateActive: // the header is whole
		c.serve()
	case http.StateIdle:
		c.wait()
	default:
		a.remove(c)
	}
}

// context is an http.Server's ConnContext, the first that is heard of a
// connection: its requests know it.
func (a *connections) context(ctx context.Context, conn net.Conn) context.Context {
	a.mu.Lock()
	defer a.mu.Unlock()
	return context.WithValue(ctx, connectionKey{}, a.add(conn))
}

type connectionKey struct{}

func connectionOf(r *http.Request) *connection {
	c, _ := r.Context().Value(connectionKey{}).(*connection)
	return c
}

func (a *connections) add(conn net.Conn) *connection {
	c := &connection{all: a, conn: conn, address: addressOf(conn)}
	crowded := a.byAddress[c.address] >= a.maxPerAddress
	if crowded && !a.makeRoom(func(other *connection) bool { return other.address == c.address }) ||
		!crowded && len(a.open) >= a.max && !a.makeRoom(func(*connection) bool { return true }) {
		a.ended++
		_ = conn.Close() // the server meets its end, and that is all
		return nil
	}
	a.open[conn] = c
	a.byAddress[c.address]++
	c.wait()
	return c
}

// makeRoom ends the connection that we have waited for longest.
func (a *connections) makeRoom(of func(*connection) bool) bool {
	for c := a.waiting.behind; c != &a.waiting; c = c.behind {
		if of(c) {
			a.ended++
			a.remove(c)
			_ = c.conn.Close()
			return true
		}
	}
	return false
}

func (a *connections) remove(c *connection) {
	if c == nil || a.open[c.conn] != c {
		return
	}
	c.serve()
	delete(a.open, c.conn)
	if a.byAddress[c.address]--; a.byAddress[c.address] == 0 {
		delete(a.byAddress, c.address)
	}
}

// wait puts the connection to the end of those that we wait for. The lock is held.
func (c *connection) wait() {
	if c != nil && c.behind == nil && c.all.open[c.conn] == c {
		ring := &c.all.waiting
		c.before, c.behind = ring.before, ring
		c.before.behind, ring.before = c, c
	}
}

// serve takes it out of them. The lock is held.
func (c *connection) serve() {
	if c != nil && c.behind != nil {
		c.before.behind, c.behind.before = c.behind, c.before
		c.before, c.behind = nil, nil
	}
}

// waits says whether we wait for a request's body now. Once it is said of the
// rest of a body that nobody wants, it stays so until the answer is written.
func (c *connection) waits(now bool) {
	if c == nil {
		return
	}
	c.all.mu.Lock()
	defer c.all.mu.Unlock()
	if now {
		c.wait()
	} else {
		c.serve()
	}
}

// addressOf is whom a connection counts for: an IPv4 address, or the /64 that
// one customer has of IPv6.
func addressOf(conn net.Conn) netip.Addr {
	from, err := netip.ParseAddrPort(conn.RemoteAddr().String())
	if err != nil {
		return netip.Addr{}
	}
	address := from.Addr().Unmap().WithZone("")
	if address.Is6() {
		if prefix, err := address.Prefix(64); err == nil {
			return prefix.Addr()
		}
	}
	return address
}
