package replay

import (
	"bytes"
	"compress/gzip"
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"iter"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/millrace/millrace/internal/record"
)

const (
	searchKey   = "errors/AmazonOpenSearchService-failed/2026/11/22/13/web-1-2026-11-22-13-05-09-3f1f0d2e-6f0f-4d3c-8d37-6c9f3a0e1c55"
	functionKey = "errors/processing-failed/2026/11/22/13/in-2-2026-11-22-13-05-09-3f1f0d2e-6f0f-4d3c-8d37-6c9f3a0e1c55.gz"
)

// fakeStore is a bucket. Its fail says what the n-th call meets.
type fakeStore struct {
	objects map[string]string
	fail    func(n int) error
	n       int
}

func (s *fakeStore) call() error {
	s.n++
	if s.fail == nil {
		return nil
	}
	return s.fail(s.n)
}

func etag(text string) string { return fmt.Sprintf("%x", originOf(text, Object{})) }

func (s *fakeStore) List(_ context.Context, _, prefix string) iter.Seq2[Object, error] {
	return func(yield func(Object, error) bool) {
		for _, key := range slices.Sorted(maps.Keys(s.objects)) {
			if err := s.call(); err != nil {
				yield(Object{}, err)
				return
			}
			if strings.HasPrefix(key, prefix) && !yield(Object{key, etag(s.objects[key])}, nil) {
				return
			}
		}
	}
}

func (s *fakeStore) Get(_ context.Context, _, key string) (io.ReadCloser, error) {
	if err := s.call(); err != nil {
		return nil, err
	}
	text, ok := s.objects[key]
	if !ok {
		return nil, ErrNotFound
	}
	return io.NopCloser(strings.NewReader(text)), nil
}

// Put fails after it has written: the worst moment.
func (s *fakeStore) Put(_ context.Context, _, key string, body []byte) error {
	s.objects[key] = string(body)
	return s.call()
}

func (s *fakeStore) Delete(_ context.Context, _, key string) error {
	delete(s.objects, key)
	return s.call()
}

// fakeTarget is the search domain and delivery stream of every stream: documents by index and id, records by origin.
type fakeTarget struct {
	Target
	store *fakeStore
	docs  map[string]string
	puts  map[string]string // by origin and range
	sent  int
}

func newFakeTarget(s *fakeStore) *fakeTarget {
	f := &fakeTarget{store: s, docs: map[string]string{}, puts: map[string]string{}}
	f.Target = Target{Search: f, Puts: f}
	return f
}

func (f *fakeTarget) target(_ context.Context, stream string) (Target, error) {
	if stream == "gone" {
		return Target{}, &NoTarget{errors.New("delivery stream gone does not exist")}
	}
	return f.Target, nil
}

type streams func(context.Context, string) (Target, error)

func (f streams) Target(ctx context.Context, stream string) (Target, error) { return f(ctx, stream) }

func (f *fakeTarget) Index(_ context.Context, docs []Document) ([]*Refusal, error) {
	out := make([]*Refusal, len(docs))
	for i, d := range docs {
		f.sent++
		if bytes.Contains(d.Source, []byte("bad")) {
			out[i] = &Refusal{"400", `{"type":"mapper_parsing_exception"}`, 1, 1000}
			continue
		}
		f.docs[d.Index+"/"+d.Type+"/"+d.ID] = string(d.Source)
	}
	return out, f.store.call()
}

func (f *fakeTarget) Put(_ context.Context, origin record.Origin, records [][]byte) ([]*Refusal, error) {
	out := make([]*Refusal, len(records))
	for i, r := range records {
		f.sent++
		if bytes.Contains(r, []byte("bad")) {
			out[i] = &Refusal{"ValidationException", "too large", 1, 1000}
			continue
		}
		f.puts[fmt.Sprint(origin.ID, origin.Ranges[i])] = string(r)
	}
	return out, f.store.call()
}

func searchLine(id, source string) string {
	return fmt.Sprintf(`{"attemptsMade":3,"arrivalTimestamp":1,"errorCode":"400","errorMessage":"<no>","attemptEndingTimestamp":2,"esDocumentId":%q,"esIndexName":"logs-2026-11-22","esTypeName":"","rawData":%q}`+"\n",
		id, base64.StdEncoding.EncodeToString([]byte(source)))
}

func processingLine(data string) string {
	return fmt.Sprintf(`{"rawData":%q,"errorCode":"Lambda.FunctionError","errorMessage":"m","attemptsMade":4,"arrivalTimestamp":1,"attemptEndingTimestamp":2,"lambdaARN":"arn:x"}`+"\n",
		base64.StdEncoding.EncodeToString([]byte(data)))
}

