package agentcli

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/millrace/millrace/internal/record"
)

// TestMain lets the test binary be the agent, so that a test can kill it.
func TestMain(m *testing.M) {
	if os.Getenv("MILLRACE_TEST_AGENT") == "" {
		os.Exit(m.Run())
	}
	err := For(os.Getenv("MILLRACE_TEST_AGENT")).ExecuteContext(context.Background())
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
	}
	os.Exit(ExitCode(err))
}

func command(t *testing.T, stdin string, args ...string) (stdout, stderr string, code int) {
	t.Helper()
	cmd := New("millrace-agent")
	var out, diagnostics bytes.Buffer
	cmd.SetIn(strings.NewReader(stdin))
	cmd.SetOut(&out)
	cmd.SetErr(&diagnostics)
	cmd.SetArgs(args)
	err := cmd.Execute()
	if err != nil {
		fmt.Fprintln(&diagnostics, err)
	}
	return out.String(), diagnostics.String(), ExitCode(err)
}

func writeFile(t *testing.T, name, text string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
	return path
}

const commonFlow = `{"maxBufferAgeMillis": 1, "flows": [{"filePattern": "/l/a", "deliveryStream": "web",
  "dataProcessingOptions": [{"optionName": "LOGTOJSON", "logFormat": "COMMONAPACHELOG"}]}]}`

const sample = `1.2.3.4 - - [22/Nov/2026:18:49:57 +0100] "GET / HTTP/1.1" 200 5
nonsense
::1 - - [22/Nov/2026:18:49:57 +0100] "GET / HTTP/1.1" 200 5
`

func TestCheck(t *testing.T) {
	config, log := writeFile(t, "agent.json", commonFlow), writeFile(t, "access.log", sample)
	stdout, stderr, code := command(t, "", "check", "-c", config, "--sample", log)
	for _, want := range []string{
		"fh:web:/l/a: ok\n", log + `:2:9: expected blank after host: "nonsense"`, log + ":3:1: expected host name or IPv4 address", "1 of 3 lines become records (33.3 %)",
	} {
		if !strings.Contains(stdout, want) {
			t.Errorf("stdout lacks %q:\n%s", want, stdout)
		}
	}
	if code != 0 || !strings.Contains(stderr, config+":1:2: maxBufferAgeMillis is ignored here: it belongs into a flow") {
		t.Errorf("exit %d, stderr %s", code, stderr)
	}
}

func TestTry(t *testing.T) {
	config := writeFile(t, "agent.json", commonFlow)
	stdout, stderr, code := command(t, sample, "try", "-c", config, "-")
	if want := `{"host":"1.2.3.4","ident":null,"authuser":null,"datetime":"22/Nov/2026:18:49:57 +0100","request":"GET / HTTP/1.1","response":"200","bytes":"5"}` + "\n"; code != 0 || stdout != want {
		t.Errorf("exit %d, stdout %s", code, stdout)
	}
	if !strings.Contains(stderr, "-:2:9: dropped: expected blank after host") {
		t.Errorf("stderr %s", stderr)
	}
}

func TestExitCodes(t *testing.T) {
	bad := writeFile(t, "agent.json", `{"flows": [{"filePattern": "/l/a"}]}`)
	good := writeFile(t, "agent.json", commonFlow)
	for _, c := range []struct {
		args []string
		code int
		want string
	}{
		{[]string{"check", "-c", bad}, 78, bad + ":1:12: deliveryStream or kinesisStream is missing"},
		{[]string{"run", "-c", bad}, 78, "deliveryStream or kinesisStream is missing"},
		{[]string{"run", "-c", bad + ".missing"}, 78, "no such file"},
		{[]string{"check", "-c", good, "--sample", "/no/such/sample"}, 1, "open sample"},
		{[]string{"try", "-c", good}, 2, "accepts 1 arg"},
		{[]string{"run", "--nonsense"}, 2, "unknown flag"},
		{[]string{}, 2, "want one of run, check, try"},
	} {
		_, stderr, code := command(t, "", c.args...)
		if code != c.code || !strings.Contains(stderr, c.want) {
			t.Errorf("%v: exit %d, stderr %s", c.args, code, stderr)
		}
	}
}

