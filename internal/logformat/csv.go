package logformat

import (
	"bytes"
	"fmt"
	"regexp"
	"regexp/syntax"
	"slices"
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
	columns := c.columns(array[:0], line)
	return append(c.appendObject(dst, line, columns), '\n'), nil, nil
}

// columns cuts the line. Columns that no name is for are looked at only to learn whether empty ones before them are the end of the line.
func (c *csvToJSON) columns(columns []span, line []byte) []span {
	pos, seen, kept := 0, 0, 0 // of the seen columns the kept ones end with one that is not empty
	add := func(end int) {
		if seen++; end > pos {
			kept = seen
		}
		if seen <= c.width {
			columns = append(columns, span{pos, end})
		}
	}
	for search := 0; kept < c.width; {
		at := c.split(line, search)
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
		return append(columns, span{0, len(line)}) // no delimiter: an empty line is one empty column
	}
	add(len(line))
	return columns[:min(kept, c.width)]
}

// splitter finds the first delimiter in line from a position on; start < 0 if there is none, also for a position behind the end.
type splitter func(line []byte, from int) span

var noSpan = span{-1, -1}

// newSplitter searches for a plain text where the Java pattern is one.
func newSplitter(delimiter string) (splitter, error) {
	translated, err := translateJava(delimiter)
	if err != nil {
		return nil, err
	}
	tree, err := syntax.Parse(translated, syntax.Perl)
	if err != nil {
		return nil, err
	}
	if tree = tree.Simplify(); tree.Op == syntax.OpLiteral && tree.Flags&syntax.FoldCase == 0 {
		return splitAt([]byte(string(tree.Rune))), nil
	}
	if looksAround(tree) || matchesEmpty(tree) {
		return nil, fmt.Errorf("%q can match without a character of its own, which is not supported", delimiter)
	}
	re, err := regexp.Compile(translated)
	if err != nil {
		return nil, err
	}
	return func(line []byte, from int) span {
		if from > len(line) {
			return noSpan
		}
		at := re.FindIndex(line[from:])
		if at == nil {
			return noSpan
		}
		return span{from + at[0], from + at[1]}
	}, nil
}

func splitAt(text []byte) splitter {
	return func(line []byte, from int) span {
		if from > len(line) {
			return noSpan
		}
		at := bytes.Index(line[from:], text)
		if at < 0 {
			return noSpan
		}
		return span{from + at, from + at + len(text)}
	}
}

// looksAround tells whether a match depends on the characters beside it.
func looksAround(re *syntax.Regexp) bool {
	switch re.Op {
	case syntax.OpBeginLine, syntax.OpEndLine, syntax.OpBeginText, syntax.OpEndText, syntax.OpWordBoundary, syntax.OpNoWordBoundary:
		return true
	}
	return slices.ContainsFunc(re.Sub, looksAround)
}

// matchesEmpty tells whether the empty text matches.
func matchesEmpty(re *syntax.Regexp) bool {
	switch re.Op {
	case syntax.OpEmptyMatch, syntax.OpStar, syntax.OpQuest:
		return true
	case syntax.OpConcat:
		return !slices.ContainsFunc(re.Sub, func(sub *syntax.Regexp) bool { return !matchesEmpty(sub) })
	case syntax.OpAlternate:
		return slices.ContainsFunc(re.Sub, matchesEmpty)
	case syntax.OpCapture, syntax.OpPlus:
		return matchesEmpty(re.Sub[0])
	case syntax.OpRepeat:
		return re.Min == 0 || matchesEmpty(re.Sub[0])
	}
	return false
}
