package pebble

import (
	"context"
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
	var next time.Time // when space is reclaimed again at the earliest
	left := 0          // how often before the next trim
	for {
		select {
		case <-tick.C:
			j.readDiskFree()
			if j.Usage().DiskFree >= j.opts.DiskReserveBytes {
				continue
			}
			if j.trimmed.Swap(false) {
				left = reclaimTries
			}
			if now := time.Now(); left > 0 && now.After(next) {
				left, next = left-1, now.Add(reclaimEvery)
				j.usage.Go(j.reclaim)
			}
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

// What was trimmed is reclaimed again for a while: a blob file is rewritten only
// when it is old enough, and nothing reminds the store of that but work.
const (
	reclaimEvery = time.Second
	reclaimTries = 15
)

// reclaim makes the store give back the space of trimmed frames when the disk
// is short of it. By itself the store does so once the deletions have reached
// its tables and those are merged, which takes as many writes as fill its
// memory, and those are what is refused meanwhile.
func (j *Journal) reclaim() {
	if !j.reclaiming.CompareAndSwap(false, true) {
		return // the last time takes long
	}
	defer j.reclaiming.Store(false)
	j.begin.RLock()
	defer j.begin.RUnlock()
	if j.closed {
		return
	}
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	ended := make(chan struct{})
	defer close(ended)
	go func() {
		select {
		case <-j.done:
			cancel()
		case <-ended:
		}
	}()
	if err := j.db.Compact(ctx, []byte{frameTag}, []byte{frameTag + 1}, false); err != nil && ctx.Err() == nil {
		j.opts.Logger.Warn("space of trimmed frames is not reclaimed yet", "dir", j.opts.Dir, "error", err)
	}
}
