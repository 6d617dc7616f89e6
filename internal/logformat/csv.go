package logformat

import (
	"bytes"
	"fmt"
	"sort"
	"unicode/utf8"
)

// CSVSpec is what a CSVTOJSON option says.
type CSVSpec struct {
	CustomFieldNames []string // mandatory
	Delimiter        string   // Java regular expression; "" = ","
	JSONFormat       string   // "" = COMPACT
}

// NewCSVToJSON returns CSVTOJSON, which splits a line as Java's String.split does: there is no quoting, an empty column is "", empty columns at the end of the line are
// null as if they were not there, columns without a name are left out. It drops no line.
func NewCSVToJSON(spec CSVSpec) (Converter, error) {
	pretty, err := readJSONFormat(spec.JSONFormat)
	if err != nil {
		return nil, err
	}
	if len(spec.CustomFieldNames) == 0 {
		return nil, fmt.Errorf("customFieldNames is missing")
	}
	if spec.Delimiter == "" {
		spec.Delimiter = ","
	}
	split, err := newSplitter(spec.Delimiter)
	if err != nil {
		return nil, fmt.Errorf("delimiter %w", err)
	}
	return &csvToJSON{layout: newLayout(spec.CustomFieldNames, pretty, false), split: split}, nil
}

type csvToJSON struct {
	layout
	split splitter
}

const stackSpans = 32

func (c *csvToJSON) Convert(dst, record []byte) ([]byte, *Mismatch, error) {
	line := trimNewline(record)
	if !utf8.Valid(line) {
		line = AppendValid(nil, line)
	}
	var array [stackSpans]span
	columns, err := c.columns(array[:0], line)
	if err != nil {
		return dst, nil, fmt.Errorf("split by delimiter: %w", err)
	}
	return append(c.appendObject(dst, line, columns), '\n'), nil, nil
}

// columns cuts the line. Columns that no name is for are looked at only to learn whether empty ones before them are the end of the line.
func (c *csvToJSON) columns(columns []span, line []byte) ([]span, error) {
	pos, seen, kept := 0, 0, 0 // of the seen columns the kept ones end with one that is not empty
	add := func(end int) {
		if seen++; end > pos {
			kept = seen
		}
		if seen <= c.width {
			columns = append(columns, span{pos, end})
		}
	}
	find := c.split(line)
	for search := 0; kept < c.width; {
		at, err := find(search)
		if err != nil {
			return nil, err
		}
		if at.start < 0 {
			break
		}
		if search = at.end; at.start == at.end {
			_, n := utf8.DecodeRune(line[at.end:])
			search += max(n, 1)
		}
		if at.end == 0 { // an empty delimiter cuts nothing off the front
			continue
		}
		add(at.start)
		pos = at.end
	}
	if pos == 0 {
		return append(columns, span{0, len(line)}), nil // no delimiter: an empty line is one empty column
	}
	add(len(line))
	return columns[:min(kept, c.width)], nil
}

// splitter prepares a line for its delimiters to be found.
type splitter func(line []byte) delimiterFinder

// delimiterFinder finds the first delimiter from a position on; start < 0 if there is none, also for a position behind the end. The error is a line that takes too long.
type delimiterFinder func(from int) (span, error)

var noSpan = span{-1, -1}

// newSplitter searches for a plain text where the Java pattern is one.
func newSplitter(delimiter string) (splitter, error) {
	root, _, err := parseJava(delimiter)
	if err != nil {
		return nil, err
	}
	if text, plain := literalText(root); plain {
		return splitAt(text), nil
	}
	if !hasZeroWidth(root) && !canBeEmpty(root) { // else Go's regexp would have to see what is before the place where it begins
		m, err := newMatcher(root, "(?:", ")")
		if err != nil {
			return nil, err
		}
		if linear, ok := m.(linear); ok {
			return linear.split, nil
		}
	}
	m, err := newBacktracking(root, "(?:", ")")
	if err != nil {
		return nil, err
	}
	return m.split, nil
}

// literalText is the one text that a pattern matches.
func literalText(root *javaNode) (text []byte, plain bool) {
	for _, n := range flatten(nil, root) {
		r, ok := n.set.single()
		if n.op != opSet || !ok {
			return nil, false
		}
		text = utf8.AppendRune(text, r)
	}
	return text, len(text) > 0
}

func splitAt(text []byte) splitter {
	return func(line []byte) delimiterFinder {
		return func(from int) (span, error) {
			if from > len(line) {
				return noSpan, nil
			}
			at := bytes.Index(line[from:], text)
			if at < 0 {
				return noSpan, nil
			}
			return span{from + at, from + at + len(text)}, nil
		}
	}
}

func (m linear) split(line []byte) delimiterFinder {
	return func(from int) (span, error) {
		if from > len(line) {
			return noSpan, nil
		}
		at := m.re.FindIndex(line[from:])
		if at == nil {
			return noSpan, nil
		}
		return span{from + at[0], from + at[1]}, nil
	}
}

// split decodes the line once: there may be a delimiter at each of its characters.
func (m backtracking) split(line []byte) delimiterFinder {
	runes := []rune(string(line))
	place := newByteCounter(runes)
	return func(from int) (span, error) {
		if from > len(line) {
			return noSpan, nil
		}
		found, err := m.re.FindRunesMatchStartingAt(runes, sort.SearchInts(place, from))
		if err != nil {
			return noSpan, errMatchTimeout
		}
		if found == nil {
			return noSpan, nil
		}
		return span{place[found.Index], place[found.Index+found.Length]}, nil
	}
}
