package firehose

import (
	"context"
	"strconv"

	"github.com/millrace/millrace/internal/aws/call"
	"github.com/millrace/millrace/internal/aws/jsonrpc"
	"github.com/millrace/millrace/internal/record"
)

// putRecord keeps one record. Records of calls that arrive at the same time
// share a frame.
func (s *Service) putRecord(ctx context.Context, c *call.Call) ([]byte, error) {
	b := s.builders.Get().(*record.Builder)
	b.Reset()
	defer s.builders.Put(b)
	st, err := s.acceptPut(ctx, c, b, readRecord)
	if err != nil {
		return nil, err
	}
	defer st.leave()
	if !st.throttle.requests.take() || st.throttle.admit(b) == 0 {
		st.throttled.Add(1)
		return nil, errSlowDown()
	}
	encrypted := st.config.Encryption.encrypts()
	seq, err := st.gather.put(b.Record(0))
	if err := s.refused(st, 1, err); err != nil {
		return nil, err
	}
	out := append(c.Body[:0], `{"RecordId":"`...) // over the request, which has been read
	out = append(st.ids.append(out, uint64(seq)), `","Encrypted":`...)
	return append(strconv.AppendBool(out, encrypted), '}'), nil
}

// acceptPut begins a put: it reads the records into the builder and enters the
// stream that they are for, which the caller leaves.
func (s *Service) acceptPut(ctx context.Context, c *call.Call, b *record.Builder, read func(body []byte, b *record.Builder) (string, error)) (*stream, error) {
	name, err := read(c.Body, b)
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
	st.requests.Add(1)
	if err := st.checkSource(b); err != nil {
		st.leave()
		return nil, err
	}
	return st, nil
}

// readRecord reads a body the fast way or, at any surprise, the strict way.
func readRecord(body []byte, b *record.Builder) (name string, err error) {
	if name, ok := scanRecord(body, b); ok {
		return string(name), nil
	}
	b.Reset()
	var in putRecordInput
	if err := jsonrpc.Decode(body, &in); err != nil {
		return "", err
	}
	if err := check(&in); err != nil {
		return "", err
	}
	b.Append(*in.Record.Data)
	return *in.DeliveryStreamName, nil
}
