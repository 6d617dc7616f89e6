package firehose

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"strconv"

	"github.com/millrace/millrace/internal/aws/call"
	"github.com/millrace/millrace/internal/aws/jsonrpc"
	"github.com/millrace/millrace/internal/delivery/processing"
	"github.com/millrace/millrace/internal/journal"
	"github.com/millrace/millrace/internal/record"
)

// putRecordBatch makes up to 500 records one durable frame: all of them or, at
// an error, none. Where limits are set, those that exceed them are the last of
// the batch, and each is answered with an error of its own. Records that an
// agent's origin header shows to be held already are answered with success and
// not kept again.
func (s *Service) putRecordBatch(ctx context.Context, c *call.Call) ([]byte, error) {
	b := s.builders.Get().(*record.Builder)
	b.Reset()
	defer s.builders.Put(b)
	st, err := s.acceptPut(ctx, c, b, readBatch)
	if err != nil {
		return nil, err
	}
	defer st.leave()
	if !st.throttle.requests.take() {
		st.throttled.Add(uint64(b.Count()))
		return nil, errSlowDown()
	}
	if header := c.Header.Get(record.OriginHeader); header != "" {
		return s.putOnce(st, c, header, b)
	}
	over := st.admit(b)
	count := b.Count()
	var first record.Sequence
	if count > 0 {
		first, err = st.append(b)
		if err := s.refused(st, count, err); err != nil {
			return nil, err
		}
	}
	out := st.beginBatchOutput(c.Body, over)
	for i := range count {
		out = st.ids.append(append(out, `{"RecordId":"`...), uint64(first)+uint64(i))
		out = append(out, `"},`...)
	}
	return endBatchOutput(out, over), nil
}

// checkSource refuses records that a stream cannot decompress. On AWS only
// CloudWatch Logs may put into such a stream; here whoever compresses may.
func (st *stream) checkSource(b *record.Builder) error {
	if !st.config.decompresses() {
		return nil
	}
	for i := range b.Count() {
		if !processing.Compressed(b.Record(i)) {
			return errSource("Only requests from CloudWatch Logs are supported when CloudWatch Logs decompression is enabled.")
		}
	}
	return nil
}

// admit leaves what the stream's limits allow now in the builder, and returns
// how many records that are not there any more exceed them.
func (st *stream) admit(b *record.Builder) (over int) {
	admitted := st.throttle.admit(b)
	if over = b.Count() - admitted; over > 0 {
		st.throttled.Add(uint64(over))
		b.Remove(func(i int) bool { return i >= admitted })
	}
	return over
}

// readBatch reads a body the fast way or, at any surprise, the strict way.
func readBatch(body []byte, b *record.Builder) (name string, err error) {
	if name, ok := scanBatch(body, b); ok {
		return string(name), nil
	}
	b.Reset()
	var in putRecordBatchInput
	if err := jsonrpc.Decode(body, &in); err != nil {
		return "", err
	}
	if err := check(&in); err != nil {
		return "", err
	}
	for _, r := range in.Records {
		b.Append(*r.Data)
	}
	if b.Bytes() > maxBatchBytes {
		return "", errBatchTooLarge()
	}
	return *in.DeliveryStreamName, nil
}

// putOnce is a put of a batch that says where its records come from.
func (s *Service) putOnce(st *stream, c *call.Call, header string, b *record.Builder) ([]byte, error) {
	from, err := record.ParseOrigin(header)
	if err != nil {
		return nil, errArgument("%v", err)
	}
	count := b.Count()
	if len(from.Ranges) != count {
		return nil, errArgument("%s names %d ranges for %d records", record.OriginHeader, len(from.Ranges), count)
	}
	over := st.admit(b)
	count -= over
	from.Ranges = from.Ranges[:count]
	key := st.origins.key(c.Identity, from.ID)
	origin := st.origins.use(key)
	defer st.origins.release(origin)
	commit, repeated, err := origin.begin(st.journal, st.id, key, from, b)
	if err == nil {
		err = commit.Wait()
	}
	if err := s.refused(st, count, err); err != nil {
		return nil, err
	}
	var next uint64
	if frames := commit.Frames(); len(frames) > 0 {
		next = uint64(frames[0].First)
		st.bytesIn.Add(uint64(frames[0].Bytes()))
	}
	out := st.beginBatchOutput(c.Body, over)
	for i := range count {
		out = append(out, `{"RecordId":"`...)
		if repeated != nil && repeated[i] {
			st.repeats.Add(1)
			out = st.ids.append(out, repeatedID(from, i))
		} else {
			out = st.ids.append(out, next)
			next++
		}
		out = append(out, `"},`...)
	}
	return endBatchOutput(out, over), nil
}

// repeatedID stands for the sequence of a record that is held already, which
// nobody remembers: the same for the same bytes, unlike any sequence.
func repeatedID(from record.Origin, i int) uint64 {
	return 1<<63 | (binary.BigEndian.Uint64(from.ID[:]) + from.Ranges[i].Start)
}

// refused turns an error of the journal into the client's and counts records
// that a full journal did not take.
func (s *Service) refused(st *stream, records int, err error) error {
	switch {
	case err == nil:
		st.full.Store(false)
		return nil
	case errors.Is(err, journal.ErrFull):
		st.refused.Add(uint64(records))
		if !st.full.Swap(true) {
			s.opts.Logger.Warn("puts are refused until deliveries make room", "delivery_stream", st.name, "error", err)
		}
		return errSlowDown()
	}
	return fmt.Errorf("put %d records into %q: %w", records, st.name, err)
}

const overLimit = `{"ErrorCode":"ServiceUnavailableException","ErrorMessage":"Slow down."},`

// beginBatchOutput begins the answer where the request is, which has been read by
// now: it is longer than the answer but for batches of very short records.
func (st *stream) beginBatchOutput(body []byte, over int) []byte {
	out := strconv.AppendInt(append(body[:0], `{"FailedPutCount":`...), int64(over), 10)
	out = strconv.AppendBool(append(out, `,"Encrypted":`...), st.config.Encryption.encrypts())
	return append(out, `,"RequestResponses":[`...)
}

// endBatchOutput adds the records that exceed limits, and closes the list in
// place of its last comma.
func endBatchOutput(out []byte, over int) []byte {
	for range over {
		out = append(out, overLimit...)
	}
	return append(out[:len(out)-1], "]}"...)
}
