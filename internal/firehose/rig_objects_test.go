package firehose

import (
	"bytes"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/millrace/millrace/internal/destination/s3/s3test"
)

// show lists the objects of a bucket or, without a name, of all, as
// "bucket/key: body"; what is compressed is named and decoded, long runs of a
// letter are shortened, and bytes that are no text quoted.
func (a *archive) show(t *testing.T, bucket string) []string {
	a.mu.Lock()
	defer a.mu.Unlock()
	var all []string
	for _, key := range slices.Sorted(maps.Keys(a.objects)) {
		if bucket != "" && !strings.HasPrefix(key, bucket+"/") {
			continue
		}
		encoding := a.headers[key].Get("Content-Encoding")
		line := key
		if encoding != "" {
			line += " (" + encoding + ")"
		}
		line += ": " + readable(s3test.Decode(t, encoding, []byte(a.objects[key])))
		all = append(all, longRun.ReplaceAllStringFunc(line, func(run string) string { return fmt.Sprintf("x*%d", len(run)) }))
	}
	return all
}

func readable(data []byte) string {
	if bytes.ContainsFunc(data, func(r rune) bool { return r == '\uFFFD' || r < ' ' && r != '\n' }) {
		return strconv.Quote(string(data))
	}
	return strings.TrimRight(string(data), "\n")
}

var longRun = regexp.MustCompile(`x{40,}`)
