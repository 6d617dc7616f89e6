package delivery

import (
	"encoding/json"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

// A refused record is a line of AWS's shape in the error bucket; the rest of
// its batch is delivered, and the stream goes on.
func TestErrorObject(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, time.Second)
		r.opts.Destination = picky{r.opts.Destination}
		p, _ := r.start(t)
		arrived := time.Now().UnixMilli()
		r.put(t, "a", "bad <1>", "b")
		time.Sleep(time.Minute)
		r.put(t, "c")
		time.Sleep(time.Minute)
		synctest.Wait()
		if got := r.archive.text(t); got != "ab|c" {
			t.Fatalf("delivered %q", got)
		}
		objects := r.errors.objects(t)
		if len(objects) != 1 {
			t.Fatalf("%d error objects", len(objects))
		}
		if key := objects[0].key; !strings.HasPrefix(key, "errors/elasticsearch-failed/2000/01/01/00/web-3-2000-01-01-00-00-00-") {
			t.Fatalf("key %s", key)
		}
		var l struct {
			AttemptsMade                             int
			ArrivalTimestamp, AttemptEndingTimestamp int64
			ErrorCode, ErrorMessage                  string
			ESDocumentID, ESIndexName                string
			ESTypeName                               *string
			RawData                                  []byte
		}
		d := json.NewDecoder(strings.NewReader(string(objects[0].body)))
		d.DisallowUnknownFields()
		if err := d.Decode(&l); err != nil {
			t.Fatal(err)
		}
		if l.AttemptsMade != 1 || l.ArrivalTimestamp != arrived || l.AttemptEndingTimestamp != arrived+1000 || l.ErrorCode != "400" ||
			!strings.Contains(l.ErrorMessage, "mapper_parsing") || len(l.ESDocumentID) != 58 || l.ESIndexName == "" || l.ESTypeName == nil || string(l.RawData) != "bad <1>" {
			t.Fatalf("%s", objects[0].body)
		}
		if s := p.Status(); s.Refused != 1 || s.Records != 4 || s.Last[1].Refused != 1 {
			t.Fatalf("%+v", s)
		}
	})
}

// Both the destination's refusals and the error bucket decide: while the error
// bucket is away the cursor stays.
func TestErrorBucketDown(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, time.Second)
		r.opts.Destination = picky{r.opts.Destination}
		p, _ := r.start(t)
		r.errors.setFail(func(int) error { return errDown })
		r.put(t, "a", "bad1")
		time.Sleep(time.Hour)
		if s := p.Status(); s.State != Retrying || s.Delivered != 0 || !strings.Contains(s.LastError, "error output") {
			t.Fatalf("%+v", s)
		}
		r.errors.setFail(nil)
		time.Sleep(time.Minute)
		synctest.Wait()
		if got := r.archive.text(t); got != "a" || refusedRecords(t, r.errors) != "bad1 " {
			t.Fatalf("delivered %q, refused %q", got, refusedRecords(t, r.errors))
		}
	})
}
