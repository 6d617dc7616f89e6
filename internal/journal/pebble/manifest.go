package pebble

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"

	"github.com/cockroachdb/pebble/v2"
	storerecord "github.com/cockroachdb/pebble/v2/record"
	"github.com/cockroachdb/pebble/v2/vfs"
)

// The store takes a manifest's entry that it cannot read for the torn end of one
// that was under way when the process ended, and goes on with those before it. That is
// right after a crash: what the entry replaces is still there. It is wrong
// for damage: an entry that was written says that frames have moved from the log
// into a table, after which that log is deleted or written over.
//
//	entries:  log from 7 on │ … │ 8, table 9 ✗       log 7 is there: torn, and nothing is lost
//	                                                 log 7 is gone:  damage

// Tags of an entry's first members, in the order in which they are written.
const (
	comparerTag = 1
	logTag      = 2 // the first log that is needed
	nextFileTag = 3 // the number that the next file gets
)

// checkManifest refuses a directory whose manifest has an entry that cannot be
// read though it was written whole. What else is wrong there the store finds.
func checkManifest(fs vfs.FS, dir string) error {
	desc, err := pebble.Peek(dir, fs)
	if err != nil || !desc.Exists {
		return nil // the store says it, or makes a new one
	}
	firstLog, err := readManifest(fs, desc.ManifestFilename)
	if err == nil || firstLog == 0 {
		return nil
	}
	if _, missing := fs.Stat(fs.PathJoin(dir, fmt.Sprintf("%06d.log", firstLog))); missing == nil {
		return nil
	}
	return fmt.Errorf("file %q: an entry is damaged: %w; the log %06d that the entries before it need is gone", desc.ManifestFilename, err, firstLog)
}

// readManifest returns the first log that is needed by the entries that can be
// read, and why those after them cannot.
func readManifest(fs vfs.FS, name string) (firstLog uint64, err error) {
	f, err := fs.Open(name)
	if err != nil {
		return 0, err
	}
	defer f.Close()
	for entries := storerecord.NewReader(f, 0); ; {
		r, err := entries.Next()
		var entry []byte
		if err == nil {
			entry, err = io.ReadAll(r)
		}
		if errors.Is(err, io.EOF) {
			return firstLog, nil
		}
		if err != nil {
			return firstLog, err
		}
		firstLog = firstLogAfter(entry, firstLog)
	}
}

// firstLogAfter reads from an entry which log is the first that is needed after
// it. A store that is new has none yet, and makes it the next file.
func firstLogAfter(entry []byte, before uint64) uint64 {
	next := func() (v uint64) {
		v, n := binary.Uvarint(entry)
		entry = entry[max(0, n):]
		return v
	}
	tag := next()
	if tag == comparerTag {
		length := next()
		entry = entry[min(length, uint64(len(entry))):]
		tag = next()
	}
	switch {
	case tag == logTag, tag == nextFileTag && before == 0:
		return next()
	}
	return before
}