func zipped(text string) string {
	var out bytes.Buffer
	w := gzip.NewWriter(&out)
	_, _ = io.WriteString(w, text)
	_ = w.Close()
	return out.String()
}

func bucketOf() map[string]string {
	return map[string]string{
		searchKey:       searchLine("1.0", `{"n":1}`) + searchLine("2.0", `{"n":"bad"}`) + searchLine("", `{"n":3}`),
		functionKey:     zipped(processingLine("one") + processingLine("") + strings.TrimSuffix(processingLine("bad two"), "\n")),
		"errors/readme": "no error object",
		"2026/11/22/13/web-1-2026-11-22-13-05-09-3f1f0d2e-6f0f-4d3c-8d37-6c9f3a0e1c55": "data",
	}
}

func runOn(t *testing.T, s *fakeStore, f *fakeTarget, prefix string, change func(*Options)) (Summary, []Report, error) {
	t.Helper()
	var reports []Report
	opts := Options{Store: s, Streams: streams(f.target), Progress: func(r Report) { reports = append(reports, r) }}
	if change != nil {
		change(&opts)
	}
	sum, err := New(opts).Run(t.Context(), "b", prefix)
	return sum, reports, err
}

// Documents go to their index under their id, records to their stream; what is refused again is kept apart in its own
// shape; a second run changes nothing.
func TestReplay(t *testing.T) {
	s := &fakeStore{objects: bucketOf()}
	f := newFakeTarget(s)
	sum, reports, err := runOn(t, s, f, "", nil)
	if err != nil || sum != (Summary{Objects: 2, Lines: 6, Delivered: 4, Refused: 2, Skipped: 2}) {
		t.Fatalf("%+v %v", sum, err)
	}
	if len(reports) != 2 || reports[0].Stream != "web" || reports[1].Stream != "in" || reports[0].RefusedTo != "s3://b/replay-failed/"+searchKey {
		t.Fatalf("%+v", reports)
	}
	if len(f.docs) != 2 || f.docs["logs-2026-11-22//1.0"] != `{"n":1}` || len(f.puts) != 2 {
		t.Fatal(f.docs, f.puts)
	}
	kept := `{"attemptsMade":4,"arrivalTimestamp":1,"errorCode":"400","errorMessage":"{\"type\":\"mapper_parsing_exception\"}","attemptEndingTimestamp":1000,"esDocumentId":"2.0","esIndexName":"logs-2026-11-22","esTypeName":"","rawData":"eyJuIjoiYmFkIn0="}` + "\n"
	if got := s.objects["replay-failed/"+searchKey]; got != kept {
		t.Errorf("kept %s", got)
	}
	if got := s.objects["replay-failed/"+functionKey]; got != `{"rawData":"YmFkIHR3bw==","errorCode":"ValidationException","errorMessage":"too large","attemptsMade":5,"arrivalTimestamp":1,"attemptEndingTimestamp":1000,"lambdaARN":"arn:x"}`+"\n" {
		t.Errorf("kept %s", got)
	}
	before, sent := maps.Clone(s.objects), f.sent
	sum, reports, err = runOn(t, s, f, "errors/", nil)
	if err != nil || sum != (Summary{Objects: 2, Done: 2, Skipped: 1}) || !reports[0].Done || reports[0].Refused != 1 {
		t.Fatalf("%+v %+v %v", sum, reports, err)
	}
	if !maps.Equal(before, s.objects) || f.sent != sent {
		t.Error("the second run has changed something")
	}
	// What is kept apart can be replayed by its own prefix; a refusal there is kept apart once more.
	for _, prefix := range []string{"replay-failed", "replay-failed/errors/"} {
		if sum, _, err = runOn(t, s, f, prefix, nil); err != nil || sum.Objects != 2 {
			t.Fatalf("%+v %v", sum, err)
		}
	}
	if !strings.Contains(s.objects["replay-failed/replay-failed/"+searchKey], `"attemptsMade":5`) {
		t.Error(slices.Sorted(maps.Keys(s.objects)))
	}
}

