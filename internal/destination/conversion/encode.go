package conversion

import (
	"bytes"
	"fmt"
	"time"

	"github.com/parquet-go/parquet-go"

	"github.com/millrace/millrace/internal/destination"
	"github.com/millrace/millrace/internal/record"
)

// Codes of Firehose for records that cannot be converted.
const (
	RefusalType   = "format-conversion-failed"
	parseError    = "DataFormatConversion.ParseError"
	malformedData = "DataFormatConversion.MalformedData"
)

// refusal is why a record is refused.
type refusal struct{ code, message string }

// Encode implements s3.Format.
func (f *Format) Encode(records []record.Record) (body []byte, refused []destination.Refusal, err error) {
	s, kept := f.shredders.Get().(*shredder)
	if !kept {
		s = newShredder(f.rules, f.columns)
	}
	var out bytes.Buffer
	// The writer is a new one each time: one that is used again writes another
	// footer.
	e := &encoder{shredder: s, file: f.config.Parquet.writer(&out, f.node), blockBytes: f.config.Parquet.BlockSizeBytes}
	for _, r := range records {
		if why := s.add(r.Data); why != nil {
			refused = append(refused, f.refuse(r, why))
		} else if err := e.writeFull(); err != nil {
			return nil, nil, fmt.Errorf("write Parquet: %w", err)
		}
	}
	if err := e.end(); err != nil {
		return nil, nil, fmt.Errorf("write Parquet: %w", err)
	}
	f.shredders.Put(s)
	if e.written == 0 {
		return nil, refused, nil
	}
	return out.Bytes(), refused, nil
}

func (f *Format) refuse(r record.Record, why *refusal) destination.Refusal {
	return destination.Refusal{
		Type: RefusalType, Record: r, Attempts: 1, Code: why.code, Message: why.message, AttemptedAt: time.Now().UnixMilli(), Table: f.config.Table,
	}
}

// encoder writes one file.
type encoder struct {
	shredder   *shredder
	file       *parquet.GenericWriter[any]
	blockBytes int
	block      int // bytes in the row group so far
	written    int // rows in the file
}

// Rows are handed on to the file in pieces, which stay in the processor's
// cache.
const (
	pieceValues = 32 << 10
	pieceBytes  = 256 << 10
)

// writeFull hands rows on once there are enough.
func (e *encoder) writeFull() error {
	if e.shredder.values < pieceValues && e.shredder.bytes < pieceBytes {
		return nil
	}
	return e.write()
}

func (e *encoder) write() error {
	for i, column := range e.file.ColumnWriters() {
		if _, err := column.WriteRowValues(e.shredder.leaves[i]); err != nil {
			return err
		}
	}
	e.written += e.shredder.rows
	e.block += e.shredder.bytes
	e.shredder.clear()
	if e.block < e.blockBytes {
		return nil
	}
	e.block = 0
	return e.file.Flush()
}

func (e *encoder) end() error {
	if err := e.write(); err != nil {
		return err
	}
	return e.file.Close()
}
