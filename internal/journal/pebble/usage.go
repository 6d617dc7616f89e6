package pebble

import (
	"math"
	"time"

	"github.com/millrace/millrace/internal/journal"
)

// Usage implements journal.Journal.
func (j *Journal) Usage() journal.Usage {
	return journal.Usage{
		Bytes: j.bytes.Load(), Quota: j.opts.QuotaBytes,
		DiskFree: j.diskFree.Load(), DiskReserve: j.opts.DiskReserveBytes,
	}
}

// watchDisk reads the disk's free space. Between two readings Begin takes off
// what it writes, so that a burst does not run through the reserve.
func (j *Journal) watchDisk() {
	tick := time.NewTicker(usageEvery)
	defer tick.Stop()
	for {
		select {
		case <-tick.C:
			j.readDiskFree()
			j.reclaim()
		case <-j.done:
			return
		}
	}
}

func (j *Journal) readDiskFree() {
	usage, err := j.opts.FS.GetDiskUsage(j.opts.Dir)
	if err != nil {
		j.diskFree.Store(math.MaxInt64) // a file system that cannot tell has no reserve to guard
		return
	}
	j.diskFree.Store(int64(usage.AvailBytes))
}

// reclaim makes the store give back the space of trimmed frames when the disk
// is short of it. The store does so once the deletions have reached its tables,
// which takes as many writes as fill its memory, and those are what is refused
// meanwhile.
func (j *Journal) reclaim() {
	if j.Usage().DiskFree >= j.opts.DiskReserveBytes || !j.trimmed.Swap(false) {
		return
	}
	j.begin.RLock()
	defer j.begin.RUnlock()
	if j.closed {
		return
	}
	if _, err := j.db.AsyncFlush(); err != nil {
		j.opts.Logger.Warn("space of trimmed frames is not reclaimed yet", "dir", j.opts.Dir, "error", err)
		j.trimmed.Store(true)
	}
}
