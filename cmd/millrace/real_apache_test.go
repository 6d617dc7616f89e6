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
	"syscall"
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
	p := up(t, dataDir(t), demoFolder(t, filepath.Join(web.dir, "access.log*")), "--parameter", "WindowSeconds=2")

	const requests = 3000
	visitors := &visitors{address: web.address, answers: map[int]int{}}
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
		web.rotate()
	}
	<-loaded
	if t.Failed() {
		t.FailNow()
	}

	logs, err := filepath.Glob(filepath.Join(web.dir, "access.log*"))
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

// apache is a web server of the test's own.
type apache struct {
	t       *testing.T
	program string
	dir     string
	address string
}

const httpdConf = `ServerRoot "{DIR}"
ServerName localhost
Listen {ADDRESS}
PidFile "{DIR}/httpd.pid"
Mutex file:{DIR}
LoadModule mpm_event_module {MODULES}/mod_mpm_event.so
LoadModule authz_core_module {MODULES}/mod_authz_core.so
LoadModule dir_module {MODULES}/mod_dir.so
{USER}
DocumentRoot "{DIR}/www"
ErrorLog "{DIR}/error.log"
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

func startApache(t *testing.T) *apache {
	t.Helper()
	a := &apache{t: t, program: realtest.Program(t, "apache2")}
	realtest.Program(t, "logrotate")
	const modules = "/usr/lib/apache2/modules"
	if _, err := os.Stat(modules); err != nil {
		realtest.Missing(t, "Debian's Apache httpd ("+modules+")")
	}
	var err error
	if a.dir, err = os.MkdirTemp("", "apache"); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(a.dir) })
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	a.address = l.Addr().String()
	_ = l.Close()
	user := ""
	if os.Getuid() == 0 {
		user = "User www-data\nGroup www-data"
	}
	if err := os.Chmod(a.dir, 0o755); err != nil { // its workers are somebody else
		t.Fatal(err)
	}
	if err := os.Mkdir(filepath.Join(a.dir, "www"), 0o755); err != nil {
		t.Fatal(err)
	}
	fill := strings.NewReplacer("{DIR}", a.dir, "{ADDRESS}", a.address, "{MODULES}", modules, "{USER}", user, "{APACHE}", a.program)
	for name, text := range map[string]string{
		"httpd.conf": fill.Replace(httpdConf), "logrotate.conf": fill.Replace(logrotateConf),
		"www/index.html": "<p>hello", "www/größe.html": strings.Repeat("large ", 2000),
	} {
		if err := os.WriteFile(filepath.Join(a.dir, name), []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	old := time.Date(2020, 1, 1, 0, 0, 0, 0, time.UTC) // so that a visitor may have it already
	if err := os.Chtimes(filepath.Join(a.dir, "www/index.html"), old, old); err != nil {
		t.Fatal(err)
	}
	a.start()
	return a
}

func (a *apache) start() {
	a.t.Helper()
	c := exec.Command(a.program, "-f", filepath.Join(a.dir, "httpd.conf"), "-DFOREGROUND")
	c.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	out := &lockedBuffer{}
	c.Stdout, c.Stderr = out, out
	if err := c.Start(); err != nil {
		a.t.Fatal(err)
	}
	ended := make(chan struct{})
	go func() {
		_ = c.Wait()
		close(ended)
	}()
	a.t.Cleanup(func() {
		_ = syscall.Kill(-c.Process.Pid, syscall.SIGTERM)
		select {
		case <-ended:
		case <-time.After(10 * time.Second):
			_ = syscall.Kill(-c.Process.Pid, syscall.SIGKILL)
			<-ended
		}
		if a.t.Failed() {
			text, _ := os.ReadFile(filepath.Join(a.dir, "error.log"))
			a.t.Logf("apache: %s\n%s", out, text)
		}
	})
	eventually(a.t, "Apache listens", 20*time.Second, func() error {
		connection, err := net.Dial("tcp", a.address)
		if err != nil {
			return fmt.Errorf("%w\n%s", err, out)
		}
		return connection.Close() // without a request there is no line
	})
}

// rotate is what a daily cron job does.
func (a *apache) rotate() {
	a.t.Helper()
	out, err := exec.Command(realtest.Program(a.t, "logrotate"), "--force", "--state", filepath.Join(a.dir, "state"),
		filepath.Join(a.dir, "logrotate.conf")).CombinedOutput()
	if err != nil {
		a.t.Fatalf("logrotate: %v\n%s", err, out)
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
