// Package conversion makes Parquet of JSON records, by the schema of a table:
// Firehose's record format conversion. It is a Format of destination/s3.
//
//	record ─ json ─▶ objects ─ shred ─▶ values of each column ─ parquet ─▶ pages, row groups, the file
//	            └──── does not fit ──▶ refused alone, to format-conversion-failed/
//
// JSON is read as one of Firehose's two deserializers reads it, OpenX or Hive;
// types are mapped to Parquet's as Hive maps them, so that timestamps are
// INT96 and every column may be null. Several objects in one record are a row
// each; an array of them is refused, as Firehose says. If one of a record's
// objects does not fit, none of them is written.
//
// Where the deserializers lose data without a word (OpenX makes 0 of a string
// that is no number, and cuts 1.5 for an int), the record is refused instead.
package conversion

import (
	"bytes"
	"errors"
	"fmt"
	"strings"
	"sync"
	"time"

	"github.com/parquet-go/parquet-go"

	"github.com/millrace/millrace/internal/destination"
	"github.com/millrace/millrace/internal/record"
)

// Config of New. Without a deserializer it is OpenX with its defaults.
type Config struct {
	OpenX   *OpenX
	Hive    *Hive
	Parquet Parquet
	// Table is shown in the refusals.
	Table *destination.Table
}

// OpenX is OpenXJsonSerDe.
type OpenX struct {
	CaseInsensitive bool              // Firehose's default is true
	ColumnToJSONKey map[string]string // {"ts": "timestamp"}: column ts reads the key timestamp
	ConvertDots     bool              // key a.b is read by column a_b
}

// Hive is HiveJsonSerDe. Its keys know no case.
type Hive struct {
	// TimestampFormats are patterns of Joda-Time, or the word millis.
	TimestampFormats []string
}

// rules are how JSON is read.
type rules struct {
	caseInsensitive, convertDots bool
	jsonKeys                     map[string]string // by column, in lower case
	lenient                      bool              // OpenX: strings may hold numbers
	patterns                     []*pattern
	mapKeys                      *rules // for keys of maps, which are strings in JSON
}

func (c Config) rules() (*rules, error) {
	r := &rules{caseInsensitive: true, lenient: true}
	switch {
	case c.OpenX != nil && c.Hive != nil:
		return nil, errors.New("two deserializers: want OpenX or Hive")
	case c.OpenX != nil:
		r.caseInsensitive, r.convertDots = c.OpenX.CaseInsensitive, c.OpenX.ConvertDots
		r.jsonKeys = map[string]string{}
		for column, key := range c.OpenX.ColumnToJSONKey {
			r.jsonKeys[strings.ToLower(column)] = key
		}
	case c.Hive != nil:
		r.lenient = false
		for _, text := range c.Hive.TimestampFormats {
			p, err := compilePattern(text)
			if err != nil {
				return nil, err
			}
			r.patterns = append(r.patterns, p)
		}
	}
	keys := *r
	keys.lenient = true
	r.mapKeys = &keys
	return r, nil
}

// keyOf is the JSON key, as appendKey writes it, that a column reads.
func (r *rules) keyOf(column string) string {
	if key, mapped := r.jsonKeys[strings.ToLower(column)]; mapped {
		column = key
	}
	return string(r.appendKey(nil, []byte(column)))
}

// appendKey appends a key in the form by which keys are compared.
func (r *rules) appendKey(to, key []byte) []byte {
	began := len(to)
	if to = append(to, key...); r.caseInsensitive {
		ascii := true
		for i, c := range to[began:] {
			if c >= 0x80 {
				ascii = false
			} else if c >= 'A' && c <= 'Z' {
				to[began+i] = c | 0x20
			}
		}
		if !ascii {
			to = append(to[:began], bytes.ToLower(key)...)
		}
	}
	if r.convertDots {
		for i, c := range to[began:] {
			if c == '.' {
				to[began+i] = '_'
			}
		}
	}
	return to
}

// Format converts batches; its methods may be called at once.
type Format struct {
	config    Config
	rules     *rules
	columns   []Column
	node      parquet.Node
	shredders sync.Pool
}

// New checks the configuration against the schema.
func New(c Config, s Schema) (*Format, error) {
	c.Parquet = c.Parquet.withDefaults()
	if err := c.Parquet.check(); err != nil {
		return nil, fmt.Errorf("format conversion: %w", err)
	}
	r, err := c.rules()
	if err == nil {
		err = r.checkKeys("", s.Columns)
	}
	if err == nil && len(s.Columns) == 0 {
		err = errors.New("the schema has no columns")
	}
	if err != nil {
		return nil, fmt.Errorf("format conversion: %w", err)
	}
	return &Format{config: c, rules: r, columns: s.Columns, node: c.Parquet.columnsNode(s.Columns)}, nil
}

// checkKeys refuses two columns that would read one key.
func (r *rules) checkKeys(path string, columns []Column) error {
	readers := map[string]string{}
	for _, c := range columns {
		key := r.keyOf(c.Name)
		if other, taken := readers[key]; taken {
			return fmt.Errorf("columns %s%s and %s%s read the same key %q", path, other, path, c.Name, key)
		}
		readers[key] = c.Name
		t := &c.Type
		for t.Element != nil {
			t = t.Element
		}
		if err := r.checkKeys(path+c.Name+".", t.Fields); err != nil {
			return err
		}
	}
	return nil
}

// Extension implements s3.Format.
func (f *Format) Extension() string { return ".parquet" }

// ContentEncoding implements s3.Format. Firehose labels its Snappy-compressed
// Parquet hadoop-snappy, although the file is no stream of that kind.
func (f *Format) ContentEncoding() string {
	if f.config.Parquet.Compression == "SNAPPY" {
		return "hadoop-snappy"
	}
	return ""
}

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
