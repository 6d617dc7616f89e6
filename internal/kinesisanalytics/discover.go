package kinesisanalytics

import (
	"context"
	"errors"
	"slices"

	"github.com/millrace/millrace/internal/aws/awserr"
	"github.com/millrace/millrace/internal/record"
)

// How much of a source DiscoverInputSchema looks at, and how many records it
// shows.
const (
	sampledRecords = 500
	sampledBytes   = 1 << 20
	shownRecords   = 50
)

// discovery is a request to discover a schema.
type discovery struct {
	stream    *string
	object    *s3Configuration
	role      string // of the stream or object
	position  *startingPosition
	processor *resource
}

// discover guesses the schema of a source's records.
func (s *Service) discover(ctx context.Context, r request, d discovery) (*discoverInputSchemaOutput, error) {
	if err := s.allow(ctx, r, "*"); err != nil {
		return nil, err
	}
	switch {
	case (d.stream == nil) == (d.object == nil):
		return nil, errArgument("One of ResourceARN and S3Configuration must be there")
	case d.position != nil && text(d.position.InputStartingPosition) == "TRIM_HORIZON":
		return nil, errHorizon()
	}
	raw, err := s.sample(ctx, d)
	if err != nil {
		return nil, err
	}
	if len(raw) == 0 {
		return nil, awserr.New("UnableToDetectSchemaException", "There are no records to detect a schema from")
	}
	return s.guess(ctx, d, raw)
}

func (s *Service) sample(ctx context.Context, d discovery) ([][]byte, error) {
	if d.object != nil {
		return s.sampleObject(ctx, d)
	}
	id, err := s.opts.Streams.Stream(*d.stream)
	if err != nil {
		return nil, errArgument("%s", awserr.From(err).Message)
	}
	if err := s.opts.Authorizer.AuthorizeRole(ctx, d.role, "firehose:GetRecords", *d.stream); err != nil {
		return nil, errPrivileges(err)
	}
	return s.sampleStream(ctx, id)
}

// sampleStream takes the newest records of a stream, and those that arrive for a
// while if it holds few.
func (s *Service) sampleStream(ctx context.Context, id record.StreamID) ([][]byte, error) {
	extent := s.opts.Journal.Extent(id)
	from := extent.First
	if extent.Next-extent.First > sampledRecords {
		from = extent.Next - sampledRecords
	}
	reader := s.opts.Journal.Read(id, from)
	defer reader.Close()
	patience, cancel := context.WithTimeout(ctx, s.discoverTime)
	defer cancel()
	var records [][]byte
	for bytes := 0; len(records) < sampledRecords && bytes < sampledBytes; {
		f, err := reader.Next(patience)
		if errors.Is(err, context.DeadlineExceeded) && ctx.Err() == nil {
			break
		}
		if err != nil {
			return nil, err
		}
		for i := range f.Count() {
			if f.First+record.Sequence(i) < from || len(records) == sampledRecords {
				continue
			}
			data := slices.Clone(f.Record(i))
			records, bytes = append(records, data), bytes+len(data)
		}
	}
	return records, nil
}

// texts are the records as the answer shows them.
func texts(records [][]byte) []string {
	shown := make([]string, min(len(records), shownRecords))
	for i := range shown {
		shown[i] = string(records[i])
	}
	return shown
}

func (s *Service) sampleObject(context.Context, discovery) ([][]byte, error) {
	return nil, errUnsupported("S3Configuration is not supported")
}

func (s *Service) guess(context.Context, discovery, [][]byte) (*discoverInputSchemaOutput, error) {
	return nil, errUnsupported("DiscoverInputSchema is not supported")
}
