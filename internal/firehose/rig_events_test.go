package firehose

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"regexp"
	"sync"
	"testing"

	"github.com/millrace/millrace/internal/delivery/processing"
)

// events sees what a function is called with.
type events struct {
	processing.Invoker
	mu   sync.Mutex
	last []byte
}

// Invoke implements processing.Invoker.
func (e *events) Invoke(ctx context.Context, arn string, payload []byte) ([]byte, error) {
	e.mu.Lock()
	e.last = bytes.Clone(payload)
	e.mu.Unlock()
	return e.Invoker.Invoke(ctx, arn, payload)
}

var longDigits = regexp.MustCompile(`"recordId": "\d{20,}"`)

// show writes the last event, without what differs from run to run.
func (e *events) show(t *testing.T) string {
	e.mu.Lock()
	defer e.mu.Unlock()
	text := mask(indented(t, e.last))
	return annotated(longDigits.ReplaceAllString(text, `"recordId": "<digits>"`))
}

// indented is JSON for people, base64 as it is.
func indented(t *testing.T, text []byte) string {
	var out bytes.Buffer
	if err := json.Indent(&out, text, "", "  "); err != nil {
		t.Fatal(err)
	}
	return out.String()
}

var base64Data = regexp.MustCompile(`"data": "([^"]*)"`)

// annotated writes beside base64 what it holds.
func annotated(text string) string {
	return base64Data.ReplaceAllStringFunc(text, func(m string) string {
		data, err := base64.StdEncoding.DecodeString(base64Data.FindStringSubmatch(m)[1])
		if err != nil {
			return m + " (" + err.Error() + ")"
		}
		return m + fmt.Sprintf(" (%s)", data)
	})
}
