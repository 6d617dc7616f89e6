package agent

import (
	"bufio"
	"bytes"
	"errors"
	"io"

	"github.com/millrace/millrace/internal/logformat"
)

// TrialLine is what becomes of one line of a sample.
type TrialLine struct {
	Number   int // from 1
	Line     []byte
	Record   []byte // nil if the line is dropped
	Mismatch *logformat.Mismatch
	Err      error // an option could not handle the line: Record is the line as it is
}

// Trial passes the lines of a sample through the flow without sending anything: header lines are left out, events gathered, the options applied; the footer ends it. The
// slices given to each are valid until it returns. The last line counts also without a newline.
func (c FlowConfig) Trial(sample io.Reader, each func(TrialLine) error) error {
	t := trial{cfg: c, convert: c.convert.clone(), each: each}
	in := bufio.NewReaderSize(sample, 64<<10)
	var line []byte
	for n := 1; ; n++ {
		var err error
		if line, err = readLine(in, line[:0]); err == io.EOF && len(line) == 0 {
			return t.end()
		} else if err != nil && err != io.EOF {
			return err
		}
		if n <= c.SkipHeaderLines {
			continue
		}
		if c.Footer != nil && c.Footer(bytes.TrimFunc(line, func(r rune) bool { return r <= ' ' })) {
			return t.end()
		}
		if err := t.line(n, line); err != nil {
			return err
		}
	}
}

type trial struct {
	cfg     FlowConfig
	convert converter
	each    func(TrialLine) error
	record  []byte
	event   []byte
	begun   int // number of the event's first line, 0 = there is none
}

func (t *trial) line(n int, line []byte) error {
	if t.cfg.MultiLineStart == nil {
		return t.try(n, line)
	}
	if t.begun > 0 && !t.cfg.MultiLineStart(line) {
		t.event = append(append(t.event, '\n'), line...)
		return nil
	}
	err := t.end()
	t.begun, t.event = n, append(t.event[:0], line...)
	return err
}

// end passes the open event on.
func (t *trial) end() error {
	if t.begun == 0 {
		return nil
	}
	n := t.begun
	t.begun = 0
	return t.try(n, t.event)
}

func (t *trial) try(n int, line []byte) error {
	out := TrialLine{Number: n, Line: line}
	if t.record, out.Mismatch, out.Err = t.convert.append(t.record[:0], line); out.Mismatch == nil {
		out.Record = t.record
	}
	return t.each(out)
}

// readLine appends a line without its newline.
func readLine(in *bufio.Reader, line []byte) ([]byte, error) {
	for {
		part, err := in.ReadSlice('\n')
		line = append(line, part...)
		switch {
		case errors.Is(err, bufio.ErrBufferFull):
		case err != nil:
			return line, err
		default:
			return line[:len(line)-1], nil
		}
	}
}
