package agent

import (
	"bytes"
	"context"
	"slices"
	"time"

	"github.com/millrace/millrace/internal/logformat"
	"github.com/millrace/millrace/internal/tail"
)

// eventQuiet is how long a multi-line event waits for its next line. The Kinesis Agent ends an event wherever what it has read so far ends in a newline.
const eventQuiet = 2 * time.Second

// take makes records of lines.
func (f *flow) take(ctx context.Context, lines tail.Lines, i *incarnation) {
	at, received := lines.Start, int64(0)
	gathers := f.cfg.MultiLineStart != nil
	for rest := lines.Data; len(rest) > 0; received++ {
		line, end := rest, lines.End
		if n := bytes.IndexByte(rest, '\n'); n >= 0 {
			line, end = rest[:n], at+uint64(n)+1
			rest = rest[n+1:]
		} else {
			rest = nil
		}
		switch {
		case i.headerLeft > 0:
			i.headerLeft--
			f.count.skipped.Add(1)
		case f.cfg.Footer != nil && f.cfg.Footer(bytes.TrimFunc(line, func(r rune) bool { return r <= ' ' })):
			f.footer(ctx, i, end)
			rest = nil
		case gathers:
			f.gather(ctx, i, line, at, end)
		default:
			f.convertLine(ctx, i, line, at, end)
		}
		at = end
		if len(i.oldCuts) > 0 {
			f.endAtCut(ctx, i, at)
		}
	}
	f.count.received.Add(received)
	f.count.receivedBytes.Add(int64(at - lines.Start))
	i.readTo = at
	f.settle(i)
}

// settle tells the checkpoint how far the lines have become records or were left out.
func (f *flow) settle(i *incarnation) {
	f.mu.Lock()
	defer f.mu.Unlock()
	i.parsed, i.gathering = i.readTo, i.gathers()
	if g := &i.gathered; len(g.pack) > 0 {
		i.parsed = g.packStart
	} else if g.eventLines > 0 {
		i.parsed = g.eventStart
	}
	i.advance()
	f.acks.Add(1)
}

// convertLine makes a record of a line, or of the lines of an event, and passes it on.
func (f *flow) convertLine(ctx context.Context, i *incarnation, line []byte, start, end uint64) {
	var mismatch *logformat.Mismatch
	var err error
	if f.record, mismatch, err = f.convert.append(f.record[:0], line); mismatch != nil {
		f.count.dropped.Add(1)
		f.logDropped(line, start, i, mismatch)
		return
	}
	if err != nil {
		f.count.unconverted.Add(1)
		if more, ok := f.rawLog.allow(time.Now()); ok {
			f.logger.Warn("record is sent as it is, a processing option cannot handle it", "path", i.file.Path(), "offset", start, "error", err, "more_since_last", more)
		}
	}
	f.count.parsed.Add(1)
	if f.cfg.AggregateBytes > 0 {
		f.packRecord(ctx, i, start, end)
		return
	}
	f.add(ctx, i, start, end)
}

// gather adds a line to the event that is open, or ends that and begins another one. An event beyond the service's limit is kept up to there.
func (f *flow) gather(ctx context.Context, i *incarnation, line []byte, start, end uint64) {
	g := &i.gathered
	if g.eventLines > 0 && f.cfg.MultiLineStart(line) {
		f.endEvent(ctx, i, false)
	}
	if g.eventLines == 0 {
		g.eventStart = start
		g.event = g.event[:0]
	} else {
		g.event = append(g.event, '\n')
	}
	before := cap(g.event)
	if room := f.service.maxRecordBytes + 1 - len(g.event); room > 0 {
		g.event = append(g.event, line[:min(len(line), room)]...)
	}
	f.memory.add(cap(g.event) - before)
	g.eventLines++
	g.eventEnd, g.eventSince = end, time.Now()
}

// endEvent passes the open event on. cut says that more lines may belong to it: the place is remembered before anything is sent, so that after a crash the
// record ends there again and the server knows it for a repeat.
func (f *flow) endEvent(ctx context.Context, i *incarnation, cut bool) {
	g := &i.gathered
	if g.eventLines == 0 {
		return
	}
	if cut {
		f.rememberCut(i, g.eventEnd)
	}
	g.eventLines = 0
	f.convertLine(ctx, i, g.event, g.eventStart, g.eventEnd)
	if cap(g.event) > smallBody {
		f.memory.add(-cap(g.event))
		g.event = nil
	}
}

