package memory

import (
	"testing"

	"github.com/millrace/millrace/internal/journal"
	"github.com/millrace/millrace/internal/journal/journaltest"
)

func TestConformance(t *testing.T) {
	disks := map[string]*disk{} // by directory
	journaltest.Run(t, journaltest.Harness{Open: func(t *testing.T, dir string, now func() int64, quota int64) journal.Journal {
		opts := Options{Now: now, QuotaBytes: quota, RecentBytes: 1 << 20}
		if d := disks[dir]; d != nil {
			return open(opts, d)
		}
		j := New(opts)
		disks[dir] = j.disk
		return j
	}})
}
