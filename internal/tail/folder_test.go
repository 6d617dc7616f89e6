package tail

import (
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"
)

// What comes, goes or changes its file shows in the folders' times, also when it does so in the same moment in which they are read.
func TestFoldersTellOfChanges(t *testing.T) {
	dir := t.TempDir()
	write(t, filepath.Join(dir, "a.log"), "one\n")
	glob, err := ParseGlob(filepath.Join(dir, "*.log"))
	if err != nil {
		t.Fatal(err)
	}
	var f folders
	settle := func() {
		t.Helper()
		long := time.Now().Add(-time.Hour)
		if err := os.Chtimes(dir, long, long); err != nil {
			t.Fatal(err)
		}
		if _, err := f.walk(glob, true, func(string) {}); err != nil || !f.unchanged() {
			t.Fatalf("an old folder that was just read is not up to date (%v)", err)
		}
	}
	if _, err := f.walk(glob, true, func(string) {}); err != nil {
		t.Fatal(err)
	}
	if f.unchanged() {
		t.Error("a folder that changed while it was read counts as up to date")
	}
	in := func(name string) string { return filepath.Join(dir, name) }
	for _, step := range []struct {
		what string
		do   func() error
	}{
		{"a new file", func() error { return os.WriteFile(in("b.log"), nil, 0o644) }},
		{"a renamed file", func() error { return os.Rename(in("a.log"), in("c.log")) }},
		{"a file put over another", func() error { return os.Rename(in("c.log"), in("b.log")) }},
		{"a removed file", func() error { return os.Remove(in("b.log")) }},
	} {
		settle()
		if err := step.do(); err != nil {
			t.Fatal(err)
		}
		if f.unchanged() {
			t.Errorf("%s was not noticed", step.what)
		}
	}
	write(t, in("target"), "one\n")
	if err := os.Symlink("target", in("link.log")); err != nil {
		t.Skip(err)
	}
	settle()
	if f.local() {
		t.Error("a symbolic link may lead anywhere")
	}
}

// A folder that is removed and made anew is watched again, and its files are read.
func TestFolderMadeAnewIsWatched(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "logs")
	now := time.Now()
	if err := os.Mkdir(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	write(t, filepath.Join(dir, "a.log"), "one\n")
	tailer, err := New(Options{Pattern: filepath.Join(dir, "*.log"), Initial: StartOfFile, Now: func() time.Time { return now }})
	if err != nil {
		t.Fatal(err)
	}
	defer tailer.Close()
	if tailer.watch.events == nil {
		t.Skip("no file events here")
	}
	if _, ok := tailer.Next(); !ok || !slices.Contains(tailer.watch.events.WatchList(), dir) {
		t.Fatal("not watched to begin with")
	}
	if err := os.RemoveAll(dir); err != nil {
		t.Fatal(err)
	}
	if err := os.Mkdir(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	write(t, filepath.Join(dir, "a.log"), "two\n")
	read := ""
	for range 30 {
		now = now.Add(time.Second)
		if lines, ok := tailer.Next(); ok {
			read += string(lines.Data)
		}
	}
	if read != "two\n" {
		t.Errorf("read %q", read)
	}
	if !slices.Contains(tailer.watch.events.WatchList(), dir) || !tailer.watch.sees() {
		t.Error("the new folder is not watched")
	}
}
