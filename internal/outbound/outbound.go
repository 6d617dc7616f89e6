// Package outbound dials the addresses that a user's configuration names: HTTP
// endpoints, search clusters, functions.
//
// A template can name any address, and a server in a cloud can reach some that
// hand out credentials to whoever asks from inside. Those are never dialled.
package outbound

import (
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"net"
	"net/http"
	"net/netip"
	"os"
	"slices"
	"syscall"
	"time"
)

const (
	connectTimeout = 30 * time.Second
	idleTimeout    = 90 * time.Second
	// maxHeaderBytes of an answer: an endless header is no answer.
	maxHeaderBytes = 64 << 10
)

// NewTransport returns a transport that refuses to dial metadata addresses. It
// looks at the address that is dialled, not at the name, which may resolve to
// another address each time; and it asks no proxy, which would dial in its place.
// It keeps as many idle connections a host as are used at once.
func NewTransport(idlePerHost int) *http.Transport {
	dialer := &net.Dialer{Timeout: connectTimeout, KeepAlive: 30 * time.Second, Control: guard}
	return &http.Transport{
		DialContext:            dialer.DialContext,
		ForceAttemptHTTP2:      true,
		DisableCompression:     true, // what is counted is what comes
		TLSHandshakeTimeout:    10 * time.Second,
		ExpectContinueTimeout:  time.Second,
		IdleConnTimeout:        idleTimeout,
		MaxIdleConnsPerHost:    idlePerHost,
		MaxResponseHeaderBytes: maxHeaderBytes,
	}
}

// TLS trusts the authorities in a PEM file, the setting ca_file, instead of the
// system's; nil, the system's, without one.
func TLS(caFile string) (*tls.Config, error) {
	if caFile == "" {
		return nil, nil
	}
	text, err := os.ReadFile(caFile)
	if err != nil {
		return nil, fmt.Errorf("read ca_file: %w", err)
	}
	authorities := x509.NewCertPool()
	if !authorities.AppendCertsFromPEM(text) {
		return nil, fmt.Errorf("ca_file %q holds no certificate", caFile)
	}
	return &tls.Config{RootCAs: authorities, MinVersion: tls.VersionTLS12}, nil
}

// IsLoopback tells whether a URL's host is this machine, to which secrets may go
// without TLS.
func IsLoopback(host string) bool {
	ip := net.ParseIP(host)
	return host == "localhost" || ip != nil && ip.IsLoopback()
}

// guard is a net.Dialer's Control.
func guard(_, address string, _ syscall.RawConn) error {
	at, err := netip.ParseAddrPort(address)
	if err != nil {
		return fmt.Errorf("dial %q: %w", address, err)
	}
	if forbidden(at.Addr()) {
		return fmt.Errorf("dial %s: link-local and metadata addresses are never dialled", at.Addr())
	}
	return nil
}

// forbidden tells whether a machine of a cloud gets its own settings and
// credentials at an address.
func forbidden(ip netip.Addr) bool {
	ip = ip.Unmap().WithZone("")
	if b := ip.As16(); ip.Is6() && netip.PrefixFrom(ip, 96).Masked().Addr() == netip.MustParseAddr("64:ff9b::") {
		ip = netip.AddrFrom4([4]byte(b[12:])) // behind NAT64
	}
	return ip.IsLinkLocalUnicast() || slices.Contains([]netip.Addr{
		netip.MustParseAddr("fd00:ec2::254"),   // AWS, whose IPv4 one is link-local, as most are
		netip.MustParseAddr("100.100.100.200"), // Alibaba Cloud
		netip.MustParseAddr("168.63.129.16"),   // Azure, beside the link-local one
		netip.MustParseAddr("192.0.0.192"),     // Oracle Cloud
	}, ip)
}
