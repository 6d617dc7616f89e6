package store

import (
	"database/sql"
	"fmt"
	"log/slog"
	"strings"
	"testing"
	"time"

	"github.com/millrace/millrace/internal/searchindex/column"
	"github.com/millrace/millrace/internal/searchindex/mapping"
)

func open(t *testing.T, dir string) *Store {
	t.Helper()
	s, err := Open(dir, DefaultCacheBytes, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	return s
}

func put(t *testing.T, s *Store, from, to int) {
	t.Helper()
	err := s.Update(t.Context(), func(tx *Tx) {
		x := tx.Index("n", "i")
		if x == nil {
			x = tx.Create("n", "i", mapping.New(), Settings{})
		}
		for i := from; i < to; i++ {
			doc, refused := mapping.ParseDocument(fmt.Sprint(i), fmt.Sprintf(`{"n":%d,"word":"w%d"}`, i, i%7))
			if refused == nil {
				_, refused = tx.Put(x, doc, false)
			}
			if refused != nil {
				t.Error(refused)
			}
		}
	})
	if err != nil {
		t.Fatal(err)
	}
}

// sum adds up the column n.
func sum(t *testing.T, s *Store) (total int64) {
	t.Helper()
	err := s.View("n", func(v *View) error {
		x := v.Index("i")
		for segment := range x.Segments() {
			live, err := v.Live(t.Context(), x, segment)
			if err != nil {
				return err
			}
			c, err := v.Column(t.Context(), x, segment, "n")
			if err != nil {
				return err
			}
			for _, doc := range live.AppendDocs(nil) {
				total += c.Ints[doc]
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return total
}

func rows(t *testing.T, s *Store, query string) (n int) {
	t.Helper()
	if err := s.db.QueryRow(query).Scan(&n); err != nil {
		t.Fatal(err)
	}
	return n
}

func eventually(t *testing.T, what string, ok func() bool) {
	t.Helper()
	for range 500 {
		if ok() {
			return
		}
		time.Sleep(10 * time.Millisecond)
	}
	t.Fatal(what)
}

const blobs = "SELECT count(*) FROM columns"

// A full segment gets blobs: its two fields and the bitmap. A change takes them away, a search that had to build the
// segment brings them back; the sums are right all along.
func TestBlobsComeAndGo(t *testing.T) {
	dir := t.TempDir()
	s := open(t, dir)
	const n = column.SegmentSize + 100
	put(t, s, 0, n)
	eventually(t, "the full segment was not saved", func() bool { return rows(t, s, blobs) == 3 })
	if got := sum(t, s); got != n*(n-1)/2 {
		t.Errorf("sum %d", got)
	}
	s.Close()
	s = open(t, dir)
	if got := sum(t, s); got != n*(n-1)/2 {
		t.Errorf("sum %d after opening", got)
	}
	put(t, s, 5, 6)
	if got := rows(t, s, blobs); got != 0 {
		t.Errorf("%d blobs of a segment that changed", got)
	}
	if got := sum(t, s); got != n*(n-1)/2 {
		t.Errorf("sum %d after a repeat", got)
	}
	eventually(t, "the rebuilt segment was not saved", func() bool { return rows(t, s, blobs) == 3 })
}

// Damaged blobs are built anew from the documents.
func TestDamagedBlobs(t *testing.T) {
	for _, where := range []string{"field = ''", "field = 'n'"} {
		dir := t.TempDir()
		s := open(t, dir)
		put(t, s, 0, column.SegmentSize)
		eventually(t, "the full segment was not saved", func() bool { return rows(t, s, blobs) > 0 })
		s.Close()
		db, err := openDatabase(dir)
		if err != nil {
			t.Fatal(err)
		}
		result, err := db.Exec("UPDATE columns SET data = x'0102030405060708' WHERE " + where)
		if changed, _ := affected(result); err != nil || changed != 1 {
			t.Fatal(err, changed)
		}
		db.Close()
		if got := sum(t, open(t, dir)); got != column.SegmentSize*(column.SegmentSize-1)/2 {
			t.Errorf("sum %d with %s damaged", got, where)
		}
	}
}

func affected(r sql.Result) (int64, error) {
	if r == nil {
		return 0, nil
	}
	return r.RowsAffected()
}

// The documents of a deleted index go after it, also when the program stopped in between.
func TestDroppedDocumentsGo(t *testing.T) {
	dir := t.TempDir()
	s := open(t, dir)
	put(t, s, 0, 9000)
	if err := s.Update(t.Context(), func(tx *Tx) { tx.Drop(tx.Index("n", "i")) }); err != nil {
		t.Fatal(err)
	}
	s.Close()
	s = open(t, dir)
	eventually(t, "documents of a dropped index stay", func() bool {
		return rows(t, s, "SELECT (SELECT count(*) FROM documents) + (SELECT count(*) FROM dropped) + (SELECT count(*) FROM columns)") == 0
	})
	put(t, s, 0, 10)
	if got := sum(t, s); got != 45 {
		t.Errorf("sum %d in the new index", got)
	}
}

// A transaction that the database refuses changes nothing, neither on disk nor in memory, and the next one goes through.
func TestFailedTransaction(t *testing.T) {
	s := open(t, t.TempDir())
	put(t, s, 0, 10)
	err := s.Update(t.Context(), func(tx *Tx) {
		doc, _ := mapping.ParseDocument("new", `{"n":1000,"other":true}`)
		if _, refused := tx.Put(tx.Index("n", "i"), doc, false); refused != nil {
			t.Error(refused)
		}
		tx.exec("INSERT INTO no_such_table VALUES (1)")
	})
	if err == nil || !strings.Contains(err.Error(), "no_such_table") {
		t.Fatalf("error %v", err)
	}
	if got := sum(t, s); got != 45 {
		t.Errorf("sum %d after the failure", got)
	}
	put(t, s, 10, 11)
	if got, n := sum(t, s), rows(t, s, "SELECT count(*) FROM documents"); got != 55 || n != 11 {
		t.Errorf("sum %d of %d documents", got, n)
	}
	_ = s.View("n", func(v *View) error {
		if v.Index("i").Mapping.Field("other") != nil {
			t.Error("the failed transaction left its field")
		}
		return nil
	})
}