// packRecord adds the converted record to the one that will hold several.
func (f *flow) packRecord(ctx context.Context, i *incarnation, start, end uint64) {
	g := &i.gathered
	if len(g.pack) > 0 && len(g.pack)+len(f.record) > f.cfg.AggregateBytes {
		record := f.record
		f.record = nil
		f.endPack(ctx, i, false)
		f.record = record
	}
	if len(g.pack) == 0 {
		g.packStart, g.packSince = start, time.Now()
	}
	before := cap(g.pack)
	g.pack = append(g.pack, f.record...)
	f.memory.add(cap(g.pack) - before)
	g.packEnd = end
	if len(g.pack) >= f.cfg.AggregateBytes {
		f.endPack(ctx, i, false)
	}
}

// endPack passes the packed record on; see endEvent.
func (f *flow) endPack(ctx context.Context, i *incarnation, cut bool) {
	g := &i.gathered
	if len(g.pack) == 0 {
		return
	}
	if cut {
		f.rememberCut(i, g.packEnd)
	}
	f.record = append(f.record[:0], g.pack...)
	g.pack = g.pack[:0]
	f.add(ctx, i, g.packStart, g.packEnd)
}

// rememberCut makes the end of a record durable that the lines themselves do not tell.
func (f *flow) rememberCut(i *incarnation, at uint64) {
	f.mu.Lock()
	known := slices.Contains(i.cuts, at)
	if !known {
		i.cuts = append(i.cuts, at)
		slices.Sort(i.cuts)
	}
	f.mu.Unlock()
	if known {
		return
	}
	f.acks.Add(1)
	if err := f.agent.saveCheckpoint(); err != nil {
		f.fail(err) // after a crash the lines could count twice; not to send them would be worse
	}
}

// endAtCut ends what is gathered where a former run did.
func (f *flow) endAtCut(ctx context.Context, i *incarnation, at uint64) {
	for len(i.oldCuts) > 0 && i.oldCuts[0] <= at {
		if i.oldCuts[0] == at {
			f.endEvent(ctx, i, false)
			f.endPack(ctx, i, false)
		}
		i.oldCuts = i.oldCuts[1:]
	}
}

// endAged ends events and packed records that have waited long enough, and returns how long the others have.
func (f *flow) endAged(i *incarnation) time.Duration {
	g, wait := &i.gathered, time.Hour
	if g.eventLines > 0 {
		left := time.Until(g.eventSince.Add(eventQuiet))
		if left <= 0 {
			f.endEvent(f.hard, i, true)
			f.settle(i)
		} else {
			wait = left
		}
	}
	if len(g.pack) > 0 {
		left := time.Until(g.packSince.Add(f.cfg.MaxBufferAge))
		if left <= 0 {
			f.endPack(f.hard, i, true)
			f.settle(i)
			f.dispatch(i)
		} else {
			wait = min(wait, left)
		}
	}
	return wait
}

// footer ends the parsing of a file: the footer itself and what comes behind it is not sent.
func (f *flow) footer(ctx context.Context, i *incarnation, end uint64) {
	f.endEvent(ctx, i, false)
	f.count.skipped.Add(1)
	f.tailer.End(i.file)
	f.logger.Info("footer found, the rest of the file is left out", "path", i.file.Path(), "offset", end)
}

// logDropped shows a line that is no record, with the place where it stopped being one, at most one in ten seconds.
func (f *flow) logDropped(line []byte, at uint64, i *incarnation, mismatch *logformat.Mismatch) {
	more, ok := f.dropLog.allow(time.Now())
	if !ok {
		return
	}
	sample := string(line[:min(len(line), 200)])
	f.logger.Warn("1 record parsed but skipped for processing and delivering", "path", i.file.Path(), "offset", at, "reason", mismatch.Error(),
		"line", sample, "more_since_last", more)
}
