package firehose

import (
	"context"
	"fmt"
	"log/slog"
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/millrace/millrace/internal/aws/call"
	"github.com/millrace/millrace/internal/aws/jsonrpc"
	"github.com/millrace/millrace/internal/delivery/processing"
	"github.com/millrace/millrace/internal/destination"
	"github.com/millrace/millrace/internal/destination/conversion"
	"github.com/millrace/millrace/internal/destination/s3"
	"github.com/millrace/millrace/internal/journal"
	"github.com/millrace/millrace/internal/record"
)

// Options of Open.
type Options struct {
	Journal    journal.Journal
	Authorizer call.Authorizer
	// Assume says whether a role's trust policy lets Firehose assume the role for
	// a delivery stream. Its errors are for the log. nil assumes every role.
	Assume func(roleARN, streamARN string) error
	// Archive is the S3 that streams deliver to.
	Archive s3.Store
	// Search makes the destination of a stream that delivers to a search
	// domain; its errors refuse the stream. nil refuses all of them.
	Search func(Search) (destination.Destination, error)
	// HTTP carries requests to HTTP endpoints; nil dials.
	HTTP http.RoundTripper
	// Functions are called by Lambda processors; nil refuses these.
	Functions processing.Invoker
	// Table returns the columns of a table that AWS Glue would hold; its errors
	// name the table and refuse the stream. nil refuses format conversion.
	Table func(database, table string) (conversion.Schema, error)
	// Limits throttle calls; the zero value throttles none.
	Limits Limits
	// DropAfter gives up what could not be delivered for that long, as AWS does
	// after 24 h; zero waits until the journal's quota answers puts with 503.
	DropAfter time.Duration
	// Diagnose takes a line of JSON for a log group and log stream, where a
	// stream's CloudWatchLoggingOptions ask for it. It must not block. nil keeps
	// the options and writes nothing.
	Diagnose func(group, stream string, line []byte)
	Logger   *slog.Logger
}

// Search is what a stream's configuration says about its search domain.
type Search struct {
	Stream          string // name of the delivery stream
	StreamARN       string
	RoleARN         string
	DomainARN       string // or ClusterEndpoint
	ClusterEndpoint string
	IndexName       string
	IndexRotation   string // NoRotation, OneHour, OneDay, OneWeek, OneMonth
	Retry           time.Duration
	NoDocumentID    bool // the cluster makes the ids
	Region          string
	// Existing says that the stream is there already: a domain that is missing now may come back, and is no reason to
	// refuse.
	Existing bool
}

// Service is Amazon Data Firehose.
type Service struct {
	opts Options

	// admin is held by operations that change which streams there are.
	admin sync.Mutex
	// mu guards streams; puts only read it.
	mu      sync.RWMutex
	streams map[string]*stream
	// calls limits each operation that is not a put; nil without a limit.
	calls map[string]*bucket

	builders sync.Pool // of *record.Builder

	ctx    context.Context // ends with Close
	cancel context.CancelFunc
	tasks  sync.WaitGroup
}

// Open restores the streams that the journal's state holds and starts their
// deliveries.
func Open(opts Options) (*Service, error) {
	s := &Service{opts: opts, streams: map[string]*stream{}, calls: map[string]*bucket{}}
	for _, op := range s.JSONRPC().Operations {
		s.calls[op.Name] = newBucket(opts.Limits.controlCalls())
	}
	s.builders.New = func() any { return new(record.Builder) }
	s.ctx, s.cancel = context.WithCancel(context.Background())
	if err := s.finishDrops(); err != nil {
		return nil, err
	}
	configs, err := loadStreams(opts.Journal)
	if err != nil {
		return nil, err
	}
	for _, c := range configs {
		st := s.newStream(c)
		s.streams[c.Name] = st
		s.restore(st)
	}
	s.tasks.Go(s.retain)
	return s, nil
}

