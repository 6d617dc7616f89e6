package agentcli

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"os"
	"strings"
	"sync"
)

// javaHandler writes lines as the Kinesis Agent's log4j does, with the attributes behind the message:
//
//	2026-11-22 18:49:57.120+0000 web-1 (fh:web:/var/log/access.log) com.amazon.kinesis.streaming.agent.Agent [INFO] Agent: Progress: …
type javaHandler struct {
	out   *lockedWriter
	host  string
	least slog.Level
	flow  string
	attrs string
}

type lockedWriter struct {
	mu  sync.Mutex
	out io.Writer
}

const javaLogger = "com.amazon.kinesis.streaming.agent.Agent"

func newJavaHandler(out io.Writer, least slog.Level) *javaHandler {
	host, err := os.Hostname()
	if err != nil {
		host = "localhost"
	}
	return &javaHandler{out: &lockedWriter{out: out}, host: host, least: least, flow: "main"}
}

func (h *javaHandler) Enabled(_ context.Context, level slog.Level) bool { return level >= h.least }

func (h *javaHandler) Handle(_ context.Context, r slog.Record) error {
	line := *h
	r.Attrs(func(a slog.Attr) bool {
		line.add(a)
		return true
	})
	level := "INFO"
	switch {
	case r.Level >= slog.LevelError:
		level = "ERROR"
	case r.Level >= slog.LevelWarn:
		level = "WARN"
	case r.Level < slog.LevelInfo:
		level = "DEBUG"
	}
	text := fmt.Sprintf("%s %s (%s) %s [%s] %s%s\n", r.Time.Format("2006-01-02 15:04:05.000-0700"), line.host, line.flow, javaLogger, level,
		strings.ReplaceAll(r.Message, "\n", " "), line.attrs)
	h.out.mu.Lock()
	defer h.out.mu.Unlock()
	_, err := io.WriteString(h.out.out, text)
	return err
}

func (h *javaHandler) add(a slog.Attr) {
	if a.Key == "flow" {
		h.flow = a.Value.String()
		return
	}
	text := a.Value.String()
	if strings.ContainsAny(text, " \"\n=") {
		text = fmt.Sprintf("%q", text)
	}
	h.attrs += " " + a.Key + "=" + text
}

func (h *javaHandler) WithAttrs(attrs []slog.Attr) slog.Handler {
	more := *h
	for _, a := range attrs {
		more.add(a)
	}
	return &more
}

// WithGroup is not used by the agent; keys stay as they are.
func (h *javaHandler) WithGroup(string) slog.Handler { return h }
