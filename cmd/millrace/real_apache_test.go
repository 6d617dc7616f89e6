//go:build unix

package main

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/millrace/millrace/internal/console"
	"github.com/millrace/millrace/internal/realtest"
)

// Apache writes a log under load, logrotate renames it twice meanwhile, the
// agent ships it: what the visitors were answered is what the index says.
func TestRealApache(t *testing.T) {
	t.Parallel()
	web := startApache(t)
	p := up(t, dataDir(t), demoFolder(t, filepath.Join(web.Dir, "access.log*")), "--parameter", "WindowSeconds=2")

	const requests = 3000
	visitors := &visitors{address: web.Address, answers: map[int]int{}}
	loaded := make(chan struct{})
	go func() {
		defer close(loaded)
		visitors.visit(t, requests)
	}()
	for rotation := range 2 {
		eventually(t, "part of the load is there", 60*time.Second, func() error {
			if n := int(visitors.served.Load()); n < (rotation+1)*requests/3 {
				return fmt.Errorf("%d requests", n)
			}
			return nil
		})
		rotate(t, web)
	}
	<-loaded
	if t.Failed() {
		t.FailNow()
	}

	logs, err := filepath.Glob(filepath.Join(web.Dir, "access.log*"))
	if err != nil || len(logs) != 3 {
		t.Fatalf("want the log and two rotated ones, got %v", logs)
	}
	// Apache writes its line after it answers
	var in inLogs
	eventually(t, "every request is in the logs", 10*time.Second, func() error {
		in = readLogs(t, logs...)
		return unlessEqual(in.matched+in.unmatched, requests)
	})
	t.Logf("%d lines, %d of them not of the agent's pattern, statuses %v", requests, in.unmatched, in.sums)
	if in.unmatched != int(visitors.unmatched.Load()) || fmt.Sprint(in.sums) != fmt.Sprint(visitors.answers) {
		t.Fatalf("the logs have %d unmatched lines and %v, the visitors saw %d and %v", in.unmatched, in.sums, visitors.unmatched.Load(), visitors.answers)
	}
	p.holds(t, in)
	eventually(t, "every line is accounted for", 10*time.Second, func() error {
		flow := p.status().Agents[0]
		return unlessEqual([4]int64{flow.LinesRead, flow.RecordsSent, flow.LinesUnmatched, flow.BytesBehind},
			[4]int64{requests, int64(in.matched), int64(in.unmatched), 0})
	})
}

// status is what millrace status --json prints.
func (p *process) status() (s console.Status) {
	p.t.Helper()
	out, errs, code := millrace(p.t, p.Dir, "status", "--json")
	if code != 0 {
		p.t.Fatalf("status: %s", errs)
	}
	if err := json.Unmarshal([]byte(out), &s); err != nil {
		p.t.Fatal(err)
	}
	return s
}

const httpdConf = `LoadModule dir_module {MODULES}/mod_dir.so
DocumentRoot "{DIR}/www"
# as Debian's apache2.conf has it
LogFormat "%h %l %u %t \"%r\" %>s %O \"%{Referer}i\" \"%{User-Agent}i\"" combined
CustomLog "{DIR}/access.log" combined
`

const logrotateConf = `{DIR}/access.log {
	rotate 10
	create
	postrotate
		{APACHE} -f {DIR}/httpd.conf -k graceful
	endscript
}
`

func startApache(t *testing.T) *realtest.Apache {
	t.Helper()
	realtest.Program(t, "logrotate")
	a := realtest.StartApache(t, httpdConf, map[string]string{
		"logrotate.conf": logrotateConf, "www/index.html": "<p>hello", "www/größe.html": strings.Repeat("large ", 2000),
	})
	old := time.Date(2020, 1, 1, 0, 0, 0, 0, time.UTC) // so that a visitor may have it already
	if err := os.Chtimes(filepath.Join(a.Dir, "www/index.html"), old, old); err != nil {
		t.Fatal(err)
	}
	return a
}