// Killed at every call, then run again: the same documents, the same records once, the same objects.
func TestKilledAnywhere(t *testing.T) {
	want := &fakeStore{objects: bucketOf()}
	wanted := newFakeTarget(want)
	if _, _, err := runOn(t, want, wanted, "errors/", nil); err != nil {
		t.Fatal(err)
	}
	calls := want.n
	for kill := 1; kill <= calls; kill++ {
		s := &fakeStore{objects: bucketOf()}
		f := newFakeTarget(s)
		killed := errors.New("killed")
		s.fail = func(n int) error {
			if n >= kill {
				return killed
			}
			return nil
		}
		if _, _, err := runOn(t, s, f, "errors/", nil); !errors.Is(err, killed) {
			t.Fatalf("call %d: the run ended with %v", kill, err)
		}
		s.fail = nil
		if _, _, err := runOn(t, s, f, "errors/", nil); err != nil {
			t.Fatal(err)
		}
		if !maps.Equal(f.docs, wanted.docs) || !maps.Equal(f.puts, wanted.puts) {
			t.Errorf("killed at call %d: %v %v", kill, f.docs, f.puts)
		}
		if got := slices.Sorted(maps.Keys(s.objects)); !slices.Equal(got, slices.Sorted(maps.Keys(want.objects))) {
			t.Errorf("killed at call %d: objects %v", kill, got)
		}
	}
	if calls < 15 {
		t.Errorf("only %d calls", calls)
	}
}

// Lines that were kept apart by a run that did not end are gone when the next one delivers them.
func TestKeptLinesGo(t *testing.T) {
	s := &fakeStore{objects: map[string]string{searchKey: searchLine("1.0", `{"n":1}`), "replay-failed/" + searchKey: searchLine("1.0", `{"n":1}`)}}
	f := newFakeTarget(s)
	if sum, _, err := runOn(t, s, f, "errors/", nil); err != nil || sum.Delivered != 1 {
		t.Fatal(sum, err)
	}
	if _, there := s.objects["replay-failed/"+searchKey]; there {
		t.Error("a line that is delivered is kept as refused")
	}
	// another object under the same key is not done
	s.objects[searchKey] = searchLine("2.0", `{"n":2}`)
	if sum, _, err := runOn(t, s, f, "errors/", nil); err != nil || sum.Delivered != 1 || len(f.docs) != 2 {
		t.Fatal(sum, err)
	}
}

func TestDryRun(t *testing.T) {
	s := &fakeStore{objects: bucketOf()}
	f := newFakeTarget(s)
	sum, _, err := runOn(t, s, f, "errors/", func(o *Options) { o.DryRun = true })
	if err != nil || sum.Lines != 6 || sum.Delivered != 0 || f.sent != 0 || !maps.Equal(s.objects, bucketOf()) {
		t.Fatalf("%+v %v", sum, err)
	}
}

// Trouble with one object leaves it as it is, whole, and the others go on.
func TestObjectsLeft(t *testing.T) {
	good := searchLine("1.0", `{"n":1}`)
	for name, c := range map[string]struct {
		key, text, want string
		change          func(*fakeTarget)
		named           string
	}{
		"no JSON":         {text: good + "plain\n", want: "line 2: it is not a JSON object"},
		"cut short":       {text: good + good[:50], want: "line 2: unexpected EOF"},
		"another shape":   {text: good + `{"a":1}`, want: "line 2: it has no rawData or no error code: this is no error object"},
		"base64":          {text: `{"rawData":"*","errorCode":""}`, want: `line 1: member "rawData": illegal base64`},
		"twice":           {text: `{"rawData":"","rawData":"","errorCode":""}`, want: `line 1: it has two members "rawData"`},
		"no index":        {text: `{"rawData":"","errorCode":"","esDocumentId":"1","esIndexName":""}`, want: `line 1: member "esIndexName": it is empty`},
		"serverless":      {text: `{"rawData":"","errorCode":"","osDocumentId":"1","osIndexName":"i"}`, want: "OpenSearch Serverless"},
		"damaged zip":     {text: "PK\x03\x04xxxx", want: "unpack object: zip: not a valid zip file"},
		"damaged snappy":  {text: "\x82SNAPPY\x00\x00\x00\x00\x01\x00\x00\x00\x01\x00\x00\x00\x09xxxx", want: "line 1: unexpected EOF"},
		"damaged hadoop":  {text: "\x00\x00\x00\x04\x00\x00\x00\x04xxxx", want: "line 1: unpack Snappy block"},
		"damaged gzip":    {text: zipped(good)[:30], want: "line 1: unexpected EOF"},
		"stream gone":     {key: strings.Replace(searchKey, "/web-", "/gone-", 1), text: good, want: "delivery stream gone does not exist"},
		"nameless":        {key: "errors/processing-failed/x", text: good, want: "its key does not name a delivery stream; name one with --stream"},
		"no search":       {text: good, change: func(f *fakeTarget) { f.Search = nil }, want: "line 1: it is of a search destination, and the delivery stream has none"},
		"processed twice": {text: `{"rawData":"","errorCode":"","dataId":"1.0"}`, change: func(f *fakeTarget) { f.Transforms = "Lambda" }, want: "line 1: its record has been through the stream's processing (Lambda)"},
	} {
		t.Run(name, func(t *testing.T) {
			key := searchKey
			if c.key != "" {
				key = c.key
			}
			s := &fakeStore{objects: map[string]string{key: c.text, functionKey: zipped(processingLine("one"))}}
			f := newFakeTarget(s)
			if c.change != nil {
				c.change(f)
			}
			sum, reports, err := runOn(t, s, f, "errors/", nil)
			if err != nil || sum.Failed != 1 || sum.Delivered != 1 || len(f.puts) != 1 || len(f.docs) != 0 {
				t.Fatalf("%+v %v", sum, err)
			}
			if i := slices.IndexFunc(reports, func(r Report) bool { return r.Error != "" }); !strings.Contains(reports[i].Error, c.want) {
				t.Errorf("%s\nwant %s", reports[i].Error, c.want)
			}
			if _, there := s.objects[key+".replayed"]; there {
				t.Error("marked as replayed")
			}
		})
	}
}

