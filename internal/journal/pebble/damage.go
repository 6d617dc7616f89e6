package pebble

import (
	"fmt"
	"path/filepath"
	"regexp"
	"strings"
	"sync"

	"github.com/cockroachdb/pebble/v2"
	"github.com/cockroachdb/pebble/v2/vfs"

	"github.com/millrace/millrace/internal/journal"
	"github.com/millrace/millrace/internal/record"
)

// Damage in the store's own files. One in a table concerns what lies in that
// block: whoever reads it gets an error, and nobody else. The store itself would
// end the process, and the next one, when it comes there.

// reportDamage tells a person once a damaged table is met.
func (j *Journal) reportDamage(info pebble.DataCorruptionInfo) {
	j.opts.Logger.Error("a file of the journal is damaged", "file", info.Path, "error", info.Details)
}

// located adds the damaged file to an error of the store.
func located(err error) error {
	if info := pebble.ExtractDataCorruptionInfo(err); info != nil {
		return fmt.Errorf("file %q: %w", info.Path, info.Details)
	}
	return err
}

// damaged makes a reader's error of one of the store, if that is damage.
func (j *Journal) damaged(id record.StreamID, at record.Sequence, err error) error {
	if !pebble.IsCorruptionError(err) {
		return err
	}
	place := j.Place(id)
	if info := pebble.ExtractDataCorruptionInfo(err); info != nil {
		place, err = info.Path, info.Details
	} else if file := j.blobFile(err); file != "" {
		place = file
	}
	return &journal.Damage{Stream: id, Sequence: at, Place: place, Cause: fmt.Errorf("%w: %w", record.ErrDamaged, err)}
}

// blobNumber is how the store speaks of a blob file, of which it gives no path.
var blobNumber = regexp.MustCompile(`\bfile ([0-9]{6,})\b`)

// blobFile finds the blob file that an error of reading frames is about, "" if none is.
func (j *Journal) blobFile(err error) string {
	number := blobNumber.FindStringSubmatch(err.Error())
	if number == nil {
		return ""
	}
	path := j.opts.FS.PathJoin(j.opts.Dir, number[1]+".blob")
	if _, err := j.opts.FS.Stat(path); err != nil {
		return ""
	}
	return path
}

// openFS remembers what is being read while the store opens, because the store
// does not say of every file which one it cannot make sense of.
type openFS struct {
	vfs.FS
	mu      sync.Mutex
	reading string
}

func (o *openFS) Open(name string, opts ...vfs.OpenOption) (vfs.File, error) {
	o.mu.Lock()
	o.reading = name
	o.mu.Unlock()
	return o.FS.Open(name, opts...)
}

// named adds the file to an error of opening that does not have it.
func (o *openFS) named(err error) error {
	o.mu.Lock()
	defer o.mu.Unlock()
	if err = located(err); o.reading == "" || strings.Contains(err.Error(), filepath.Base(o.reading)) {
		return err
	}
	return fmt.Errorf("file %q: %w", o.reading, err)
}
