package agent

import (
	"time"

	"github.com/millrace/millrace/internal/tail"
)

// incarnation is a file incarnation as the flow sees it: up to where its lines were handed out, which of its records are not acknowledged yet, and so where the
// checkpoint stands. The flow's lock guards it, apart from what belongs to the reader.
//
//	0 ──acknowledged──▶ low ──┤ span ├──┤ span (acknowledged) ├──┤ span being filled ├──▶ parsed
type incarnation struct {
	file    *tail.File
	state   tail.State // as last seen; its Offset is not used
	low     uint64
	parsed  uint64 // all lines before are in a batch or were dropped
	spans   []*span
	filling *batch   // the reader adds to it; nil if there is none
	queue   []*batch // full ones that wait for the one in flight, where the order is kept
	resting []*batch // that have a sender which waits
	active  int      // batches with a sender
	busy    bool     // its last batch was a large one
	cuts    []uint64 // where a record of several lines was ended although the next line might have belonged to it

	gathering bool // there is more than spans and parsed tell

	// The reader's alone.
	readTo     uint64
	headerLeft int      // lines to leave out
	oldCuts    []uint64 // those of the last run that lie ahead
	gathered   gathered
}

// gathered is a record that grows line by line.
type gathered struct {
	event      []byte // lines of a multi-line event, as they are
	eventLines int
	eventStart uint64
	eventEnd   uint64
	eventSince time.Time // when its last line came

	pack      []byte // converted records that will be sent as one
	packStart uint64
	packEnd   uint64
	packSince time.Time // when its first record came
}

// gathers is asked by the reader.
func (i *incarnation) gathers() bool { return i.gathered.eventLines > 0 || len(i.gathered.pack) > 0 }

// span is a run of a file's lines whose records are acknowledged apart.
type span struct {
	begun   time.Time
	end     uint64
	filling bool // the reader still adds to it
	left    int  // records not acknowledged
}

// open adds the span of a batch that begins to be filled.
func (i *incarnation) open(now time.Time) *span {
	s := &span{filling: true, begun: now}
	i.spans = append(i.spans, s)
	return s
}

// advance moves low over what is acknowledged without a gap.
func (i *incarnation) advance() {
	n := 0
	for ; n < len(i.spans) && i.spans[n].left == 0 && !i.spans[n].filling; n++ {
		i.low = max(i.low, i.spans[n].end)
	}
	i.spans = append(i.spans[:0], i.spans[n:]...)
	if len(i.spans) == 0 {
		i.low = max(i.low, i.parsed)
	}
	for len(i.cuts) > 0 && i.cuts[0] <= i.low {
		i.cuts = i.cuts[1:]
	}
}
