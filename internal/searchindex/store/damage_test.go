package store

import (
	"fmt"
	"log/slog"
	"math/rand/v2"
	"os"
	"path/filepath"
	"testing"

	"github.com/millrace/millrace/internal/searchindex/column"
)

// One bit of the database flips, anywhere: the store does not open, or every document that it gives out is as it was
// written. None is ever wrong.
func TestFlippedBits(t *testing.T) {
	dir := t.TempDir()
	s := open(t, dir)
	const n = 300
	put(t, s, 0, n)
	if err := s.Update(t.Context(), func(tx *Tx) { tx.Define("n", "template", "t", `{"index_patterns":["a*"]}`) }); err != nil {
		t.Fatal(err)
	}
	s.Close()
	whole, err := os.ReadFile(filepath.Join(dir, "index.db"))
	if err != nil {
		t.Fatal(err)
	}
	r := rand.New(rand.NewPCG(1, 2))
	noticed := 0
	for range 150 {
		at, bit := r.IntN(len(whole)), byte(1)<<r.IntN(8)
		whole[at] ^= bit
		if damaged := readDamaged(t, whole, n); damaged {
			noticed++
		}
		whole[at] ^= bit
	}
	if noticed < 8 {
		t.Errorf("only %d of 150 flipped bits were noticed", noticed)
	}
}

func readDamaged(t *testing.T, file []byte, n int) (damaged bool) {
	t.Helper()
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "index.db"), file, 0o600); err != nil {
		t.Fatal(err)
	}
	s, err := Open(dir, DefaultCacheBytes, slog.New(slog.DiscardHandler))
	if err != nil {
		return true
	}
	defer s.Close()
	_ = s.View("n", func(v *View) error {
		x := v.Index("i")
		if x == nil {
			damaged = true
			return nil
		}
		for i := range n {
			d, found, err := v.Document(t.Context(), x, fmt.Sprint(i))
			wanted := fmt.Sprintf(`{"n":%d,"word":"w%d"}`, i, i%7)
			switch {
			case err != nil || !found:
				damaged = true
			case d.Source != wanted || d.Version != 1 || d.Seq != int64(i):
				t.Errorf("document %d came back as %+v", i, d)
			}
		}
		return nil
	})
	return damaged
}

// A log that was cut gives up its last transactions, whole ones, and nothing else.
func TestCutLog(t *testing.T) {
	dir := t.TempDir()
	s := open(t, dir)
	for i := range 20 {
		put(t, s, 10*i, 10*i+10)
	}
	log, err := os.ReadFile(filepath.Join(dir, "index.db-wal"))
	if err != nil {
		t.Fatal(err)
	}
	database, err := os.ReadFile(filepath.Join(dir, "index.db"))
	if err != nil {
		t.Fatal(err)
	}
	r := rand.New(rand.NewPCG(3, 4))
	last := 0
	for _, cut := range []int{len(log), r.IntN(len(log)), r.IntN(len(log)), r.IntN(len(log)), len(log) - 1} {
		copied := t.TempDir()
		for name, content := range map[string][]byte{"index.db": database, "index.db-wal": log[:cut]} {
			if err := os.WriteFile(filepath.Join(copied, name), content, 0o600); err != nil {
				t.Fatal(err)
			}
		}
		s := open(t, copied)
		n := rows(t, s, "SELECT count(*) FROM documents")
		if n%10 != 0 || n > 0 && sum(t, s) != int64(n*(n-1)/2) {
			t.Errorf("%d documents after a cut at %d of %d", n, cut, len(log))
		}
		if cut == len(log) && n != 200 {
			t.Errorf("%d documents of the whole log", n)
		}
		last = max(last, n)
		s.Close()
	}
	if last != 200 {
		t.Errorf("%d documents at most", last)
	}
}

// A database that was cut is refused by name, or gives out only what is whole.
func TestCutDatabase(t *testing.T) {
	dir := t.TempDir()
	s := open(t, dir)
	put(t, s, 0, column.SegmentSize)
	s.Close()
	whole, err := os.ReadFile(filepath.Join(dir, "index.db"))
	if err != nil {
		t.Fatal(err)
	}
	r := rand.New(rand.NewPCG(5, 6))
	for range 20 {
		if !readDamaged(t, whole[:r.IntN(len(whole))], column.SegmentSize) {
			t.Error("a cut database was not noticed")
		}
	}
}

// A database of format 1 is brought up to date, and what it holds is read without checksums.
func TestOldFormat(t *testing.T) {
	dir := t.TempDir()
	s := open(t, dir)
	put(t, s, 0, 10)
	s.Close()
	db, err := openDatabase(dir)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := db.Exec("ALTER TABLE documents DROP COLUMN sum; ALTER TABLE indices DROP COLUMN aliases; DROP TABLE definitions; PRAGMA user_version = 1"); err != nil {
		t.Fatal(err)
	}
	db.Close()
	s = open(t, dir)
	put(t, s, 10, 20)
	if got := sum(t, s); got != 190 {
		t.Errorf("sum %d", got)
	}
}
