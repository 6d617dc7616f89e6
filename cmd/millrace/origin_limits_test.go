//go:build unix

package main

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"pgregory.net/rapid"

	"github.com/millrace/millrace/internal/aws/call"
	"github.com/millrace/millrace/internal/journal/memory"
	"github.com/millrace/millrace/internal/record"
)

// Whoever else names the same incarnation and bytes takes nothing away: another
// key, another role, the root beside a role; nor does the same caller's put into
// another stream.
func TestForgedOriginsSuppressNothing(t *testing.T) {
	s := openOriginService(t, memory.New(memory.Options{}), "web", "other")
	owner := call.Identity{AccessKeyID: "AKIAOWNER"}
	role := call.Identity{AccessKeyID: "ASIA1", RoleARN: "arn:aws:iam::000000000000:role/web"}
	callers := []call.Identity{
		owner, {AccessKeyID: "AKIAOTHER"}, role,
		{AccessKeyID: "AKIAOWNER", RoleARN: "arn:aws:iam::000000000000:role/other"},                // the owner's key in a role
		{AccessKeyID: "AKIAOWNER/" + strings.Repeat("ab", 16)}, {AccessKeyID: "AKIAOWNER\x00"}, {}, // nor by what it is called
	}
	from := record.Origin{ID: [16]byte{0xab, 0xab}, Ranges: []record.Range{{Start: 0, End: 10}, {Start: 10, End: 20}}}
	put := func(who call.Identity, stream, text string) {
		t.Helper()
		if err := s.put(who, stream, from, text+" 1", text+" 2"); err != nil {
			t.Fatal(err)
		}
	}
	var want []string
	for i, who := range callers {
		text := fmt.Sprint("caller ", i)
		put(who, "web", text)
		put(who, "web", text+" again")
		want = append(want, text+" 1", text+" 2")
	}
	put(owner, "other", "other stream")
	// a role's next session has another key and is the same caller
	role.AccessKeyID = "ASIA2"
	put(role, "web", "next session")
	put(owner, "web", "at last")
	if got := s.held(t, "web"); !slices.Equal(got, want) {
		t.Errorf("held %q, want %q", got, want)
	}
	if got := s.held(t, "other"); !slices.Equal(got, []string{"other stream 1", "other stream 2"}) {
		t.Errorf("other stream: %q", got)
	}
}

// An incarnation is forgotten a day after its last batch, by the service itself,
// whether that brought something new or was a repeat.
func TestRepeatsAfterADay(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := openOriginService(t, memory.New(memory.Options{}), "web")
		caller := call.Identity{AccessKeyID: "AKIAOWNER"}
		for _, step := range []struct {
			sleep time.Duration
			lines uint64 // of the file, from the first on
			held  int    // afterwards
		}{
			{0, 2, 2},
			{23 * time.Hour, 2, 2}, // nothing new, and yet the day begins anew
			{23 * time.Hour, 2, 2},
			{30 * time.Minute, 3, 3},
			{23 * time.Hour, 3, 3},
			{26 * time.Hour, 3, 6},
			{time.Hour, 3, 6},
		} {
			time.Sleep(step.sleep)
			from, records := record.Origin{ID: [16]byte{1}}, []string{}
			for i := range step.lines {
				from.Ranges, records = append(from.Ranges, record.Range{Start: 10 * i, End: 10*i + 10}), append(records, fmt.Sprint("line ", i))
			}
			if err := s.put(caller, "web", from, records...); err != nil {
				t.Fatal(err)
			}
			if got := len(s.held(t, "web")); got != step.held {
				t.Errorf("after %v more: %d records, want %d", step.sleep, got, step.held)
			}
		}
		if err := s.Close(); err != nil {
			t.Fatal(err)
		}
	})
}

