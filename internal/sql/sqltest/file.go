// Package sqltest runs streaming SQL written down as text: what comes in above the line, what goes out below it.
//
//	# A comment.
//	stream WEB ("page" VARCHAR(64), "bytes" INTEGER)     an input of the application
//
//	table PAGES (ID INTEGER, NAME VARCHAR(8))            a reference table and its rows, one value a column
//	1 home
//	----
//
//	limits groups=10 rows=100                            how much one operator of the code below may hold
//
//	code                                                 the application; "code error" expects diagnostics
//	CREATE OR REPLACE STREAM …
//	----
//	ok
//
//	input WEB                                            rows: a time and one value a column; ^time is a bound
//	00:00:01 /home 200
//	00:00:02 'a b' NULL
//	^00:00:10
//	----
//	OUT @00:00:10 /home 1                                stream, ROWTIME, values
//
//	explain P                                            the plan of a pump
//	restart                                              snapshot, new engine, restore
//	end                                                  a bound behind everything
//
// Times without a date are on 2020-01-01; a date is written 2020-01-02T10:00:00. "input" without a stream takes the stream as
// the first word of each row. "input WEB json" prints rows as the JSON that leaves an application. Streams are printed in
// the order of the text and error rows last, for the order between streams is nobody's business.
package sqltest

import (
	"fmt"
	"os"
	"strings"
)

// block is one directive with its lines and what is expected of it.
type block struct {
	line      int
	directive string
	args      string
	body      []string
	expect    []string
	// answered tells that the block has a line ---- and so an expectation.
	answered bool
	// before are the comment and blank lines in front of it, kept for rewriting.
	before []string
}

// read cuts a file into blocks.
func read(path string) ([]*block, error) {
	src, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	return parse(path, string(src), 0)
}

// parse cuts a text that stands behind so many lines of a file.
func parse(path, text string, behind int) ([]*block, error) {
	var blocks []*block
	var before []string
	lines := strings.Split(strings.TrimRight(text, "\n"), "\n")
	for i := 0; i < len(lines); i++ {
		line := strings.TrimSpace(lines[i])
		if line == "" || strings.HasPrefix(line, "#") {
			before = append(before, lines[i])
			continue
		}
		b := &block{line: behind + i + 1, before: before}
		before = nil
		b.directive, b.args, _ = strings.Cut(line, " ")
		switch b.directive {
		case "stream", "limits", "restart":
		case "code", "table", "input", "explain", "end":
			i = b.readBody(lines, i+1)
			if !b.answered {
				return nil, fmt.Errorf("%s:%d: %s has no line ----", path, b.line, b.directive)
			}
		default:
			return nil, fmt.Errorf("%s:%d: directive %q does not exist", path, b.line, b.directive)
		}
		blocks = append(blocks, b)
	}
	return blocks, nil
}

// readBody reads lines up to ---- and the expectation behind it up to an empty line; it returns the last line read.
func (b *block) readBody(lines []string, i int) int {
	for ; i < len(lines); i++ {
		if strings.TrimSpace(lines[i]) == "----" {
			b.answered = true
			break
		}
		b.body = append(b.body, lines[i])
	}
	for i++; i < len(lines) && strings.TrimSpace(lines[i]) != ""; i++ {
		b.expect = append(b.expect, lines[i])
	}
	return i - 1
}

// render prints blocks as a file.
func render(blocks []*block) string {
	var out strings.Builder
	for _, b := range blocks {
		for _, l := range b.before {
			out.WriteString(l + "\n")
		}
		out.WriteString(strings.TrimSpace(b.directive+" "+b.args) + "\n")
		if !b.answered {
			continue
		}
		for _, l := range b.body {
			out.WriteString(l + "\n")
		}
		out.WriteString("----\n")
		for _, l := range b.expect {
			out.WriteString(l + "\n")
		}
	}
	return out.String()
}
