package objectkey

import (
	"os"
	"regexp"
	"strings"
	"testing"
	"time"
	_ "time/tzdata"

	"github.com/google/uuid"
)

// testdata/keys.txt: blocks of members, then "key" or "error TYPE" and what comes of it.
func TestKeys(t *testing.T) {
	text, err := os.ReadFile("testdata/keys.txt")
	if err != nil {
		t.Fatal(err)
	}
	for block := range strings.SplitSeq(string(text), "\n\n") {
		name, got, want := runBlock(t, block)
		if got != want {
			t.Errorf("%s\n got %s\nwant %s", name, got, want)
		}
	}
}

var id = uuid.MustParse("046b6c7f-0b8a-43b9-b35d-6489e6daee91")

func runBlock(t *testing.T, block string) (name, got, want string) {
	n := Namer{Stream: "web", Zone: time.UTC}
	at := time.Date(2026, 7, 13, 14, 5, 9, 999e6, time.UTC)
	var err error
	fail := func(e error) {
		if e != nil && err == nil {
			err = e
		}
	}
	errorType := ""
	for line := range strings.Lines(block) {
		word, value, _ := strings.Cut(strings.TrimRight(line, "\n"), " ")
		var e error
		switch word {
		case "#":
			name += value + " "
		case "Prefix":
			n.Prefix, e = Parse(value)
		case "ErrorOutputPrefix":
			n.ErrorPrefix, e = Parse(value)
		case "CustomTimeZone":
			n.Zone, e = time.LoadLocation(value)
		case "Extension":
			n.Extension = value
		case "at":
			at, e = time.Parse(time.RFC3339Nano, value)
		case "failed":
			errorType = value
		case "=":
			want = value
		case "":
		default:
			t.Fatalf("unknown word %q", word)
		}
		fail(e)
	}
	fail(n.Check(at))
	switch {
	case err != nil:
		got = "error: " + err.Error()
	case errorType != "":
		got = n.ErrorKey(errorType, 1, at.UnixMilli(), id)
	default:
		got = n.Key(1, at.UnixMilli(), id)
	}
	return name, strings.ReplaceAll(got, id.String(), "<uuid>"), want
}

// Random strings differ within a key, look like the start of a UUID, and are
// the same at every evaluation for one object.
func TestRandomString(t *testing.T) {
	prefix, err := Parse("!{firehose:random-string}/!{firehose:random-string}/")
	if err != nil {
		t.Fatal(err)
	}
	n := Namer{Stream: "web", Prefix: prefix}
	key := n.Key(1, 0, id)
	m := regexp.MustCompile(`^([0-9a-f]{8}-[0-9a-f]{2})/([0-9a-f]{8}-[0-9a-f]{2})/web-1-1970-01-01-00-00-00-`).FindStringSubmatch(key)
	if m == nil || m[1] == m[2] {
		t.Fatalf("key %q", key)
	}
	if again := n.Key(1, 0, id); again != key {
		t.Fatalf("%q, then %q", key, again)
	}
	if other := n.Key(1, 0, uuid.New()); other[:11] == key[:11] {
		t.Fatal("two objects share a random string")
	}
}

func FuzzParse(f *testing.F) {
	f.Add("data/!{timestamp:yyyy'x'MM''[dd]}/!{firehose:random-string}")
	f.Add("!{timestamp:}!{")
	f.Fuzz(func(t *testing.T, s string) {
		p, err := Parse(s)
		if err != nil {
			return
		}
		n := Namer{Stream: "s", Prefix: p, ErrorPrefix: p}
		if key := n.Key(1, 1e12, id); !strings.Contains(key, id.String()) {
			t.Fatalf("key %q", key)
		}
		_ = n.ErrorKey("x", 1, 1e12, id)
		if p.Static() && len(s) <= maxExplicitLength && n.Check(time.UnixMilli(1e12)) != nil {
			t.Fatalf("static prefix %q refused", s)
		}
	})
}