// restore takes up what was under way with a stream when the process ended.
func (s *Service) restore(st *stream) {
	switch st.config.Status {
	case deleting:
		s.tasks.Go(func() { s.finishDelete(st) })
	case creating:
		s.start(st)
		s.tasks.Go(func() { s.activate(st) })
	default:
		s.start(st)
		if st.config.Encryption.changing() {
			s.tasks.Go(func() { s.settleEncryption(st) })
		}
	}
}

// Close stops all deliveries. Puts that are under way still end; later ones
// fail when the journal is closed.
func (s *Service) Close() error {
	s.cancel()
	s.tasks.Wait()
	return nil
}

// JSONRPC is the service's operation table for the edge.
func (s *Service) JSONRPC() *jsonrpc.Service {
	return &jsonrpc.Service{
		Name: "firehose", Prefix: "Firehose_20150804", Logger: s.opts.Logger,
		Operations: []jsonrpc.Operation{
			s.limited(jsonrpc.Typed("CreateDeliveryStream", s.createDeliveryStream)),
			s.limited(jsonrpc.Typed("DeleteDeliveryStream", s.deleteDeliveryStream)),
			s.limited(jsonrpc.Typed("DescribeDeliveryStream", s.describeDeliveryStream)),
			s.limited(jsonrpc.Typed("ListDeliveryStreams", s.listDeliveryStreams)),
			s.limited(jsonrpc.Typed("ListTagsForDeliveryStream", s.listTagsForDeliveryStream)),
			{Name: "PutRecord", Handle: s.putRecord},
			{Name: "PutRecordBatch", Handle: s.putRecordBatch},
			s.limited(jsonrpc.Typed("StartDeliveryStreamEncryption", s.startDeliveryStreamEncryption)),
			s.limited(jsonrpc.Typed("StopDeliveryStreamEncryption", s.stopDeliveryStreamEncryption)),
			s.limited(jsonrpc.Typed("TagDeliveryStream", s.tagDeliveryStream)),
			s.limited(jsonrpc.Typed("UntagDeliveryStream", s.untagDeliveryStream)),
			s.limited(jsonrpc.Typed("UpdateDestination", s.updateDestination)),
		},
	}
}

// authorize asks for an action on a stream, whether or not it exists. A stream
// that does has the ARN of its own region: a caller allowed in another one gets
// no further by signing for that.
func (s *Service) authorize(ctx context.Context, c *call.Call, name string) error {
	return s.authorizeAction(ctx, c, c.Operation, name)
}

// authorizeAction is authorize for another action than the operation's own.
func (s *Service) authorizeAction(ctx context.Context, c *call.Call, action, name string) error {
	arn := streamARN(c.Region, name)
	if st, err := s.lookup(name); err == nil {
		arn = st.arn
	}
	return s.opts.Authorizer.Authorize(ctx, c.Identity, "firehose:"+action, arn)
}

func streamARN(region, name string) string {
	return fmt.Sprintf("arn:aws:firehose:%s:%s:deliverystream/%s", region, call.AccountID, name)
}

// lookup finds a stream by name.
func (s *Service) lookup(name string) (*stream, error) {
	s.mu.RLock()
	st := s.streams[name]
	s.mu.RUnlock()
	if st == nil {
		return nil, errNotFound(name)
	}
	return st, nil
}

// all returns the streams in the order of their names.
func (s *Service) all() []*stream {
	s.mu.RLock()
	defer s.mu.RUnlock()
	streams := make([]*stream, 0, len(s.streams))
	for _, st := range s.streams {
		streams = append(streams, st)
	}
	slices.SortFunc(streams, func(a, b *stream) int { return strings.Compare(a.name, b.name) })
	return streams
}

// names returns the names of the streams of a region.
func (s *Service) names(region string) (names []string) {
	for _, st := range s.all() {
		if st.current().Region == region {
			names = append(names, st.name)
		}
	}
	return names
}
