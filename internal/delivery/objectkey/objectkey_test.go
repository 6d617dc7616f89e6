package objectkey

import (
	"os"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"
	_ "time/tzdata"

	"github.com/google/uuid"

	"github.com/millrace/millrace/internal/destination"
)

// testdata/keys.txt: blocks of members, values of partition keys ("query k=v"),
// or "failed TYPE", then what comes of it.
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
	var partition destination.Partition
	for line := range strings.Lines(block) {
		word, value, _ := strings.Cut(strings.TrimRight(line, "\n"), " ")
		var e error
		switch word {
		case "#":
			name += value + " "
		case "Prefix":
			n.Prefix, e = Parse(unquote(value))
		case "ErrorOutputPrefix":
			n.ErrorPrefix, e = Parse(unquote(value))
		case "CustomTimeZone":
			n.Zone, e = time.LoadLocation(value)
		case "Extension":
			n.Extension = value
		case "at":
			at, e = time.Parse(time.RFC3339Nano, value)
		case "query":
			k, v, _ := strings.Cut(value, "=")
			partition.Query = with(partition.Query, k, unquote(v))
		case "lambda":
			k, v, _ := strings.Cut(value, "=")
			partition.Lambda = with(partition.Lambda, k, unquote(v))
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
	case n.Prefix.Partitioned():
		prefix, err := n.Partitions(at.UnixMilli(), id).Prefix(partition)
		if err == nil {
			err = n.CheckPartition(prefix)
		}
		if err != nil {
			got = "refused: " + err.Error()
		} else {
			got = n.PartitionKey(1, at.UnixMilli(), id, partition)
		}
	default:
		got = n.Key(1, at.UnixMilli(), id)
	}
	return name, strings.ReplaceAll(got, id.String(), "<uuid>"), want
}

func with(values map[string]string, k, v string) map[string]string {
	if values == nil {
		values = map[string]string{}
	}
	values[k] = v
	return values
}

// unquote reads a Go string for values that a line cannot show, and "…*N" for
// N times a text.
func unquote(s string) string {
	if text, times, found := strings.Cut(s, "*"); found {
		n, _ := strconv.Atoi(times)
		return strings.Repeat(text, n)
	}
	if text, err := strconv.Unquote(s); err == nil {
		return text
	}
	return s
}

// Random strings differ within a key, look like the start of a UUID, and are
// the same at every evaluation for one object; no date is added.
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

func TestPartitionKeys(t *testing.T) {
	p, err := Parse("a/!{partitionKeyFromQuery:x}/!{partitionKeyFromLambda:y}/!{partitionKeyFromQuery:z}/!{partitionKeyFromQuery:x}/")
	if err != nil {
		t.Fatal(err)
	}
	if q, l := p.QueryKeys(), p.LambdaKeys(); strings.Join(q, " ") != "x z" || strings.Join(l, " ") != "y" || p.Static() || !p.Partitioned() {
		t.Fatal(q, l)
	}
}

// Whatever the prefix and the values: a key is made that ends in the object's
// name, or the prefix or the record is refused; no value leads out of the prefix.
func FuzzParse(f *testing.F) {
	f.Add("data/!{timestamp:yyyy'x'MM''[dd]}/!{firehose:random-string}", "")
	f.Add("!{timestamp:}!{", "")
	f.Add("a/!{partitionKeyFromQuery:k}/!{partitionKeyFromLambda:k}", "../x")
	f.Fuzz(func(t *testing.T, s, value string) {
		p, err := Parse(s)
		if err != nil {
			return
		}
		if p.String() != s {
			t.Fatalf("%q became %q", s, p)
		}
		n := Namer{Stream: "s", Prefix: p, ErrorPrefix: p}
		if key := n.Key(1, 1e12, id); !strings.Contains(key, id.String()) {
			t.Fatalf("key %q", key)
		}
		_ = n.ErrorKey("x", 1, 1e12, id)
		if p.Static() && len(s) <= maxExplicitLength && n.Check(time.UnixMilli(1e12)) != nil {
			t.Fatalf("static prefix %q refused", s)
		}
		values := map[string]string{}
		for _, k := range append(p.QueryKeys(), p.LambdaKeys()...) {
			values[k] = value
		}
		partition := destination.Partition{Query: values, Lambda: values}
		prefix, err := n.Partitions(1e12, id).Prefix(partition)
		if err != nil || n.CheckPartition(prefix) != nil || !p.Partitioned() {
			return
		}
		key := n.PartitionKey(1, 1e12, id, partition)
		if !strings.HasPrefix(key, prefix) {
			t.Fatalf("prefix %q, key %q", prefix, key)
		}
		if !strings.HasSuffix(key, id.String()) || len(key) > maxKeyBytes {
			t.Fatalf("key %q", key)
		}
		for segment := range strings.SplitSeq(key, "/") {
			if segment == ".." {
				t.Fatalf("key %q", key)
			}
		}
	})
}