// What is kept of a million lines: one interval if they come in order or in any
// order of whole batches, at most 8192 if there is a hole behind each.
func TestIntervalsAreBounded(t *testing.T) {
	const lines, batch = 1_000_000, 500
	random := rand.New(rand.NewPCG(1, 1))
	inOrder := make([]int, lines/batch)
	for i := range inOrder {
		inOrder[i] = i
	}
	shuffled := slices.Clone(inOrder)
	random.Shuffle(len(shuffled), func(i, j int) { shuffled[i], shuffled[j] = shuffled[j], shuffled[i] })
	for _, tc := range []struct {
		name         string
		batches      []int
		hole         uint64 // bytes behind each line
		most, atLast int    // bytes of state
	}{
		{"in order", inOrder, 0, 20, 20},
		{"batches shuffled", shuffled, 0, 20 + 8*len(shuffled)/2, 20},
		{"holes", inOrder, 1, 20 + 8*8192, 20 + 8*8192},
		{"holes, batches shuffled", shuffled, 1, 20 + 8*8192, 20 + 8*8192},
	} {
		t.Run(tc.name, func(t *testing.T) {
			j := memory.New(memory.Options{})
			s := openOriginService(t, j, "web")
			caller := call.Identity{AccessKeyID: "AKIAOWNER"}
			records := make([]string, batch)
			for i := range records {
				records[i] = "x"
			}
			put := func(n int) {
				from := record.Origin{ID: [16]byte{1}}
				for i := range uint64(batch) {
					at := (uint64(n*batch) + i) * 100
					from.Ranges = append(from.Ranges, record.Range{Start: at, End: at + 100 - tc.hole})
				}
				if err := s.put(caller, "web", from, records...); err != nil {
					t.Fatal(err)
				}
			}
			size, most := 0, 0
			for _, n := range tc.batches {
				put(n)
				size = 0
				for e, err := range j.Scan("firehose/origin/") {
					if err != nil {
						t.Fatal(err)
					}
					size += len(e.Value)
				}
				most = max(most, size)
			}
			t.Logf("at most %d bytes, %d at last", most, size)
			if most > tc.most || size > tc.atLast || size == 0 {
				t.Errorf("at most %d bytes and %d at last, want %d and %d", most, size, tc.most, tc.atLast)
			}
			// the end of the file is what an agent repeats
			put(lines/batch - 1)
			if st := s.Streams()[0]; st.RecordsIn != lines || st.Repeats != batch {
				t.Errorf("%d records in, %d repeats", st.RecordsIn, st.Repeats)
			}
		})
	}
}

// Ranges may overlap in part, as when lines are gathered to records otherwise
// after a restart. A record is left out only if each of its bytes is held, and
// always then; one without bytes never is. The model keeps bytes, not intervals.
func TestPartlyHeldRecordsAreKept(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		j := memory.New(memory.Options{})
		s := openOriginService(t, j, "web")
		caller, bytesHeld, want := call.Identity{AccessKeyID: "AKIAOWNER"}, map[uint64]bool{}, []string{}
		for n := range rapid.IntRange(1, 12).Draw(t, "batches") {
			from, records := record.Origin{ID: [16]byte{1}}, []string{}
			at := rapid.Uint64Range(0, 60).Draw(t, "offset")
			for i := range rapid.IntRange(1, 8).Draw(t, "records") {
				at += rapid.SampledFrom([]uint64{0, 0, 1, 7}).Draw(t, "skipped")
				end := at + rapid.Uint64Range(0, 15).Draw(t, "length")
				from.Ranges, records = append(from.Ranges, record.Range{Start: at, End: end}), append(records, fmt.Sprint(n, ".", i))
				at = end
			}
			if err := s.put(caller, "web", from, records...); err != nil {
				t.Fatal(err)
			}
			for i, r := range from.Ranges {
				repeated := r.Start < r.End
				for b := r.Start; b < r.End; b++ {
					repeated = repeated && bytesHeld[b]
				}
				if !repeated {
					want = append(want, records[i])
				}
			}
			for _, r := range from.Ranges {
				for b := r.Start; b < r.End; b++ {
					bytesHeld[b] = true
				}
			}
			if rapid.IntRange(0, 4).Draw(t, "restart") == 0 {
				_ = s.Close()
				j = j.Reopen()
				s = openOriginService(t, j)
			}
		}
		if got := s.held(t, "web"); !slices.Equal(got, want) {
			t.Fatalf("held %q, want %q", got, want)
		}
	})
}