// rotate is what a daily cron job does.
func rotate(t *testing.T, a *realtest.Apache) {
	t.Helper()
	out, err := exec.Command(realtest.Program(t, "logrotate"), "--force", "--state", filepath.Join(a.Dir, "state"),
		filepath.Join(a.Dir, "logrotate.conf")).CombinedOutput()
	if err != nil {
		t.Fatalf("logrotate: %v\n%s", err, out)
	}
}

// visitors make requests and remember how they were answered.
type visitors struct {
	address   string
	served    atomic.Int64
	unmatched atomic.Int64 // requests whose lines the Kinesis Agent's pattern does not take

	mu      sync.Mutex
	answers map[int]int // by status, of the others
}

// request is one kind of request, as it goes over the wire.
type request struct {
	text      string
	unmatched bool
}

// The visitors of a real site, and what is not one: quotes and control bytes
// are escaped in the log, which the agent's pattern takes in a user agent, cut
// at the quote, and not in a request.
var requests = []request{
	{text: "GET / HTTP/1.1\r\nUser-Agent: Mozilla/5.0 (X11; Linux x86_64)\r\nReferer: https://www.example.com/a?b=c\r\n"},
	{text: "GET / HTTP/1.1\r\nUser-Agent: Mozilla/5.0 (X11; Linux x86_64)\r\n"},
	{text: "GET /gr%C3%B6%C3%9Fe.html HTTP/1.1\r\nUser-Agent: curl/8\r\n"},
	{text: "GET /missing?page=1 HTTP/1.1\r\nUser-Agent: Mozilla/5.0 (iPhone; CPU iPhone OS 18_5 like Mac OS X)\r\n"},
	{text: "HEAD / HTTP/1.1\r\nUser-Agent: monitor/1.0\r\n"},
	{text: "HEAD /missing HTTP/1.0\r\n"},
	{text: "GET / HTTP/1.1\r\nUser-Agent: says \"hello\" to you\r\n"},
	{text: "GET / HTTP/1.1\r\nUser-Agent: Müller/1.0 (日本)\r\nReferer: https://größe.example/\r\n"},
	{text: "POST /missing HTTP/1.1\r\nUser-Agent: poster\r\nContent-Length: 0\r\n"},
	{text: "GET / HTTP/1.1\r\nUser-Agent: cached\r\nIf-Modified-Since: Fri, 01 Jan 2021 00:00:00 GMT\r\n"},
	{text: "\x16\x03\x01 no HTTP at all\r\n"},
	{text: "GET /say/\"hello\" HTTP/1.1\r\nUser-Agent: quoting\r\n", unmatched: true},
	{text: "GET / HTTP/1.1\r\nUser-Agent: \r\n", unmatched: true},
	{text: "GET / HTTP/1.1\r\nUser-Agent: silent\r\nReferer: \r\n", unmatched: true},
}

func (v *visitors) visit(t *testing.T, n int) {
	var all sync.WaitGroup
	var begun atomic.Int64
	for worker := range 4 {
		random := rand.New(rand.NewPCG(uint64(worker), 1))
		all.Go(func() {
			for begun.Add(1) <= int64(n) {
				if err := v.one(t.Context(), requests[random.IntN(len(requests))]); err != nil {
					t.Error(err)
					return
				}
				time.Sleep(time.Millisecond)
			}
		})
	}
	all.Wait()
}

func (v *visitors) one(ctx context.Context, r request) error {
	connection, err := (&net.Dialer{}).DialContext(ctx, "tcp", v.address)
	if err != nil {
		return err
	}
	defer connection.Close()
	if _, err := io.WriteString(connection, r.text+"Host: localhost\r\nConnection: close\r\n\r\n"); err != nil {
		return err
	}
	method, _, _ := strings.Cut(r.text, " ")
	answer, err := http.ReadResponse(bufio.NewReader(connection), &http.Request{Method: method})
	if err != nil {
		return fmt.Errorf("answer to %q: %w", r.text, err)
	}
	_, _ = io.Copy(io.Discard, answer.Body)
	_ = answer.Body.Close()
	v.served.Add(1)
	if r.unmatched {
		v.unmatched.Add(1)
		return nil
	}
	v.mu.Lock()
	defer v.mu.Unlock()
	v.answers[answer.StatusCode]++
	return nil
}
