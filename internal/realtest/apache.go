//go:build unix

package realtest

import (
	"bytes"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

// Apache is a real Apache httpd of the test's own.
type Apache struct {
	Program string
	Dir     string // its folder: httpd.conf, error.log, what the test puts there
	Address string // host:port
}

const apacheModules = "/usr/lib/apache2/modules"

// apacheHead is what every configuration begins with. The workers of a test that
// runs as root are somebody else.
const apacheHead = `ServerRoot "{DIR}"
ServerName localhost
Listen {ADDRESS}
PidFile "{DIR}/httpd.pid"
Mutex file:{DIR}
LoadModule mpm_event_module {MODULES}/mod_mpm_event.so
LoadModule authz_core_module {MODULES}/mod_authz_core.so
{USER}
ErrorLog "{DIR}/error.log"
`

// StartApache starts Debian's Apache and returns when it listens. {DIR} and
// {MODULES} in the configuration, and {DIR} and {APACHE} in the files, which are
// written into its folder, are filled in. It ends with the test.
func StartApache(t testing.TB, configuration string, files map[string]string) *Apache {
	t.Helper()
	a := &Apache{Program: Program(t, "apache2")}
	if _, err := os.Stat(apacheModules); err != nil {
		Missing(t, "Debian's Apache httpd ("+apacheModules+")")
	}
	var err error
	if a.Dir, err = os.MkdirTemp("", "apache"); err != nil { // t.TempDir is closed to other users
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(a.Dir) })
	if err := os.Chmod(a.Dir, 0o755); err != nil {
		t.Fatal(err)
	}
	a.Address = freeAddress(t)
	user := ""
	if os.Getuid() == 0 {
		user = "User www-data\nGroup www-data"
	}
	fill := strings.NewReplacer("{DIR}", a.Dir, "{ADDRESS}", a.Address, "{MODULES}", apacheModules, "{USER}", user, "{APACHE}", a.Program)
	a.write(t, "httpd.conf", fill.Replace(apacheHead+configuration))
	for name, text := range files {
		a.write(t, name, fill.Replace(text))
	}
	a.start(t)
	return a
}

func (a *Apache) write(t testing.TB, name, text string) {
	t.Helper()
	name = filepath.Join(a.Dir, name)
	if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(name, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
}

func freeAddress(t testing.TB) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return l.Addr().String()
}

func (a *Apache) start(t testing.TB) {
	t.Helper()
	c := exec.Command(a.Program, "-f", filepath.Join(a.Dir, "httpd.conf"), "-DFOREGROUND")
	c.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	said := &output{}
	c.Stdout, c.Stderr = said, said
	if err := c.Start(); err != nil {
		t.Fatal(err)
	}
	ended := make(chan struct{})
	go func() {
		_ = c.Wait()
		close(ended)
	}()
	t.Cleanup(func() {
		_ = syscall.Kill(-c.Process.Pid, syscall.SIGTERM)
		select {
		case <-ended:
		case <-time.After(10 * time.Second):
			_ = syscall.Kill(-c.Process.Pid, syscall.SIGKILL)
			<-ended
		}
		if t.Failed() {
			text, _ := os.ReadFile(filepath.Join(a.Dir, "error.log"))
			t.Logf("apache: %s\n%s", said, text)
		}
	})
	for end := time.Now().Add(20 * time.Second); ; time.Sleep(20 * time.Millisecond) {
		connection, err := net.Dial("tcp", a.Address)
		if err == nil {
			_ = connection.Close() // without a request there is no line in its log
			return
		}
		if time.Now().After(end) {
			t.Fatalf("Apache does not listen: %v\n%s", err, said)
		}
	}
}

// output is what a process says, to be read while it speaks.
type output struct {
	mu  sync.Mutex
	all bytes.Buffer
}

func (o *output) Write(b []byte) (int, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.all.Write(b)
}

func (o *output) String() string {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.all.String()
}
