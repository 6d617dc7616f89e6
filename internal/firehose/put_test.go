package firehose

import (
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/millrace/millrace/internal/aws/awserr"
	"github.com/millrace/millrace/internal/journal"
	"github.com/millrace/millrace/internal/journal/memory"
	"github.com/millrace/millrace/internal/record"
)

func batchBody(stream string, records ...string) string {
	var list []string
	for _, r := range records {
		list = append(list, `{"Data":"`+base64.StdEncoding.EncodeToString([]byte(r))+`"}`)
	}
	return fmt.Sprintf(`{"DeliveryStreamName":%q,"Records":[%s]}`, stream, strings.Join(list, ","))
}

// held reads everything that the journal holds of a stream.
func held(t testingT, j journal.Journal, id record.StreamID) (records []string, frames int) {
	reader := j.Read(id, 1)
	defer reader.Close()
	for at, end := record.Sequence(1), j.Extent(id).Next; at < end; frames++ {
		f, err := reader.Next(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		for r := range f.All(at) {
			records = append(records, string(r.Data))
		}
		at = f.Next()
	}
	return records, frames
}

// Single puts that arrive while a commit is under way share the next frame;
// each is answered with its own id once it is durable.
func TestPutRecordsGather(t *testing.T) {
	gate := make(chan struct{})
	r := openRig(t, &slow{Journal: memory.New(memory.Options{}), gate: gate})
	close(gate)
	st := r.create(t, "web")
	gate = make(chan struct{})
	r.journal.(*slow).setGate(gate)

	const puts = 50
	var wg sync.WaitGroup
	ids := make([]string, puts)
	put := func(i int) {
		out, err := r.do("PutRecord", fmt.Sprintf(`{"DeliveryStreamName":"web","Record":{"Data":%q}}`, base64.StdEncoding.EncodeToString(fmt.Appendf(nil, "r%02d", i))))
		if err != nil {
			t.Error(err)
			return
		}
		var answer struct{ RecordId string }
		if err := json.Unmarshal([]byte(out), &answer); err != nil {
			t.Error(err)
		}
		ids[i] = answer.RecordId
	}
	gathered := func(busy bool, n int) func() bool {
		return func() bool {
			st.gather.mu.Lock()
			defer st.gather.mu.Unlock()
			waiting := 0
			for _, group := range st.gather.queue {
				waiting += group.records.Count()
			}
			return st.gather.busy == busy && waiting == n
		}
	}
	wg.Go(func() { put(0) })
	waitFor(t, gathered(true, 0)) // the first one is being committed
	for i := 1; i < puts; i++ {
		wg.Go(func() { put(i) })
	}
	waitFor(t, gathered(true, puts-1))
	close(gate)
	wg.Wait()
	records, frames := held(t, r.journal, st.id)
	if len(records) != puts || frames != 2 {
		t.Fatalf("%d records in %d frames", len(records), frames)
	}
	slices.Sort(records)
	slices.Sort(ids)
	if len(slices.Compact(records)) != puts || len(slices.Compact(ids)) != puts || len(ids[0]) != recordIDLength {
		t.Fatal("records or ids are not all different")
	}
}

// slow is a journal whose commits wait for a gate.
type slow struct {
	journal.Journal
	mu   sync.Mutex
	gate chan struct{}
}

func (s *slow) setGate(gate chan struct{}) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.gate = gate
}

func (s *slow) Begin(b *journal.Batch) (journal.Commit, error) {
	c, err := s.Journal.Begin(b)
	return slowCommit{c, s}, err
}

type slowCommit struct {
	journal.Commit
	s *slow
}

func (c slowCommit) Wait() error {
	c.s.mu.Lock()
	gate := c.s.gate
	c.s.mu.Unlock()
	<-gate
	return c.Commit.Wait()
}

func waitFor(t *testing.T, done func() bool) {
	t.Helper()
	for deadline := time.Now().Add(10 * time.Second); !done(); time.Sleep(time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatal("waited ten seconds")
		}
	}
}

