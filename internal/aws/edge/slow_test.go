package edge

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/netip"
	"os"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/millrace/millrace/internal/aws/awserr"
	"github.com/millrace/millrace/internal/aws/sigv4"
)

var slowConnections = flag.Int("slow-connections", 1500, "clients that keep the edge waiting; each takes two file descriptors")

// serving starts the edge's server and returns its address.
func serving(t testing.TB, e *Edge) string {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	server := e.Server()
	go func() { _ = server.Serve(listener) }()
	t.Cleanup(func() { _ = server.Close() })
	return listener.Addr().String()
}

// signedHead is the head of a request with a body that comes, or does not.
func signedHead(t testing.TB, address, key, body string, claims int, more http.Header) string {
	t.Helper()
	r, err := http.NewRequest("POST", "http://"+address+"/", nil)
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("X-Amz-Target", "Firehose_20150804.Count")
	for name, values := range more {
		r.Header[name] = values
	}
	signer := sigv4.Signer{AccessKeyID: key, Secret: testSecret, Region: "eu-west-1", Service: "firehose"}
	if err := signer.Sign(r, sigv4.HashOf([]byte(body)), time.Now()); err != nil {
		t.Fatal(err)
	}
	var head bytes.Buffer
	fmt.Fprintf(&head, "POST / HTTP/1.1\r\nHost: %s\r\nContent-Length: %d\r\n", r.Host, claims)
	_ = r.Header.Write(&head)
	return head.String() + "\r\n"
}

// ask sends a request on a connection of its own and returns the status.
func ask(address, request string) (int, string, error) {
	conn, err := net.Dial("tcp", address)
	if err != nil {
		return 0, "", err
	}
	defer conn.Close()
	go func() { _, _ = io.WriteString(conn, request) }()
	answer, err := http.ReadResponse(bufio.NewReader(conn), nil)
	if err != nil {
		return 0, "", err
	}
	defer answer.Body.Close()
	text, _ := io.ReadAll(answer.Body)
	return answer.StatusCode, string(text), nil
}

// inUse is what the process holds of memory, after a collection.
func inUse() uint64 {
	runtime.GC()
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return m.HeapInuse + m.StackInuse
}

// Clients that send nothing, half a header, or a body that does not come, of
// known and of unknown keys and for a host that is not served, are more than the edge keeps connected. What they
// take is bounded, and a client that speaks is answered all the time.
func TestSlowConnections(t *testing.T) {
	e := testEdge(t, nil)
	e.MaxConnections, e.MaxPerAddress = 600, 500
	address := serving(t, e)
	honest := func() {
		t.Helper()
		const body = `{"Name":"a"}`
		status, text, err := ask(address, signedHead(t, address, testKey, body, len(body), nil)+body)
		if err != nil || status != http.StatusOK {
			t.Errorf("a client that speaks got %d %s %v", status, text, err)
		}
	}
	honest()
	before := inUse()
	slowBody := signedHead(t, address, testKey, "", sigv4.MaxBody, nil) + `{"Nam`
	nobodys := signedHead(t, address, "AKIANOBODY", "", 100_000, nil) + `{"Nam`
	peak, ended := uint64(0), atomic.Int64{}
	var conns []net.Conn
	var clients sync.WaitGroup
	for n := range *slowConnections {
		conn, err := net.Dial("tcp", address)
		if err != nil {
			t.Fatalf("client %d: %v", n, err)
		}
		conns = append(conns, conn)
		_, _ = io.WriteString(conn, []string{"", "POST / HTTP/1.1\r\nHost: localhost\r\nX-A: ", slowBody, nobodys, strings.Replace(nobodys, "Host: ", "Host: x", 1)}[n%5])
		clients.Go(func() { // a client that reads, and sees that it was given up
			_, _ = io.Copy(io.Discard, conn)
			ended.Add(1)
		})
		if n%100 == 99 {
			honest()
			peak = max(peak, inUse())
		}
	}
	if taken := int64(peak) - int64(before); taken > 128<<20 {
		t.Errorf("%d slow clients take %d MiB", *slowConnections, taken>>20)
	} else {
		t.Logf("%d slow clients take %d MiB; %d were given up meanwhile", *slowConnections, taken>>20, ended.Load())
	}
	want := int64(*slowConnections - e.MaxPerAddress)
	for deadline := time.Now().Add(30 * time.Second); ended.Load() < want; time.Sleep(10 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("%d were given up, want at least %d", ended.Load(), want)
		}
	}
	for _, conn := range conns {
		_ = conn.Close()
	}
	clients.Wait()
	for deadline := time.Now().Add(30 * time.Second); e.bodyBytes.Load() != 0; time.Sleep(10 * time.Millisecond) { // the handlers find out
		if time.Now().After(deadline) {
			t.Fatalf("%d bytes of the budget are not given back", e.bodyBytes.Load())
		}
	}
}

