package main

import (
	"bytes"
	"errors"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// A log group is a folder, a log stream a file of it; names cannot lead out.
func TestDiagnosticsFiles(t *testing.T) {
	dir := t.TempDir()
	d, err := openDiagnostics(dir, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	d.Write("/aws/kinesisfirehose/web", "DestinationDelivery", []byte(`{"a":1}`))
	d.Write("/aws/kinesisfirehose/web", "DestinationDelivery", []byte(`{"a":2}`))
	d.Write("../../out", "..", []byte("x"))
	d.Write("", "", []byte("y"))
	d.Write("a\x00b", strings.Repeat("é", 200), []byte("z"))
	if err := d.Close(); err != nil {
		t.Fatal(err)
	}
	var names []string
	err = fs.WalkDir(os.DirFS(dir), ".", func(name string, e fs.DirEntry, err error) error {
		if err == nil && !e.IsDir() {
			names = append(names, name)
		}
		return err
	})
	if err != nil || len(names) != 4 || names[0] != "log-groups/%.log" || names[1] != "log-groups/%2E./%2E./out/%2E..log" {
		t.Fatalf("%v %q", err, names)
	}
	got, err := os.ReadFile(filepath.Join(dir, "log-groups/aws/kinesisfirehose/web/DestinationDelivery.log"))
	if err != nil || string(got) != "{\"a\":1}\n{\"a\":2}\n" {
		t.Fatalf("%v %q", err, got)
	}
}

// A log group that is called like a stack writes nowhere where the stack's agent reads.
func TestDiagnosticsAreNoLogsOfAStack(t *testing.T) {
	dir := t.TempDir()
	d, err := openDiagnostics(dir, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	d.Write("web", "access", []byte(`{"message":"refused"}`))
	if err := d.Close(); err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(filepath.Join(dir, "log-groups/web/access.log")); err != nil {
		t.Error(err)
	}
	if _, err := os.Stat((&pipelines{dir: dir}).logFile("web", "access.log")); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("the stack's folder: %v", err)
	}
}

// A stream that fails for weeks takes two files of bounded size.
func TestDiagnosticsAreBounded(t *testing.T) {
	dir := t.TempDir()
	d, err := openDiagnostics(dir, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	line := bytes.Repeat([]byte("x"), 1<<20)
	for range 20 {
		d.Write("group", "stream", line)
	}
	if err := d.Close(); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"stream.log", "stream.log.1"} {
		info, err := os.Stat(filepath.Join(dir, "log-groups/group", name))
		if err != nil || info.Size() > maxDiagnosticsBytes || info.Size() == 0 {
			t.Errorf("%s: %v %v", name, info, err)
		}
	}
}

// Log streams that come and go do not use up the process's files, and a line longer than a file is written.
func TestDiagnosticsFilesAreClosed(t *testing.T) {
	dir := t.TempDir()
	d, err := openDiagnostics(dir, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	for i := range 3 * maxDiagnosticsFiles {
		d.Write("group", strings.Repeat("s", 1+i), []byte("x"))
	}
	if len(d.files) > maxDiagnosticsFiles {
		t.Errorf("%d files are open", len(d.files))
	}
	d.Write("group", "long", bytes.Repeat([]byte("x"), maxDiagnosticsBytes+1))
	if err := d.Close(); err != nil {
		t.Fatal(err)
	}
	for _, stream := range []string{"s", strings.Repeat("s", 3*maxDiagnosticsFiles), "long"} {
		if info, err := os.Stat(filepath.Join(dir, "log-groups/group", stream+".log")); err != nil || info.Size() < 2 {
			t.Errorf("%s: %v %v", stream, info, err)
		}
	}
}

// What cannot be written is said once a log stream, also while others can be.
func TestDiagnosticsThatFail(t *testing.T) {
	dir := t.TempDir()
	var logged bytes.Buffer
	d, err := openDiagnostics(dir, slog.New(slog.NewTextHandler(&logged, nil)))
	if err != nil {
		t.Fatal(err)
	}
	defer d.Close()
	if err := os.MkdirAll(filepath.Join(dir, "log-groups/bad/s.log"), 0o700); err != nil {
		t.Fatal(err)
	}
	for range 10 {
		d.Write("bad", "s", []byte("x"))
		d.Write("good", "s", []byte("x"))
	}
	if n := strings.Count(logged.String(), "\n"); n != 1 || !strings.Contains(logged.String(), "log_group=bad") {
		t.Errorf("%d lines: %s", n, logged.String())
	}
}
