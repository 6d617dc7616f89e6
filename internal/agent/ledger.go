package agent

import "github.com/millrace/millrace/internal/tail"

// incarnation is a file incarnation as the flow sees it: up to where its lines were handed out, which batches are not acknowledged yet, and so where the
// checkpoint stands. The flow's lock guards it.
//
//	0 ──acknowledged──▶ low ──┤ batch ├──┤ batch (acknowledged) ├──┤ batch being filled ├──▶ parsed
type incarnation struct {
	file    *tail.File
	state   tail.State // as last seen; its Offset is not used
	durable bool       // the id is in the checkpoint file, so batches may carry it
	low     uint64
	parsed  uint64 // all lines before are in a batch or were dropped
	spans   []*span
	filling *batch // the reader's, nil if there is none
}

// span is the part of a file that a batch covers, in the order of the file.
type span struct {
	end  uint64
	done bool
}

// open adds the span of a batch that begins to be filled.
func (i *incarnation) open() *span {
	s := &span{}
	i.spans = append(i.spans, s)
	return s
}

// advance moves low over what is acknowledged without a gap.
func (i *incarnation) advance() {
	n := 0
	for ; n < len(i.spans) && i.spans[n].done; n++ {
		i.low = max(i.low, i.spans[n].end)
	}
	i.spans = append(i.spans[:0], i.spans[n:]...)
	if len(i.spans) == 0 {
		i.low = max(i.low, i.parsed)
	}
}
