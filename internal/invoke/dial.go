package invoke

import (
	"fmt"
	"net"
	"net/http"
	"net/netip"
	"syscall"
	"time"
)

// newTransport connects to functions directly. It asks no proxy, and keeps as
// many connections as a stream invokes at once.
func newTransport() *http.Transport {
	d := &net.Dialer{Timeout: 10 * time.Second, KeepAlive: 30 * time.Second, Control: refuseMetadata}
	return &http.Transport{
		DialContext:            d.DialContext,
		ForceAttemptHTTP2:      true,
		DisableCompression:     true, // what is counted is what comes
		MaxIdleConnsPerHost:    5,
		MaxResponseHeaderBytes: 64 << 10,
		IdleConnTimeout:        90 * time.Second,
		TLSHandshakeTimeout:    10 * time.Second,
	}
}

// refuseMetadata looks at the address that is really dialled, after names are
// resolved: one where a cloud machine hands out credentials is never a function.
func refuseMetadata(_, address string, _ syscall.RawConn) error {
	ap, err := netip.ParseAddrPort(address)
	if err != nil {
		return fmt.Errorf("dial %s: %w", address, err)
	}
	ip := ap.Addr().WithZone("").Unmap()
	if ip.IsLinkLocalUnicast() || ip == netip.AddrFrom4([4]byte{100, 100, 100, 200}) || ip == netip.MustParseAddr("fd00:ec2::254") {
		return fmt.Errorf("dial %s: link-local and metadata addresses are never dialled", address)
	}
	return nil
}
