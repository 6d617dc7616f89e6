package firehose

import (
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/millrace/millrace/internal/aws/call"
	"github.com/millrace/millrace/internal/journal"
	"github.com/millrace/millrace/internal/record"
)

const (
	// maxOriginRuns bounds what is remembered of one file. The lowest runs are
	// forgotten first: an agent repeats what is behind its checkpoint, the end of
	// what it sent. Forgetting can count a record twice, never lose one.
	maxOriginRuns = 8192

	// originLife is how long an incarnation is remembered after its last batch,
	// and originTouch how far the time of that may lag behind in the state where
	// batches brought nothing new.
	originLife  = 24 * time.Hour
	originTouch = originLife / 24
)

func originPrefix(id record.StreamID) string { return originKeys + id.String() + "/" }

// origins are the byte ranges that a stream holds of the files of its agents,
// by caller and incarnation.
type origins struct {
	journal journal.Journal
	prefix  string

	mu   sync.Mutex
	held map[string]*originState // by key; of those in use or used lately
}

// originState is what is held of one incarnation.
type originState struct {
	// mu is held from the look for repeats through Journal.Begin, so that two
	// batches of one file cannot both find a record missing.
	mu     sync.Mutex
	loaded bool
	ranges record.Ranges
	saved  time.Time // in the state

	users    int       // guarded by origins.mu
	lastUsed time.Time // guarded by origins.mu
}

// key names the incarnation of a caller's file in the state.
func (o *origins) key(who call.Identity, incarnation [16]byte) string {
	caller := who.RoleARN
	if caller == "" {
		caller = who.AccessKeyID
	}
	return o.prefix + caller + "/" + hex.EncodeToString(incarnation[:])
}

// use returns the state of an incarnation; release must follow.
func (o *origins) use(key string) *originState {
	o.mu.Lock()
	defer o.mu.Unlock()
	s := o.held[key]
	if s == nil {
		s = new(originState)
		if o.held == nil {
			o.held = map[string]*originState{}
		}
		o.held[key] = s
	}
	s.users++
	return s
}

func (o *origins) release(s *originState) {
	o.mu.Lock()
	defer o.mu.Unlock()
	s.users--
	s.lastUsed = time.Now()
}

// begin puts the batch's records that are not held yet in order, together with
// the ranges that are held afterwards. repeated tells which were held, nil if
// none was. All of a batch may be repeats: its commit then waits for the one
// that brought them.
func (s *originState) begin(j journal.Journal, id record.StreamID, key string, from record.Origin, b *record.Builder) (c journal.Commit, repeated []bool, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if err := s.load(j, key); err != nil {
		return nil, nil, err
	}
	repeated = s.repeats(from.Ranges)
	if repeated != nil {
		b.Remove(func(i int) bool { return repeated[i] })
	}
	var batch journal.Batch
	ranges, now := s.ranges, time.Now()
	switch {
	case b.Count() > 0:
		sealed, err := b.Seal()
		if err != nil {
			return nil, nil, err
		}
		batch.Append(id, sealed)
		ranges = s.with(from.Ranges)
		batch.Set(key, encodeRanges(now, ranges))
	case len(ranges) > 0 && now.Sub(s.saved) > originTouch:
		batch.Set(key, encodeRanges(now, ranges))
	default:
		now = s.saved
	}
	if c, err = j.Begin(&batch); err == nil {
		s.ranges, s.saved = ranges, now
	}
	return c, repeated, err
}

func (s *originState) load(j journal.Journal, key string) error {
	if s.loaded {
		return nil
	}
	value, err := j.Get(key)
	if err != nil {
		return fmt.Errorf("load %s: %w", key, err)
	}
	if value != nil {
		if s.saved, s.ranges, err = decodeRanges(value); err != nil {
			return fmt.Errorf("load %s: %w", key, err)
		}
	}
	s.loaded = true
	return nil
}

func (s *originState) repeats(ranges []record.Range) (repeated []bool) {
	if len(s.ranges) == 0 {
		return nil
	}
	for i, r := range ranges {
		if s.ranges.Contains(r) {
			if repeated == nil {
				repeated = make([]bool, len(ranges))
			}
			repeated[i] = true
		}
	}
	return repeated
}

// with returns a copy of what is held with the ranges added.
func (s *originState) with(ranges []record.Range) record.Ranges {
	held := append(make(record.Ranges, 0, len(s.ranges)+1), s.ranges...)
	for i := 0; i < len(ranges); {
		run := ranges[i]
		for i++; i < len(ranges) && ranges[i].Start == run.End; i++ {
			run.End = ranges[i].End
		}
		held = held.Add(run)
	}
	return held[max(0, len(held)-maxOriginRuns):]
}

// encodeRanges writes format, time of the last batch in ms, and the runs as
// distances from one bound to the next:
//
//	1  8 bytes ms, big-endian  count  { start-previous end, end-start }   varints
func encodeRanges(now time.Time, ranges record.Ranges) []byte {
	b := make([]byte, 1, 9+8*(1+len(ranges)))
	b[0] = 1
	b = binary.BigEndian.AppendUint64(b, uint64(now.UnixMilli()))
	b = binary.AppendUvarint(b, uint64(len(ranges)))
	at := uint64(0)
	for _, r := range ranges {
		b = binary.AppendUvarint(b, r.Start-at)
		b = binary.AppendUvarint(b, r.End-r.Start)
		at = r.End
	}
	return b
}

var errRanges = errors.New("damaged ranges")

func decodeRanges(b []byte) (lastUsed time.Time, ranges record.Ranges, err error) {
	if len(b) < 9 || b[0] != 1 {
		return lastUsed, nil, errRanges
	}
	lastUsed = time.UnixMilli(int64(binary.BigEndian.Uint64(b[1:])))
	b = b[9:]
	next := func() (v uint64) {
		v, n := binary.Uvarint(b)
		if n <= 0 {
			err, b = errRanges, nil
			return 0
		}
		b = b[n:]
		return v
	}
	at := uint64(0)
	for count := next(); count > 0 && err == nil; count-- {
		start := at + next()
		at = start + next()
		ranges = append(ranges, record.Range{Start: start, End: at})
	}
	if err == nil && len(b) > 0 {
		err = errRanges
	}
	return lastUsed, ranges, err
}

// expire forgets incarnations that were not used since originLife, in memory
// and in the state.
func (o *origins) expire(now time.Time) error {
	o.mu.Lock()
	for key, s := range o.held {
		if s.users == 0 && now.Sub(s.lastUsed) > originTouch {
			delete(o.held, key) // comes back from the state when it is used again
		}
	}
	o.mu.Unlock()
	var old []string
	for e, err := range o.journal.Scan(o.prefix) {
		if err != nil {
			return err
		}
		if lastUsed, _, err := decodeRanges(e.Value); err != nil || now.Sub(lastUsed) > originLife {
			old = append(old, e.Key)
		}
	}
	if len(old) == 0 {
		return nil
	}
	c, err := o.beginForget(old)
	if err != nil {
		return err
	}
	return c.Wait()
}

// beginForget deletes what nobody has taken up again meanwhile, and holds off
// whoever would until the deletion is in order.
func (o *origins) beginForget(keys []string) (journal.Commit, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	var b journal.Batch
	for _, key := range keys {
		if o.held[key] == nil {
			b.Delete(key)
		}
	}
	return o.journal.Begin(&b)
}
