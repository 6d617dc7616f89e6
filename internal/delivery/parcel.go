package delivery

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/google/uuid"

	"github.com/millrace/millrace/internal/delivery/objectkey"
	"github.com/millrace/millrace/internal/destination"
	"github.com/millrace/millrace/internal/record"
)

// parcel is what one Deliver takes of a sealed batch: all of it, or with dynamic
// partitioning the records of one partition.
type parcel struct {
	batch   *destination.Batch
	refused []destination.Refusal
	done    bool
	at      time.Time // when it was
}

// tooManyPartitions is the code of records beyond Options.MaxPartitions.
const tooManyPartitions = "DynamicPartitioning.ActivePartitionsLimitExceeded"

// pack processes the batch and makes the parcels. It is done once: the parcels
// stay while their delivery is tried again.
func (p *Pipeline) pack(ctx context.Context, f *flight, opts Options) error {
	if opts.Processor == nil {
		if f.key != nil {
			return &record.Failure{Kind: record.Permanent, Code: objectkey.NoPartitionValue,
				Message: "the prefix holds partition keys and no processing gives their values"}
		}
		f.parcels = []*parcel{{batch: f.batch}}
		return nil
	}
	// An invocation that is made again says nothing about the destination: it is no
	// failure for the breaker.
	ctx = destination.WithAttempts(ctx, destination.Attempts{Again: f.again, Failed: func(err error) { p.failing(f, err) }})
	began := time.Now()
	var result destination.Processed
	err := p.contain("process", func() (err error) {
		result, err = opts.Processor.Process(ctx, f.batch)
		return err
	})
	if err != nil {
		p.processed(f, began, destination.Processed{}, err)
		return fmt.Errorf("process batch %s: %w", f.ID, err)
	}
	if f.key != nil && len(result.Partitions) != len(result.Records) {
		return fmt.Errorf("process batch %s: %d records with %d partitions", f.ID, len(result.Records), len(result.Partitions))
	}
	p.processed(f, began, result, nil)
	f.refused = slices.Clip(result.Refusals)
	f.parcels = []*parcel{}
	switch {
	case f.key != nil:
		exceeded := f.partition(result, opts.MaxPartitions)
		p.partitioned(f, exceeded)
	case len(result.Records) > 0:
		processed := *f.batch
		processed.Records = result.Records
		f.parcels = append(f.parcels, &parcel{batch: &processed})
	}
	return nil
}

// partition makes a parcel for each value of the prefix, in the order in which
// they first come, with an id and a key that follow from the sealed batch: a
// repeat after a crash writes the same objects. It returns how many records
// were refused because there were too many partitions.
func (f *flight) partition(result destination.Processed, most int) (exceeded int) {
	prefixes := f.key.Partitions(f.batch.Records[0].Arrival, f.ID)
	parcels := map[string]*parcel{}
	bad := map[string]error{} // prefixes that no key may have
	for i, r := range result.Records {
		partition := result.Partitions[i]
		prefix, err := prefixes.Prefix(partition)
		to := parcels[prefix]
		if err == nil && to == nil {
			known := false
			if err, known = bad[prefix]; !known {
				err = f.key.CheckPartition(prefix)
				bad[prefix] = err
			}
		}
		switch {
		case err != nil:
			f.refuse(r, codeOf(err), messageOf(err))
			continue
		case to == nil && len(parcels) == most:
			f.refuse(r, tooManyPartitions, fmt.Sprintf("the buffer has records of more than %d partitions", most))
			exceeded++
			continue
		case to == nil:
			b := *f.batch
			id := uuid.NewSHA1(f.ID, []byte(prefix))
			b.ID, b.Key, b.Records = id.String(), f.key.PartitionKey(f.Version, r.Arrival, id, partition), nil
			to = &parcel{batch: &b}
			parcels[prefix] = to
			f.parcels = append(f.parcels, to)
		}
		to.batch.Records = append(to.batch.Records, r)
	}
	return exceeded
}

