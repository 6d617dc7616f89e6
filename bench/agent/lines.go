//go:build linux

package main

import (
	"bufio"
	"bytes"
	"fmt"
	"os"
	"time"

	"github.com/millrace/millrace/bench/corpus"
)

// corpusLines are different; a longer file repeats them.
const corpusLines = 200_000

// writeLines writes a file of n combined lines and returns its size: the
// corpus, with referrers, so that a line has 226 bytes on average, its end
// included.
func writeLines(path string, n int) (int64, error) {
	c, err := corpus.New(corpus.Options{Records: min(n, corpusLines), Seed: 1})
	if err != nil {
		return 0, err
	}
	referrers := []string{
		`"https://www.example.com/catalogue/outdoor?from=search&campaign=autumn"`,
		`"https://shop.example.com/en/baskets/current?step=delivery"`,
		`"https://www.example.com/catalogue/outdoor/tents?sort=price&order=descending&page=3&view=list"`,
	}
	for i, line := range c.Lines {
		c.Lines[i] = append(bytes.Replace(line, []byte(`"-"`), []byte(referrers[i%len(referrers)]), 1), '\n')
	}
	file, err := os.Create(path)
	if err != nil {
		return 0, err
	}
	defer file.Close()
	w, size := bufio.NewWriterSize(file, 1<<20), int64(0)
	for i := range n {
		line := c.Lines[i%len(c.Lines)]
		size += int64(len(line))
		if _, err := w.Write(line); err != nil {
			return 0, err
		}
	}
	if err := w.Flush(); err != nil {
		return 0, err
	}
	return size, file.Close()
}

// writtenAt stands before the time in lines that tell when they were written.
const writtenAt = "/delay?written="

func datedLine(line []byte, now time.Time) []byte {
	return fmt.Appendf(line[:0], `10.1.2.3 - - [%s] "GET %s%d HTTP/1.1" 200 1234 "https://www.example.com/catalogue?from=search" "Mozilla/5.0 (X11; Linux x86_64; rv:142.0) Gecko/20100101 Firefox/142.0"`+"\n",
		now.Format("02/Jan/2006:15:04:05 -0700"), writtenAt, now.UnixNano())
}
