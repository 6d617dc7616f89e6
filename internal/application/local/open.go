package local

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"sync/atomic"

	"github.com/klauspost/compress/gzip"

	"github.com/millrace/millrace/internal/application/discover"
	"github.com/millrace/millrace/internal/application/input"
)

const (
	// sampleBytes and sampleRecords are what a schema is found out from, at most.
	sampleBytes   = 1 << 20
	sampleRecords = 1000
)

// file is an opened one.
type file struct {
	name string // for messages
	io.Reader
	close func() error
}

// openFile opens a file; "-" is standard input. What is compressed by gzip is read
// as what it holds. The bytes read from the disk are added to read.
func openFile(name string, read *atomic.Int64) (*file, error) {
	f := &file{name: name}
	raw := io.Reader(os.Stdin)
	f.close = func() error { return nil }
	if name == "-" {
		f.name = "standard input"
	} else {
		opened, err := os.Open(name)
		if err != nil {
			return nil, err
		}
		raw, f.close = opened, opened.Close
	}
	buffered := bufio.NewReaderSize(&counting{raw, read}, 1<<18)
	f.Reader = buffered
	if head, err := buffered.Peek(2); err == nil && head[0] == 0x1f && head[1] == 0x8b {
		unzipped, err := gzip.NewReader(buffered)
		if err != nil {
			return nil, errors.Join(fmt.Errorf("read %s: %w", f.name, err), f.close())
		}
		f.Reader = unzipped
	}
	return f, nil
}

type counting struct {
	io.Reader
	n *atomic.Int64
}

func (c *counting) Read(p []byte) (int, error) {
	n, err := c.Reader.Read(p)
	c.n.Add(int64(n))
	return n, err
}

// sample returns the beginning of the file, which will be read again. all: there
// is no more.
func (f *file) sample() (head []byte, all bool, err error) {
	head = make([]byte, sampleBytes)
	n, err := io.ReadFull(f.Reader, head)
	all = err == io.EOF || err == io.ErrUnexpectedEOF
	if err != nil && !all {
		return nil, false, fmt.Errorf("read %s: %w", f.name, err)
	}
	head = head[:n:n]
	f.Reader = io.MultiReader(bytes.NewReader(head), f.Reader)
	return head, all, nil
}

// records are the layout of a file: how it is cut into records, and what is in
// each of them.
type records struct {
	schema                        input.Schema
	rowDelimiter, columnDelimiter string
	array                         []string // path of the array whose elements are records
	peel                          bool     // the file is an array whose elements are records
}

// recordsOf settles the layout by a schema, by the format, or by the beginning of
// the file.
func recordsOf(f *file, format Format, schema *Schema) (records, error) {
	head, all, err := f.sample()
	if err != nil {
		return records{}, err
	}
	isArray := format.log == nil && !format.csv && isArray(head)
	switch {
	case schema != nil && schema.List:
		s := schema.Schema
		if format.csv {
			s.Format = input.CSV
		}
		return newRecords(s, isArray), nil
	case schema != nil:
		return newRecords(schema.Schema, isArray), formatFits(f.name, format, schema.Schema.Format)
	case format.columns != nil:
		return newRecords(input.Schema{RowPath: "$", Columns: format.columns}, false), nil
	}
	result, err := discovered(head, all, format)
	if err != nil {
		return records{}, fmt.Errorf("find the columns of %s: %w; --schema says them", f.name, err)
	}
	return newRecords(result.Schema, isArray), nil
}

func formatFits(name string, format Format, schema input.Format) error {
	if format.csv != (schema == input.CSV) {
		return fmt.Errorf("%s: the schema is of %s records, and the format is %s", name, schema, format.Name)
	}
	return nil
}

// newRecords makes the elements of the array that a row path names into records
// of their own.
func newRecords(s input.Schema, isArray bool) records {
	r := records{schema: s, peel: isArray}
	if s.Format == input.CSV {
		r.rowDelimiter, r.columnDelimiter = s.RowDelimiter, s.ColumnDelimiter
		if r.rowDelimiter == "" {
			r.rowDelimiter = "\n"
		}
		if r.columnDelimiter == "" {
			r.columnDelimiter = ","
		}
		return r
	}
	path, elements := strings.CutSuffix(s.RowPath, "[0:]")
	switch {
	case !elements:
	case path == "$":
		r.peel, r.schema.RowPath = true, "$"
	default:
		r.array, r.schema.RowPath = strings.Split(strings.TrimPrefix(path, "$."), "."), "$"
	}
	return r
}

// DiscoverFile finds out the columns of a file's records from its beginning. A
// format that is nil is JSON or CSV.
func DiscoverFile(name string, format *Format) (*discover.Result, error) {
	f, err := openFile(name, &atomic.Int64{})
	if err != nil {
		return nil, err
	}
	head, all, err := f.sample()
	if err = errors.Join(err, f.close()); err != nil {
		return nil, err
	}
	var result *discover.Result
	if format != nil {
		result, err = discovered(head, all, *format)
	} else if result, err = discovered(head, all, Format{Name: "json"}); err != nil {
		result, err = discovered(head, all, Format{Name: "csv", csv: true})
	}
	switch {
	case format == nil && errors.Is(err, discover.ErrUndetected):
		return nil, fmt.Errorf("find the columns of %s: %w; --format says how it is written", f.name, err)
	case err != nil:
		return nil, fmt.Errorf("find the columns of %s: %w", f.name, err)
	case isArray(head) && result.Schema.Format == input.JSON:
		result.Schema.RowPath = "$[0:]" // the sample are its elements
	}
	return result, nil
}

// isArray tells whether a JSON file is one array.
func isArray(head []byte) bool {
	return bytes.HasPrefix(bytes.TrimLeft(head, " \t\r\n"), []byte("["))
}

// discovered are the columns of the records at the beginning of a file. all:
// nothing follows it.
func discovered(head []byte, all bool, format Format) (*discover.Result, error) {
	known := discover.Options{Known: true}
	if format.csv {
		known.Format = input.CSV
	}
	sample, err := sampleOf(head, all, format)
	if err != nil {
		return nil, err
	}
	return discover.Records(sample, known)
}

// sampleOf are the first records, those of logs as JSON.
func sampleOf(head []byte, all bool, format Format) ([][]byte, error) {
	b := &block{}
	newSplitter(format, records{rowDelimiter: "\n", columnDelimiter: ",", peel: isArray(head)}).split(b, head, all)
	if format.log != nil {
		b.lines()
	}
	var sample [][]byte
	var mismatch error
	for _, s := range b.spans {
		record := b.raw[s.start:s.end]
		if format.log != nil {
			out, m := format.log.Append(nil, record)
			if m != nil {
				mismatch = m
				continue
			}
			record = out
		}
		if sample = append(sample, record); len(sample) == sampleRecords {
			break
		}
	}
	switch {
	case len(sample) > 0:
		return sample, nil
	case mismatch != nil:
		return nil, fmt.Errorf("no line has the format, the last one at %w", mismatch)
	}
	return nil, errors.New("there are no records")
}
