package witness

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"github.com/millrace/millrace/internal/config"
	"github.com/millrace/millrace/internal/journal"
	"github.com/millrace/millrace/internal/record"
)

const (
	identityKey = "journal/identity"
	format      = 1
)

// identity is what journal and file have in common.
type identity struct {
	Format  int    `json:"format"`
	Journal string `json:"journal"` // random, "" for a journal that was never noted
	Epoch   int    `json:"epoch"`   // how often a loss was accepted, plus one
	Beat    int64  `json:"beat"`    // how often it was noted
}

func (i identity) String() string {
	return fmt.Sprintf("journal %s, epoch %d, note %d", i.Journal, i.Epoch, i.Beat)
}

func readIdentity(j journal.Journal) (identity, error) {
	value, err := j.Get(identityKey)
	if err != nil || value == nil {
		return identity{}, err
	}
	var i identity
	if err := json.Unmarshal(value, &i); err != nil {
		return i, fmt.Errorf("read %q from the journal: %w", identityKey, err)
	}
	return i, i.check(fmt.Sprintf("%q in the journal", identityKey))
}

func (i identity) put(b *journal.Batch) error {
	i.Format = format
	value, err := json.Marshal(i)
	if err == nil {
		b.Set(identityKey, value)
	}
	return err
}

func (i identity) check(where string) error {
	if i.Format != format {
		return fmt.Errorf("read %s: format %d, this program reads %d", where, i.Format, format)
	}
	if i.Journal == "" {
		return fmt.Errorf("read %s: it names no journal", where)
	}
	return nil
}

// note is the file.
type note struct {
	identity
	Time    time.Time                           `json:"time"`
	Streams map[record.StreamID]record.Sequence `json:"streams"` // what the next record gets
}

// readNote answers nil if there is no file.
func readNote(file string) (*note, error) {
	text, err := os.ReadFile(file)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("read the journal's note: %w", err)
	}
	n := new(note)
	if err := json.Unmarshal(text, n); err != nil {
		return nil, fmt.Errorf("read the journal's note %q: %w; if the journal is whole, move the file away", file, err)
	}
	return n, n.check(fmt.Sprintf("the journal's note %q", file))
}

// write replaces the file: a crash leaves the old one or the new one.
func (n *note) write(file string) error {
	n.Format = format
	text, err := json.MarshalIndent(n, "", "  ")
	if err != nil {
		return err
	}
	f, err := os.OpenFile(file+".tmp", os.O_CREATE|os.O_WRONLY|os.O_TRUNC, 0o600)
	if err != nil {
		return fmt.Errorf("write the journal's note: %w", err)
	}
	_, err = f.Write(append(text, '\n'))
	err = errors.Join(err, f.Sync(), f.Close())
	if err == nil {
		err = os.Rename(f.Name(), file)
	}
	if err == nil {
		err = config.SyncDir(filepath.Dir(file))
	}
	if err != nil {
		return fmt.Errorf("write the journal's note: %w", err)
	}
	return nil
}

func (n *note) describe(name func(record.StreamID) string) string {
	return n.identity.String() + " of " + n.Time.Format(time.RFC3339) + describeStreams(n.Streams, name)
}
