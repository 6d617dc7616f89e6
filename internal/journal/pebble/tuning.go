package pebble

import (
	"time"

	"github.com/cockroachdb/pebble/v2"
)

// A frame is written into the log and, unless it was trimmed by then, once more
// when the store's memory is turned over: into a blob file, which merging does not write again.
//
//	commit ─▶ log, memory ─ 16 MiB ─▶ blob file: frames     ─▶ deleted when the last of them is trimmed
//	                               └▶ tables: keys, measures, state ─▶ merged
const (
	memTableBytes   = 16 << 20
	blockCacheBytes = 8 << 20

	// separateFrom is the length from which a frame lies in a blob file. Shorter ones
	// cost less beside their keys than the way to another file.
	separateFrom = 1 << 10
	// maxBlobDepth is how many blob files side by side a table's keys may lead to
	// before merging writes the frames anew. Streams are read in order, frame by
	// frame, so that many files cost nothing; writing anew does.
	maxBlobDepth = 64
	// Half of the blob files' bytes may be trimmed frames whose neighbours are not.
	// Beyond that files that are this old are rewritten: most are deleted whole before.
	maxBlobGarbage = 0.5
	rewriteBlobAge = 5 * time.Second
)

// tuned are the store's options but for where and to whom it speaks.
func tuned(memTableBytes uint64, rewriteBlobAge time.Duration) *pebble.Options {
	p := &pebble.Options{
		FormatMajorVersion: pebble.FormatNewest, // later than WAL sync chunks: a damaged log is told from a torn tail
		MemTableSize:       memTableBytes,       // a commit of more than half of it is taken all the same
		CacheSize:          blockCacheBytes,
	}
	p.TargetFileSizes[0] = int64(memTableBytes) // one blob file for each time that memory is turned over
	p.Experimental.ValueSeparationPolicy = func() pebble.ValueSeparationPolicy {
		return pebble.ValueSeparationPolicy{
			Enabled: true, MinimumSize: separateFrom, MaxBlobReferenceDepth: maxBlobDepth,
			TargetGarbageRatio: maxBlobGarbage, RewriteMinimumAge: rewriteBlobAge,
		}
	}
	p.Experimental.SpanPolicyFunc = spanPolicy
	p.ApplyCompressionSettings(func() pebble.DBCompressionSettings { return pebble.DBCompressionNone }) // frames are packed already
	return p
}

// spanPolicy keeps frames in blob files and everything else in tables: what
// opening reads is read in one place, and state that is set again and again
// leaves nothing behind in files that frames keep.
func spanPolicy(start []byte) (policy pebble.SpanPolicy, end []byte, err error) {
	inTables := pebble.SpanPolicy{ValueStoragePolicy: pebble.ValueStorageLowReadLatency}
	switch {
	case len(start) == 0 || start[0] < frameTag:
		return inTables, []byte{frameTag}, nil
	case start[0] == frameTag:
		return pebble.SpanPolicy{}, []byte{frameTag + 1}, nil
	}
	return inTables, nil, nil
}
