package httpendpoint

import (
	"fmt"
	"net"
	"net/http"
	"net/netip"
	"syscall"
	"time"
)

// NewTransport returns a transport that never dials the addresses at which clouds give out credentials. The address that
// is dialled is looked at, not the name: a name may resolve to another address each time. There is no proxy, which
// would dial in its place.
func NewTransport() *http.Transport {
	dialer := &net.Dialer{Timeout: 30 * time.Second, KeepAlive: 30 * time.Second, Control: guard}
	return &http.Transport{
		DialContext:         dialer.DialContext,
		ForceAttemptHTTP2:   true,
		TLSHandshakeTimeout: 10 * time.Second,
		IdleConnTimeout:     90 * time.Second,
		MaxIdleConnsPerHost: 4,
		DisableCompression:  true,
		// An endless header is no answer.
		MaxResponseHeaderBytes: 64 << 10,
	}
}

// guard is a Dialer's Control.
func guard(_, address string, _ syscall.RawConn) error {
	at, err := netip.ParseAddrPort(address)
	if err != nil {
		return fmt.Errorf("dial %q: %w", address, err)
	}
	if forbidden(at.Addr()) {
		return fmt.Errorf("dial %s: link-local and metadata addresses are not delivered to", at.Addr())
	}
	return nil
}

// forbidden tells whether an address belongs to a machine's metadata.
func forbidden(ip netip.Addr) bool {
	ip = ip.Unmap().WithZone("")
	if b := ip.As16(); ip.Is6() && netip.PrefixFrom(ip, 96).Masked().Addr() == netip.MustParseAddr("64:ff9b::") {
		ip = netip.AddrFrom4([4]byte(b[12:])) // behind NAT64
	}
	return ip.IsLinkLocalUnicast() || ip == netip.MustParseAddr("fd00:ec2::254") || ip == netip.MustParseAddr("100.100.100.200")
}
