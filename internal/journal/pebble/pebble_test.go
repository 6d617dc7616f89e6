package pebble

import (
	"testing"

	"github.com/millrace/millrace/internal/journal"
	"github.com/millrace/millrace/internal/journal/journaltest"
)

func TestConformance(t *testing.T) {
	journaltest.Run(t, journaltest.Harness{Open: func(t *testing.T, dir string, now func() int64, quota int64) journal.Journal {
		j, err := Open(Options{Dir: dir, Now: now, QuotaBytes: quota, RecentBytes: 1 << 20})
		if err != nil {
			t.Fatal(err)
		}
		return j
	}})
}
