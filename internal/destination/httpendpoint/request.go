package httpendpoint

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"sync"
	"time"
	"unicode/utf8"

	"github.com/emmansun/base64"
	"github.com/google/uuid"
	"github.com/klauspost/compress/gzip"

	"github.com/millrace/millrace/internal/destination"
	"github.com/millrace/millrace/internal/record"
)

// request is one request of a batch. All its attempts send the same bytes; only after a restart its time is another.
type request struct {
	id       string // the batch's, or derived from it and the request's records
	at       int64  // ms since the epoch
	records  []record.Record
	gzipped  []byte // the body; nil when it is written as it is sent
	attempts int

	reading  sync.Mutex // held while records are read
	released bool
}

var errReleased = errors.New("the request has been answered")

const (
	recordHead = `{"data":"`
	recordTail = `"}`
	bodyTail   = `]}`
)

// header returns what every request of these options says.
func (o *Options) header() http.Header {
	h := http.Header{
		"Content-Type":                    {"application/json"},
		"User-Agent":                      {"Amazon Kinesis Data Firehose Agent/1.0"},
		"X-Amz-Firehose-Protocol-Version": {"1.0"},
		"X-Amz-Firehose-Source-Arn":       {o.SourceARN},
		// An encoded answer counts as a failure: none is asked for.
		"Accept-Encoding": {"identity"},
	}
	if o.AccessKey != "" {
		h.Set("X-Amz-Firehose-Access-Key", o.AccessKey)
	}
	if len(o.CommonAttributes) > 0 {
		h.Set("X-Amz-Firehose-Common-Attributes", attributes(o.CommonAttributes))
	}
	if o.GZIP {
		h.Set("Content-Encoding", "gzip")
	}
	return h
}

// attributes renders the common attributes in their order, in ASCII as a header wants it.
func attributes(list []Attribute) string {
	out := []byte(`{"commonAttributes":{`)
	for i, a := range list {
		if i > 0 {
			out = append(out, ',')
		}
		out = appendASCII(out, a.Name)
		out = append(out, ':')
		out = appendASCII(out, a.Value)
	}
	return string(append(out, "}}"...))
}

func appendASCII(dst []byte, s string) []byte {
	quoted, err := json.Marshal(s)
	if err != nil {
		panic("BUG: a string that JSON cannot write: " + err.Error())
	}
	for len(quoted) > 0 {
		r, n := utf8.DecodeRune(quoted)
		switch quoted = quoted[n:]; {
		case r < 0x7f:
			dst = append(dst, byte(r))
		case r < 0x10000:
			dst = fmt.Appendf(dst, `\u%04x`, r)
		default:
			r -= 0x10000
			dst = fmt.Appendf(dst, `\u%04x\u%04x`, 0xd800+r>>10, 0xdc00+r&0x3ff)
		}
	}
	return dst
}

// fitting is how many of the records one request holds, at least one.
func fitting(records []record.Record) int {
	size := len(bodyHead("00000000-0000-0000-0000-000000000000", time.Now().UnixMilli())) + len(bodyTail)
	for i, r := range records {
		if size += recordBytes(r) + 1; i > 0 && (i == MaxRecords || size > MaxBodyBytes) {
			return i
		}
	}
	return len(records)
}

func recordBytes(r record.Record) int {
	return len(recordHead) + base64.StdEncoding.EncodedLen(len(r.Data)) + len(recordTail)
}

func bodyHead(id string, at int64) string {
	return `{"requestId":"` + id + `","timestamp":` + strconv.FormatInt(at, 10) + `,"records":[`
}

