package processing

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"

	"github.com/klauspost/compress/gzip"

	"github.com/millrace/millrace/internal/destination"
)

// What decompression may make of a record and of all records of a batch. A
// record within freeBytes may be as dense as it likes; above, one that grows
// more than a hundredfold was made to fill memory.
const (
	maxRecordBytes = 32 << 20
	maxBatchBytes  = 512 << 20
	freeBytes      = 1 << 20
	maxRatio       = 100
)

// decompressionCode is the code, with its full stop, that Firehose gives to records
// which are not what CloudWatch Logs sends: gzip of one JSON object.
const decompressionCode = "Decompression failed."

// Compressed tells whether data begins as gzip does, which is all that can be
// said of a record when it is put.
func Compressed(data []byte) bool {
	return len(data) >= 3 && data[0] == 0x1f && data[1] == 0x8b && data[2] == 8
}

// decompression is the processor Decompression with CompressionFormat GZIP.
type decompression struct {
	batchBytes int
}

func (d decompression) run(ctx context.Context, _ *destination.Batch, items []item, out *destination.Processed) ([]item, error) {
	var reader gzip.Reader
	left := d.batchBytes
	return each(ctx, items, out, decompressionFailed, func(it *item) error {
		limit := min(maxRecordBytes, left, max(freeBytes, maxRatio*len(it.Data)))
		data, err := gunzip(&reader, it.Data, limit)
		if err == nil && !validJSON(data) {
			err = errors.New("not JSON")
		}
		if err != nil {
			return notCloudWatch(err)
		}
		it.Data = data
		left -= len(data)
		return nil
	})
}

func notCloudWatch(err error) error {
	return &failure{decompressionCode, fmt.Sprintf("Decompression failed because input data does not conform to cloudwatch log: %v", err)}
}

// gunzip reads data whole, its checksum included.
func gunzip(reader *gzip.Reader, data []byte, limit int) ([]byte, error) {
	if !Compressed(data) {
		return nil, errors.New("not gzip")
	}
	if err := reader.Reset(bytes.NewReader(data)); err != nil {
		return nil, err
	}
	plain, err := io.ReadAll(io.LimitReader(reader, int64(limit)+1))
	if err == nil && len(plain) > limit {
		err = fmt.Errorf("%d bytes become more than %d", len(data), limit)
	}
	return plain, err
}
