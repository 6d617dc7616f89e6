package firehose

import (
	"fmt"
	"strings"

	"github.com/millrace/millrace/internal/aws/awserr"
	"github.com/millrace/millrace/internal/journal"
	"github.com/millrace/millrace/internal/record"
)

// maxStepFrameBytes cuts what a step writes into frames that stay cheap to
// write and to read back.
const maxStepFrameBytes = 1 << 20

// Stream returns the id under which applications read a stream from the
// journal. Streams that are not ACTIVE are not there.
func (s *Service) Stream(arn string) (record.StreamID, error) {
	st, err := s.byARN(arn)
	if err != nil {
		return record.StreamID{}, err
	}
	return st.id, nil
}

// AppendTo adds records to a commit of the caller's, as a PutRecordBatch of the
// role would: its permission and the size of each record are checked, the
// number of records is not limited. The builder is empty afterwards. Errors are
// the client's of PutRecordBatch; a full journal shows at Begin.
func (s *Service) AppendTo(b *journal.Batch, arn string, records *record.Builder, roleARN string) error {
	st, err := s.byARN(arn)
	if err != nil {
		return err
	}
	if err := s.opts.Authorizer.AuthorizeRole(s.ctx, roleARN, "firehose:PutRecordBatch", arn); err != nil {
		return err
	}
	for i := range records.Count() {
		if n := len(records.Record(i)); n > maxRecordBytes {
			return awserr.Violation("ValidationException", "", fmt.Sprintf("records.%d.member.data", i+1),
				fmt.Sprintf("have length less than or equal to %d", maxRecordBytes))
		}
	}
	st.requests.Add(1)
	st.bytesIn.Add(uint64(records.Bytes()))
	return st.appendTo(b, records)
}

func (st *stream) appendTo(b *journal.Batch, records *record.Builder) error {
	if records.Count() == 0 {
		return nil
	}
	if records.Bytes() <= maxStepFrameBytes {
		sealed, err := records.Seal()
		if err == nil {
			b.Append(st.id, sealed)
		}
		return err
	}
	var part record.Builder
	for i := range records.Count() {
		part.Append(records.Record(i))
		if i+1 < records.Count() && part.Bytes()+len(records.Record(i+1)) <= maxStepFrameBytes {
			continue
		}
		sealed, err := part.Seal()
		if err != nil {
			return err
		}
		b.Append(st.id, sealed)
	}
	records.Reset()
	return nil
}

func (s *Service) byARN(arn string) (*stream, error) {
	st, err := s.lookup(arn[strings.LastIndexByte(arn, '/')+1:])
	if err == nil && st.arn == arn && st.current().Status == active {
		return st, nil
	}
	return nil, awserr.New("ResourceNotFoundException", "Firehose %s not found.", arn)
}
