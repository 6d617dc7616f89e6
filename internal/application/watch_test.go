package application

import (
	"fmt"
	"testing"
	"time"

	"github.com/millrace/millrace/internal/sql/types"
)

// watched is a stream with one column, and a clock that the test moves.
func watched() (*streamWatch, *time.Time, func(from, to int)) {
	now := time.Unix(1_577_880_000, 0)
	columns := []types.Column{{Name: "n", Type: types.Of(types.Bigint)}}
	s := newStreamWatch("S", columns, nil, func() time.Time { return now })
	return s, &now, func(from, to int) {
		b := types.NewBatch(columns)
		for i := from; i < to; i++ {
			b.N, b.Rowtime = b.N+1, append(b.Rowtime, int64(i))
			b.Cols[0].Int = append(b.Cols[0].Int, int64(i))
		}
		s.observe(b)
	}
}

func TestWatchKeepsTheNewestRows(t *testing.T) {
	s, now, rows := watched()
	for i := range 30 {
		rows(100*i, 100*(i+1))
		*now = now.Add(100 * time.Millisecond)
	}
	list := s.list()
	if len(list) != recentRows || string(list[0].Data) != `{"n":2000}` || string(list[recentRows-1].Data) != `{"n":2999}` {
		t.Errorf("%d rows from %s to %s", len(list), list[0].Data, list[len(list)-1].Data)
	}
	st := s.status()
	if st.Rows != 3000 || st.LastRowtime != 2999 || st.RowsPerSec != 300 {
		t.Errorf("status %+v", st)
	}
}

// TestWatchSaysWhatItSkipped puts more rows into a second than are shown, and
// more batches than a slow watcher takes: shown and skipped rows are all rows.
func TestWatchSaysWhatItSkipped(t *testing.T) {
	s, now, rows := watched()
	fast, slow := s.watch(), s.watch()
	var shown, skipped int64
	total := 0
	for i := range 200 {
		n := 10
		if i%50 == 0 {
			n = 5000
		}
		rows(total, total+n)
		total += n
		*now = now.Add(200 * time.Millisecond)
		for len(fast.C) > 0 {
			r := <-fast.C
			shown, skipped = shown+int64(len(r.Rows)), skipped+r.Skipped
		}
	}
	if shown+skipped != int64(total) || skipped != 4*4000 {
		t.Errorf("fast watcher saw %d, was told of %d skipped, of %d", shown, skipped, total)
	}
	shown, skipped = 0, 0
	for len(slow.C) > 0 {
		r := <-slow.C
		shown, skipped = shown+int64(len(r.Rows)), skipped+r.Skipped
	}
	rows(total, total+1)
	r := <-slow.C
	if shown+skipped+r.Skipped+1 != int64(total)+1 || r.Skipped == 0 {
		t.Errorf("slow watcher saw %d, was told of %d and %d skipped, of %d", shown, skipped, r.Skipped, total)
	}
	slow.Close()
	rows(0, 1)
	select {
	case r := <-slow.C:
		t.Errorf("a closed watch got %v", r)
	default:
	}
}

func TestWatchShowsOnlyColumnsThatAreRead(t *testing.T) {
	columns := []types.Column{{Name: "a", Type: types.Of(types.Bigint)}, {Name: "b", Type: types.VarcharOf(4)}}
	s := newStreamWatch("S", columns, []bool{false, true}, time.Now)
	s.observe(&types.Batch{N: 1, Rowtime: []int64{7}, Cols: []*types.Vector{nil, {Kind: types.Varchar, Str: []string{"x"}}}})
	if got, want := fmt.Sprintf("%d %s", s.list()[0].Rowtime, s.list()[0].Data), `7 {"b":"x"}`; got != want {
		t.Errorf("row %s, want %s", got, want)
	}
}
