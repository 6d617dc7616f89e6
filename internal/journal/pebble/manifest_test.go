package pebble

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/millrace/millrace/internal/journal"
	"github.com/millrace/millrace/internal/record"
)

// A process was killed after its store had turned its memory over several
// times, and one bit of the manifest is another. Whichever it is: the start is
// refused and names the manifest or a file that it lists, or all is there.
func TestFlippedBitsOfAManifest(t *testing.T) {
	const frames, memTable, step = 60, 256 << 10, 11
	dir := filepath.Join(t.TempDir(), "j")
	j, err := Open(Options{Dir: dir, memTableBytes: memTable})
	if err != nil {
		t.Fatal(err)
	}
	id := record.NewStreamID()
	for i := range frames {
		var b journal.Batch
		b.Append(id, noise(t, 20<<10, uint64(i)))
		if _, err := journal.Put(j, &b); err != nil {
			t.Fatal(err)
		}
	}
	killed := filepath.Join(t.TempDir(), "killed")
	if err := os.CopyFS(killed, os.DirFS(dir)); err != nil {
		t.Fatal(err)
	}
	_ = j.Close()
	manifests, err := filepath.Glob(filepath.Join(killed, "MANIFEST-*"))
	if err != nil || len(manifests) != 1 {
		t.Fatalf("%v %v, want one manifest", manifests, err)
	}
	content, err := os.ReadFile(manifests[0])
	if err != nil {
		t.Fatal(err)
	}
	outcomes := map[string]int{}
	for at := 0; at < len(content); at += step {
		left := filepath.Join(t.TempDir(), "left")
		if err := os.CopyFS(left, os.DirFS(killed)); err != nil {
			t.Fatal(err)
		}
		content[at] ^= 1 << (at % 8)
		if err := os.WriteFile(filepath.Join(left, filepath.Base(manifests[0])), content, 0o600); err != nil {
			t.Fatal(err)
		}
		content[at] ^= 1 << (at % 8)
		outcome := "whole"
		j, err := Open(Options{Dir: left, RecentBytes: 1})
		if err != nil {
			if outcome = "refused"; !strings.Contains(err.Error(), "file ") && !strings.Contains(err.Error(), "MANIFEST") {
				t.Errorf("bit of byte %d: the refusal names no file: %v", at, err)
			}
		} else {
			r := j.Read(id, 1)
			for i := range frames {
				if f, err := r.Next(context.Background()); err != nil || f.First != record.Sequence(2*i+1) {
					t.Errorf("bit of byte %d of %d: opened, and frame %d cannot be read: %v", at, len(content), i, err)
					break
				}
			}
			_ = j.Close()
		}
		outcomes[outcome]++
		_ = os.RemoveAll(left)
	}
	t.Log(outcomes)
	if outcomes["refused"] == 0 {
		t.Error("no bit led to a refusal")
	}
}
