package archive

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"runtime"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/millrace/millrace/internal/record"
)

// rawServer accepts connections and does with each what it likes.
func rawServer(t *testing.T, handle func(net.Conn)) string {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	t.Cleanup(func() { cancel(); _ = l.Close() })
	go func() {
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			context.AfterFunc(ctx, func() { _ = conn.Close() })
			go func() { defer conn.Close(); handle(conn) }()
		}
	}()
	return "http://" + l.Addr().String()
}

// readRequest reads up to the end of the header.
func readRequest(conn net.Conn) {
	var got []byte
	b := make([]byte, 1)
	for !strings.HasSuffix(string(got), "\r\n\r\n") {
		if _, err := conn.Read(b); err != nil {
			return
		}
		got = append(got, b[0])
	}
}

// drip writes a byte every few milliseconds, for ever.
func drip(conn net.Conn) {
	for {
		if _, err := conn.Write([]byte("x")); err != nil {
			return
		}
		time.Sleep(5 * time.Millisecond)
	}
}

// pour writes as fast as it can, for ever.
func pour(conn net.Conn, text string) {
	block := []byte(strings.Repeat(text, 32<<10/len(text)))
	for {
		if _, err := conn.Write(block); err != nil {
			return
		}
	}
}

// peakHeap is by how much the heap grows while f runs, at its worst moment, in
// bytes.
func peakHeap(f func()) uint64 {
	var before runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&before)
	done, peak := make(chan struct{}), uint64(0)
	go func() { defer close(done); f() }()
	for {
		select {
		case <-done:
			return peak
		case <-time.After(20 * time.Millisecond):
			var now runtime.MemStats
			runtime.ReadMemStats(&now)
			if now.HeapAlloc > before.HeapAlloc {
				peak = max(peak, now.HeapAlloc-before.HeapAlloc)
			}
		}
	}
}

// However a remote S3 misbehaves, each attempt ends by itself, may be made
// again, and takes little memory.
func TestHostileRemote(t *testing.T) {
	for name, handle := range map[string]func(net.Conn){
		"closes at once":          func(net.Conn) {},
		"says nothing":            func(conn net.Conn) { _, _ = io.Copy(io.Discard, conn) },
		"does not read":           func(conn net.Conn) { time.Sleep(time.Minute) },
		"reads a byte at a time":  readSlowly,
		"resets":                  func(conn net.Conn) { readRequest(conn); _ = conn.(*net.TCPConn).SetLinger(0) },
		"is not HTTP":             func(conn net.Conn) { readRequest(conn); _, _ = io.WriteString(conn, "SSH-2.0-OpenSSH\r\n") },
		"hangs after its headers": func(conn net.Conn) { respond(conn, "200 OK\r\nContent-Length: 100"); time.Sleep(time.Minute) },
		"drips its headers": func(conn net.Conn) {
			readRequest(conn)
			_, _ = io.WriteString(conn, "HTTP/1.1 200 OK\r\nX: ")
			drip(conn)
		},
		"drips its answer": func(conn net.Conn) { respond(conn, "200 OK\r\nContent-Length: 100000"); drip(conn) },
		"drips an error":   func(conn net.Conn) { respond(conn, "403 Forbidden\r\nContent-Length: 100000"); drip(conn) },
		"cuts its answer": func(conn net.Conn) {
			respond(conn, "200 OK\r\nContent-Length: 100")
			_, _ = io.WriteString(conn, "<a>")
		},
		"never ends its headers": func(conn net.Conn) {
			readRequest(conn)
			_, _ = io.WriteString(conn, "HTTP/1.1 200 OK\r\n")
			pour(conn, "X: y\r\n")
		},
		"never ends an error":   func(conn net.Conn) { respond(conn, "403 Forbidden"); pour(conn, "<Error>") },
		"never ends its answer": func(conn net.Conn) { respond(conn, "200 OK"); pour(conn, "<a>") },
		"has a 503 storm":       func(conn net.Conn) { respond(conn, "503 Slow Down\r\nContent-Length: 0") },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			a := openRemote(t, Remote{Endpoint: rawServer(t, handle), Patience: 100 * time.Millisecond})
			ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second) // far beyond; an attempt does not need it
			defer cancel()
			body := make([]byte, 8<<20) // more than the system's buffers take
			for _, attempt := range map[string]func() error{
				"put":     func() error { return a.Put(ctx, "bucket", "key", body, nil) },
				"buckets": func() error { _, err := a.Buckets(ctx); return err },
				"ready":   func() error { return a.Ready(ctx) },
			} {
				if err := attempt(); ctx.Err() != nil || err != nil && record.IsPermanent(err) {
					t.Errorf("%v, its time is over: %v", err, ctx.Err())
				}
			}
			if _, err := a.Buckets(ctx); err == nil {
				t.Error("it has buckets")
			}
		})
	}
}

func respond(conn net.Conn, head string) {
	readRequest(conn)
	_, _ = io.WriteString(conn, "HTTP/1.1 "+head+"\r\n\r\n")
}

func readSlowly(conn net.Conn) {
	_ = conn.(*net.TCPConn).SetReadBuffer(4096)
	b := make([]byte, 1)
	for {
		if _, err := conn.Read(b); err != nil {
			return
		}
		time.Sleep(5 * time.Millisecond)
	}
}

