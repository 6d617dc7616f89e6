package main

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"net/http"
	"strings"
	"time"

	"github.com/millrace/millrace/internal/aws/awserr"
	"github.com/millrace/millrace/internal/destination"
	"github.com/millrace/millrace/internal/destination/opensearch"
	"github.com/millrace/millrace/internal/record"
	"github.com/millrace/millrace/internal/replay"
)

// replayStreams finds out where the records of a delivery stream go again.
type replayStreams struct{ access *awsAccess }

// describedStream is what of a DescribeDeliveryStream answer matters.
type describedStream struct {
	DeliveryStreamDescription struct {
		Destinations []map[string]any
	}
}

func (s *replayStreams) firehose(ctx context.Context, operation, origin string, in, out any) error {
	header := http.Header{"Content-Type": {"application/x-amz-json-1.1"}, "X-Amz-Target": {"Firehose_20150804." + operation}}
	if origin != "" {
		header.Set(record.OriginHeader, origin)
	}
	return s.access.call(ctx, "firehose", http.MethodPost, "/", header, in, out)
}

// Target implements replay.Streams.
func (s *replayStreams) Target(ctx context.Context, stream string) (replay.Target, error) {
	var described describedStream
	err := s.firehose(ctx, "DescribeDeliveryStream", "", map[string]string{"DeliveryStreamName": stream}, &described)
	if isCode(err, "ResourceNotFoundException", "ValidationException") {
		return replay.Target{}, &replay.NoTarget{Reason: fmt.Errorf("delivery stream %q: %w; name another one with --stream", stream, err)}
	}
	if err != nil {
		return replay.Target{}, err
	}
	t := replay.Target{Puts: &replayPuts{streams: s, stream: stream}}
	for _, destination := range described.DeliveryStreamDescription.Destinations {
		for name, d := range destination {
			members, ok := d.(map[string]any)
			if !ok {
				continue
			}
			if transforms := processingOf(members); transforms != "" {
				t.Transforms = transforms
			}
			if name == "ElasticsearchDestinationDescription" || name == "AmazonopensearchserviceDestinationDescription" {
				if t.Search, err = s.search(ctx, members); err != nil {
					return t, err
				}
			}
		}
	}
	return t, nil
}

// processingOf names the processors that change records.
func processingOf(destination map[string]any) string {
	processing, _ := destination["ProcessingConfiguration"].(map[string]any)
	if enabled, _ := processing["Enabled"].(bool); !enabled {
		return ""
	}
	list, _ := processing["Processors"].([]any)
	var names []string
	for _, p := range list {
		processor, _ := p.(map[string]any)
		switch kind, _ := processor["Type"].(string); kind {
		case "MetadataExtraction", "AppendDelimiterToRecord": // leave the record as it is
		default:
			names = append(names, kind)
		}
	}
	return strings.Join(names, ", ")
}

func (s *replayStreams) search(ctx context.Context, destination map[string]any) (replay.Search, error) {
	endpoint, _ := destination["ClusterEndpoint"].(string)
	arn, _ := destination["DomainARN"].(string)
	if arn != "" {
		var err error
		if endpoint, err = s.domainURL(ctx, arn); err != nil {
			return nil, err
		}
	}
	index, _ := destination["IndexName"].(string)
	d, err := opensearch.New(opensearch.Options{
		Endpoint: endpoint, IndexName: index, Rotation: opensearch.NoRotation, RetryDuration: s.access.retry,
		Credentials: s.access.searchCredentials(endpoint, arn != ""), Transport: s.access.searchTransport,
	})
	if err != nil {
		return nil, err
	}
	return &replaySearch{d, s.access.trouble}, nil
}

func (s *replayStreams) domainURL(ctx context.Context, arn string) (string, error) {
	_, name, _ := strings.Cut(arn, ":domain/")
	var described struct {
		DomainStatus struct {
			Endpoint  string
			Endpoints map[string]string
		}
	}
	err := s.access.call(ctx, "opensearch", http.MethodGet, "/2021-01-01/opensearch/domain/"+name, nil, nil, &described)
	host := described.DomainStatus.Endpoint
	if host == "" {
		host = described.DomainStatus.Endpoints["vpc"]
	}
	switch {
	case isCode(err, "ResourceNotFoundException"):
		return "", &replay.NoTarget{Reason: fmt.Errorf("search domain %q: %w", name, err)}
	case err != nil:
		return "", fmt.Errorf("describe search domain %q: %w", name, err)
	case host == "":
		return "", fmt.Errorf("search domain %q has no endpoint", name)
	}
	return s.access.searchURL(host), nil
}

