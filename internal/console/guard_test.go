package console_test

import (
	"bufio"
	"context"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/millrace/millrace/internal/console"
	"github.com/millrace/millrace/internal/console/consoletest"
)

func newConsole(t *testing.T) (*console.Console, *consoletest.Fake) {
	t.Helper()
	fake := consoletest.New(time.Now())
	c, err := console.New(fake.Options(token))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(c.Close)
	return c, fake
}

// ask sends a request; headers are "Name: value".
func ask(c http.Handler, method, target string, headers ...string) *http.Response {
	r := httptest.NewRequest(method, target, nil)
	r.Host = "127.0.0.1:4580"
	for _, h := range headers {
		name, value, _ := strings.Cut(h, ": ")
		if name == "Host" {
			r.Host = value
		} else {
			r.Header.Add(name, value)
		}
	}
	ctx, cancel := context.WithTimeout(r.Context(), 100*time.Millisecond) // live streams end
	defer cancel()
	w := httptest.NewRecorder()
	c.ServeHTTP(w, r.WithContext(ctx))
	return w.Result()
}

const bearer = "Authorization: Bearer " + token

// Who gets in, and who does not.
func TestGuard(t *testing.T) {
	c, _ := newConsole(t)
	cookie := signIn(t, c)
	everything := []string{
		"GET /", "GET /visualize", "GET /streams/x", "GET /applications/x", "GET /metrics",
		"GET /api/v1/status", "GET /api/v1/status/live", "GET /api/v1/applications/status-codes",
		"GET /api/v1/applications/status-codes/streams/error_stream/rows/live", "GET /api/v1/search/x*/mapping", "POST /api/v1/search/x*",
		"GET /api/v1/tap?where=app/status-codes/error_stream", "POST /api/v1/streams/status-codes-ingest/flush", "POST /api/v1/shutdown", "GET /api/v1/nothing",
	}
	for _, request := range everything {
		method, target, _ := strings.Cut(request, " ")
		for _, test := range []struct {
			name    string
			headers []string
			status  int // 0: anything but a refusal
		}{
			{"no token", nil, 401},
			{"empty bearer", []string{"Authorization: Bearer "}, 401},
			{"wrong bearer", []string{"Authorization: Bearer " + token + "x"}, 401},
			{"basic", []string{"Authorization: Basic " + token}, 401},
			{"wrong bearer beside the cookie", []string{"Authorization: Bearer x", cookie}, 401},
			{"wrong cookie", []string{"Cookie: millrace_console_4580=x"}, 401},
			{"the token as cookie", []string{"Cookie: millrace_console_4580=" + token}, 401},
			{"cookie of another port", []string{strings.Replace(cookie, "4580", "4581", 1)}, 401},
			{"foreign host", []string{bearer, "Host: evil.example"}, 421},
			{"foreign host with port", []string{bearer, "Host: evil.example:4580"}, 421},
			{"host with our name in front", []string{bearer, "Host: 127.0.0.1.evil.example"}, 421},
			{"no host", []string{bearer, "Host: "}, 421},
			{"foreign origin", []string{bearer, "Origin: https://evil.example"}, 403},
			{"origin of another port", []string{cookie, "Origin: http://127.0.0.1:9200"}, 403},
			{"origin null", []string{cookie, "Origin: null"}, 403},
			{"script of another site", []string{cookie, "Sec-Fetch-Site: cross-site", "Sec-Fetch-Mode: cors"}, 403},
			{"bearer", []string{bearer}, 0},
			{"cookie", []string{cookie}, 0},
			{"cookie and own origin", []string{cookie, "Origin: http://127.0.0.1:4580", "Sec-Fetch-Site: same-origin"}, 0},
			{"other loopback name", []string{bearer, "Host: localhost:4580"}, 0},
			{"loopback, version 6", []string{bearer, "Host: [::1]:4580"}, 0},
		} {
			got := ask(c, method, target, test.headers...)
			refused := got.StatusCode == 401 || got.StatusCode == 403 || got.StatusCode == 421
			if test.status != 0 && got.StatusCode != test.status || test.status == 0 && refused {
				t.Errorf("%s, %s: %d, want %d", request, test.name, got.StatusCode, test.status)
			}
			if got.Header.Get("Access-Control-Allow-Origin") != "" {
				t.Errorf("%s, %s: CORS is open", request, test.name)
			}
			if policy := got.Header.Get("Content-Security-Policy"); !strings.HasPrefix(policy, "default-src 'none'; script-src 'self'") || strings.Contains(policy, "unsafe") {
				t.Errorf("%s, %s: policy %q", request, test.name, policy)
			}
		}
	}
}

// A refused request reaches no part.
func TestGuardedPartsAreNotReached(t *testing.T) {
	c, fake := newConsole(t)
	for _, headers := range [][]string{nil, {"Authorization: Bearer x"}, {bearer, "Host: evil.example"}, {bearer, "Origin: https://evil.example"}} {
		ask(c, "POST", "/api/v1/shutdown", headers...)
		ask(c, "POST", "/api/v1/streams/"+consoletest.Ingest+"/flush", headers...)
		ask(c, "GET", "/api/v1/shutdown", headers...)
	}
	ask(c, "GET", "/api/v1/shutdown", bearer) // a link must not end the server
	if fake.Shutdowns() != 0 || len(fake.Flushes()) != 0 {
		t.Errorf("%d shutdowns, flushes %v", fake.Shutdowns(), fake.Flushes())
	}
}

