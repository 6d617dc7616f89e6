package main

import (
	"fmt"
	"log/slog"
	"net/url"
	"os"
	"path"
	"path/filepath"
	"strings"
	"sync"
)

const (
	// diagnosticsDir is in the data directory, with a folder for each log group.
	// It is not that of the stacks' own logs, which their agents read: a group
	// may be called like a stack.
	diagnosticsDir = "log-groups"
	// maxDiagnosticsBytes of a log stream are kept, and as many of the file
	// before it.
	maxDiagnosticsBytes = 8 << 20
	// maxDiagnosticsFiles are held open, and as many log streams remembered that
	// cannot be written.
	maxDiagnosticsFiles = 64
)

// diagnostics are the log lines of delivery streams whose
// CloudWatchLoggingOptions are enabled: a file for each log stream, a line of
// JSON for each event. They are for people, so a line that cannot be written is
// said once and nothing waits for the disk.
type diagnostics struct {
	root *os.Root
	log  *slog.Logger

	mu     sync.Mutex
	files  map[string]*os.File
	failed map[string]bool // by file
}

func openDiagnostics(dir string, log *slog.Logger) (*diagnostics, error) {
	dir = filepath.Join(dir, diagnosticsDir)
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, fmt.Errorf("open log directory: %w", err)
	}
	root, err := os.OpenRoot(dir)
	if err != nil {
		return nil, fmt.Errorf("open log directory: %w", err)
	}
	return &diagnostics{root: root, log: log, files: map[string]*os.File{}, failed: map[string]bool{}}, nil
}

// Write appends one line, which has no newline, to a log stream.
func (d *diagnostics) Write(group, stream string, line []byte) {
	d.mu.Lock()
	defer d.mu.Unlock()
	name := logFile(group, stream)
	err := d.write(name, append(line[:len(line):len(line)], '\n'))
	if err == nil {
		delete(d.failed, name)
		return
	}
	if d.failed[name] {
		return
	}
	d.log.Warn("delivery diagnostics cannot be written", "log_group", group, "log_stream", stream, "error", err)
	if len(d.failed) == maxDiagnosticsFiles {
		clear(d.failed)
	}
	d.failed[name] = true
}

func (d *diagnostics) write(name string, line []byte) error {
	f := d.files[name]
	if f == nil {
		if err := d.root.MkdirAll(path.Dir(name), 0o700); err != nil {
			return err
		}
		if len(d.files) == maxDiagnosticsFiles {
			d.closeFiles()
		}
		var err error
		if f, err = d.root.OpenFile(name, os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o600); err != nil {
			return err
		}
		d.files[name] = f
	}
	if info, err := f.Stat(); err == nil && info.Size() > 0 && info.Size()+int64(len(line)) > maxDiagnosticsBytes {
		_ = f.Close()
		delete(d.files, name)
		if err := d.root.Rename(name, name+".1"); err != nil {
			return err
		}
		return d.write(name, line)
	}
	_, err := f.Write(line)
	return err
}

// Close closes the files.
func (d *diagnostics) Close() error {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.closeFiles()
	return d.root.Close()
}

func (d *diagnostics) closeFiles() {
	for _, f := range d.files {
		_ = f.Close() // nothing is buffered
	}
	clear(d.files)
}

// logFile is where a log stream is: the group's name is a folder for each of
// its parts, and what a name of a file cannot hold is escaped.
func logFile(group, stream string) string {
	var parts []string
	for part := range strings.SplitSeq(group, "/") {
		if part != "" {
			parts = append(parts, fileName(part))
		}
	}
	return path.Join(append(parts, fileName(stream)+".log")...)
}

func fileName(s string) string {
	switch s = url.PathEscape(s); {
	case s == "":
		return "%"
	case s[0] == '.':
		return "%2E" + s[1:]
	case len(s) > 200:
		return s[:200]
	}
	return s
}
