package edge

import (
	"bufio"
	"fmt"
	"net"
	"net/http"
	"testing"
	"time"

	"github.com/millrace/millrace/internal/aws/sigv4"
)

// The body's deadline does not outlast the body: a connection serves requests
// one after the other, also those that take their time.
func TestConnectionIsKept(t *testing.T) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	server := testEdge(t, nil).Server()
	go func() { _ = server.Serve(listener) }()
	defer server.Close()
	conn, err := net.Dial("tcp", listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	in := bufio.NewReader(conn)
	for _, body := range []string{"{}", "", "{\"Name\":\"a\"}"} {
		r, _ := http.NewRequest("POST", "http://"+listener.Addr().String()+"/", nil)
		r.Header.Set("X-Amz-Target", "Firehose_20150804.Count")
		signer := sigv4.Signer{AccessKeyID: testKey, Secret: testSecret, Region: "eu-west-1", Service: "firehose"}
		if err := signer.Sign(r, sigv4.HashOf([]byte(body)), time.Now()); err != nil {
			t.Fatal(err)
		}
		fmt.Fprintf(conn, "POST / HTTP/1.1\r\nHost: %s\r\nContent-Length: %d\r\n", r.Host, len(body))
		for name := range r.Header {
			fmt.Fprintf(conn, "%s: %s\r\n", name, r.Header.Get(name))
		}
		fmt.Fprintf(conn, "\r\n%s", body)
		response, err := http.ReadResponse(in, nil)
		if err != nil {
			t.Fatal(err)
		}
		if response.StatusCode != http.StatusOK || response.ContentLength != 1 && response.ContentLength != 2 {
			t.Error(response.Status, response.ContentLength)
		}
		_ = response.Body.Close()
	}
}