// A full journal answers 503 and keeps nothing; the next put is as usual.
func TestFullJournal(t *testing.T) {
	j := &full{Journal: memory.New(memory.Options{})}
	r := openRig(t, j)
	st := r.create(t, "web")
	j.full = true
	for _, put := range [][2]string{
		{"PutRecord", `{"DeliveryStreamName":"web","Record":{"Data":"YQ=="}}`},
		{"PutRecordBatch", batchBody("web", "a", "b")},
	} {
		_, err := r.do(put[0], put[1])
		var e *awserr.Error
		if !errors.As(err, &e) || e.Code != "ServiceUnavailableException" || e.Status != 503 || e.Message != "Slow down." {
			t.Fatalf("%s: %v", put[0], err)
		}
	}
	origin := record.Origin{ID: [16]byte{1}, Ranges: []record.Range{{Start: 0, End: 5}}}
	if _, err := r.do("PutRecordBatch", batchBody("web", "c"), record.OriginHeader, string(origin.AppendHeader(nil))); !awserr.Is(err, "ServiceUnavailableException") {
		t.Fatal(err)
	}
	j.full = false
	// what was refused is no repeat
	if _, err := r.do("PutRecordBatch", batchBody("web", "c"), record.OriginHeader, string(origin.AppendHeader(nil))); err != nil {
		t.Fatal(err)
	}
	if records, _ := held(t, r.journal, st.id); !slices.Equal(records, []string{"c"}) {
		t.Fatalf("held %q", records)
	}
	if s := r.Streams()[0]; s.Refused != 4 || s.RecordsIn != 1 || s.Requests != 4 {
		t.Fatalf("%+v", s)
	}
}

type full struct {
	journal.Journal
	full bool
}

func (f *full) Begin(b *journal.Batch) (journal.Commit, error) {
	if f.full && len(b.Appends) > 0 {
		return nil, journal.ErrFull
	}
	return f.Journal.Begin(b)
}

// A put while the stream is not ACTIVE finds no stream.
func TestPutWhileCreating(t *testing.T) {
	r := newRig(t)
	st := r.create(t, "web")
	for _, s := range []status{creating, deleting} {
		st.gate.Lock()
		st.config = st.config.with(func(c *config) { c.Status = s })
		st.gate.Unlock()
		if _, err := r.do("PutRecordBatch", batchBody("web", "a")); !awserr.Is(err, "ResourceNotFoundException") {
			t.Fatalf("%s: %v", s, err)
		}
		if _, err := r.Stream(st.arn); !awserr.Is(err, "ResourceNotFoundException") {
			t.Fatalf("%s: %v", s, err)
		}
	}
	st.gate.Lock()
	st.config = st.config.with(func(c *config) { c.Status = creating })
	st.gate.Unlock()
	if _, err := r.do("DeleteDeliveryStream", `{"DeliveryStreamName":"web"}`); !awserr.Is(err, "ResourceInUseException") {
		t.Fatal(err)
	}
}

// Batches of a file come in any order, again and again, overlapping, from
// several callers, across restarts: each record of each caller counts once.
func TestRepeatsCountOnce(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		const lines = 30
		line := func(i int) (string, record.Range) {
			return fmt.Sprintf("line %02d", i), record.Range{Start: uint64(i) * 8, End: uint64(i)*8 + 8}
		}
		r := openRigFor(t)
		defer func() { _ = r.Close() }()
		st, err := r.lookup("web")
		if err != nil {
			t.Fatal(err)
		}
		sent := map[string]bool{}
		for range rapid.IntRange(1, 25).Draw(t, "batches") {
			caller := rapid.SampledFrom([]string{"a", "b"}).Draw(t, "caller")
			origin := record.Origin{ID: [16]byte{rapid.SampledFrom([]byte{1, 2}).Draw(t, "incarnation")}}
			var records []string
			for i := range lines {
				if rapid.IntRange(0, 3).Draw(t, "take") == 0 {
					text, at := line(i)
					text += fmt.Sprint(" of ", caller, origin.ID[0])
					records, origin.Ranges = append(records, text), append(origin.Ranges, at)
					sent[text] = true
				}
			}
			if len(records) == 0 {
				continue
			}
			who := root
			who.AccessKeyID = caller
			out, err := r.doAs(who, "PutRecordBatch", batchBody("web", records...), record.OriginHeader, string(origin.AppendHeader(nil)))
			if err != nil {
				t.Fatal(err)
			}
			var answer struct {
				FailedPutCount   int
				RequestResponses []struct{ RecordId string }
			}
			if err := json.Unmarshal([]byte(out), &answer); err != nil || answer.FailedPutCount != 0 || len(answer.RequestResponses) != len(records) {
				t.Fatalf("%v %s", err, out)
			}
			if rapid.IntRange(0, 5).Draw(t, "restart") == 0 {
				_ = r.Close()
				r.journal = r.journal.(*memory.Journal).Reopen()
				if r.Service, err = Open(Options{Journal: r.journal, Authorizer: r.roles, Archive: r.archive, Logger: discard}); err != nil {
					t.Fatal(err)
				}
				if st, err = r.lookup("web"); err != nil {
					t.Fatal(err)
				}
			}
		}
		records, _ := held(t, r.journal, st.id)
		slices.Sort(records)
		var want []string
		for text := range sent {
			want = append(want, text)
		}
		slices.Sort(want)
		if !slices.Equal(records, want) {
			t.Fatalf("held %d records, sent %d different ones", len(records), len(want))
		}
	})
}

