package processing

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"time"

	"github.com/millrace/millrace/internal/destination"
	"github.com/millrace/millrace/internal/record"
)

// Options of New. Stages that are not asked for cost nothing.
type Options struct {
	StreamARN, Region string

	Decompress      bool // gzip, as CloudWatch Logs sends it
	ExtractMessages bool // of CloudWatch Logs
	Deaggregate     *Deaggregation
	Lambda          *Lambda
	// MetadataQuery is the jq program {key: .path, …} of dynamic partitioning.
	MetadataQuery string

	// Functions are called for Lambda.
	Functions Invoker
	// Authorize says whether a role may do the action on the resource; nil
	// allows it.
	Authorize func(ctx context.Context, role, action, resource string) error
	Logger    *slog.Logger
}

// Invoker calls a function by its ARN. Errors that are *record.Failure keep
// their code. The payload is not changed by whoever called.
type Invoker interface {
	Invoke(ctx context.Context, functionARN string, payload []byte) ([]byte, error)
}

// Processor processes batches; several at a time may be under way.
type Processor struct {
	stages []stage
	// partitions tells that some stage may give partition keys.
	partitions bool
}

// stage takes items and returns those that go on; the others are in out.
type stage interface {
	run(ctx context.Context, b *destination.Batch, items []item, out *destination.Processed) ([]item, error)
}

// item is a record on its way through the stages.
type item struct {
	record.Record
	raw       []byte // what the error output gets
	partition destination.Partition
}

// New refuses settings that can never work, in words for whoever made them.
func New(opts Options) (*Processor, error) {
	p := &Processor{partitions: opts.Lambda != nil || opts.MetadataQuery != ""}
	if opts.Logger == nil {
		opts.Logger = slog.New(slog.DiscardHandler)
	}
	if opts.Decompress {
		p.stages = append(p.stages, decompression{batchBytes: maxBatchBytes})
	}
	if opts.ExtractMessages {
		p.stages = append(p.stages, extraction{})
	}
	if opts.Deaggregate != nil {
		if err := opts.Deaggregate.check(); err != nil {
			return nil, err
		}
		p.stages = append(p.stages, opts.Deaggregate)
	}
	if opts.Lambda != nil {
		s, err := newFunction(opts)
		if err != nil {
			return nil, err
		}
		p.stages = append(p.stages, s)
	}
	if opts.MetadataQuery != "" {
		q, err := parseQuery(opts.MetadataQuery)
		if err != nil {
			return nil, fmt.Errorf("MetadataExtractionQuery: %w", err)
		}
		p.stages = append(p.stages, q)
	}
	return p, nil
}

// Process runs the stages. Records and refusals come in the order of the batch.
// Partitions are there when a function or a query could have given keys.
//
// An error, which is ctx's, means that nothing is decided: what fails for good
// is among the refusals.
func (p *Processor) Process(ctx context.Context, b *destination.Batch) (destination.Processed, error) {
	var out destination.Processed
	items := make([]item, len(b.Records))
	for i, r := range b.Records {
		items[i] = item{Record: r, raw: r.Data}
	}
	for _, s := range p.stages {
		if err := ctx.Err(); err != nil {
			return destination.Processed{}, fmt.Errorf("process batch %s: %w", b.ID, err)
		}
		var err error
		if items, err = s.run(ctx, b, items, &out); err != nil {
			return destination.Processed{}, fmt.Errorf("process batch %s: %w", b.ID, err)
		}
	}
	out.Records = make([]record.Record, len(items))
	if p.partitions {
		out.Partitions = make([]destination.Partition, len(items))
	}
	for i, it := range items {
		out.Records[i] = it.Record
		if p.partitions {
			out.Partitions[i] = it.partition
		}
	}
	slices.SortStableFunc(out.Refusals, func(a, b destination.Refusal) int {
		return cmp.Or(cmp.Compare(a.Record.Sequence, b.Record.Sequence), cmp.Compare(a.Record.Sub, b.Record.Sub))
	})
	return out, nil
}

// The folders of the error output.
const (
	processingFailed    = "processing-failed"
	decompressionFailed = "decompression-failed"
)

// refusal is the item's error object, after one attempt that ended now. The
// failure's code and message are for people and programs that read it.
func (it *item) refusal(folder string, f failure) destination.Refusal {
	r := it.Record
	r.Data = it.raw
	return destination.Refusal{Type: folder, Record: r, Attempts: 1, Code: f.code, Message: f.message,
		AttemptedAt: time.Now().UnixMilli()}
}

// failure is why a record, or a batch of them, is refused.
type failure struct{ code, message string }

func (f *failure) Error() string { return f.code + ": " + f.message }

// failureOf makes an error of processing a single record its failure.
func failureOf(err error) failure {
	var f *failure
	if errors.As(err, &f) {
		return *f
	}
	panic(fmt.Sprintf("BUG: record refused without a code: %v", err))
}

// each runs a stage that looks at one record at a time: change returns an error,
// a *failure, for a record that goes to the folder.
func each(ctx context.Context, items []item, out *destination.Processed, folder string, change func(*item) error) ([]item, error) {
	kept := items[:0]
	for i := range items {
		if i%256 == 0 && ctx.Err() != nil {
			return nil, ctx.Err()
		}
		if err := change(&items[i]); err != nil {
			out.Refusals = append(out.Refusals, items[i].refusal(folder, failureOf(err)))
			continue
		}
		kept = append(kept, items[i])
	}
	return kept, nil
}