// A body comes at the pace, or it ends.
func TestPaceOfBodies(t *testing.T) {
	for name, c := range map[string]struct {
		pace        pace
		every       int64
		chunk       int
		pause       time.Duration
		whole       bool
		endsBetween [2]time.Duration
	}{
		"all at once":         {memoryPace, paceEvery, 1 << 20, 0, true, [2]time.Duration{0, 0}},
		"faster than asked":   {memoryPace, paceEvery, 20 << 10, time.Second, true, [2]time.Duration{50 * time.Second, 55 * time.Second}},
		"a byte a second":     {memoryPace, paceEvery, 1, time.Second, false, [2]time.Duration{9 * time.Second, 11 * time.Second}},
		"half of what's due":  {memoryPace, paceEvery, 8 << 10, time.Second, false, [2]time.Duration{9 * time.Second, 25 * time.Second}},
		"nothing":             {memoryPace, paceEvery, 1, time.Hour, false, [2]time.Duration{9 * time.Second, 11 * time.Second}},
		"stream, a byte a s.": {streamPace, 0, 1, time.Second, false, [2]time.Duration{29 * time.Second, 31 * time.Second}},
		"stream, slow enough": {streamPace, 0, 5 << 10, time.Second, true, [2]time.Duration{200 * time.Second, 210 * time.Second}},
		"stream, then stalls": {streamPace, 0, 600 << 10, time.Minute, false, [2]time.Duration{30 * time.Second, 31 * time.Second}},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				const size = 1 << 20
				in, out := net.Pipe()
				var sender sync.WaitGroup
				sender.Go(func() {
					for sent := 0; sent < size; {
						n, err := out.Write(make([]byte, min(c.chunk, size-sent)))
						if sent += n; err != nil {
							return
						}
						time.Sleep(c.pause)
					}
				})
				g := &guard{ReadCloser: io.NopCloser(io.LimitReader(in, size)), control: http.NewResponseController(deadlines{nil, in})}
				start := time.Now()
				g.begin(c.pace, c.every)
				n, err := io.Copy(io.Discard, g)
				if took := time.Since(start); took < c.endsBetween[0] || took > c.endsBetween[1] {
					t.Errorf("ended after %v, want %v", took, c.endsBetween)
				}
				if (n == size && err == nil) != c.whole {
					t.Errorf("%d bytes, %v", n, err)
				}
				if !c.whole && !errors.Is(err, os.ErrDeadlineExceeded) {
					t.Errorf("ended with %v", err)
				}
				_ = out.Close()
				_ = in.Close()
				sender.Wait()
			})
		})
	}
}

// deadlines is a ResponseWriter as net/http's is for a ResponseController.
type deadlines struct {
	http.ResponseWriter
	conn net.Conn
}

func (d deadlines) SetReadDeadline(t time.Time) error { return d.conn.SetReadDeadline(t) }

// The budget is what has come of bodies, not what they claim, and is refused in
// the middle of one as at its beginning.
func TestBudgetGrowsWithTheBody(t *testing.T) {
	var budget atomic.Int64
	g := &guard{ReadCloser: io.NopCloser(strings.NewReader(strings.Repeat("x", 4<<20))), control: http.NewResponseController(nil), budget: &budget, need: 4 << 20}
	if !g.reserve(firstRoom) || budget.Load() != firstRoom {
		t.Fatal(budget.Load())
	}
	g.pace = memoryPace
	if _, err := io.CopyN(io.Discard, g, 1<<20); err != nil || budget.Load() < 1<<20 || budget.Load() > 3<<20 {
		t.Fatal(budget.Load(), err)
	}
	budget.Add(maxBodyBytes)
	_, err := io.Copy(io.Discard, g)
	if !awserr.Is(err, "ServiceUnavailableException") {
		t.Fatal(err)
	}
	budget.Add(-maxBodyBytes)
	g.close()
	if budget.Load() != 0 {
		t.Fatal(budget.Load())
	}
}

