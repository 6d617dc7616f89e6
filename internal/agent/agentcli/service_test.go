package agentcli

import (
	"compress/gzip"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"testing/synctest"
	"time"
)

// accepting answers that all records were accepted, and keeps them.
type accepting struct {
	mu      sync.Mutex
	records []string
	hosts   []string
}

func (a *accepting) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	var put struct{ Records []struct{ Data []byte } }
	if json.NewDecoder(r.Body).Decode(&put) != nil {
		return
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	entries := []map[string]string{}
	for _, rec := range put.Records {
		a.records = append(a.records, string(rec.Data))
		entries = append(entries, map[string]string{"RecordId": "x"})
	}
	a.hosts = append(a.hosts, regexp.MustCompile(`/[a-z0-9-]+/firehose/`).FindString(r.Header.Get("Authorization")))
	json.NewEncoder(w).Encode(map[string]any{"FailedPutCount": 0, "RequestResponses": entries})
}

func (a *accepting) waitFor(t *testing.T, n int) {
	t.Helper()
	for range 2000 {
		a.mu.Lock()
		got := len(a.records)
		a.mu.Unlock()
		if got >= n {
			return
		}
		time.Sleep(10 * time.Millisecond)
	}
	t.Fatalf("not %d records within 20 s", n)
}