// replaySearch is a search domain.
type replaySearch struct {
	*opensearch.Destination
	trouble func(error)
}

// Index implements replay.Search.
func (s *replaySearch) Index(ctx context.Context, docs []replay.Document) ([]*replay.Refusal, error) {
	documents := make([]opensearch.Document, len(docs))
	for i, d := range docs {
		documents[i] = opensearch.Document(d)
	}
	rejected, err := s.Again(destination.WithAttempts(ctx, destination.Attempts{Failed: s.trouble}), documents)
	if err != nil {
		return nil, err
	}
	out := make([]*replay.Refusal, len(rejected))
	for i, r := range rejected {
		if r != nil {
			refusal := replay.Refusal(*r)
			out[i] = &refusal
		}
	}
	return out, nil
}

// replayPuts is a delivery stream.
type replayPuts struct {
	streams *replayStreams
	stream  string
}

// putRecord is one on its way.
type putRecord struct {
	place int
	data  []byte
	from  record.Range
}

// Put implements replay.Puts. What is throttled is put again; calls that are
// refused are halved down to the record at fault.
func (p *replayPuts) Put(ctx context.Context, origin record.Origin, records [][]byte) ([]*replay.Refusal, error) {
	list := make([]putRecord, len(records))
	for i, data := range records {
		list[i] = putRecord{i, data, origin.Ranges[i]}
	}
	out := make([]*replay.Refusal, len(records))
	return out, p.put(ctx, origin.ID, list, out)
}

func (p *replayPuts) put(ctx context.Context, id [16]byte, list []putRecord, out []*replay.Refusal) error {
	began, access := time.Now(), p.streams.access
	for pause := firstAccessPause; ; pause = min(2*pause, longAccessPause) {
		again, err := p.call(ctx, id, list)
		switch {
		case err == nil && len(again) == 0:
			return nil
		case isCode(err, "ValidationException", "InvalidArgumentException", "InvalidSourceException", "SerializationException"):
			return p.refused(ctx, id, list, out, err)
		case err != nil:
			return fmt.Errorf("put records into delivery stream %q: %w", p.stream, err)
		}
		err = fmt.Errorf("delivery stream %q does not take %d of %d records now", p.stream, len(again), len(list))
		left := access.retry - time.Since(began)
		if left <= 0 {
			return err
		}
		access.trouble(err)
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(min(pause/2+rand.N(pause), left)):
		}
		list = again
	}
}

// refused puts the halves of records that were refused together; one alone is
// refused for good.
func (p *replayPuts) refused(ctx context.Context, id [16]byte, list []putRecord, out []*replay.Refusal, err error) error {
	if half := len(list) / 2; half > 0 {
		if err := p.put(ctx, id, list[:half], out); err != nil {
			return err
		}
		return p.put(ctx, id, list[half:], out)
	}
	code, message := refusalText(err)
	out[list[0].place] = &replay.Refusal{Code: code, Message: message, Attempts: 1, At: time.Now().UnixMilli()}
	return nil
}

func refusalText(err error) (code, message string) {
	var e *awserr.Error
	if errors.As(err, &e) {
		return e.Code, e.Message
	}
	return "InternalFailure", err.Error()
}

// call puts records once and returns those that are to be put again.
func (p *replayPuts) call(ctx context.Context, id [16]byte, list []putRecord) (again []putRecord, err error) {
	type data struct{ Data []byte }
	in := struct {
		DeliveryStreamName string
		Records            []data
	}{p.stream, make([]data, len(list))}
	origin := record.Origin{ID: id}
	for i, r := range list {
		in.Records[i].Data = append([]byte{}, r.data...) // never null
		origin.Ranges = append(origin.Ranges, r.from)
	}
	var answer struct {
		RequestResponses []struct{ RecordId, ErrorCode string }
	}
	if err := p.streams.firehose(ctx, "PutRecordBatch", string(origin.AppendHeader(nil)), in, &answer); err != nil {
		return nil, err
	}
	if len(answer.RequestResponses) != len(list) {
		return nil, fmt.Errorf("%d answers for %d records", len(answer.RequestResponses), len(list))
	}
	for i, r := range answer.RequestResponses {
		if r.RecordId == "" {
			again = append(again, list[i])
		}
	}
	return again, nil
}