// The same batch from many connections at once is kept once, and none of them
// is answered before it is durable.
func TestConcurrentRepeats(t *testing.T) {
	r := newRig(t)
	st := r.create(t, "web")
	origin := record.Origin{ID: [16]byte{9}}
	var records []string
	for i := range 100 {
		records = append(records, fmt.Sprint("r", i))
		origin.Ranges = append(origin.Ranges, record.Range{Start: uint64(10 * i), End: uint64(10*i + 10)})
	}
	header := string(origin.AppendHeader(nil))
	var wg sync.WaitGroup
	for range 16 {
		wg.Go(func() {
			if _, err := r.do("PutRecordBatch", batchBody("web", records...), record.OriginHeader, header); err != nil {
				t.Error(err)
			}
			if n := r.journal.Extent(st.id).Next; n != 101 {
				t.Errorf("answered while %d records were durable", n-1)
			}
		})
	}
	wg.Wait()
	if got, _ := held(t, r.journal, st.id); !slices.Equal(got, records) {
		t.Fatalf("held %d records", len(got))
	}
	if s := r.Streams()[0]; s.Repeats != 1500 || s.RecordsIn != 100 {
		t.Fatalf("%+v", s)
	}
}

// Ranges are bounded, kept as text says, and forgotten a day after their use.
func TestOriginState(t *testing.T) {
	var s originState
	var ranges []record.Range
	for i := range uint64(maxOriginRuns + 10) {
		ranges = append(ranges, record.Range{Start: 10 * i, End: 10*i + 5})
	}
	kept := s.with(ranges)
	if len(kept) != maxOriginRuns || kept.Contains(ranges[9]) || !kept.Contains(ranges[10]) {
		t.Fatalf("%d runs kept", len(kept))
	}
	now := time.UnixMilli(1_700_000_000_000)
	lastUsed, decoded, err := decodeRanges(encodeRanges(now, kept))
	if err != nil || !lastUsed.Equal(now) || !slices.Equal(decoded, kept) {
		t.Fatalf("%v %v, %d runs", err, lastUsed, len(decoded))
	}

	r := newRig(t)
	st := r.create(t, "web")
	origin := record.Origin{ID: [16]byte{9}, Ranges: []record.Range{{Start: 0, End: 1}}}
	if _, err := r.do("PutRecordBatch", batchBody("web", "a"), record.OriginHeader, string(origin.AppendHeader(nil))); err != nil {
		t.Fatal(err)
	}
	count := func() (n int) {
		for range r.journal.Scan(st.origins.prefix) {
			n++
		}
		return n
	}
	for _, tc := range []struct {
		after time.Duration
		want  int
	}{{time.Minute, 1}, {originLife - time.Minute, 1}, {originLife + time.Minute, 0}} {
		if err := st.origins.expire(time.Now().Add(tc.after)); err != nil {
			t.Fatal(err)
		}
		if got := count(); got != tc.want {
			t.Errorf("after %v: %d incarnations kept", tc.after, got)
		}
	}
	// forgotten means that it counts again
	if _, err := r.do("PutRecordBatch", batchBody("web", "a"), record.OriginHeader, string(origin.AppendHeader(nil))); err != nil {
		t.Fatal(err)
	}
	if got, _ := held(t, r.journal, st.id); len(got) != 2 {
		t.Fatalf("held %q", got)
	}
}

func FuzzDecodeRanges(f *testing.F) {
	f.Add(encodeRanges(time.UnixMilli(1), record.Ranges{{Start: 1, End: 2}, {Start: 9, End: 1 << 40}}))
	f.Fuzz(func(t *testing.T, b []byte) {
		_, ranges, err := decodeRanges(b)
		if err == nil && len(ranges) > len(b) {
			t.Fatalf("%d runs of %d bytes", len(ranges), len(b))
		}
	})
}

func TestRecordIDs(t *testing.T) {
	a, b := newRecordIDs(record.StreamID{1}), newRecordIDs(record.StreamID{2})
	seen := map[string]bool{}
	for seq := range uint64(5000) {
		for _, ids := range []recordIDs{a, b} {
			id := string(ids.append(nil, seq))
			if len(id) != recordIDLength || seen[id] {
				t.Fatalf("id %q", id)
			}
			seen[id] = true
		}
	}
}
