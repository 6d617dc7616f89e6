package firehose

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/millrace/millrace/internal/aws/awserr"
	"github.com/millrace/millrace/internal/delivery"
	"github.com/millrace/millrace/internal/journal"
	"github.com/millrace/millrace/internal/journal/memory"
	"github.com/millrace/millrace/internal/record"
)

// mortal is a journal whose process dies at one Begin, before or after it took
// effect; nothing is written from then on.
type mortal struct {
	*memory.Journal
	at    int64
	after bool
	count atomic.Int64
}

var errKilled = errors.New("killed")

func (m *mortal) Begin(b *journal.Batch) (journal.Commit, error) {
	n := m.count.Add(1)
	if n < m.at {
		return m.Journal.Begin(b)
	}
	if n == m.at && m.after {
		if c, err := m.Journal.Begin(b); err == nil {
			_ = c.Wait()
		}
	}
	return nil, errKilled
}

func (m *mortal) Drop(id record.StreamID) error {
	if m.count.Add(1) >= m.at {
		return errKilled
	}
	return m.Journal.Drop(id)
}

// The process dies at every write of creating, filling, changing and deleting a
// stream. After the restart the stream is there or not, never half; what was
// acknowledged is delivered unless the stream was being deleted, under the
// configuration of before or after the update; and nothing of a deleted stream
// is left.
func TestKilledAtEveryWrite(t *testing.T) {
	const create = `{"DeliveryStreamName":"web","S3DestinationConfiguration":{"RoleARN":"arn:aws:iam::000000000000:role/r","BucketARN":"arn:aws:s3:::archive"}}`
	for _, after := range []bool{false, true} {
		for at := int64(1); at <= 20; at++ {
			t.Run(fmt.Sprintf("write %d, after %t", at, after), func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					disk := memory.New(memory.Options{})
					r := openRig(t, &mortal{Journal: disk, at: at, after: after})
					_, created := r.do("CreateDeliveryStream", create)
					synctest.Wait()
					_, put := r.do("PutRecordBatch", batchBody("web", "a", "b"))
					_, updated := r.do("UpdateDestination", `{"DeliveryStreamName":"web","CurrentDeliveryStreamVersionId":"1","DestinationId":"destinationId-000000000001",
						"ExtendedS3DestinationUpdate":{"Prefix":"new/","S3BackupMode":"Enabled","S3BackupUpdate":{"RoleARN":"arn:aws:iam::000000000000:role/r","BucketARN":"arn:aws:s3:::raw"}}}`)
					_, encrypted := r.do("StartDeliveryStreamEncryption", `{"DeliveryStreamName":"web"}`)
					synctest.Wait()
					_, tagged := r.do("TagDeliveryStream", `{"DeliveryStreamName":"web","Tags":[{"Key":"a"}]}`)
					flushed := errKilled
					if put == nil {
						flushed = r.flushWithin(t, time.Hour)
					}
					_, deleted := r.do("DeleteDeliveryStream", `{"DeliveryStreamName":"web"}`)
					synctest.Wait()
					_ = r.Close()

					r.journal = disk.Reopen()
					r.open(t)
					synctest.Wait()
					st, err := r.lookup("web")
					switch {
					case deleted == nil && err == nil:
						t.Fatalf("deleted, and %s again", st.current().Status)
					case created != nil && !after && err == nil:
						t.Fatalf("there, although its creation failed with %v", created)
					case created == nil && deleted != nil && at > 1 && err != nil && !after:
						t.Fatalf("created, and gone: put %v, delete %v", put, deleted)
					}
					if err == nil {
						r.checkAlive(t, st, put, flushed)
						r.checkChanged(t, st, updated, encrypted, tagged)
						return
					}
					for _, prefix := range []string{streamKeys, "cursor/", "delivery/", originKeys} {
						for e := range r.journal.Scan(prefix) {
							t.Errorf("left behind: %s", e.Key)
						}
					}
					if usage := r.journal.Usage(); usage.Bytes != 0 {
						t.Errorf("%d bytes of frames left behind", usage.Bytes)
					}
				})
			})
		}
	}
}

