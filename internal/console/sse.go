package console

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"time"
)

const (
	// writeTimeout ends the stream of a browser that takes nothing any more.
	writeTimeout = 30 * time.Second
	// keepAlive is how long a stream is silent before a comment shows that it
	// lives; proxies give up after a minute.
	keepAlive = 15 * time.Second
)

// eventStream writes server-sent events. One goroutine uses it.
type eventStream struct {
	w  http.ResponseWriter
	rc *http.ResponseController
}

// openEvents begins an event stream; the context ends with the request or with
// the console.
func (c *Console) openEvents(w http.ResponseWriter, r *http.Request) (*eventStream, context.Context, context.CancelFunc) {
	w.Header().Set("Content-Type", "text/event-stream")
	ctx, cancel := context.WithCancel(r.Context())
	stop := context.AfterFunc(c.ended, cancel)
	return &eventStream{w: w, rc: http.NewResponseController(w)}, ctx, func() { stop(); cancel() }
}

// send writes one event. An error means that the browser is gone.
func (s *eventStream) send(event string, v any) error {
	data, err := json.Marshal(v) // no line breaks inside
	if err != nil {
		return fmt.Errorf("encode event %s: %w", event, err)
	}
	return s.write("event: %s\ndata: %s\n\n", event, data)
}

func (s *eventStream) comment() error { return s.write(": \n\n") }

func (s *eventStream) write(format string, args ...any) error {
	// Writers that know no deadline, as in tests, have none to miss.
	_ = s.rc.SetWriteDeadline(time.Now().Add(writeTimeout))
	if _, err := fmt.Fprintf(s.w, format, args...); err != nil {
		return err
	}
	return s.rc.Flush()
}
