package pebble

import (
	"testing"

	"github.com/millrace/millrace/internal/journal"
	"github.com/millrace/millrace/internal/record"
)

// The cost of an acknowledged frame that takes as much on disk as 500 packed
// records of 250 bytes, from 8 writers, where nothing is trimmed. "written" is
// bytes to files for each of a frame: the log is one, the blob file another.
func BenchmarkAppend(b *testing.B) {
	const frameBytes = 22 << 10
	j, err := Open(Options{Dir: b.TempDir()})
	if err != nil {
		b.Fatal(err)
	}
	defer j.Close()
	id := record.NewStreamID()
	b.SetBytes(frameBytes)
	b.SetParallelism(4)
	b.ReportAllocs()
	b.RunParallel(func(p *testing.PB) {
		for n := uint64(0); p.Next(); n++ {
			var batch journal.Batch
			batch.Append(id, noise(b, frameBytes, n))
			if _, err := journal.Put(j, &batch); err != nil {
				b.Error(err)
			}
		}
	})
	b.StopTimer()
	m := j.db.Metrics()
	written := m.WAL.BytesWritten
	for _, level := range m.Levels { // blob files that are flushed are counted among those compacted, too
		written += level.TableBytesFlushed + level.TableBytesCompacted + level.BlobBytesCompacted
	}
	b.ReportMetric(float64(written)/float64(b.N)/frameBytes, "written/B")
}