// counter is a Firehose that counts each byte range once, as a millrace server does.
type counter struct {
	mu       sync.Mutex
	seen     map[[16]byte]record.Ranges
	lines    map[string]int
	repeated int
}

func (c *counter) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	var put struct{ Records []struct{ Data []byte } }
	if err := json.NewDecoder(r.Body).Decode(&put); err != nil {
		return // the agent was killed while it sent
	}
	origin, err := record.ParseOrigin(r.Header.Get(record.OriginHeader))
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	c.mu.Lock()
	entries := []map[string]string{}
	for i, rec := range put.Records {
		if c.seen[origin.ID].Contains(origin.Ranges[i]) {
			c.repeated++
		} else {
			c.seen[origin.ID] = c.seen[origin.ID].Add(origin.Ranges[i])
			c.lines[string(rec.Data)]++
		}
		entries = append(entries, map[string]string{"RecordId": "x"})
	}
	c.mu.Unlock()
	time.Sleep(5 * time.Millisecond) // stored, not yet answered: where a kill makes a repeat
	json.NewEncoder(w).Encode(map[string]any{"FailedPutCount": 0, "RequestResponses": entries})
}

func (c *counter) count() int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return len(c.lines)
}

// The process is killed while it sends; each line arrives, and counts once.
func TestKilledProcess(t *testing.T) {
	c := &counter{seen: make(map[[16]byte]record.Ranges), lines: make(map[string]int)}
	server := httptest.NewServer(c)
	defer server.Close()
	dir := t.TempDir()
	config := writeFile(t, "agent.json", strings.NewReplacer("DIR", dir, "ENDPOINT", server.URL).Replace(`{
	  "firehose.endpoint": "ENDPOINT", "awsAccessKeyId": "a", "awsSecretAccessKey": "b", "checkpointFile": "DIR/checkpoint",
	  "flows": [{"filePattern": "DIR/access.log", "deliveryStream": "web", "initialPosition": "START_OF_FILE", "maxBufferAgeMillis": 1000, "maxBufferSizeRecords": 100}]}`))
	log, err := os.Create(filepath.Join(dir, "access.log"))
	if err != nil {
		t.Fatal(err)
	}
	defer log.Close()
	written := 0
	for range 5 {
		agent := startAgent(t, config)
		reached := c.count()
		for range 40 {
			var text strings.Builder
			for range 250 {
				fmt.Fprintf(&text, "line %d\n", written)
				written++
			}
			if _, err := log.WriteString(text.String()); err != nil {
				t.Fatal(err)
			}
			time.Sleep(2 * time.Millisecond)
		}
		for deadline := time.Now().Add(10 * time.Second); c.count() == reached && time.Now().Before(deadline); {
			time.Sleep(time.Millisecond)
		}
		agent.Process.Kill()
		agent.Wait()
	}
	agent := startAgent(t, config)
	for deadline := time.Now().Add(20 * time.Second); c.count() < written && time.Now().Before(deadline); {
		time.Sleep(10 * time.Millisecond)
	}
	agent.Process.Signal(syscall.SIGTERM)
	if err := agent.Wait(); err != nil {
		t.Errorf("agent ended with %v", err)
	}
	for line, n := range c.lines {
		if n != 1 {
			t.Fatalf("%q counted %d times", line, n)
		}
	}
	if c.count() != written {
		t.Errorf("%d of %d lines arrived", c.count(), written)
	}
	t.Logf("%d lines, %d repeats recognised", written, c.repeated)
}

func startAgent(t *testing.T, config string) *exec.Cmd {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(self, "run", "-c", config, "--log-level", "error")
	cmd.Env = append(os.Environ(), "MILLRACE_TEST_AGENT=millrace-agent")
	cmd.Stderr = os.Stderr
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { cmd.Process.Kill() })
	return cmd
}
