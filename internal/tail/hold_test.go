package tail

import (
	"fmt"
	"os"
	"path/filepath"
	"testing"
	"time"
)

// followed is a tailer on a folder, without events.
func followed(t *testing.T, pattern string, now *time.Time) *Tailer {
	tailer, err := New(Options{Pattern: pattern, Initial: StartOfFile, NoEvents: true, Now: func() time.Time { return *now }})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { tailer.Close() })
	return tailer
}

func write(t *testing.T, path, text string) {
	t.Helper()
	if err := appendFile(path, text); err != nil {
		t.Fatal(err)
	}
}

// A file that is held is copied and truncated: who lets it go on by the file that was held gets the rest out of the copy.
func TestHoldReachesTheCopy(t *testing.T) {
	path, now := filepath.Join(t.TempDir(), "access.log"), time.Now()
	write(t, path, "one\n")
	tailer := followed(t, path, &now)
	lines, ok := tailer.Next()
	if !ok {
		t.Fatal("nothing to read")
	}
	tailer.Hold(lines.File, true)
	write(t, path, "two\n")
	tailer.Look()
	content, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	write(t, path+".1", string(content))
	if err := os.Truncate(path, 0); err != nil {
		t.Fatal(err)
	}
	for range 5 {
		now = now.Add(time.Second)
		if lines, ok := tailer.Next(); ok {
			t.Fatalf("held, and %q was read", lines.Data)
		}
	}
	tailer.Hold(lines.File, false)
	if again, ok := tailer.Next(); !ok || string(again.Data) != "two\n" || again.File.ID != lines.File.ID {
		t.Fatalf("got %q, %t", again.Data, ok)
	}
}

// Between a truncation and the finding of the copy, a checkpoint holds what was not read.
func TestTruncatedFileIsInTheCheckpointUntilItsCopyIsFound(t *testing.T) {
	path, now := filepath.Join(t.TempDir(), "access.log"), time.Now()
	write(t, path, "one\n")
	tailer := followed(t, path, &now)
	lines, ok := tailer.Next()
	if !ok {
		t.Fatal("nothing to read")
	}
	write(t, path, "two\n")
	now = now.Add(time.Second)
	tailer.Look()
	write(t, path+".1", "one\ntwo\n")
	if err := os.Truncate(path, 0); err != nil {
		t.Fatal(err)
	}
	write(t, path, "three\nfour\n")
	if _, ok := tailer.Next(); ok { // no time has passed: the reading itself comes upon it
		t.Fatal("read from a truncated file")
	}
	known := tailer.Checkpoint(allRead)
	tailer.Close()
	again, err := New(Options{Pattern: path, Resume: &known, NoEvents: true, Now: func() time.Time { return now }})
	if err != nil {
		t.Fatal(err)
	}
	defer again.Close()
	rest := map[string][16]byte{}
	for lines, ok := again.Next(); ok; lines, ok = again.Next() {
		rest[string(lines.Data)] = lines.File.ID
	}
	if len(rest) != 2 || rest["two\n"] != lines.File.ID || rest["three\nfour\n"] == lines.File.ID {
		t.Fatalf("got %v", rest)
	}
}

// Of many files those that were read are closed; their headers are counted all the same.
func TestLinesBeforeInClosedFile(t *testing.T) {
	dir, now := t.TempDir(), time.Now()
	for i := range maxOpenFiles + 10 {
		write(t, filepath.Join(dir, fmt.Sprintf("log%03d", i)), "# header\none\n")
	}
	tailer := followed(t, filepath.Join(dir, "log*"), &now)
	read := 0
	for lines, ok := tailer.Next(); ok; lines, ok = tailer.Next() {
		if n := tailer.LinesBefore(lines.File, lines.End, 1); n != 1 {
			t.Fatalf("%d lines before the end of %s", n, lines.File.Path())
		}
		read++
	}
	if read != maxOpenFiles+10 || tailer.open > maxOpenFiles {
		t.Fatalf("%d files read, %d open", read, tailer.open)
	}
}

// Rotated files are followed beyond their end, but not any number of them.
func TestRotatedFilesAreLetGoInTime(t *testing.T) {
	path, now := filepath.Join(t.TempDir(), "access.log"), time.Now()
	tailer := followed(t, path, &now)
	for i := range 3 * maxResting {
		write(t, path, fmt.Sprintln("line", i))
		now = now.Add(time.Second)
		if _, ok := tailer.Next(); !ok {
			t.Fatalf("file %d was not read", i)
		}
		if err := os.Rename(path, fmt.Sprint(path, ".", i)); err != nil {
			t.Fatal(err)
		}
	}
	for range 30 {
		now = now.Add(time.Second)
		tailer.Look()
	}
	if n := len(tailer.Files()); n != maxResting || tailer.open != n {
		t.Errorf("%d files are followed, %d are open", n, tailer.open)
	}
	oldest, newest := fmt.Sprint(path, ".0"), fmt.Sprint(path, ".", 3*maxResting-1)
	write(t, oldest, "too late\n")
	write(t, newest, "late\n")
	now = now.Add(10 * time.Second)
	if lines, ok := tailer.Next(); !ok || string(lines.Data) != "late\n" {
		t.Errorf("got %q, %t", lines.Data, ok)
	}
	for i := range 3 * maxResting {
		os.Remove(fmt.Sprint(path, ".", i))
	}
	for range 30 {
		now = now.Add(time.Second)
		tailer.Look()
	}
	if n := len(tailer.Files()); n != 0 || tailer.open != 0 {
		t.Errorf("%d removed files are followed, %d are open", n, tailer.open)
	}
}
