package logformat

import (
	"fmt"
)

// Converter is one option of a flow's dataProcessingOptions. Options are chained: what one writes is the next one's record.
//
// A record is what will be sent, newline included: the reader hands a line over with its '\n', and a converter writes one behind what it makes, except
// for ADDBRACKETS, which leaves it inside. A Converter is safe for use by several goroutines.
type Converter interface {
	// Convert appends what becomes of record to dst and returns the longer slice. Neither dst's new part nor record is kept, and they must not overlap.
	//
	// A drop says that the record is filtered out and why: nothing is sent for it. An err says that this option cannot handle the record; the Kinesis
	// Agent then gives up the whole chain and sends the raw line as it was read. Either way out is dst as it was.
	Convert(dst, record []byte) (out []byte, drop *Mismatch, err error)
}

// Warner is what a Converter or Format has that works, but surely not as its configuration was meant.
type Warner interface {
	// Warning is a sentence for the log, "" if there is nothing to say.
	Warning() string
}

// Names of the processing options as agent.json spells them.
const (
	OptionLogToJSON      = "LOGTOJSON"
	OptionCSVToJSON      = "CSVTOJSON"
	OptionSingleLine     = "SINGLELINE"
	OptionAddMetadata    = "ADDMETADATA"
	OptionAddEC2Metadata = "ADDEC2METADATA"
	OptionAddBrackets    = "ADDBRACKETS"
)

// NewLogToJSON returns LOGTOJSON, which writes the fields of a line as New's Format does and drops lines that do not match.
func NewLogToJSON(spec Spec) (Converter, error) {
	format, err := New(spec)
	if err != nil {
		return nil, err
	}
	return logToJSON{format}, nil
}

type logToJSON struct{ format Format }

func (c logToJSON) Convert(dst, record []byte) ([]byte, *Mismatch, error) {
	out, mismatch := c.format.Append(dst, trimNewline(record))
	if mismatch != nil {
		return dst, mismatch, nil
	}
	return append(out, '\n'), nil, nil
}

func (c logToJSON) Warning() string {
	if w, ok := c.format.(Warner); ok {
		return w.Warning()
	}
	return ""
}

// NewAddBrackets returns ADDBRACKETS: '{', the record with its newline, '}'. Behind an option that makes JSON the result is none any more; it is meant for lines
// that are the inside of an object.
func NewAddBrackets() Converter { return addBrackets{} }

type addBrackets struct{}

func (addBrackets) Convert(dst, record []byte) ([]byte, *Mismatch, error) {
	return append(AppendValid(append(dst, '{'), record), '}'), nil, nil
}

// trimNewline takes the one newline away that ends a record.
func trimNewline(record []byte) []byte {
	if n := len(record); n > 0 && record[n-1] == '\n' {
		return record[:n-1]
	}
	return record
}

// Values of jsonFormat.
const (
	Compact     = "COMPACT"
	PrettyPrint = "PRETTYPRINT"
)

// readJSONFormat tells whether an option's jsonFormat asks for pretty printing.
func readJSONFormat(name string) (pretty bool, err error) {
	switch name {
	case "", Compact:
		return false, nil
	case PrettyPrint:
		return true, nil
	}
	return false, fmt.Errorf("jsonFormat %q is unknown: want %s or %s", name, Compact, PrettyPrint)
}
