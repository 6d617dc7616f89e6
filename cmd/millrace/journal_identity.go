package main

import (
	"encoding/json"
	"errors"
	"log/slog"
	"path/filepath"

	"github.com/millrace/millrace/internal/journal/pebble"
	"github.com/millrace/millrace/internal/journal/witness"
	"github.com/millrace/millrace/internal/record"
)

const (
	journalDir = "journal"
	// journalNote lies outside the journal's directory and says how far the
	// journal had come. Whoever deletes a journal on purpose deletes it first.
	journalNote = "journal.json"
)

// openNotedJournal opens the data directory's journal if it is the one that the
// directory knows, and has everything that was noted of it; acceptLoss takes it
// as it is. opts.Dir is set here. The journal is closed by what is returned.
func openNotedJournal(dir string, opts pebble.Options, acceptLoss bool) (*pebble.Journal, func() error, error) {
	opts.Dir = filepath.Join(dir, journalDir)
	note := filepath.Join(dir, journalNote)
	if err := witness.Check(note, opts.Dir, acceptLoss); err != nil {
		return nil, nil, err
	}
	j, err := pebble.Open(opts)
	if err != nil {
		return nil, nil, err
	}
	w, err := witness.Open(j, witness.Options{File: note, AcceptLoss: acceptLoss, Name: deliveryStreamNames(j, opts.Logger), Logger: opts.Logger})
	if err != nil {
		return nil, nil, errors.Join(err, j.Close())
	}
	return j, func() error { return errors.Join(w.Close(), j.Close()) }, nil
}

// deliveryStreamNames is what people call the journal's streams: the names of
// the delivery streams that it knows. A refusal is readable with them, and no
// less right without.
func deliveryStreamNames(j *pebble.Journal, log *slog.Logger) func(record.StreamID) string {
	const prefix = "firehose/stream/"
	names := map[record.StreamID]string{}
	for entry, err := range j.Scan(prefix) {
		if err != nil {
			log.Warn("names of delivery streams cannot be read", "error", err)
			break
		}
		var stream struct {
			ID record.StreamID `json:"id"`
		}
		if json.Unmarshal(entry.Value, &stream) == nil {
			names[stream.ID] = entry.Key[len(prefix):]
		}
	}
	return func(id record.StreamID) string { return names[id] }
}
