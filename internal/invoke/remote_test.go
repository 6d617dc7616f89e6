package invoke

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/millrace/millrace/internal/config"
	"github.com/millrace/millrace/internal/record"
)

const clean = "arn:aws:lambda:eu-west-1:000000000000:function:clean"

func serve(t *testing.T, handler http.HandlerFunc) string {
	server := httptest.NewServer(handler)
	t.Cleanup(server.Close)
	return server.URL
}

func TestRequestAsLambdaTakesIt(t *testing.T) {
	for _, c := range []struct{ address, arn, want string }{
		{"", clean, "/2015-03-31/functions/clean/invocations"},
		{"/", clean + ":$LATEST", "/2015-03-31/functions/clean/invocations?Qualifier=%24LATEST"},
		{"/lambda", clean + ":prod", "/lambda/2015-03-31/functions/clean/invocations?Qualifier=prod"},
		{emulatorPath, clean + ":prod", emulatorPath},
	} {
		var got string
		url := serve(t, func(w http.ResponseWriter, r *http.Request) {
			body, _ := io.ReadAll(r.Body)
			got = fmt.Sprint(r.Method, " ", r.URL, " ", r.Header.Get("X-Amz-Invocation-Type"), " ", string(body))
		})
		if result := outcome(invokeAt(t, url+c.address, c.arn, "{}")); result != "result " {
			t.Errorf("%s: %s", c.arn, result)
		}
		if want := "POST " + c.want + " RequestResponse {}"; got != want {
			t.Errorf("got  %s\nwant %s", got, want)
		}
	}
}

// A function is one function, whatever qualifier it is named with.
func TestQualifiersNameTheSameFunction(t *testing.T) {
	url := serve(t, func(w http.ResponseWriter, r *http.Request) { _, _ = io.WriteString(w, r.URL.Query().Get("Qualifier")) })
	f := newFunctions(t, map[string]config.Function{clean + ":7": {URL: url}})
	for _, qualifier := range []string{"", ":7", ":prod", ":$LATEST"} {
		got := outcome(f.Invoke(context.Background(), clean+qualifier, nil))
		if want := "result " + strings.TrimPrefix(qualifier, ":"); got != want {
			t.Errorf("%q: %s", qualifier, got)
		}
	}
	for arn, want := range map[string]string{
		strings.Replace(clean, "eu-west-1", "us-east-1", 1): "give its address or a command under the key functions of millrace.yaml",
		"arn:aws:lambda:eu-west-1:0:function:a/../b":        "want the ARN of a Lambda function",
		"clean": "want the ARN of a Lambda function",
	} {
		got := outcome(f.Invoke(context.Background(), arn, nil))
		if !strings.HasPrefix(got, "permanent Lambda.ResourceNotFound: ") || !strings.Contains(got, want) {
			t.Errorf("%s: %s", arn, got)
		}
	}
}

func TestNewRefuses(t *testing.T) {
	for want, functions := range map[string]map[string]config.Function{
		"want the ARN":               {"clean": {URL: "http://127.0.0.1"}},
		"stands there twice":         {clean: {URL: "http://127.0.0.1"}, clean + ":1": {URL: "http://127.0.0.1"}},
		"want an address or a":       {clean: {}},
		`"ftp://host": want http://`: {clean: {URL: "ftp://host"}},
	} {
		if _, err := New(Options{Functions: functions}); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("want %q, got %v", want, err)
		}
	}
}

func TestSizesAreLambdas(t *testing.T) {
	url := serve(t, func(w http.ResponseWriter, r *http.Request) {
		n, _ := io.Copy(io.Discard, r.Body)
		_, _ = w.Write(bytes.Repeat([]byte("x"), int(n)+1))
	})
	f := newFunctions(t, map[string]config.Function{clean: {URL: url}})
	for size, want := range map[int]string{
		MaxPayloadBytes - 1: "result",
		MaxPayloadBytes:     "retryable Lambda.FunctionError: the function's result is larger than 6291456 bytes",
		MaxPayloadBytes + 1: "permanent Lambda.RequestTooLargeException: an event of 6291457 bytes, at most 6291456",
	} {
		got := outcome(f.Invoke(context.Background(), clean, make([]byte, size)))
		if !strings.HasPrefix(got, want) {
			t.Errorf("%d bytes: %.200s", size, got)
		}
	}
}

func TestTimeoutAndStop(t *testing.T) {
	release := make(chan struct{})
	url := serve(t, func(_ http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body)
		<-release
	})
	defer close(release)
	f := newFunctions(t, map[string]config.Function{clean: {URL: url, Timeout: 50 * time.Millisecond}})
	if got, want := outcome(f.Invoke(context.Background(), clean, nil)), "retryable Lambda.FunctionTimedOut: the function did not answer within 50ms"; got != want {
		t.Errorf("got %s", got)
	}
	ctx, stop := context.WithCancel(context.Background())
	stop()
	var failure *record.Failure
	if _, err := f.Invoke(ctx, clean, nil); !errors.Is(err, context.Canceled) || errors.As(err, &failure) {
		t.Errorf("stopped: %v", err)
	}
}

// The emulator answers 400 to a second invocation while the first is under way.
func TestEmulatorGetsOneInvocationAtATime(t *testing.T) {
	var under, most atomic.Int32
	url := serve(t, func(http.ResponseWriter, *http.Request) {
		most.Store(max(most.Load(), under.Add(1)))
		time.Sleep(5 * time.Millisecond)
		under.Add(-1)
	})
	f := newFunctions(t, map[string]config.Function{clean: {URL: url + emulatorPath}})
	errs := make(chan error)
	for range 5 {
		go func() {
			_, err := f.Invoke(context.Background(), clean, nil)
			errs <- err
		}()
	}
	for range 5 {
		if err := <-errs; err != nil {
			t.Error(err)
		}
	}
	if most.Load() != 1 {
		t.Errorf("%d invocations at once", most.Load())
	}
}

func TestMetadataAddressesAreNeverDialled(t *testing.T) {
	for _, host := range []string{"169.254.169.254", "[::ffff:169.254.169.254]", "[fe80::1%25lo]", "100.100.100.200", "[fd00:ec2::254]"} {
		got := outcome(invokeAt(t, "http://"+host+"/", clean, "{}"))
		if !strings.HasPrefix(got, "retryable Lambda.ServiceUnavailable: ") || !strings.Contains(got, "never dialled") {
			t.Errorf("%s: %s", host, got)
		}
	}
}
