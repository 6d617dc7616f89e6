package record

import (
	"bytes"
	"errors"
	"fmt"
	"testing"

	"pgregory.net/rapid"
)

func sealed(t testing.TB, records ...string) *Sealed {
	t.Helper()
	var b Builder
	for _, r := range records {
		b.Append([]byte(r))
	}
	s, err := b.Seal()
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func TestFrameRoundTrip(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		records := rapid.SliceOfN(rapid.SliceOfN(rapid.Byte(), 0, 300), 0, 40).Draw(t, "records")
		var b Builder
		for _, r := range records {
			b.Append(r)
		}
		s, err := b.Seal()
		if err != nil {
			t.Fatal(err)
		}
		id := NewStreamID()
		stamped, encoded := s.Stamp(id, 7, 1234)
		read, err := DecodeFrame(encoded)
		if err != nil {
			t.Fatal(err)
		}
		for _, f := range []*Frame{stamped, read} {
			if f.Stream != id || f.First != 7 || f.Arrival != 1234 || f.Count() != len(records) {
				t.Fatalf("header %+v", f)
			}
			i := 0
			for r := range f.All(0) {
				if !bytes.Equal(r.Data, records[i]) || r.Sequence != Sequence(7+i) {
					t.Fatalf("record %d: %q", i, r.Data)
				}
				i++
			}
		}
	})
}

// Every bit that flips is found: a frame is either what was written or refused.
func TestFrameDamageIsFound(t *testing.T) {
	_, encoded := sealed(t, "one", "", "three three three three").Stamp(NewStreamID(), 1, 99)
	for i := range len(encoded) * 8 {
		bad := bytes.Clone(encoded)
		bad[i/8] ^= 1 << (i % 8)
		if _, err := DecodeFrame(bad); !errors.Is(err, ErrDamaged) {
			t.Fatalf("bit %d flipped: %v", i, err)
		}
	}
	for n := range encoded {
		if _, err := DecodeFrame(encoded[:n]); !errors.Is(err, ErrDamaged) {
			t.Fatalf("cut to %d bytes: %v", n, err)
		}
	}
}

func FuzzDecodeFrame(f *testing.F) {
	_, encoded := sealed(f, "a", "bb", "").Stamp(StreamID{1}, 1, 99)
	f.Add(encoded)
	f.Fuzz(func(t *testing.T, b []byte) {
		frame, err := DecodeFrame(b)
		if err != nil {
			return
		}
		for range frame.All(0) {
		}
	})
}

func TestBuilderRemove(t *testing.T) {
	var b Builder
	for i := range 6 {
		b.Append(fmt.Appendf(nil, "r%d", i))
	}
	b.Remove(func(i int) bool { return i%2 == 0 })
	if b.Count() != 3 || string(b.Record(1)) != "r3" || b.Bytes() != 6 {
		t.Fatalf("%d records, %q", b.Count(), b.Data)
	}
}

func TestSequenceNumber(t *testing.T) {
	id := NewStreamID()
	a, b := SequenceNumber(id, 1), SequenceNumber(id, 2)
	if len(a) != 56 || a >= b || a[:36] != b[:36] {
		t.Fatalf("%s %s", a, b)
	}
	if a == SequenceNumber(NewStreamID(), 1) {
		t.Fatal("two streams share a number")
	}
}

func TestOriginRoundTrip(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		o := Origin{ID: NewStreamID()}
		at := rapid.Uint64Range(0, 1<<40).Draw(t, "first")
		for range rapid.IntRange(1, 20).Draw(t, "n") {
			end := at + rapid.Uint64Range(1, 500).Draw(t, "length")
			o.Ranges = append(o.Ranges, Range{at, end})
			at = end + rapid.Uint64Range(0, 3).Draw(t, "gap")
		}
		got, err := ParseOrigin(string(o.AppendHeader(nil)))
		if err != nil || fmt.Sprint(got) != fmt.Sprint(o) {
			t.Fatalf("%v %v, want %v", got, err, o)
		}
	})
	for _, bad := range []string{"", "v1;;;", "v2;00;1;2", "v1;" + fmt.Sprintf("%032d", 1) + ";1;x", "v1;" + fmt.Sprintf("%032d", 1) + ";-1;2"} {
		if _, err := ParseOrigin(bad); err == nil {
			t.Errorf("%q accepted", bad)
		}
	}
}

// The set equals a plain set of bytes under any order of additions.
func TestRangesModel(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var set Ranges
		model := map[uint64]bool{}
		for range rapid.IntRange(1, 30).Draw(t, "n") {
			start := rapid.Uint64Range(0, 60).Draw(t, "start")
			r := Range{start, start + rapid.Uint64Range(0, 9).Draw(t, "length")}
			all := r.Start < r.End
			for i := r.Start; i < r.End; i++ {
				all = all && model[i]
			}
			if got := set.Contains(r); got != all {
				t.Fatalf("%v contains %v: %t, want %t", set, r, got, all)
			}
			set = set.Add(r)
			for i := r.Start; i < r.End; i++ {
				model[i] = true
			}
			for i := 1; i < len(set); i++ {
				if set[i-1].End >= set[i].Start {
					t.Fatalf("runs touch: %v", set)
				}
			}
		}
	})
}
