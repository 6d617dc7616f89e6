package agent

import (
	"bufio"
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

// Trial passes the lines of a sample through the flow's data processing options without sending anything. The slices given to each are valid until it returns.
// The last line counts also without a newline.
func (c FlowConfig) Trial(sample io.Reader, each func(TrialLine) error) error {
	convert := c.convert.clone()
	in := bufio.NewReaderSize(sample, 64<<10)
	var line, record []byte
	for n := 1; ; n++ {
		var err error
		if line, err = readLine(in, line[:0]); err == io.EOF && len(line) == 0 {
			return nil
		} else if err != nil && err != io.EOF {
			return err
		}
		out := TrialLine{Number: n, Line: line}
		if record, out.Mismatch, out.Err = convert.append(record[:0], line); out.Mismatch == nil {
			out.Record = record
		}
		if err := each(out); err != nil {
			return err
		}
	}
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