// request makes the request of some of a batch's records.
func (d *Destination) request(b *destination.Batch, records []record.Record) (*request, error) {
	r := &request{id: b.ID, at: time.Now().UnixMilli(), records: records}
	if len(records) != len(b.Records) {
		batch, err := uuid.Parse(b.ID)
		if err != nil {
			return nil, fmt.Errorf("name the requests of batch %q: %w", b.ID, err)
		}
		first, last := records[0], records[len(records)-1]
		r.id = uuid.NewSHA1(batch, fmt.Appendf(nil, "%d.%d-%d.%d", first.Sequence, first.Sub, last.Sequence, last.Sub)).String()
	}
	if !d.opts.GZIP {
		return r, nil
	}
	var compressed bytes.Buffer
	w, ok := d.compressor.Get().(*gzip.Writer)
	if !ok {
		w = gzip.NewWriter(nil)
	}
	defer d.compressor.Put(w)
	w.Reset(&compressed)
	if _, err := io.Copy(w, r.plain()); err != nil {
		return nil, fmt.Errorf("compress request: %w", err)
	}
	if err := w.Close(); err != nil {
		return nil, fmt.Errorf("compress request: %w", err)
	}
	r.gzipped = compressed.Bytes()
	return r, nil
}

// http makes the request of one attempt. Its body is written while it is sent, so that base64 of a whole batch is never
// held.
func (r *request) http(ctx context.Context, d *Destination) (*http.Request, error) {
	out, err := http.NewRequestWithContext(ctx, http.MethodPost, d.opts.URL, nil)
	if err != nil {
		return nil, err
	}
	out.Header = d.header.Clone()
	out.Header.Set("X-Amz-Firehose-Request-Id", r.id)
	out.ContentLength = int64(len(r.gzipped))
	out.GetBody = func() (io.ReadCloser, error) { return io.NopCloser(bytes.NewReader(r.gzipped)), nil }
	if r.gzipped == nil {
		out.ContentLength = r.plainBytes()
		out.GetBody = func() (io.ReadCloser, error) { return r.plain(), nil }
	}
	out.Body, err = out.GetBody()
	return out, err
}

// release ends the reading of bodies. An endpoint may answer before it has read a request, whose body is then still being
// sent; but the records are the engine's again once Deliver has returned.
func (r *request) release() {
	r.reading.Lock()
	defer r.reading.Unlock()
	r.released = true
}

func (r *request) plainBytes() int64 {
	n := len(bodyHead(r.id, r.at)) + len(bodyTail) + len(r.records) - 1
	for _, x := range r.records {
		n += recordBytes(x)
	}
	return int64(n)
}

// plain returns the body before compression.
func (r *request) plain() io.ReadCloser {
	return &bodyReader{request: r, chunk: []byte(bodyHead(r.id, r.at))}
}

// bodyReader writes a body record by record.
type bodyReader struct {
	request *request
	next    int // record
	done    bool
	memory  []byte
	chunk   []byte // of memory, what has not been read yet
}

// Close implements io.Closer.
func (b *bodyReader) Close() error { return nil }

// Read implements io.Reader.
func (b *bodyReader) Read(p []byte) (int, error) {
	if len(b.chunk) == 0 {
		if b.done {
			return 0, io.EOF
		}
		if err := b.fill(); err != nil {
			return 0, err
		}
	}
	n := copy(p, b.chunk)
	b.chunk = b.chunk[n:]
	return n, nil
}

// fill writes records until there is enough for a read.
func (b *bodyReader) fill() error {
	b.request.reading.Lock()
	defer b.request.reading.Unlock()
	if b.request.released {
		return errReleased
	}
	const enough = 32 << 10
	out := b.memory[:0]
	for records := b.request.records; len(out) < enough; b.next++ {
		if b.next == len(records) {
			out, b.done = append(out, bodyTail...), true
			break
		}
		if b.next > 0 {
			out = append(out, ',')
		}
		out = append(out, recordHead...)
		out = base64.StdEncoding.AppendEncode(out, records[b.next].Data)
		out = append(out, recordTail...)
	}
	b.memory, b.chunk = out, out
	return nil
}

// refuse gives the records up.
func (r *request) refuse(b *destination.Batch, f *failure) []destination.Refusal {
	out := make([]destination.Refusal, len(r.records))
	for i, x := range r.records {
		out[i] = destination.Refusal{Record: x, Attempts: r.attempts, Code: f.Code, Message: f.Message, AttemptedAt: f.at,
			DataID: record.DeliveredID(b.Stream, x.Sequence, x.Sub)}
	}
	return out
}
