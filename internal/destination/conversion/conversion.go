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
	"errors"
	"fmt"
	"sync"

	"github.com/parquet-go/parquet-go"

	"github.com/millrace/millrace/internal/destination"
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