// An object that comes too slowly ends for whoever reads it, with a reason.
func TestSlowObject(t *testing.T) {
	a := openRemote(t, Remote{Patience: 100 * time.Millisecond, Endpoint: rawServer(t, func(conn net.Conn) { respond(conn, "200 OK\r\nContent-Length: 1000000"); drip(conn) })})
	r, err := a.Get(t.Context(), "bucket", "key")
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	if n, err := io.Copy(io.Discard, r); !errors.Is(err, errImpatient) || n > 1000 {
		t.Errorf("%d bytes, %v", n, err)
	}
}

// Reading an answer that does not end takes no more than what the longest
// answer may have.
func TestEndlessAnswersTakeLittleMemory(t *testing.T) {
	for name, head := range map[string]string{"listing": "200 OK", "error": "400 Bad Request"} {
		a := openRemote(t, Remote{Endpoint: rawServer(t, func(conn net.Conn) { respond(conn, head); pour(conn, "<a>") })})
		peak := peakHeap(func() {
			for range 3 {
				if _, err := a.Buckets(t.Context()); err == nil {
					t.Error("it has buckets")
				}
			}
		})
		if peak > 128<<20 {
			t.Errorf("%s: %d MiB", name, peak>>20)
		}
	}
}

// The patience of the drawing in patience.go, told by the clock of a bubble.
func TestPatience(t *testing.T) {
	for name, c := range map[string]struct {
		bytes int // of each step
		every time.Duration
		ours  time.Duration // what we take between steps
		steps int
		lasts bool
	}{
		"silence":            {0, 31 * time.Second, 0, 1, false},
		"nearly silence":     {0, 29 * time.Second, 0, 1, true},
		"a byte a second":    {1, time.Second, 0, 100, false},
		"a thin line":        {64 << 10, 3 * time.Second, 0, 10_000, true},
		"a slow client":      {1, time.Millisecond, time.Hour, 100, true},
		"fast, then nothing": {1 << 30, 31 * time.Second, 0, 2, false},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				p := newPatience(t.Context(), 30*time.Second)
				defer p.end()
				for range c.steps {
					p.wait()
					time.Sleep(c.every)
					synctest.Wait()
					p.moved(c.bytes)
					time.Sleep(c.ours)
				}
				if p.exhausted() == c.lasts {
					t.Errorf("exhausted: %v", p.exhausted())
				}
			})
		})
	}
}

// The length of a frame is known before its data are.
func TestFrameLength(t *testing.T) {
	for _, size := range []int64{0, 1, 15, 16, 65535, 65536, 65537, 3 * 65536, 1 << 20} {
		for trailer, length := range checksumBytes {
			f := fmt.Sprintf("%s:%s\r\n", trailer, strings.Repeat("x", int(length)))
			want := int64(len(f)) + 5
			for rest := size; rest > 0; rest -= 65536 {
				want += int64(len(fmt.Sprintf("%x", min(rest, 65536)))) + 4 + min(rest, 65536)
			}
			if got := frameLength(size, trailer); got != want {
				t.Errorf("%d with %s: %d, want %d", size, trailer, got, want)
			}
		}
	}
	if frameLength(1, "x-amz-checksum-md5") != -1 {
		t.Error("a checksum of unknown length")
	}
}

// Uploads of clients reach the remote S3 whole or not at all.
func TestUploadThatIsCutLeavesNothing(t *testing.T) {
	far := openTest(t)
	a := openRemote(t, Remote{Endpoint: openEdge(t, far)})
	if err := errors.Join(a.CreateBucket(t.Context(), "bucket"), a.Put(t.Context(), "bucket", "key", []byte("old"), nil)); err != nil {
		t.Fatal(err)
	}
	address := openEdge(t, a)
	body := make([]byte, 4<<20)
	_, _ = rand.Read(body)
	ctx, cancel := context.WithCancel(t.Context())
	r, _ := http.NewRequestWithContext(ctx, http.MethodPut, address+"/bucket/key", io.MultiReader(strings.NewReader(string(body[:3<<20])), readerFunc(func([]byte) (int, error) {
		cancel()
		return 0, errors.New("gone")
	})))
	r.ContentLength = int64(len(body))
	signer := a.signer
	signer.AccessKeyID, signer.Secret, signer.Region, signer.Service = testKey, testSecret, "eu-west-1", "s3"
	if err := signer.Sign(r, unsignedPayload, time.Now()); err != nil {
		t.Fatal(err)
	}
	if _, err := http.DefaultClient.Do(r); err == nil {
		t.Fatal("the upload went through")
	}
	time.Sleep(100 * time.Millisecond) // an upload that was cut is not waited for
	got, err := a.Get(t.Context(), "bucket", "key")
	if err != nil {
		t.Fatal(err)
	}
	defer got.Close()
	if text, _ := io.ReadAll(got); string(text) != "old" {
		t.Errorf("%d bytes are there", len(text))
	}
}

type readerFunc func([]byte) (int, error)

func (f readerFunc) Read(b []byte) (int, error) { return f(b) }
