package pebble

import (
	"context"
	"errors"
	"fmt"
	"testing"

	"github.com/cockroachdb/pebble/v2"

	"github.com/millrace/millrace/internal/journal"
	"github.com/millrace/millrace/internal/record"
)

func seal(t testing.TB, records ...string) *record.Sealed {
	t.Helper()
	var b record.Builder
	for _, r := range records {
		b.Append([]byte(r))
	}
	s, err := b.Seal()
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// A frame that is not what was written stops its stream, names the place, and
// leaves other streams alone.
func TestDamagedFrameStopsItsStreamOnly(t *testing.T) {
	dir := t.TempDir()
	j, err := Open(Options{Dir: dir})
	if err != nil {
		t.Fatal(err)
	}
	hurt, well := record.NewStreamID(), record.NewStreamID()
	for i := range 3 {
		for _, id := range []record.StreamID{hurt, well} {
			var b journal.Batch
			b.Append(id, seal(t, fmt.Sprint("r", i)))
			if _, err := journal.Put(j, &b); err != nil {
				t.Fatal(err)
			}
		}
	}
	raw, err := j.get(frameKey(hurt, 2))
	if err != nil || raw == nil {
		t.Fatal(err)
	}
	raw[len(raw)-1] ^= 1
	if err := j.db.Set(frameKey(hurt, 2), raw, pebble.Sync); err != nil {
		t.Fatal(err)
	}
	_ = j.Close()

	j, err = Open(Options{Dir: dir})
	if err != nil {
		t.Fatal(err)
	}
	defer j.Close()
	r := j.Read(hurt, 1)
	if f, err := r.Next(context.Background()); err != nil || f.First != 1 {
		t.Fatalf("the whole frame before it: %v", err)
	}
	var damage *journal.Damage
	if _, err := r.Next(context.Background()); !errors.As(err, &damage) || damage.Stream != hurt || damage.Sequence != 2 || !errors.Is(err, record.ErrDamaged) {
		t.Fatalf("got %v", err)
	}
	for r, i := j.Read(well, 1), 0; i < 3; i++ {
		if _, err := r.Next(context.Background()); err != nil {
			t.Fatal(err)
		}
	}
}

// A frame that is gone from the middle is damage, too, not a silent jump.
func TestMissingFrameIsDamage(t *testing.T) {
	dir := t.TempDir()
	j, _ := Open(Options{Dir: dir})
	id := record.NewStreamID()
	for range 3 {
		var b journal.Batch
		b.Append(id, seal(t, "x"))
		if _, err := journal.Put(j, &b); err != nil {
			t.Fatal(err)
		}
	}
	_ = j.db.Delete(frameKey(id, 2), pebble.Sync)
	_ = j.Close()
	j, err := Open(Options{Dir: dir})
	if err != nil {
		t.Fatal(err)
	}
	defer j.Close()
	r := j.Read(id, 1)
	_, _ = r.Next(context.Background())
	var damage *journal.Damage
	if _, err := r.Next(context.Background()); !errors.As(err, &damage) || damage.Sequence != 2 {
		t.Fatalf("got %v", err)
	}
}

func TestSecondOpenIsRefused(t *testing.T) {
	dir := t.TempDir()
	j, err := Open(Options{Dir: dir})
	if err != nil {
		t.Fatal(err)
	}
	defer j.Close()
	if second, err := Open(Options{Dir: dir}); err == nil {
		_ = second.Close()
		t.Fatal("two journals on one directory")
	}
}
