package httpendpoint

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/uuid"

	"github.com/millrace/millrace/internal/destination"
	"github.com/millrace/millrace/internal/record"
)

func batchOf(data ...string) *destination.Batch {
	b := &destination.Batch{ID: uuid.NewString(), Stream: record.StreamID{7}, Name: "web", Version: 1}
	for i, text := range data {
		b.Records = append(b.Records, record.Record{Sequence: record.Sequence(i + 1), Data: []byte(text)})
	}
	return b
}

// What real sockets do: every trouble ends within the attempt's time, with the code that Firehose gives it.
func TestSocketTrouble(t *testing.T) {
	for name, c := range map[string]struct {
		handler http.HandlerFunc
		code    string
	}{
		"hang": {func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() }, requestTimeout},
		"hang after headers": {func(w http.ResponseWriter, r *http.Request) {
			w.(http.Flusher).Flush()
			<-r.Context().Done()
		}, requestTimeout},
		"one byte at a time": {func(w http.ResponseWriter, r *http.Request) {
			for r.Context().Err() == nil {
				_, _ = io.WriteString(w, " ")
				w.(http.Flusher).Flush()
				time.Sleep(10 * time.Millisecond)
			}
		}, requestTimeout},
		"reset": {func(w http.ResponseWriter, _ *http.Request) {
			conn, _, _ := w.(http.Hijacker).Hijack()
			_ = conn.(*net.TCPConn).SetLinger(0)
			conn.Close()
		}, connectionReset},
		"no HTTP": {func(w http.ResponseWriter, _ *http.Request) {
			conn, _, _ := w.(http.Hijacker).Hijack()
			_, _ = io.WriteString(conn, "220 smtp.example ESMTP\r\n")
			conn.Close()
		}, connectionReset},
		"cut short": {func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Length", "1000")
			_, _ = io.WriteString(w, `{"requestId":`)
		}, connectionReset},
		"huge": {func(w http.ResponseWriter, _ *http.Request) {
			_, _ = io.Copy(w, io.LimitReader(zeros{}, 100<<20))
		}, responseTooLarge},
		"413 that goes on": {func(w http.ResponseWriter, _ *http.Request) {
			w.WriteHeader(http.StatusRequestEntityTooLarge)
			_, _ = io.Copy(w, io.LimitReader(zeros{}, 100<<20))
		}, exception},
		"413 cut short": {func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Length", "1000")
			w.WriteHeader(http.StatusRequestEntityTooLarge)
		}, exception},
		"huge header": {func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("X", strings.Repeat("x", 200<<10))
		}, connectionReset},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				_, _ = io.Copy(io.Discard, r.Body) // a server that reads sees the client go
				c.handler(w, r)
			}))
			defer server.Close()
			defer server.CloseClientConnections()
			d, err := New(Options{URL: server.URL, RequestTimeout: 500 * time.Millisecond})
			if err != nil {
				t.Fatal(err)
			}
			refused, err := d.Deliver(t.Context(), batchOf("a"))
			if err != nil || len(refused) != 1 || refused[0].Code != c.code {
				t.Fatal(refused, err)
			}
		})
	}
}

type zeros struct{}

func (zeros) Read(p []byte) (int, error) { return copy(p, bytes.Repeat([]byte("0"), len(p))), nil }

func TestNobodyListens(t *testing.T) {
	server := httptest.NewServer(nil)
	server.Close()
	for _, address := range []string{server.URL, "https://nobody.invalid"} {
		d, err := New(Options{URL: address})
		if err != nil {
			t.Fatal(err)
		}
		refused, err := d.Deliver(t.Context(), batchOf("a"))
		if err != nil || len(refused) != 1 || refused[0].Code != connectionFailed {
			t.Fatal(refused, err)
		}
	}
}

// A certificate that nobody signed is no endpoint.
func TestForeignCertificate(t *testing.T) {
	var asked atomic.Int32
	server := httptest.NewUnstartedServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { asked.Add(1) }))
	server.Config.ErrorLog = slog.NewLogLogger(slog.DiscardHandler, slog.LevelError)
	server.StartTLS()
	defer server.Close()
	d, err := New(Options{URL: server.URL, AccessKey: "secret"})
	if err != nil {
		t.Fatal(err)
	}
	refused, err := d.Deliver(t.Context(), batchOf("a"))
	if err != nil || len(refused) != 1 || refused[0].Code != connectionFailed || asked.Load() != 0 {
		t.Fatal(refused, err, asked.Load())
	}
}