func (r *rig) flushWithin(t *testing.T, d time.Duration) error {
	ctx, cancel := context.WithTimeout(t.Context(), d)
	defer cancel()
	return r.Flush(ctx, "web")
}

// checkAlive: the stream is ACTIVE and delivers what was acknowledged once.
func (r *rig) checkAlive(t *testing.T, st *stream, put, flushed error) {
	t.Helper()
	if s := st.current().Status; s != active {
		t.Fatalf("%s after a restart", s)
	}
	if err := r.Flush(t.Context(), "web"); err != nil {
		t.Fatal(err)
	}
	var bodies []string
	for _, o := range r.archive.list() {
		key, body, _ := strings.Cut(o, ": ")
		bodies = append(bodies, body)
		if strings.HasPrefix(key, "archive/new/") != strings.Contains(key, "/web-2-") {
			t.Errorf("%s has the prefix of one version and the number of another", key)
		}
	}
	if put == nil && !slices.Equal(bodies, []string{"ab"}) || len(bodies) > 1 {
		t.Fatalf("S3 holds %q; put %v, flush %v", bodies, put, flushed)
	}
}

// checkChanged: what was acknowledged holds, and no change is under way for ever.
// A backup that began has its cursor.
func (r *rig) checkChanged(t *testing.T, st *stream, updated, encrypted, tagged error) {
	t.Helper()
	conf := st.current()
	cursors, err := journal.Cursors(r.journal, st.id)
	if err != nil {
		t.Fatal(err)
	}
	_, backup := cursors[delivery.Backup]
	if updated == nil && conf.Version != 2 || (conf.Version == 2) != backup || (conf.UpdatedMillis != 0) != backup || len(st.pipelines) != len(cursors) {
		t.Errorf("update %v: version %d, updated %d, cursors %v", updated, conf.Version, conf.UpdatedMillis, cursors)
	}
	if encrypted == nil && conf.Encryption.Status != encryptionEnabled || conf.Encryption.changing() {
		t.Errorf("encryption %v: %s", encrypted, conf.Encryption.Status)
	}
	if tagged == nil && len(conf.Tags) != 1 {
		t.Errorf("tagging %v: %v", tagged, conf.Tags)
	}
}

// Applications append to a stream inside their own commit, with the role's
// permission, the size of records and the state of the stream checked.
func TestAppendTo(t *testing.T) {
	r := newRig(t)
	st := r.create(t, "web")
	var b journal.Batch
	var records record.Builder
	var want []string
	for i := range 40 {
		data := strings.Repeat(fmt.Sprint(i%10), 100_000)
		want = append(want, data)
		records.Append([]byte(data))
	}
	if err := r.AppendTo(&b, st.arn, &records, "arn:aws:iam::000000000000:role/app"); err != nil {
		t.Fatal(err)
	}
	if records.Count() != 0 || len(b.Appends) != 4 {
		t.Fatalf("%d frames, %d records left in the builder", len(b.Appends), records.Count())
	}
	b.Set("application/x", []byte("step"))
	if _, err := journal.Put(r.journal, &b); err != nil {
		t.Fatal(err)
	}
	id, err := r.Stream(st.arn)
	if err != nil {
		t.Fatal(err)
	}
	if got, _ := held(t, r.journal, id); !slices.Equal(got, want) {
		t.Fatalf("held %d records", len(got))
	}

	var none journal.Batch
	if err := r.AppendTo(&none, st.arn, &records, "role"); err != nil || len(none.Appends) != 0 {
		t.Fatalf("%v, %d frames of no records", err, len(none.Appends))
	}
	records.Append(make([]byte, maxRecordBytes+1))
	if err := r.AppendTo(&none, st.arn, &records, "role"); !awserr.Is(err, "ValidationException") {
		t.Fatal(err)
	}
	r.roles.deny("role", "firehose:PutRecordBatch")
	if err := r.AppendTo(&none, st.arn, &records, "role"); !awserr.Is(err, "AccessDeniedException") {
		t.Fatal(err)
	}
	for _, arn := range []string{"", "web", "arn:aws:firehose:us-east-1:000000000000:deliverystream/web", st.arn + "x"} {
		if err := r.AppendTo(&none, arn, &records, "role"); !awserr.Is(err, "ResourceNotFoundException") {
			t.Fatalf("%q: %v", arn, err)
		}
	}
}