// As the Kinesis Agent's start script: its flags, its log, a file written for AWS sent to another place, a hang-up that drains.
func TestStartScript(t *testing.T) {
	server := &accepting{}
	web := httptest.NewServer(server)
	defer web.Close()
	dir := t.TempDir()
	config := writeFile(t, "agent.json", strings.NewReplacer("DIR", dir, "ENDPOINT", web.URL).Replace(`{
	  "firehose.endpoint": "ENDPOINT", "awsAccessKeyId": "a", "awsSecretAccessKey": "b", "checkpointFile": "DIR/checkpoint", "log.statusReportingPeriodSeconds": 1,
	  "maxBufferAgeMillis": 1, "flows": [{"filePattern": "DIR/access.log", "deliveryStream": "web", "initialPosition": "START_OF_FILE", "maxBufferAgeMillis": 1000}]}`))
	if err := os.WriteFile(filepath.Join(dir, "access.log"), []byte("one\ntwo\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	log := filepath.Join(dir, "agent.log")
	cmd := program(t, "--configuration="+config, "-l", log, "-L", "INFO")
	cmd.Env = append(cmd.Env, "MILLRACE_TEST_AGENT="+startScript)
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	server.waitFor(t, 2)
	progress := regexp.MustCompile(`(?m)^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\.\d{3}[+-]\d{4} \S+ \(main\) com\.amazon\.kinesis\.streaming\.agent\.Agent \[INFO\] Agent: Progress: 2 records parsed \(8 bytes\), and 2 records sent successfully to destinations\. Uptime: \d+ms$`)
	var text []byte
	for range 500 {
		if text, _ = os.ReadFile(log); progress.Match(text) {
			break
		}
		time.Sleep(10 * time.Millisecond)
	}
	if !progress.Match(text) || !strings.Contains(string(text), "maxBufferAgeMillis is ignored here: it belongs into a flow") {
		t.Errorf("log:\n%s", text)
	}
	cmd.Process.Signal(syscall.SIGHUP)
	if rest, _ := io.ReadAll(out); len(rest) > 0 {
		t.Errorf("on stdout: %q", rest)
	}
	if err := cmd.Wait(); err != nil {
		t.Errorf("ended with %v", err)
	}
	for _, args := range [][]string{{"-c", config + ".missing", "-l", log}, {"--nonsense"}, {"-L", "LOUD", "-l", log}} {
		cmd := program(t, args...)
		cmd.Env = append(cmd.Env, "MILLRACE_TEST_AGENT="+startScript)
		if err := cmd.Run(); cmd.ProcessState.ExitCode() != 1 {
			t.Errorf("%v: %v", args, err)
		}
	}
}

// program is this test's binary as the agent.
func program(t *testing.T, args ...string) *exec.Cmd {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(self, args...)
	cmd.Env = append(os.Environ(), "MILLRACE_TEST_AGENT=millrace-agent")
	t.Cleanup(func() {
		if cmd.Process != nil {
			cmd.Process.Kill()
		}
	})
	return cmd
}

// A file written for AWS is sent elsewhere, signed for the region of its endpoint; systemd hears of it; status tells how far it came.
func TestRunForAnotherEndpoint(t *testing.T) {
	server := &accepting{}
	web := httptest.NewServer(server)
	defer web.Close()
	dir, err := os.MkdirTemp("", "agent") // the path of a socket is short
	if err != nil {
		t.Fatal(err)
	}
	defer os.RemoveAll(dir)
	systemd := listenDatagrams(t, filepath.Join(dir, "notify"))
	config := writeFile(t, "agent.json", strings.ReplaceAll(`{
	  "firehose.endpoint": "firehose.eu-west-3.amazonaws.com", "awsAccessKeyId": "a", "awsSecretAccessKey": "b", "checkpointFile": "DIR/checkpoint", "cloudwatch.emitMetrics": false,
	  "flows": [{"filePattern": "DIR/access.log", "deliveryStream": "web", "initialPosition": "START_OF_FILE", "maxBufferAgeMillis": 1000}]}`, "DIR", dir))
	if err := os.WriteFile(filepath.Join(dir, "access.log"), []byte("one\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	cmd := program(t, "run", "-c", config, "--endpoint-for", "*.amazonaws.com="+web.URL)
	cmd.Env = append(cmd.Env, "NOTIFY_SOCKET="+filepath.Join(dir, "notify"), "WATCHDOG_USEC=300000")
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	server.waitFor(t, 1)
	if !slices.Equal(server.hosts, []string{"/eu-west-3/firehose/"}) {
		t.Errorf("signed for %q", server.hosts)
	}
	if first, second := <-systemd, <-systemd; first != "READY=1" || second != "WATCHDOG=1" {
		t.Errorf("systemd heard %q, %q", first, second)
	}
	stdout, _, code := command(t, "", "status", "-c", config)
	if code != 0 || !strings.Contains(stdout, "an agent runs on it") || !strings.Contains(stdout, "fh:web:"+dir+"/access.log: ") {
		t.Errorf("status %d: %s", code, stdout)
	}
	cmd.Process.Signal(syscall.SIGTERM)
	if err := cmd.Wait(); err != nil {
		t.Errorf("ended with %v", err)
	}
	for last := range systemd {
		if last == "STOPPING=1" {
			break
		}
	}
	if err := os.WriteFile(filepath.Join(dir, "access.log"), []byte("one\ntwo\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	stdout, _, code = command(t, "", "status", "-c", config)
	want := fmt.Sprintf("checkpoint %s/checkpoint: no agent runs on it\nfh:web:%[1]s/access.log: 4 bytes behind\n  %[1]s/access.log at 4 of 8\n", dir)
	if code != 0 || stdout != want {
		t.Errorf("status %d: %s, want %s", code, stdout, want)
	}
	if _, stderr, code := command(t, "", "run", "-c", config, "--endpoint-for", "nonsense"); code != 2 || !strings.Contains(stderr, "want HOSTS=URL") {
		t.Errorf("exit %d: %s", code, stderr)
	}
}

func TestTrySaysHowMany(t *testing.T) {
	config := writeFile(t, "agent.json", commonFlow)
	_, stderr, code := command(t, sample, "try", "-c", config, "-")
	if want := "fh:web:/l/a: 1 of 3 lines become records, the first that does not: -:2:9: expected blank after host\n"; code != 0 || !strings.HasSuffix(stderr, want) {
		t.Errorf("exit %d, stderr %s", code, stderr)
	}
	config = writeFile(t, "agent.json", `{"flows": [{"filePattern": "/l/a", "deliveryStream": "web", "skipHeaderLines": 1, "multiLineStartPattern": "\\d", "fileFooterPattern": "end",
	  "dataProcessingOptions": [{"optionName": "SINGLELINE"}, {"optionName": "CSVTOJSON", "customFieldNames": ["a"]}]}]}`)
	stdout, stderr, _ := command(t, "# header\n1 a\n b\n2 c\nend\n3 d\n", "try", "-c", config, "-")
	if stdout != "{\"a\":\"1 ab\"}\n{\"a\":\"2 c\"}\n" || !strings.Contains(stderr, "2 of 2 lines become records") {
		t.Errorf("stdout %s, stderr %s", stdout, stderr)
	}
}

func TestLogIsPutAsideEachHour(t *testing.T) {
	path := filepath.Join(t.TempDir(), "log", "agent.log")
	synctest.Test(t, func(t *testing.T) {
		r, err := openRotating(path, "")
		if err != nil {
			t.Fatal(err)
		}
		fmt.Fprintln(r, "first hour")
		r.hour = time.Now().Truncate(time.Hour)
		aside := path + r.hour.Format(".2006-01-02-15") + ".gz"
		time.Sleep(time.Hour)
		fmt.Fprintln(r, "second hour")
		if err := r.Close(); err != nil {
			t.Fatal(err)
		}
		if text, _ := os.ReadFile(path); string(text) != "second hour\n" {
			t.Errorf("log %q", text)
		}
		fd, err := os.Open(aside)
		if err != nil {
			t.Fatal(err)
		}
		defer fd.Close()
		packed, err := gzip.NewReader(fd)
		if err != nil {
			t.Fatal(err)
		}
		if text, _ := io.ReadAll(packed); string(text) != "first hour\n" {
			t.Errorf("put aside: %q", text)
		}
	})
}