// The addresses of clouds' metadata are not dialled.
func TestMetadataIsNotDialled(t *testing.T) {
	for _, host := range []string{"169.254.169.254", "[::ffff:169.254.169.254]", "[fd00:ec2::254]"} {
		d, err := New(Options{URL: "https://" + host + "/"})
		if err != nil {
			t.Fatal(err)
		}
		refused, err := d.Deliver(t.Context(), batchOf("a"))
		if err != nil || len(refused) != 1 || refused[0].Code != connectionFailed || !strings.Contains(refused[0].Message, "never dialled") {
			t.Errorf("%s: %v %v", host, refused, err)
		}
	}
}

// Neither the access key nor a key in the URL's query is in a log line, an error or a refusal, whatever fails.
func TestKeysStaySecret(t *testing.T) {
	const key = "c4nary-key"
	synctest.Test(t, func(t *testing.T) {
		var logged bytes.Buffer
		told := func(err error) { fmt.Fprintln(&logged, err) }
		script := []string{"refused", "reset", "hang", "401 wrong key " + key, `200 Content-Type=` + key + ` x`, `200 Content-Type=application/json {"requestId":"` + key + `"}`, "307 Location=https://x/?" + key + " "}
		f := &fake{script: func(n int, _ *http.Request, _ Body) string { return script[(n-1)%len(script)] }}
		d, err := New(Options{URL: "https://endpoint.example/?token=" + key, AccessKey: key, Retry: 10 * time.Minute, Transport: f,
			Logger: slog.New(slog.NewTextHandler(&logged, &slog.HandlerOptions{Level: slog.LevelDebug}))})
		if err != nil {
			t.Fatal(err)
		}
		ctx := destination.WithAttempts(t.Context(), destination.Attempts{Failed: told})
		refused, err := d.Deliver(ctx, batchOf("a", "b"))
		if err != nil || len(refused) != 2 || f.n < len(script) {
			t.Fatal(refused, err, f.n)
		}
		for _, r := range refused {
			fmt.Fprintln(&logged, r.Code, r.Message)
		}
		if logged.Len() == 0 || strings.Contains(logged.String(), key) {
			t.Errorf("%s", &logged)
		}
	})
	for _, opts := range []Options{
		{URL: "https://u:" + key + "@x"}, {URL: "ftp://x/?" + key}, {URL: "https://x\x7f/?" + key}, {URL: "https://x", AccessKey: key + "\n"}, {URL: "http://endpoint.example/?" + key},
		{URL: "https://x#" + key}, {URL: "https:///?" + key}, {URL: "https://x", AccessKey: key, Retry: -1}, {URL: "http://127.0.0.1.example", AccessKey: key},
	} {
		if _, err := New(opts); err == nil || strings.Contains(err.Error(), key) {
			t.Errorf("%q: %v", opts.URL, err)
		}
	}
}

// A context that ends, ends the wait and the request; the engine hears of attempts, with their code, and can end a wait.
func TestContextAndAttempts(t *testing.T) {
	for _, line := range []string{"503", "hang", "drip"} {
		synctest.Test(t, func(t *testing.T) {
			d, err := New(Options{URL: "https://endpoint.example", Retry: time.Hour, Transport: &fake{script: func(int, *http.Request, Body) string { return line }}})
			if err != nil {
				t.Fatal(err)
			}
			ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
			defer cancel()
			began := time.Now()
			refused, err := d.Deliver(ctx, batchOf("a"))
			if !errors.Is(err, context.DeadlineExceeded) || len(refused) > 0 || time.Since(began) != 10*time.Second {
				t.Fatal(line, refused, err, time.Since(began))
			}
		})
	}
	synctest.Test(t, func(t *testing.T) {
		f := &fake{script: func(n int, _ *http.Request, _ Body) string {
			if n < 6 {
				return "429 slower"
			}
			return "taken"
		}}
		d, err := New(Options{URL: "https://endpoint.example", Retry: time.Hour, Transport: f})
		if err != nil {
			t.Fatal(err)
		}
		again := make(chan struct{}, 1)
		var told []error
		began := time.Now()
		ctx := destination.WithAttempts(t.Context(), destination.Attempts{Again: again, Failed: func(err error) {
			told = append(told, err)
			again <- struct{}{}
		}})
		refused, err := d.Deliver(ctx, batchOf("a"))
		if err != nil || len(refused) > 0 || len(told) != 5 || time.Since(began) != 0 {
			t.Fatal(refused, err, told, time.Since(began))
		}
		var failure *record.Failure
		if !errors.As(told[0], &failure) || failure.Code != exception || record.IsPermanent(told[0]) {
			t.Error(told[0])
		}
	})
}