// refuse gives a processed record to the error output as it arrived.
func (f *flight) refuse(r record.Record, code, message string) {
	refusal := destination.Refusal{Type: ProcessingFailed, Record: r, Attempts: 1, Code: code, Message: message, AttemptedAt: time.Now().UnixMilli()}
	i, found := slices.BinarySearchFunc(f.batch.Records, r.Sequence, func(source record.Record, s record.Sequence) int {
		return int(int64(source.Sequence) - int64(s))
	})
	if found {
		refusal.Record.Data = f.batch.Records[i].Data
	}
	f.refused = append(f.refused, refusal)
}

// deliver hands over the parcels that are left, several at once as far as the
// pipeline's places allow. After an error no further one is begun.
func (p *Pipeline) deliver(ctx context.Context, f *flight, opts Options) error {
	ctx = destination.WithAttempts(ctx, destination.Attempts{Again: f.again, Failed: func(err error) {
		p.failing(f, err)
		p.breaker.failed(false)
	}})
	left := slices.DeleteFunc(slices.Clone(f.parcels), func(parcel *parcel) bool { return parcel.done })
	workers := min(opts.Parallel, len(left))
	if workers < 2 {
		return p.handOver(ctx, opts, left)
	}
	var next atomic.Int64
	errs := make([]error, workers)
	var all sync.WaitGroup
	for w := range workers {
		all.Go(func() {
			for i := next.Add(1) - 1; int(i) < len(left); i = next.Add(1) - 1 {
				if errs[w] = p.handOver(ctx, opts, left[i:i+1]); errs[w] != nil {
					next.Store(int64(len(left)))
				}
			}
		})
	}
	all.Wait()
	for _, err := range errs {
		if err != nil {
			return err
		}
	}
	return nil
}

// handOver delivers parcels one after the other.
func (p *Pipeline) handOver(ctx context.Context, opts Options, parcels []*parcel) error {
	for _, parcel := range parcels {
		select {
		case p.calls <- struct{}{}:
		case <-ctx.Done():
			return ctx.Err()
		}
		err := p.within(ctx, opts.AttemptTimeout, "deliver", func(ctx context.Context) (err error) {
			parcel.refused, err = opts.Destination.Deliver(ctx, parcel.batch)
			return err
		})
		<-p.calls
		if err != nil {
			parcel.refused = nil
			return err
		}
		parcel.done, parcel.at = true, time.Now()
	}
	return nil
}

// outcome counts what became of the records.
func (f *flight) outcome() outcome {
	out := outcome{refused: len(f.refused)}
	for _, parcel := range f.parcels {
		if !parcel.done {
			continue
		}
		b, bytes, refused := parcel.batch, parcel.batch.Bytes(), len(parcel.refused)
		out.sent += len(b.Records) - refused
		out.sentBytes += bytes - refusedBytes(parcel)
		out.refused += refused
		out.objects = append(out.objects, Object{Key: b.Key, Time: parcel.at, Records: len(b.Records), Bytes: bytes, Refused: refused})
	}
	if out.refused > 0 {
		out.lost = f.lost()
	}
	return out
}

// lost counts the source records of which everything was refused.
func (f *flight) lost() int {
	left := map[record.Sequence]int{} // parts of those with refusals, not refused
	for _, r := range f.refused {
		left[r.Record.Sequence] += 0
	}
	for _, parcel := range f.parcels {
		for _, r := range parcel.refused {
			left[r.Record.Sequence]--
		}
	}
	for _, parcel := range f.parcels {
		for _, r := range parcel.batch.Records {
			if _, ok := left[r.Sequence]; ok {
				left[r.Sequence]++
			}
		}
	}
	n := 0
	for _, parts := range left {
		if parts <= 0 {
			n++
		}
	}
	return n
}

// refusedBytes are those of the records as they were handed over, not as they
// arrived.
func refusedBytes(parcel *parcel) (n int) {
	if len(parcel.refused) == 0 {
		return 0
	}
	type place struct {
		seq record.Sequence
		sub int
	}
	refused := map[place]bool{}
	for _, r := range parcel.refused {
		refused[place{r.Record.Sequence, r.Record.Sub}] = true
	}
	for _, r := range parcel.batch.Records {
		if refused[place{r.Sequence, r.Sub}] {
			n += len(r.Data)
		}
	}
	return n
}
