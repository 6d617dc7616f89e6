package main

import (
	"errors"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/millrace/millrace/internal/journal"
	"github.com/millrace/millrace/internal/journal/pebble"
	"github.com/millrace/millrace/internal/journal/witness"
	"github.com/millrace/millrace/internal/record"
)

// The data directory notices that its journal was put back as it was earlier,
// and calls its streams by their names.
func TestJournalOfAnHourAgo(t *testing.T) {
	dir, id := t.TempDir(), record.NewStreamID()
	opts := pebble.Options{Logger: slog.New(slog.DiscardHandler)}
	put := func(j journal.Journal) record.Sequence {
		t.Helper()
		var records record.Builder
		records.Append([]byte("x"))
		sealed, err := records.Seal()
		if err != nil {
			t.Fatal(err)
		}
		var b journal.Batch
		b.Append(id, sealed)
		b.Set("firehose/stream/logs", []byte(`{"format":1,"id":"`+id.String()+`","name":"logs"}`))
		frames, err := journal.Put(j, &b)
		if err != nil {
			t.Fatal(err)
		}
		return frames[0].First
	}
	session := func(acceptLoss bool) (record.Sequence, error) {
		t.Helper()
		j, closeJournal, err := openNotedJournal(dir, opts, acceptLoss)
		if err != nil {
			return 0, err
		}
		first := put(j)
		if err := closeJournal(); err != nil {
			t.Fatal(err)
		}
		return first, nil
	}
	if _, err := session(false); err != nil {
		t.Fatal(err)
	}
	live, copied := filepath.Join(dir, journalDir), filepath.Join(t.TempDir(), "copy")
	if err := os.CopyFS(copied, os.DirFS(live)); err != nil {
		t.Fatal(err)
	}
	if first, err := session(false); first != 2 || err != nil {
		t.Fatal(first, err)
	}
	if err := errors.Join(os.RemoveAll(live), os.CopyFS(live, os.DirFS(copied))); err != nil {
		t.Fatal(err)
	}
	_, err := session(false)
	var loss *witness.Loss
	if !errors.As(err, &loss) || !strings.Contains(err.Error(), "stream logs ("+id.String()+"): next record 2") || !strings.Contains(err.Error(), "next record 3") {
		t.Fatal(err)
	}
	if first, err := session(true); first <= 3 || err != nil {
		t.Fatal(first, err)
	}
	if _, err := session(false); err != nil {
		t.Fatal(err)
	}
}