func signIn(t *testing.T, c http.Handler) string {
	t.Helper()
	got := ask(c, "GET", "/visualize?index=a*&token="+token)
	if got.StatusCode != 303 || got.Header.Get("Location") != "/visualize?index=a%2A" {
		t.Fatalf("token in the address: %d to %q", got.StatusCode, got.Header.Get("Location"))
	}
	set := got.Header.Get("Set-Cookie")
	for _, attribute := range []string{"HttpOnly", "SameSite=Strict", "Path=/"} {
		if !strings.Contains(set, attribute) {
			t.Errorf("cookie %q is not %s", set, attribute)
		}
	}
	if strings.Contains(set, token) {
		t.Error("the cookie holds the token itself")
	}
	value, _, _ := strings.Cut(set, ";")
	return "Cookie: " + value
}

func TestWrongTokenInAddress(t *testing.T) {
	c, _ := newConsole(t)
	got := ask(c, "GET", "/?token=wrong")
	body, _ := io.ReadAll(got.Body)
	if got.StatusCode != 401 || got.Header.Get("Set-Cookie") != "" || !strings.Contains(string(body), `name="token"`) {
		t.Errorf("%d %v %s", got.StatusCode, got.Header, body)
	}
}

// The redirect after signing in stays on this server.
func TestTokenRedirectStaysHere(t *testing.T) {
	c, _ := newConsole(t)
	for _, target := range []string{"//evil.example/?token=" + token, "/%2F%2Fevil.example?token=" + token, "/streams/%2Fevil.example?token=" + token} {
		got := ask(c, "GET", target)
		if to := got.Header.Get("Location"); strings.HasPrefix(to, "//") || strings.Contains(to, "://") {
			t.Errorf("%s leads to %s", target, to)
		}
	}
}

func TestOpenWithoutToken(t *testing.T) {
	c, _ := newConsole(t)
	for target, want := range map[string]int{"/healthz": 200, "/assets/app.js": 200, "/assets/app.css": 200, "/assets/index.html": 404, "/assets/../index.html": 307, "/index.html": 404} {
		if got := ask(c, "GET", target); got.StatusCode != want {
			t.Errorf("%s: %d, want %d", target, got.StatusCode, want)
		}
	}
	again := ask(c, "GET", "/assets/app.js", "If-None-Match: "+ask(c, "GET", "/assets/app.js").Header.Get("ETag"))
	if again.StatusCode != 304 {
		t.Errorf("unchanged file: %d", again.StatusCode)
	}
}

func TestOptionsAreChecked(t *testing.T) {
	fake := consoletest.New(time.Now())
	for name, spoil := range map[string]func(*console.Options){
		"token": func(o *console.Options) { o.Token = "short" }, "Path": func(o *console.Options) { o.Path = nil },
		"Shutdown": func(o *console.Options) { o.Shutdown = nil }, "Logger": func(o *console.Options) { o.Logger = nil },
	} {
		options := fake.Options(token)
		spoil(&options)
		if _, err := console.New(options); err == nil || !strings.Contains(err.Error(), name) {
			t.Errorf("without %s: %v", name, err)
		}
	}
	options := fake.Options(token)
	options.Hosts = []string{"Millrace.Example"}
	c, err := console.New(options)
	if err != nil {
		t.Fatal(err)
	}
	if got := ask(c, "GET", "/api/v1/status", bearer, "Host: millrace.example:4580"); got.StatusCode != 200 {
		t.Errorf("allowed host: %d", got.StatusCode)
	}
}

// events reads server-sent events from a running server.
func events(t *testing.T, url string) (next func() (event string, data []byte), stop func()) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	r, err := http.NewRequestWithContext(ctx, "GET", url, nil)
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Authorization", "Bearer "+token)
	answer, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	if answer.StatusCode != 200 || answer.Header.Get("Content-Type") != "text/event-stream" {
		t.Fatalf("%s: %s %s", url, answer.Status, answer.Header.Get("Content-Type"))
	}
	lines := bufio.NewScanner(answer.Body)
	lines.Buffer(nil, 16<<20)
	return func() (string, []byte) {
			event := ""
			for lines.Scan() {
				if name, ok := strings.CutPrefix(lines.Text(), "event: "); ok {
					event = name
				}
				if data, ok := strings.CutPrefix(lines.Text(), "data: "); ok {
					return event, []byte(data)
				}
			}
			return "", nil
		}, func() {
			cancel()
			answer.Body.Close()
		}
}

func decode[T any](t *testing.T, data []byte) T {
	t.Helper()
	var v T
	d := json.NewDecoder(strings.NewReader(string(data)))
	d.DisallowUnknownFields()
	if err := d.Decode(&v); err != nil {
		t.Fatalf("decode %s: %v", data, err)
	}
	return v
}
