//go:build linux

package main

import (
	"bufio"
	"math/rand/v2"
	"os"
	"strconv"
)

// firstTime is the time of the first row, ms since the epoch.
const firstTime = 1_767_225_600_000

// generate writes rows as JSON lines of about 150 bytes: nine members, of which
// queries read two or three; density of them share a millisecond. The same
// arguments give the same file.
func generate(path string, rows, keys, density int) error {
	f, err := os.Create(path)
	if err != nil {
		return err
	}
	defer f.Close()
	w := bufio.NewWriterSize(f, 1<<20)
	r := rand.New(rand.NewPCG(1, uint64(keys)))
	var line []byte
	for i := range rows {
		line = append(line[:0], `{"ts":`...)
		line = strconv.AppendInt(line, firstTime+int64(i/density), 10)
		line = append(line, `,"host":"k`...)
		key := strconv.Itoa(1_000_000 + r.IntN(keys))
		line = append(append(line, key[1:]...), `","ident":"-","method":"GET","status":`...)
		line = strconv.AppendInt(line, []int64{200, 200, 200, 304, 404, 500}[r.IntN(6)], 10)
		line = append(line, `,"bytes":`...)
		line = strconv.AppendInt(line, r.Int64N(50_000), 10)
		line = append(line, `,"seconds":`...)
		line = strconv.AppendFloat(line, float64(r.IntN(10_000))/1000, 'g', -1, 64)
		line = append(line, `,"agent":"Mozilla/5.0 (X11; Linux x86_64)","referer":"http://example.com/"}`+"\n"...)
		if _, err := w.Write(line); err != nil {
			return err
		}
	}
	if err := w.Flush(); err != nil {
		return err
	}
	return f.Close()
}