// Frames stay until they are delivered and applications have read them, but for
// a slow application no longer than a day.
func TestRetention(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t)
		st := r.create(t, "web")
		put := func(data string) {
			t.Helper()
			if _, err := r.do("PutRecordBatch", batchBody("web", data)); err != nil {
				t.Fatal(err)
			}
		}
		first := func() record.Sequence {
			time.Sleep(2 * trimEvery)
			synctest.Wait()
			return r.journal.Extent(st.id).First
		}
		cursor := func(name string, next record.Sequence) {
			t.Helper()
			var b journal.Batch
			b.SetCursor(st.id, name, next)
			if _, err := journal.Put(r.journal, &b); err != nil {
				t.Fatal(err)
			}
		}
		cursor("application/a", 1)
		r.archive.setDown(true)
		for i := range 10 { // sequences 1 to 10, one an hour
			put(fmt.Sprint(i))
			time.Sleep(time.Hour)
		}
		time.Sleep(30 * time.Hour)
		if got := first(); got != 1 {
			t.Fatalf("undelivered frames before %d are gone", got)
		}
		put("11") // the newest frame always stays
		r.archive.setDown(false)
		if err := r.Flush(t.Context(), "web"); err != nil {
			t.Fatal(err)
		}
		if got := first(); got != 11 {
			t.Fatalf("the oldest frame is %d: an application held frames for more than a day", got)
		}
		for i := range 4 { // 12 to 15
			put(fmt.Sprint(i))
		}
		if err := r.Flush(t.Context(), "web"); err != nil {
			t.Fatal(err)
		}
		if got := first(); got != 11 {
			t.Fatalf("frames before %d are gone that the application has not read", got)
		}
		cursor("application/a", 14)
		if got := first(); got != 14 {
			t.Fatalf("the oldest frame is %d", got)
		}
		cursor("application/b", 15)
		if got := first(); got != 14 {
			t.Fatalf("the oldest frame is %d", got)
		}
	})
}

// The status tells where records are.
func TestStatus(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t)
		r.create(t, "web")
		if s := r.Streams()[0]; s.RecordsIn != 0 || s.RecordsOut != 0 || s.FreshnessMillis != nil || s.Target != (Target{Kind: "s3", Bucket: "archive", BufferBytes: mebibyte, Interval: 15 * time.Minute}) {
			t.Fatalf("%+v", s)
		}
		if _, err := r.do("PutRecordBatch", batchBody("web", "a", "bc")); err != nil {
			t.Fatal(err)
		}
		time.Sleep(time.Minute)
		synctest.Wait()
		s := r.Streams()[0]
		if s.RecordsIn != 2 || s.BytesIn != 3 || s.RecordsOut != 0 || *s.FreshnessMillis != 60_000 || s.Delivery.State != delivery.Buffering ||
			s.Delivery.Buffer.Bytes != 3 || time.Until(s.Delivery.Buffer.NextFlush) != 14*time.Minute {
			t.Fatalf("%+v", s)
		}
		time.Sleep(14 * time.Minute)
		synctest.Wait()
		s = r.Streams()[0]
		if s.RecordsOut != 2 || s.FreshnessMillis != nil || len(s.Delivery.Last) != 1 || s.Delivery.Last[0].Records != 2 {
			t.Fatalf("%+v", s)
		}
		if err := r.Flush(t.Context(), "nobody"); !awserr.Is(err, "ResourceNotFoundException") {
			t.Fatal(err)
		}
	})
}
