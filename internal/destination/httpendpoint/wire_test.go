package httpendpoint

import (
	"bytes"
	"flag"
	"fmt"
	"io"
	"maps"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/klauspost/compress/gzip"

	"github.com/millrace/millrace/internal/destination"
	"github.com/millrace/millrace/internal/record"
)

var rewrite = flag.Bool("rewrite", false, "write what happens into testdata")

// Every file of testdata is a delivery: above the line the settings, the batch and what its requests meet (see fake; the
// last one goes on), below it the whole exchange and what became of the records. The clock is the test's own.
func TestWire(t *testing.T) {
	files, err := filepath.Glob("testdata/*.txt")
	if err != nil || len(files) == 0 {
		t.Fatal(files, err)
	}
	for _, file := range files {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".txt"), func(t *testing.T) {
			text, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			above, want, ok := strings.Cut(string(text), "----\n")
			if !ok {
				t.Fatal("no ---- line")
			}
			var got string
			synctest.Test(t, func(t *testing.T) { got = runWire(t, above) })
			switch {
			case got == want:
			case *rewrite:
				if err := os.WriteFile(file, []byte(above+"----\n"+got), 0o644); err != nil {
					t.Fatal(err)
				}
			default:
				t.Errorf("got\n%s\nwant\n%s", got, want)
			}
		})
	}
}

func runWire(t *testing.T, script string) string {
	opts := Options{URL: "https://endpoint.example/intake", SourceARN: "arn:aws:firehose:eu-west-1:000000000000:deliverystream/web"}
	b := &destination.Batch{ID: "3f1f0d2e-6f0f-4d3c-8d37-6c9f3a0e1c55", Stream: record.StreamID{7}, Name: "web", Version: 1}
	var meets []string
	repeats := 1
	for line := range strings.Lines(script) {
		verb, rest, _ := strings.Cut(strings.TrimSuffix(line, "\n"), " ")
		switch verb {
		case "", "#":
		case "access-key":
			opts.AccessKey = rest
		case "attribute":
			name, value, _ := strings.Cut(rest, "=")
			opts.CommonAttributes = append(opts.CommonAttributes, Attribute{name, value})
		case "gzip":
			opts.GZIP = true
		case "retry":
			d, err := time.ParseDuration(rest)
			if err != nil {
				t.Fatal(err)
			}
			opts.Retry = d
		case "records":
			for _, data := range strings.Fields(rest) {
				b.Records = append(b.Records, record.Record{Sequence: record.Sequence(len(b.Records) + 1), Data: []byte(data)})
			}
		case "sub-record": // one more of what the last record became
			last := b.Records[len(b.Records)-1]
			b.Records = append(b.Records, record.Record{Sequence: last.Sequence, Sub: last.Sub + 1, Data: []byte(rest)})
		case "meets":
			meets = append(meets, rest)
		case "twice":
			repeats = 2
		default:
			t.Fatalf("unknown verb %q", verb)
		}
	}
	var out strings.Builder
	x := &exchange{out: &out, meets: meets, last: time.Now()}
	opts.Transport = &fake{script: x.meet}
	for range repeats { // each with a destination of its own, as after a restart
		d, err := New(opts)
		if err != nil {
			t.Fatal(err)
		}
		refused, err := d.Deliver(t.Context(), b)
		if err != nil {
			t.Fatal(err)
		}
		outcome(&out, b, refused)
	}
	return out.String()
}

// exchange writes down what is sent and what it meets.
type exchange struct {
	out   *strings.Builder
	meets []string
	seen  []string
	last  time.Time // end of the last attempt
}

func (x *exchange) meet(n int, r *http.Request, _ Body) string {
	if waited := time.Since(x.last); waited > 0 {
		fmt.Fprintf(x.out, "… %s\n", nominal(waited))
	}
	text := show(r)
	if i := slices.Index(x.seen, text); i >= 0 {
		fmt.Fprintf(x.out, "> request %d again\n", i+1)
	} else {
		x.seen = append(x.seen, text)
		x.out.WriteString(text)
	}
	line := x.meets[min(n, len(x.meets))-1]
	fmt.Fprintf(x.out, "< %s\n", line)
	x.last = time.Now()
	if line == "hang" || line == "drip" {
		x.last = x.last.Add(DefaultRequestTimeout)
	}
	return line
}

// nominal names a wait that is within 15 percent of one that is doubled from a second on.
func nominal(waited time.Duration) string {
	for pause := firstPause; pause <= longPause; pause *= 2 {
		pause := min(pause, longPause)
		if r := float64(waited) / float64(pause); r >= 0.85 && r <= 1.15 {
			return "about " + pause.String()
		}
	}
	if r := float64(waited) / float64(longPause); r >= 0.85 && r <= 1.15 {
		return "about " + longPause.String()
	}
	return "the rest of the retry duration"
}

func show(r *http.Request) string {
	var out strings.Builder
	fmt.Fprintf(&out, "> %s %s\n", r.Method, r.URL)
	for _, name := range slices.Sorted(maps.Keys(r.Header)) {
		fmt.Fprintf(&out, "> %s: %s\n", name, strings.Join(r.Header[name], " | "))
	}
	body, err := io.ReadAll(r.Body)
	if err != nil {
		panic(err)
	}
	if r.Header.Get("Content-Encoding") == "gzip" {
		z, err := gzip.NewReader(bytes.NewReader(body))
		if err == nil {
			body, err = io.ReadAll(z)
		}
		if err != nil {
			panic(err)
		}
	}
	fmt.Fprintf(&out, "> %s\n", body)
	return out.String()
}

func outcome(out *strings.Builder, b *destination.Batch, refused []destination.Refusal) {
	fmt.Fprintf(out, "%d taken, %d refused\n", len(b.Records)-len(refused), len(refused))
	for _, r := range refused {
		fmt.Fprintf(out, "refused %s (%s) after %d attempts at %s: %s: %s\n", r.DataID, r.Record.Data, r.Attempts,
			time.UnixMilli(r.AttemptedAt).UTC().Truncate(time.Minute).Format("15:04"), r.Code, r.Message)
	}
}
