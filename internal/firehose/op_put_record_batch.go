package firehose

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"

	"github.com/millrace/millrace/internal/aws/call"
	"github.com/millrace/millrace/internal/aws/jsonrpc"
	"github.com/millrace/millrace/internal/journal"
	"github.com/millrace/millrace/internal/record"
)

// putRecordBatch makes up to 500 records one durable frame: all of them or, at
// an error, none. Records that an agent's origin header shows to be held
// already are answered with success and not kept again.
func (s *Service) putRecordBatch(ctx context.Context, c *call.Call) ([]byte, error) {
	b := s.builders.Get().(*record.Builder)
	b.Reset()
	defer s.builders.Put(b)
	name, err := readBatch(c.Body, b)
	if err != nil {
		return nil, err
	}
	if err := s.authorize(ctx, c, name); err != nil {
		return nil, err
	}
	st, err := s.lookup(name)
	if err != nil {
		return nil, err
	}
	if err := st.enter(); err != nil {
		return nil, err
	}
	defer st.leave()
	st.requests.Add(1)
	if header := c.Header.Get(record.OriginHeader); header != "" {
		return s.putOnce(st, c.Identity, header, b)
	}
	count := b.Count()
	first, err := st.append(b)
	if err := s.refused(st, count, err); err != nil {
		return nil, err
	}
	out := beginBatchOutput(count)
	for i := range count {
		out = st.ids.append(append(out, `{"RecordId":"`...), uint64(first)+uint64(i))
		out = append(out, `"},`...)
	}
	return endBatchOutput(out), nil
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
func (s *Service) putOnce(st *stream, who call.Identity, header string, b *record.Builder) ([]byte, error) {
	from, err := record.ParseOrigin(header)
	if err != nil {
		return nil, errArgument("%v", err)
	}
	count := b.Count()
	if len(from.Ranges) != count {
		return nil, errArgument("%s names %d ranges for %d records", record.OriginHeader, len(from.Ranges), count)
	}
	key := st.origins.key(who, from.ID)
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
	out := beginBatchOutput(count)
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
	return endBatchOutput(out), nil
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

const batchOutputHead = `{"FailedPutCount":0,"Encrypted":false,"RequestResponses":[`

func beginBatchOutput(records int) []byte {
	out := make([]byte, 0, len(batchOutputHead)+records*(len(`{"RecordId":""},`)+recordIDLength)+1)
	return append(out, batchOutputHead...)
}

// endBatchOutput closes the list in place of its last comma.
func endBatchOutput(out []byte) []byte { return append(out[:len(out)-1], "]}"...) }
