package record

import (
	"encoding/hex"
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// OriginHeader carries an Origin with a PutRecordBatch. It is one of the signed
// headers; AWS ignores it.
const OriginHeader = "X-Millrace-Origin"

// Range is a run of bytes [Start, End) of a file.
type Range struct{ Start, End uint64 }

// Origin says where the records of a batch come from: one incarnation of a
// file (a random id that the agent keeps in its checkpoint) and, for each
// record in the batch's order, the bytes of the file that became it. A record
// whose range the server already holds is a repeat and counts once.
type Origin struct {
	ID     [16]byte
	Ranges []Range
}

// AppendHeader appends the header's value:
//
//	origin = "v1;" 32 hex digits ";" first offset ";" item *( "," item )
//	item   = length | "+" skipped bytes
//
// One length stands for one record; skipped bytes (lines that became no
// record) move the position without one. Ranges must ascend.
func (o Origin) AppendHeader(dst []byte) []byte {
	dst = append(dst, "v1;"...)
	dst = hex.AppendEncode(dst, o.ID[:])
	dst = append(dst, ';')
	at := uint64(0)
	for i, r := range o.Ranges {
		switch {
		case i == 0:
			dst = strconv.AppendUint(dst, r.Start, 10)
			dst = append(dst, ';')
		case r.Start > at:
			dst = append(dst, ",+"...)
			dst = strconv.AppendUint(dst, r.Start-at, 10)
			dst = append(dst, ',')
		default:
			dst = append(dst, ',')
		}
		dst = strconv.AppendUint(dst, r.End-r.Start, 10)
		at = r.End
	}
	return dst
}

// ParseOrigin reads a header's value.
func ParseOrigin(s string) (Origin, error) {
	var o Origin
	fields := strings.Split(s, ";")
	if len(fields) != 4 || fields[0] != "v1" || len(fields[1]) != 32 {
		return o, fmt.Errorf("parse %s: want v1;<32 hex digits>;<offset>;<lengths>", OriginHeader)
	}
	if _, err := hex.Decode(o.ID[:], []byte(fields[1])); err != nil {
		return o, fmt.Errorf("parse %s: %w", OriginHeader, err)
	}
	at, err := strconv.ParseUint(fields[2], 10, 63)
	if err != nil {
		return o, fmt.Errorf("parse %s: offset: %w", OriginHeader, err)
	}
	for item := range strings.SplitSeq(fields[3], ",") {
		skip, isSkip := strings.CutPrefix(item, "+")
		n, err := strconv.ParseUint(skip, 10, 40)
		if err != nil {
			return o, fmt.Errorf("parse %s: item %q: %w", OriginHeader, item, err)
		}
		if !isSkip {
			o.Ranges = append(o.Ranges, Range{at, at + n})
		}
		at += n
	}
	return o, nil
}

// Ranges is a set of bytes kept as ascending, disjoint, non-adjacent runs.
type Ranges []Range

// Contains tells whether all bytes of r are in the set. An empty range never is:
// it names no bytes to recognise.
func (s Ranges) Contains(r Range) bool {
	i, found := slices.BinarySearchFunc(s, r.Start, func(x Range, start uint64) int {
		switch {
		case x.End <= start:
			return -1
		case x.Start > start:
			return 1
		}
		return 0
	})
	return found && r.Start < r.End && r.End <= s[i].End
}

// Add returns the set with r in it. The receiver's memory is reused.
func (s Ranges) Add(r Range) Ranges {
	if r.Start >= r.End {
		return s
	}
	// first run that touches r, and the first after those that do
	i, _ := slices.BinarySearchFunc(s, r.Start, func(x Range, start uint64) int {
		if x.End < start {
			return -1
		}
		return 1
	})
	j := i
	for j < len(s) && s[j].Start <= r.End {
		r.Start, r.End = min(r.Start, s[j].Start), max(r.End, s[j].End)
		j++
	}
	return slices.Replace(s, i, j, r)
}
