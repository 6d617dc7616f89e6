//go:build unix

package loadgen

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/millrace/millrace/internal/logformat"
	"github.com/millrace/millrace/internal/realtest"
)

const beaconHTTPD = `ServerRoot "{DIR}"
ServerName localhost
Listen {ADDRESS}
PidFile "{DIR}/httpd.pid"
Mutex file:{DIR}
LoadModule mpm_event_module {MODULES}/mod_mpm_event.so
LoadModule authz_core_module {MODULES}/mod_authz_core.so
LoadModule alias_module {MODULES}/mod_alias.so
{USER}
DocumentRoot "{DIR}"
Redirect 200 /beacon
ErrorLog "{DIR}/error.log"
LogFormat "%h %l %u %t \"%r\" %>s %b \"%{Referer}i\" \"%{User-Agent}i\" \"%{event}i\" \"%{clientid}i\" \"%{page}i\" \"%{custom_metric_name}i\" \"%{custom_metric_int_value}i\" \"%{custom_metric_float_value}i\" \"%{custom_metric_string_value}i\"" beacon
CustomLog "{DIR}/access.log" beacon
`

const (
	beaconPattern = `^([\d.]+) (\S+) (\S+) \[([\w:/]+\s[+\-]\d{4})\] "(.+?)" (\d{3}) ([0-9]+)` + ` "(.+?)" "(.+?)" "(.+?)" "(.+?)" "(.+?)" "(.+?)" "(.+?)" "(.+?)" "(.+?)"$`
	beaconFields  = "host,ident,authuser,datetime,request,response,bytes,referrer,agent,event,clientid,page,custom_metric_name,custom_metric_int_value,custom_metric_float_value,custom_metric_string_value"
)

// A real Apache with the workshop's log format logs each beacon as a line whose sixteen fields the workshop's pattern finds.
func TestRealApacheLogsEveryBeacon(t *testing.T) {
	address, log := startBeaconServer(t)
	const calls = 300
	result, err := Beacons(context.Background(), BeaconOptions{URL: "http://" + address + "/beacon", Calls: calls, Rate: 2000, Seed: 4})
	if err != nil || result.Answered != calls {
		t.Fatalf("%v %v", result, err)
	}
	format, err := logformat.New(logformat.Spec{LogFormat: logformat.CombinedApacheLog, MatchPattern: beaconPattern, CustomFieldNames: strings.Split(beaconFields, ",")})
	if err != nil {
		t.Fatal(err)
	}
	var content []byte
	for end := time.Now().Add(10 * time.Second); bytes.Count(content, []byte("POST /beacon")) < calls && time.Now().Before(end); time.Sleep(20 * time.Millisecond) {
		if content, err = os.ReadFile(log); err != nil {
			t.Fatal(err)
		}
	}
	seen := make(map[string]bool)
	for line := range bytes.Lines(content) {
		if bytes.Contains(line, []byte(`"GET /ready `)) {
			continue // logged after the log was emptied
		}
		out, mismatch := format.Append(nil, bytes.TrimSuffix(line, []byte("\n")))
		if mismatch != nil {
			t.Fatalf("%s: %v", line, mismatch)
		}
		fields := make(map[string]*string)
		if err := json.Unmarshal(out, &fields); err != nil {
			t.Fatal(err)
		}
		for name, value := range fields {
			if value == nil && name != "ident" && name != "authuser" {
				t.Errorf("%s has no %s", out, name)
			}
		}
		seen[*fields["request"]] = true
	}
	for n := range calls {
		if request := fmt.Sprintf("POST /beacon?call=%d HTTP/1.1", n); !seen[request] {
			t.Errorf("no line for %s", request)
		}
	}
}

func startBeaconServer(t *testing.T) (address, log string) {
	t.Helper()
	program := realtest.Program(t, "apache2")
	const modules = "/usr/lib/apache2/modules"
	if _, err := os.Stat(modules); err != nil {
		realtest.Missing(t, "Debian's Apache httpd ("+modules+")")
	}
	dir, err := os.MkdirTemp("", "beacons")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	address = l.Addr().String()
	l.Close()
	user := ""
	if os.Getuid() == 0 {
		user = "User www-data\nGroup www-data"
		if err := os.Chmod(dir, 0o755); err != nil {
			t.Fatal(err)
		}
	}
	conf := strings.NewReplacer("{DIR}", dir, "{ADDRESS}", address, "{MODULES}", modules, "{USER}", user).Replace(beaconHTTPD)
	file := filepath.Join(dir, "httpd.conf")
	if err := os.WriteFile(file, []byte(conf), 0o644); err != nil {
		t.Fatal(err)
	}
	c := exec.Command(program, "-f", file, "-DFOREGROUND")
	var said bytes.Buffer
	c.Stdout, c.Stderr = &said, &said
	if err := c.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = c.Process.Signal(os.Interrupt); _ = c.Wait() })
	for end := time.Now().Add(20 * time.Second); ; time.Sleep(50 * time.Millisecond) {
		answer, err := http.Get("http://" + address + "/ready")
		if err == nil {
			answer.Body.Close()
			break
		}
		if time.Now().After(end) {
			t.Fatalf("Apache does not answer: %v\n%s", err, said.String())
		}
	}
	log = filepath.Join(dir, "access.log")
	if err := os.Truncate(log, 0); err != nil { // without the lines of the question whether it is there
		t.Fatal(err)
	}
	return address, log
}
