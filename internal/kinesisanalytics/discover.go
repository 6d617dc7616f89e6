package kinesisanalytics

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"slices"
	"strings"

	"github.com/millrace/millrace/internal/application/discover"
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
	processed := raw
	if d.processor != nil {
		if processed, err = s.process(ctx, d, raw); err != nil {
			return nil, err
		}
	}
	if len(processed) == 0 {
		return nil, d.undetected("there are no records", raw, processed)
	}
	guessed, err := discover.Records(processed, discover.Options{})
	if err != nil {
		return nil, d.undetected(err.Error(), raw, processed)
	}
	out := &discoverInputSchemaOutput{InputSchema: describeSchema(guessed.Schema), RawInputRecords: d.texts(raw),
		ParsedInputRecords: guessed.Parsed[:min(len(guessed.Parsed), shownRecords)]}
	if d.processor != nil {
		out.ProcessedInputRecords = d.texts(processed)
	}
	return out, nil
}

// undetected shows the records that have no schema.
func (d *discovery) undetected(why string, raw, processed [][]byte) error {
	e := awserr.New("UnableToDetectSchemaException", "Unable to detect a schema: %s", why)
	e.Members = map[string]any{"RawInputRecords": d.texts(raw), "ProcessedInputRecords": d.texts(processed)}
	return e
}

func (s *Service) sample(ctx context.Context, d discovery) ([][]byte, error) {
	if d.object != nil {
		return s.sampleObject(ctx, d)
	}
	id, err := s.opts.Streams.Stream(*d.stream)
	if err != nil {
		return nil, errArgument("%s", awserr.From(err).Message)
	}
	if err := s.checkSource(ctx, grant{d.role, "firehose:GetRecords", *d.stream}); err != nil {
		return nil, err
	}
	return s.sampleStream(ctx, id)
}

// checkSource checks a role that no application has yet.
func (s *Service) checkSource(ctx context.Context, g grant) error {
	if err := s.checkAssume(g.role, g.resource); err != nil {
		return err
	}
	return s.checkGrant(ctx, g)
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
	for size := 0; len(records) < sampledRecords && size < sampledBytes; {
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
			records, size = append(records, data), size+len(data)
		}
	}
	return records, nil
}

// texts are records as the answer shows them; of an object, its lines.
func (d *discovery) texts(records [][]byte) []string {
	if d.object != nil && len(records) == 1 {
		records = bytes.Split(bytes.TrimSpace(records[0]), []byte("\n"))
	}
	shown := make([]string, min(len(records), shownRecords))
	for i := range shown {
		shown[i] = string(records[i])
	}
	return shown
}

// sampleObject takes the beginning of an object, in whole lines.
func (s *Service) sampleObject(ctx context.Context, d discovery) ([][]byte, error) {
	bucket, ok := strings.CutPrefix(*d.object.BucketARN, bucketPrefix)
	if !ok {
		return nil, errArgument("BucketARN %s is not the ARN of a bucket", *d.object.BucketARN)
	}
	object := *d.object.BucketARN + "/" + *d.object.FileKey
	if err := s.checkSource(ctx, grant{d.role, "s3:GetObject", object}); err != nil {
		return nil, err
	}
	body, err := s.object(ctx, bucket, *d.object.FileKey)
	if err != nil {
		return nil, err
	}
	defer body.Close()
	text, err := io.ReadAll(io.LimitReader(body, sampledBytes))
	if err != nil {
		return nil, fmt.Errorf("read %s: %w", object, err)
	}
	if len(text) == sampledBytes {
		if end := bytes.LastIndexByte(text, '\n'); end > 0 {
			text = text[:end+1]
		}
	}
	if len(bytes.TrimSpace(text)) == 0 {
		return nil, nil
	}
	return [][]byte{text}, nil
}

// bucketPrefix begins the ARN of a bucket.
const bucketPrefix = "arn:aws:s3:::"

// object opens an object; one that is not there is an argument's fault.
func (s *Service) object(ctx context.Context, bucket, key string) (io.ReadCloser, error) {
	if s.opts.Objects == nil {
		return nil, errUnsupported("S3 objects are not supported: there is no object store")
	}
	body, err := s.opts.Objects.Open(ctx, bucket, key)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, errArgument("There is no object %s%s/%s", bucketPrefix, bucket, key)
	}
	if err != nil {
		return nil, fmt.Errorf("open %s%s/%s: %w", bucketPrefix, bucket, key, err)
	}
	return body, nil
}