// A named stream takes records that have been through processing, and objects whose keys say nothing.
func TestNamedStream(t *testing.T) {
	s := &fakeStore{objects: map[string]string{"x-http-endpoint-failed-y": `{"rawData":"YQ==","errorCode":"HttpEndpoint.RequestTimeout","dataId":"1.0"}`}}
	f := newFakeTarget(s)
	f.Transforms = "Lambda"
	sum, _, err := runOn(t, s, f, "", func(o *Options) { o.Stream = "other" })
	if err != nil || sum.Delivered != 1 || len(f.puts) != 1 {
		t.Fatal(sum, err)
	}
}

// Equal lines are equal records: producers send the same text again and again, and parts of a record that failed have
// a line each with the part.
func TestEqualLines(t *testing.T) {
	s := &fakeStore{objects: map[string]string{functionKey: processingLine("abc") + processingLine("abc") + processingLine("d") + processingLine("abc")}}
	f := newFakeTarget(s)
	f.Transforms = "RecordDeAggregation"
	if sum, _, err := runOn(t, s, f, "", nil); err != nil || sum.Delivered != 4 || len(f.puts) != 4 {
		t.Fatal(sum, err, f.puts)
	}
}

// Batches are those that PutRecordBatch takes.
func TestBatches(t *testing.T) {
	var text strings.Builder
	for i := range 1203 {
		text.WriteString(processingLine(fmt.Sprint(i)))
	}
	for range 9 {
		text.WriteString(processingLine(strings.Repeat("x", 1_000_000)))
	}
	text.WriteString(searchLine("1.0", `{}`))
	s := &fakeStore{objects: map[string]string{functionKey: text.String()}}
	f := newFakeTarget(s)
	f.Puts = sized{f, t}
	if sum, _, err := runOn(t, s, f, "", nil); err != nil || sum.Delivered != 1213 || len(f.puts) != 1212 || len(f.docs) != 1 {
		t.Fatal(sum, err, len(f.puts))
	}
}

type sized struct {
	*fakeTarget
	t *testing.T
}

func (s sized) Put(ctx context.Context, origin record.Origin, records [][]byte) ([]*Refusal, error) {
	size := 0
	for _, r := range records {
		size += len(r)
	}
	if len(records) > 500 || size > 4<<20 {
		s.t.Errorf("%d records, %d bytes", len(records), size)
	}
	if _, err := record.ParseOrigin(string(origin.AppendHeader(nil))); err != nil {
		s.t.Error(err)
	}
	return s.fakeTarget.Put(ctx, origin, records)
}

func TestStreamOf(t *testing.T) {
	for key, want := range map[string]string{
		searchKey: "web", functionKey: "in",
		"a/my.stream_2-x-12-2026-11-22-13-05-09-3f1f0d2e-6f0f-4d3c-8d37-6c9f3a0e1c55.log.gz": "my.stream_2-x",
		"a/b": "", "a/web-1-2026-11-22-13-05-09": "",
	} {
		if got := streamOf(key); got != want {
			t.Errorf("%s: %q, want %q", key, got, want)
		}
	}
}

func FuzzParseLine(f *testing.F) {
	f.Add([]byte(searchLine("1.0", `{"n":1}`)))
	f.Add([]byte(processingLine("a")))
	f.Add([]byte(`{"rawData":"","lastErrorCode":"<&>","x":{"y":[1,2]}}`))
	f.Fuzz(func(t *testing.T, text []byte) {
		l, err := parseLine(text)
		if err != nil {
			return
		}
		again, err := l.appendRefused(nil, &Refusal{"c", "m", 1, 5})
		if err != nil {
			t.Fatal(err)
		}
		second, err := parseLine(again)
		if err != nil || !bytes.Equal(second.raw, l.raw) || second.id != l.id || second.index != l.index || len(second.members) != len(l.members) {
			t.Fatalf("%s\n%s: %v", text, again, err)
		}
	})
}
