package witness

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/millrace/millrace/internal/journal"
	"github.com/millrace/millrace/internal/journal/pebble"
	"github.com/millrace/millrace/internal/record"
)

// One bit of one file is another than was written. Whichever it is: the start
// is refused and the file named, or the note does not agree, or the frame's
// stream stops and names stream, sequence and place, or nothing of what was
// acknowledged has changed. Never is a record missing or another without a word.
func TestFlippedBits(t *testing.T) {
	s, ids := newSite(t), []record.StreamID{record.NewStreamID(), record.NewStreamID()}
	want := map[record.StreamID]map[record.Sequence]string{}
	random := rand.New(rand.NewPCG(1, 2))
	for range 3 { // each start makes tables of what the last one left in the log
		j, w := s.mustOpen(false)
		for i := range 12 {
			id := ids[i%2]
			text := make([]byte, 20_000)
			for k := range text {
				text[k] = byte('a' + random.IntN(26))
			}
			f := put(t, j, id, string(text))
			if want[id] == nil {
				want[id] = map[record.Sequence]string{}
			}
			want[id][f.First] = string(text)
		}
		s.close(j, w)
	}
	whole := s.copyJournal()
	files, err := os.ReadDir(s.dir)
	if err != nil {
		t.Fatal(err)
	}
	outcomes := map[string]map[string]int{}
	for _, file := range files {
		kind := filepath.Ext(file.Name())
		if kind == "" {
			kind, _, _ = strings.Cut(file.Name(), "-")
		}
		whole()
		info, err := file.Info()
		if err != nil {
			t.Fatal(err)
		}
		if outcomes[kind] == nil {
			outcomes[kind] = map[string]int{}
		}
		for range min(info.Size(), 12) {
			whole()
			path := filepath.Join(s.dir, file.Name())
			content, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			at := random.IntN(len(content))
			content[at] ^= 1 << random.IntN(8)
			if err := os.WriteFile(path, content, 0o600); err != nil {
				t.Fatal(err)
			}
			outcome, err := s.look(file.Name(), want)
			if err != nil {
				t.Errorf("bit of byte %d of %s: %v", at, file.Name(), err)
			}
			outcomes[kind][outcome]++
		}
	}
	t.Log(outcomes)
	for kind, outcome := range map[string]string{".sst": "stream stopped", ".blob": "stream stopped", ".log": "refused", "MANIFEST": "refused"} {
		if outcomes[kind][outcome] == 0 {
			t.Errorf("no bit of %s led to %q: %v", kind, outcome, outcomes[kind])
		}
	}
}

// look opens the journal and reads all of it. An error is what must not be.
func (s *site) look(damaged string, want map[record.StreamID]map[record.Sequence]string) (string, error) {
	defer func() {
		if r := recover(); r != nil {
			s.t.Errorf("panic: %v", r)
		}
	}()
	j, err := pebble.Open(pebble.Options{Dir: s.dir, Logger: slog.New(slog.DiscardHandler)})
	if err != nil {
		if !strings.Contains(err.Error(), damaged) {
			return "refused", fmt.Errorf("the refusal does not name the file: %w", err)
		}
		return "refused", nil
	}
	defer j.Close()
	before, err := os.ReadFile(s.file)
	if err != nil {
		return "", err
	}
	defer func() { _ = os.WriteFile(s.file, before, 0o600) }() // the note of the whole journal
	w, err := Open(j, Options{File: s.file})
	var loss *Loss
	switch {
	case errors.As(err, &loss):
		return "note disagrees", nil
	case err != nil && strings.Contains(err.Error(), damaged):
		return "refused", nil
	case err != nil:
		return "refused", fmt.Errorf("the refusal does not name the file: %w", err)
	}
	defer w.Close()
	outcome := "whole"
	for id, records := range want {
		if next := j.Extent(id).Next; next != record.Sequence(len(records))+1 {
			return "", fmt.Errorf("stream %s ends before %d, want %d", id, next, len(records)+1)
		}
		r := j.Read(id, 1)
		defer r.Close()
		for next := record.Sequence(1); int(next) <= len(records); {
			f, err := r.Next(context.Background())
			var damage *journal.Damage
			if errors.As(err, &damage) {
				if damage.Stream != id || damage.Sequence != next || !strings.Contains(err.Error(), damaged) || !errors.Is(err, record.ErrDamaged) {
					return "", fmt.Errorf("at record %d of stream %s: %w", next, id, err)
				}
				outcome = "stream stopped"
				break
			}
			if err != nil {
				return "", fmt.Errorf("not a damage: %w", err)
			}
			if f.First != next || string(f.Record(0)) != records[next] {
				return "", fmt.Errorf("record %d of stream %s is another", next, id)
			}
			next = f.Next()
		}
	}
	return outcome, nil
}
