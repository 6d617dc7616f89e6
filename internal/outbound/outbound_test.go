package outbound

import (
	"net"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"strings"
	"testing"
)

// Addresses where a cloud hands out credentials are refused in every spelling; all others are not.
func TestForbidden(t *testing.T) {
	for _, address := range []string{"169.254.169.254", "169.254.170.2", "::ffff:169.254.169.254", "fe80::1", "fe80::1%eth0", "febf::1",
		"fd00:ec2::254", "100.100.100.200", "168.63.129.16", "192.0.0.192", "64:ff9b::a9fe:a9fe"} {
		if !forbidden(netip.MustParseAddr(address)) {
			t.Errorf("%s may be dialled", address)
		}
		if err := guard("tcp", net.JoinHostPort(address, "443"), nil); err == nil {
			t.Errorf("%s passes the guard", address)
		}
	}
	for _, address := range []string{"127.0.0.1", "::1", "10.0.0.1", "192.168.1.1", "fd00::1", "8.8.8.8", "2600::1", "64:ff9b::808:808", "100.100.100.201"} {
		if forbidden(netip.MustParseAddr(address)) {
			t.Errorf("%s may not be dialled", address)
		}
	}
	if err := guard("tcp", "name:80", nil); err == nil {
		t.Error("a name passes the guard, which sees addresses only")
	}
}

func TestIsLoopback(t *testing.T) {
	for host, want := range map[string]bool{"localhost": true, "127.0.0.1": true, "127.9.9.9": true, "::1": true, "10.0.0.1": false, "": false,
		"localhost.example": false, "127.0.0.1.example": false} {
		if IsLoopback(host) != want {
			t.Errorf("%q: %t", host, !want)
		}
	}
}

// The transport asks the guard, and no proxy that the environment names.
func TestTransport(t *testing.T) {
	t.Setenv("HTTP_PROXY", "http://127.0.0.1:1")
	client := &http.Client{Transport: NewTransport(1)}
	for _, host := range []string{"169.254.169.254", "[::ffff:169.254.169.254]", "[fd00:ec2::254]"} {
		if _, err := client.Get("http://" + host + "/latest/meta-data/"); err == nil || !strings.Contains(err.Error(), "never dialled") {
			t.Errorf("%s: %v", host, err)
		}
	}
	server := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {}))
	defer server.Close()
	answer, err := client.Get(server.URL)
	if err != nil {
		t.Fatal(err)
	}
	_ = answer.Body.Close()
	client.CloseIdleConnections()
}
