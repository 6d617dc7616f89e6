package loadgen

import (
	"context"
	"fmt"
	"math/rand/v2"
	"time"
)

// Putter puts records into one delivery stream.
type Putter interface {
	// PutRecordBatch puts at most 500 records of together at most 4 MiB. Failed has an error code for each record that was not taken, in the records' order with "" for
	// the others; nil means that all were taken. An error is about all of them.
	PutRecordBatch(ctx context.Context, records [][]byte) (failed []string, err error)
}

// RecordOptions say what to send and how fast.
type RecordOptions struct {
	Template *Template
	Records  int64   // end after so many; 0 = when the context ends
	Rate     float64 // records a second; 0 = as fast as they are taken
	Burst    Burst   // of the rate
	Newline  bool    // behind each record
	Batch    int     // records a call, 1 to 500; 0 = 500
	Retries  int     // of a record that was not taken, before that is an error
}

// RecordResult counts records.
type RecordResult struct {
	Sent    int64 // and taken
	Retried int64 // entries that were sent again
	Failed  int64 // given up
}

// Firehose's limits.
const (
	MaxBatchRecords = 500
	maxBatchBytes   = 4 << 20
	maxRecordBytes  = 1024000

	firstRetryPause = 100 * time.Millisecond
	longRetryPause  = 5 * time.Second
)

// Records sends records from a template until ctx ends, which is no error, or all are sent. Of a batch that is taken in part only the rest is sent again, after a pause that grows.
func Records(ctx context.Context, to Putter, opts RecordOptions) (RecordResult, error) {
	var result RecordResult
	if opts.Batch == 0 {
		opts.Batch = MaxBatchRecords
	}
	switch {
	case opts.Batch < 1 || opts.Batch > MaxBatchRecords:
		return result, fmt.Errorf("send records: batch is %d, want 1 to %d", opts.Batch, MaxBatchRecords)
	case !(opts.Rate >= 0) || opts.Records < 0 || opts.Retries < 0:
		return result, fmt.Errorf("send records: rate, records and retries must not be negative")
	case opts.Burst != (Burst{}) && opts.Rate == 0:
		return result, fmt.Errorf("send records: bursts need a rate")
	}
	begun := time.Now()
	s := &recordSender{to: to, opts: opts, pace: newPace(Options{Rate: opts.Rate, Burst: opts.Burst}, begun)}
	for ctx.Err() == nil && (opts.Records == 0 || s.made < opts.Records) {
		batch, err := s.fill(time.Since(begun))
		if err != nil {
			return s.result, err
		}
		if len(batch) == 0 {
			sleep(ctx, min(tick, s.pace.elapsed-time.Since(begun)))
			continue
		}
		if err := s.send(ctx, batch); err != nil {
			return s.result, err
		}
	}
	return s.result, nil
}

type recordSender struct {
	to      Putter
	opts    RecordOptions
	pace    *pace
	made    int64
	pending []byte // a record that did not fit into the last batch
	result  RecordResult
}

// fill makes the records that are due, as many as one call takes.
func (s *recordSender) fill(since time.Duration) ([][]byte, error) {
	var batch [][]byte
	bytes := 0
	for len(batch) < s.opts.Batch && (s.opts.Records == 0 || s.made < s.opts.Records) && s.pace.due(since) {
		record := s.pending
		if record == nil {
			if record = s.opts.Template.AppendRecord(nil); s.opts.Newline {
				record = append(record, '\n')
			}
		}
		if len(record) == 0 || len(record) > maxRecordBytes {
			return nil, fmt.Errorf("send records: record %d has %d bytes, want 1 to %d", s.made+1, len(record), maxRecordBytes)
		}
		if s.pending = nil; bytes+len(record) > maxBatchBytes {
			s.pending = record
			break
		}
		batch = append(batch, record)
		bytes += len(record)
		s.made++
		s.pace.next()
	}
	return batch, nil
}

func (s *recordSender) send(ctx context.Context, batch [][]byte) error {
	pause := firstRetryPause
	for attempt := 0; ; attempt++ {
		failed, err := s.to.PutRecordBatch(ctx, batch)
		if err != nil {
			s.result.Failed += int64(len(batch))
			if ctx.Err() != nil {
				return nil
			}
			return err
		}
		var again [][]byte
		code := ""
		for i, c := range failed {
			if c != "" {
				again, code = append(again, batch[i]), c
			}
		}
		s.result.Sent += int64(len(batch) - len(again))
		if len(again) == 0 {
			return nil
		}
		if attempt == s.opts.Retries {
			s.result.Failed += int64(len(again))
			return fmt.Errorf("send records: %d of them were not taken in %d attempts, the last with %s", len(again), attempt+1, code)
		}
		batch = again
		s.result.Retried += int64(len(again))
		if sleep(ctx, pause/2+rand.N(pause)); ctx.Err() != nil {
			s.result.Failed += int64(len(again))
			return nil
		}
		pause = min(2*pause, longRetryPause)
	}
}
