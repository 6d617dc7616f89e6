package processing

import (
	"bufio"
	"context"
	"os/exec"
	"strings"
	"testing"

	"github.com/millrace/millrace/internal/config"
	"github.com/millrace/millrace/internal/destination"
	"github.com/millrace/millrace/internal/invoke"
	"github.com/millrace/millrace/internal/realtest"
)

// A handler as it is written for Firehose, in Python, over the Invoke API.
func TestPythonHandler(t *testing.T) {
	address := emulator(t)
	functions, err := invoke.New(invoke.Options{Functions: map[string]config.Function{
		lambdaARN: {URL: address + "/2015-03-31/functions/function/invocations"},
	}})
	if err != nil {
		t.Fatal(err)
	}
	p, err := New(Options{StreamARN: streamARN, Region: "us-east-1", Functions: functions,
		Lambda: &Lambda{ARN: lambdaARN + ":$LATEST", BufferBytes: 12}})
	if err != nil {
		t.Fatal(err)
	}
	b := batch("GET /", "GET /health", "broken", "POST /cart", "boom", "GET /last")
	done, err := p.Process(context.Background(), b)
	if err != nil {
		t.Fatal(err)
	}
	const want = `
1.0 {"method": "GET", "page": "/"}\n [lambda.method=GET]
4.0 {"method": "POST", "page": "/cart"}\n [lambda.method=POST]
6.0 {"method": "GET", "page": "/last"}\n [lambda.method=GET]
refused 3.0 processing-failed Lambda.ProcessingFailedStatus "ProcessingFailed status set for record" attempts 1
refused 5.0 processing-failed Lambda.FunctionError "the function returned an error: ValueError: boom" attempts 1
dropped 1`
	if got := show(done, b); got != want {
		t.Errorf("got%s\nwant%s", got, want)
	}
}

// emulator returns the address of a server that ends with the test.
func emulator(t *testing.T) string {
	run := exec.Command(realtest.Program(t, "python3"), "testdata/emulator.py")
	stop, err := run.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	out, err := run.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := run.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = stop.Close()
		_ = run.Wait()
	})
	line, err := bufio.NewReader(out).ReadString('\n')
	if err != nil {
		t.Fatal(err)
	}
	return strings.TrimSpace(line)
}

var _ Invoker = (*invoke.Functions)(nil)

var _ interface {
	Process(context.Context, *destination.Batch) (destination.Processed, error)
} = (*Processor)(nil)
