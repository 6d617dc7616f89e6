package delivery

import (
	"context"
	"log/slog"
	"time"

	"github.com/millrace/millrace/internal/delivery/objectkey"
	"github.com/millrace/millrace/internal/destination"
	"github.com/millrace/millrace/internal/journal"
	"github.com/millrace/millrace/internal/record"
)

// Cursors of a delivery stream's own pipelines.
const (
	Primary = "delivery"
	Backup  = "backup" // every source record, beside the primary delivery
)

const (
	// DefaultBudgetBytes is what a pipeline holds in memory by default.
	DefaultBudgetBytes = 48 << 20

	// DefaultMaxPartitions is Firehose's quota of active partitions.
	DefaultMaxPartitions = 500
)

// Options of New. Those of the second block are the stream's configuration:
// Reconfigure changes them while the pipeline runs.
type Options struct {
	Journal   journal.Journal
	Stream    record.StreamID
	Name, ARN string
	// Cursor is Primary or Backup.
	Cursor string
	// Parallel is how many sealed batches are under way at once; 0 is one. With
	// more than one, batches reach the destination in any order.
	Parallel int
	// BudgetBytes bounds the records that are buffered or under way, what
	// processing made of them (as much again until that is known), and 48 bytes
	// a record for keeping them. One full buffer is always taken, and one frame
	// more than the budget. 0 is DefaultBudgetBytes.
	BudgetBytes int
	// MaxPartitions is how many objects a buffer is spread over at most by
	// dynamic partitioning; 0 is DefaultMaxPartitions.
	MaxPartitions int
	// AttemptTimeout ends a delivery that takes longer; it is tried again. 0 sets
	// no limit: for destinations that retry inside Deliver, which bound their
	// requests themselves. ErrorTimeout does the same for writing error objects.
	AttemptTimeout, ErrorTimeout time.Duration
	Logger                       *slog.Logger

	Config      Config
	Destination destination.Destination
	// Processor works on the records of a sealed batch before its delivery; nil
	// leaves them as they came.
	Processor Processor
	// Errors takes the records that processing or the destination refuses; nil
	// where nothing is ever refused.
	Errors ErrorOutput
	// DropAfter gives up a batch that cannot be delivered once its oldest record
	// is that old, as AWS does after 24 h: when an attempt has failed, or while
	// the destination has been down for a minute. Zero waits for ever.
	DropAfter time.Duration
	// Diagnose is told what a person should know about deliveries that fail; nil
	// tells nobody. It is called from the pipeline's goroutines and must not block.
	Diagnose func(Diagnostic)
	// Target names the destination in diagnostics: a bucket's ARN, a domain's.
	Target string

	jitter func(time.Duration) time.Duration // of back-offs, in tests; nil spreads them
}

// Config is what the stream's configuration says about buffering.
type Config struct {
	Version int // of the stream's configuration
	// BufferBytes and Interval seal a buffer, whichever comes first. Bytes are
	// counted as received; the interval runs from the arrival of the buffer's
	// first record. An interval of zero means within a second.
	BufferBytes int
	Interval    time.Duration
	// Key names objects; nil for destinations that write none. If it holds
	// partition keys, the Processor gives their values.
	Key *objectkey.Namer
}

// Processor turns the records of a sealed batch into those that are delivered.
type Processor interface {
	// Process is called once for a sealed batch, and again with the same batch
	// after a crash. An error decides nothing: the engine backs off and calls
	// again. It keeps the batch's records as they are.
	Process(ctx context.Context, b *destination.Batch) (destination.Processed, error)
}

// ErrorOutput keeps refused records where a person finds them. Write returns
// once they are durable; the same batch may come again, with other refusals.
type ErrorOutput interface {
	Write(ctx context.Context, b *destination.Batch, refused []destination.Refusal) error
}

// Diagnostic is what Firehose writes to the log group of a delivery stream when
// a delivery fails.
type Diagnostic struct {
	At      time.Time
	Message string
	// ErrorCode is that of the *record.Failure, "S3.AccessDenied", or of the
	// refused records, "Lambda.FunctionError".
	ErrorCode   string
	Destination string // Options.Target
	Version     int    // of the configuration that the batch was sealed under
	Processor   string // ARN of the function, where one failed
}