// Who gives way to whom.
func TestConnections(t *testing.T) {
	all := newConnections(4, 2)
	conns := map[string]*fakeConn{}
	connect := func(name, address string) {
		conns[name] = &fakeConn{from: address}
		_ = all.context(context.Background(), conns[name])
		all.observe(conns[name], http.StateNew)
	}
	open := func() (names string) {
		for _, name := range []string{"a", "b", "c", "d", "e", "f", "g", "h"} {
			if c := conns[name]; c != nil && !c.closed {
				names += name
			}
		}
		return names
	}
	check := func(want string) {
		t.Helper()
		if got := open(); got != want || len(all.open) != len(want) {
			t.Fatalf("open: %s, %d counted, want %s", got, len(all.open), want)
		}
	}
	connect("a", "10.0.0.1:1")
	connect("b", "10.0.0.1:2")
	connect("c", "10.0.0.1:3") // of the same address: the oldest gives way
	check("bc")
	all.observe(conns["b"], http.StateActive)
	connect("d", "10.0.0.1:4") // b is being served
	check("bd")
	all.observe(conns["d"], http.StateActive)
	connect("e", "10.0.0.1:5") // both are
	check("bd")
	connect("e", "[2001:db8::1]:1")
	connect("f", "[2001:db8::2]:1") // one /64
	connect("g", "[2001:db8::3]:1")
	check("bdfg")
	connect("h", "10.0.0.2:1") // all together: the oldest that waits
	check("bdgh")
	all.observe(conns["b"], http.StateIdle)
	all.observe(conns["g"], http.StateActive)
	all.observe(conns["h"], http.StateActive)
	all.open[conns["g"]].waits(true)
	connect("a", "10.0.0.3:1") // b waits longest
	check("adgh")
	all.open[conns["g"]].waits(false)
	all.observe(conns["a"], http.StateActive)
	connect("c", "10.0.0.4:1") // all are served
	check("adgh")
	for _, name := range []string{"a", "d", "g", "h"} {
		conns[name].closed = true
		all.observe(conns[name], http.StateClosed)
		all.observe(conns[name], http.StateClosed)
	}
	check("")
	if len(all.byAddress) != 0 || all.waiting.behind != &all.waiting || all.waiting.before != &all.waiting {
		t.Errorf("left: %v, waiting: %v", all.byAddress, all.waiting)
	}
}

type fakeConn struct {
	net.Conn
	from   string
	closed bool
}

func (c *fakeConn) Close() error { c.closed = true; return nil }
func (c *fakeConn) RemoteAddr() net.Addr {
	return net.TCPAddrFromAddrPort(netip.MustParseAddrPort(c.from))
}

// Requests that are far too much of something are refused with 4xx, in bounded
// memory.
func TestRubbish(t *testing.T) {
	e := testEdge(t, nil)
	address := serving(t, e)
	var bomb bytes.Buffer
	z := gzip.NewWriter(&bomb)
	_, _ = z.Write(make([]byte, 8<<20))
	_ = z.Close()
	if bomb.Len()*900 > 8<<20 {
		t.Fatal("that is no bomb")
	}
	echo := func(body string) string {
		return signedHead(t, address, testKey, body, len(body), http.Header{"X-Amz-Target": {"Firehose_20150804.Echo"}}) + body
	}
	long := strings.Repeat("x", 40<<10)
	before := inUse()
	for name, c := range map[string]struct {
		request string
		status  int
	}{
		"gzip 1000:1":         {signedHead(t, address, testKey, bomb.String(), bomb.Len(), http.Header{"Content-Encoding": {"gzip"}}) + bomb.String(), 415},
		"JSON 10 001 deep":    {echo(strings.Repeat(`{"Name":`, 10_001)), 400},
		"lists 10 001 deep":   {echo(strings.Repeat("[", 10_001)), 400},
		"10^6 members":        {echo(`{` + strings.Repeat(`"Name":1,`, 800_000) + `"Name":1}`), 400},
		"500 x 1 000 KB":      {signedHead(t, address, testKey, "", 500*1000<<10, nil), 413},
		"a name of 4 MiB":     {echo(`{"` + strings.Repeat("n", 4<<20) + `":1}`), 400},
		"one long header":     {"GET / HTTP/1.1\r\nHost: localhost\r\nX-A: " + long + "\r\n\r\n", 431},
		"many headers":        {"GET / HTTP/1.1\r\nHost: localhost\r\n" + strings.Repeat("X-A: b\r\n", 10_000) + "\r\n", 431},
		"many signed headers": {"GET / HTTP/1.1\r\nHost: localhost\r\nX-Amz-Date: 20261122T101112Z\r\nAuthorization: AWS4-HMAC-SHA256 Credential=" + testKey + "/20261122/r/firehose/aws4_request, SignedHeaders=" + strings.Repeat("a;", 10_000) + "b, Signature=00\r\n\r\n", 400},
		"a long path":         {"GET /" + long + " HTTP/1.1\r\nHost: localhost\r\n\r\n", 431},
		"a long query":        {"GET /?" + strings.Repeat("X-Amz-a&", 3_500) + " HTTP/1.1\r\nHost: localhost\r\n\r\n", 403},
		"no HTTP":             {"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03 and so on\r\n\r\n", 400},
		"an endless chunk":    {strings.Replace(signedHead(t, address, testKey, "", 0, nil), "Content-Length: 0", "Transfer-Encoding: chunked", 1) + "fffffffffffffffff\r\nx", 400},
	} {
		status, text, err := ask(address, c.request)
		if err != nil || status != c.status {
			t.Errorf("%s: %d %.200s %v, want %d", name, status, text, err, c.status)
		}
		if len(text) > 4096 {
			t.Errorf("%s: an answer of %d bytes", name, len(text))
		}
	}
	if taken := int64(inUse()) - int64(before); taken > 64<<20 {
		t.Errorf("%d MiB are kept", taken>>20)
	}
}
