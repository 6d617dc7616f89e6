package main

import (
	"bytes"
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
	if err != nil || len(names) != 4 || names[0] != "logs/%.log" || names[1] != "logs/%2E./%2E./out/%2E..log" {
		t.Fatalf("%v %q", err, names)
	}
	got, err := os.ReadFile(filepath.Join(dir, "logs/aws/kinesisfirehose/web/DestinationDelivery.log"))
	if err != nil || string(got) != "{\"a\":1}\n{\"a\":2}\n" {
		t.Fatalf("%v %q", err, got)
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
		info, err := os.Stat(filepath.Join(dir, "logs/group", name))
		if err != nil || info.Size() > maxDiagnosticsBytes || info.Size() == 0 {
			t.Errorf("%s: %v %v", name, info, err)
		}
	}
}
