package firehose

import (
	"bytes"
	"compress/gzip"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"net/http/httptest"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"github.com/millrace/millrace/internal/aws/call"
)

// exchange sends one request as the edge passes it on.
func (r *rig) exchange(t *testing.T, words []string, body string) string {
	who := root
	var header []string
	if len(words) > 3 && words[2] == "as" {
		who = call.Identity{AccessKeyID: "ASIA", ARN: words[3], RoleARN: words[3]}
	}
	if name, value, ok := strings.Cut(strings.Join(words, " "), ": "); ok {
		header = []string{name[strings.LastIndexByte(name, ' ')+1:], value}
	}
	w, c := httptest.NewRecorder(), newCall(who, words[1], expand(body), header...)
	request := httptest.NewRequest("POST", "/", nil)
	request.Header = c.Header
	r.JSONRPC().Serve(w, request, c)
	if w.Code != 200 {
		return fmt.Sprintf("%d %s", w.Code, w.Body)
	}
	var indented bytes.Buffer
	if err := json.Indent(&indented, w.Body.Bytes(), "", "  "); err != nil {
		t.Fatalf("answer %q: %v", w.Body, err)
	}
	return mask("200 " + indented.String())
}

// expand writes out what begins with a dollar.
func expand(body string) string {
	body = regexp.MustCompile(`\$records\((\d+),(\d+)\)`).ReplaceAllStringFunc(body, func(m string) string {
		var n, size int
		fmt.Sscanf(m, "$records(%d,%d)", &n, &size)
		record := `{"Data":"` + base64.StdEncoding.EncodeToString(bytes.Repeat([]byte("x"), size)) + `"}`
		return "[" + strings.TrimSuffix(strings.Repeat(record+",", n), ",") + "]"
	})
	body = regexp.MustCompile(`\$x\(\d+\)`).ReplaceAllStringFunc(body, func(m string) string {
		n, _ := strconv.Atoi(m[len("$x(") : len(m)-1])
		return strings.Repeat("x", n)
	})
	body = regexp.MustCompile(`\$to\(([a-z]+)\)`).ReplaceAllString(body, `"RoleARN":"arn:aws:iam::000000000000:role/r","BucketARN":"arn:aws:s3:::$1"`)
	body = regexp.MustCompile(`\$text\([^()]*\)`).ReplaceAllStringFunc(body, func(m string) string {
		return base64.StdEncoding.EncodeToString([]byte(m[len("$text(") : len(m)-1]))
	})
	body = regexp.MustCompile(`\$gzip\([^()]*\)`).ReplaceAllStringFunc(body, func(m string) string {
		var compressed bytes.Buffer
		z := gzip.NewWriter(&compressed)
		_, _ = z.Write([]byte(m[len("$gzip(") : len(m)-1]))
		_ = z.Close()
		return base64.StdEncoding.EncodeToString(compressed.Bytes())
	})
	return regexp.MustCompile(`\$data\(\d+\)`).ReplaceAllStringFunc(body, func(m string) string {
		size, _ := strconv.Atoi(m[len("$data(") : len(m)-1])
		return base64.StdEncoding.EncodeToString(bytes.Repeat([]byte("x"), size))
	})
}

var masks = []struct{ find, show string }{
	{`"RecordId": "[A-Za-z0-9+/]{32}"`, `"RecordId": "<id>"`},
	{`"attemptEndingTimestamp":\d{12,13}`, `"attemptEndingTimestamp":<ms>`},
	{`[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}`, `<uuid>`},
	{`[0-9]{56}\.`, `<56 digits>.`},
	{`\{"attemptsMade":([2-9]|[1-9]\d+),`, `{"attemptsMade":<several>,`}, // search and endpoints spread their attempts
}

// mask hides what differs from run to run.
func mask(s string) string {
	for _, m := range masks {
		s = regexp.MustCompile(m.find).ReplaceAllString(s, m.show)
	}
	return s
}

var (
	randomString = regexp.MustCompile(`[0-9a-f]{8}-[0-9a-f]{2}\b`)
	anything     = regexp.MustCompile(`.+`)
)

// numbered writes "<what 1>", "<what 2>" for what differs from run to run, the
// same for the same.
func numbered(text string, find *regexp.Regexp, what string) string {
	seen := map[string]int{}
	return find.ReplaceAllStringFunc(text, func(found string) string {
		if seen[found] == 0 {
			seen[found] = len(seen) + 1
		}
		return fmt.Sprintf("<%s %d>", what, seen[found])
	})
}
