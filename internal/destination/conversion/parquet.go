package conversion

import (
	"fmt"
	"io"
	"math"
	"reflect"

	"github.com/parquet-go/parquet-go"
	"github.com/parquet-go/parquet-go/compress"
)

// Parquet is how the file is written; zero values are Firehose's defaults.
type Parquet struct {
	BlockSizeBytes int    // of a row group in memory; at least 64 MiB, default 256 MiB
	PageSizeBytes  int    // at least 64 KiB, default 1 MiB
	Compression    string // SNAPPY, the default, GZIP or UNCOMPRESSED
	Dictionary     bool   // dictionary encoding; default false
	// MaxPaddingBytes aligns row groups for HDFS. Only 0, the default, is
	// supported.
	MaxPaddingBytes int
	WriterVersion   string // V1, the default, or V2: of the data pages
}

const (
	leastBlock, defaultBlock = 64 << 20, 256 << 20
	leastPage, defaultPage   = 64 << 10, 1 << 20
)

func (p Parquet) withDefaults() Parquet {
	if p.BlockSizeBytes == 0 {
		p.BlockSizeBytes = defaultBlock
	}
	if p.PageSizeBytes == 0 {
		p.PageSizeBytes = defaultPage
	}
	if p.Compression == "" {
		p.Compression = "SNAPPY"
	}
	if p.WriterVersion == "" {
		p.WriterVersion = "V1"
	}
	return p
}

func (p Parquet) check() error {
	switch {
	case p.BlockSizeBytes < leastBlock:
		return fmt.Errorf("Parquet block size of %d bytes: want %d or more", p.BlockSizeBytes, leastBlock)
	case p.PageSizeBytes < leastPage || p.PageSizeBytes > math.MaxInt32:
		return fmt.Errorf("Parquet page size of %d bytes: want %d to %d", p.PageSizeBytes, leastPage, math.MaxInt32)
	case p.MaxPaddingBytes != 0:
		return fmt.Errorf("Parquet padding of %d bytes: only 0 is supported", p.MaxPaddingBytes)
	case p.WriterVersion != "V1" && p.WriterVersion != "V2":
		return fmt.Errorf("Parquet writer version %q: want V1 or V2", p.WriterVersion)
	case p.codec() == nil:
		return fmt.Errorf("Parquet compression %q: want SNAPPY, GZIP or UNCOMPRESSED", p.Compression)
	}
	return nil
}

func (p Parquet) codec() compress.Codec {
	switch p.Compression {
	case "SNAPPY":
		return &parquet.Snappy
	case "GZIP":
		return &parquet.Gzip
	case "UNCOMPRESSED":
		return &parquet.Uncompressed
	}
	return nil
}

// writer of files with the schema. It writes nothing that changes from one run
// to the next.
func (p Parquet) writer(out io.Writer, root parquet.Node) *parquet.GenericWriter[any] {
	version := 1
	if p.WriterVersion == "V2" {
		version = 2
	}
	return parquet.NewGenericWriter[any](out, parquet.NewSchema("hive_schema", root),
		parquet.CreatedBy("millrace", "1", "conversion"), parquet.Compression(p.codec()), parquet.PageBufferSize(p.PageSizeBytes),
		parquet.DataPageVersion(version), parquet.DefaultEncoding(&parquet.Plain), parquet.DictionaryMaxBytes(int64(p.PageSizeBytes)))
}

// columnsNode is the schema as Parquet has it: every column may be missing.
func (p Parquet) columnsNode(columns []Column) parquet.Node {
	g := group{Group: parquet.Group{}}
	for _, c := range columns {
		node := parquet.Optional(p.node(c.Type))
		g.Group[c.Name] = node
		g.fields = append(g.fields, &field{node, c.Name})
	}
	return g
}

func (p Parquet) node(t Type) parquet.Node {
	switch t.Kind {
	case Array:
		return parquet.List(parquet.Optional(p.node(*t.Element)))
	case Map:
		return parquet.Map(p.node(*t.Key), parquet.Optional(p.node(*t.Element)))
	case Struct:
		return p.columnsNode(t.Fields)
	}
	leaf := leafNode(t)
	if p.Dictionary && t.Kind != Boolean {
		leaf = parquet.Encoded(leaf, &parquet.RLEDictionary)
	}
	return leaf
}

// leafNode maps types as Hive does.
func leafNode(t Type) parquet.Node {
	switch t.Kind {
	case Boolean:
		return parquet.Leaf(parquet.BooleanType)
	case TinyInt:
		return parquet.Int(8)
	case SmallInt:
		return parquet.Int(16)
	case Int:
		return parquet.Leaf(parquet.Int32Type)
	case BigInt:
		return parquet.Leaf(parquet.Int64Type)
	case Float:
		return parquet.Leaf(parquet.FloatType)
	case Double:
		return parquet.Leaf(parquet.DoubleType)
	case Binary:
		return parquet.Leaf(parquet.ByteArrayType)
	case Timestamp:
		return parquet.Leaf(parquet.Int96Type)
	case Date:
		return parquet.Date()
	case Decimal:
		return parquet.Decimal(t.Scale, t.Precision, parquet.FixedLenByteArrayType(decimalBytes(t.Precision)))
	}
	return parquet.String()
}

// group is a parquet.Group whose fields stand in the order of the schema, not
// of the alphabet.
type group struct {
	parquet.Group
	fields []parquet.Field
}

func (g group) Fields() []parquet.Field { return g.fields }

type field struct {
	parquet.Node
	name string
}

func (f *field) Name() string { return f.name }

// Value serves rows that are Go structs, which are never written here.
func (f *field) Value(reflect.Value) reflect.Value {
	panic("BUG: a row of Go values for column " + f.name)
}
