package edge

import (
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"strings"
)

// hostList is what may stand in a Host header. A web page that makes a browser
// resolve its own name to this machine does not get past it.
type hostList struct {
	names     []string // each includes the names below it
	addresses map[netip.Addr]bool
}

func newHostList(allowed []string) hostList {
	l := hostList{names: []string{"localhost"}, addresses: map[netip.Addr]bool{}}
	for _, host := range allowed {
		if address, err := netip.ParseAddr(strings.Trim(host, "[]")); err == nil {
			l.addresses[address] = true
		} else {
			l.names = append(l.names, strings.ToLower(host))
		}
	}
	return l
}

func (l hostList) allows(hostPort string) bool {
	host := hostOnly(hostPort)
	if address, err := netip.ParseAddr(host); err == nil {
		return address.IsLoopback() || l.addresses[address]
	}
	_, ok := l.below(host)
	return ok
}

// below returns the labels left of the allowed name that the host ends with.
func (l hostList) below(host string) (string, bool) {
	for _, name := range l.names {
		if host == name {
			return "", true
		}
		if labels, ok := strings.CutSuffix(host, "."+name); ok {
			return labels, true
		}
	}
	return "", false
}

// pathStyle moves a bucket from the host into the path: bucket.localhost,
// bucket.s3.localhost and bucket.s3.<region>.localhost are all /bucket.
func pathStyle(r *http.Request, l hostList) *http.Request {
	labels, _ := l.below(hostOnly(r.Host))
	bucket := labels
	if i := strings.LastIndex("."+labels+".", ".s3."); i >= 0 {
		bucket = strings.TrimSuffix(labels[:i], ".")
	}
	if bucket == "" {
		return r
	}
	c := *r
	u := *r.URL
	u.Path, u.RawPath = "/"+bucket+r.URL.Path, "/"+url.PathEscape(bucket)+r.URL.EscapedPath()
	c.URL = &u
	return &c
}

func hostOnly(hostPort string) string {
	host, _, err := net.SplitHostPort(hostPort)
	if err != nil {
		host = strings.Trim(hostPort, "[]")
	}
	return strings.ToLower(host)
}
