package firehose

import (
	"encoding/json"
	"fmt"
	"strconv"

	"github.com/millrace/millrace/internal/delivery"
	"github.com/millrace/millrace/internal/journal"
	"github.com/millrace/millrace/internal/record"
)

// Keys of the journal's state:
//
//	firehose/stream/<name>                               configuration, JSON
//	firehose/dropped/<stream id>                         a deleted stream whose frames may be left
//	firehose/origin/<stream id>/<caller>/<incarnation>   byte ranges held, see origin.go
const (
	streamKeys  = "firehose/stream/"
	droppedKeys = "firehose/dropped/"
	originKeys  = "firehose/origin/"
)

// status is AWS's DeliveryStreamStatus.
type status string

const (
	creating status = "CREATING"
	active   status = "ACTIVE"
	deleting status = "DELETING"
)

// configFormat 2 knows more members than 1, and is otherwise the same: a program
// that knows 1 alone must not take a stream up whose settings it does not see.
const configFormat = 2

// config is a stream's configuration as it is kept. Defaults are filled in.
// It is not changed; a change of the stream makes another one.
type config struct {
	Format        int              `json:"format"`
	ID            record.StreamID  `json:"id"`
	Name          string           `json:"name"`
	ARN           string           `json:"arn"`
	Region        string           `json:"region"`
	Status        status           `json:"status"`
	Version       int              `json:"version"`
	CreatedMillis int64            `json:"created_millis"`
	UpdatedMillis int64            `json:"updated_millis,omitempty"` // of the last effective UpdateDestination
	Source        *directPutSource `json:"source,omitempty"`
	Tags          []tag            `json:"tags,omitempty"`

	Encryption encryption `json:"encryption,omitzero"`
	// EncryptionCalls are the times of the changes of Encryption that were asked
	// for in the last day, ms.
	EncryptionCalls []int64 `json:"encryption_calls,omitempty"`

	// One of these is set.
	S3            *s3Configuration         `json:"s3,omitempty"`
	ExtendedS3    *extendedS3Configuration `json:"extended_s3,omitempty"`
	Elasticsearch *searchConfiguration     `json:"elasticsearch,omitempty"`
	OpenSearch    *searchConfiguration     `json:"opensearch,omitempty"`
	HTTP          *httpConfiguration       `json:"http,omitempty"`
}

// with returns a changed copy. What pointers of it reach is shared and must be
// replaced, not changed.
func (c *config) with(change func(c *config)) *config {
	changed := *c
	change(&changed)
	return &changed
}

// search is the configuration of a search destination, nil without one.
func (c *config) search() *searchConfiguration {
	if c.Elasticsearch != nil {
		return c.Elasticsearch
	}
	return c.OpenSearch
}

func (c *config) save(b *journal.Batch) error {
	kept := *c
	kept.Format = configFormat
	value, err := json.Marshal(&kept)
	if err != nil {
		return fmt.Errorf("save delivery stream %q: %w", c.Name, err)
	}
	b.Set(streamKeys+c.Name, value)
	return nil
}

func loadStreams(j journal.Journal) ([]*config, error) {
	var configs []*config
	for e, err := range j.Scan(streamKeys) {
		if err != nil {
			return nil, fmt.Errorf("load delivery streams: %w", err)
		}
		c := new(config)
		if err := json.Unmarshal(e.Value, c); err != nil {
			return nil, fmt.Errorf("load %s: %w", e.Key, err)
		}
		if c.Format < 1 || c.Format > configFormat {
			return nil, fmt.Errorf("load %s: format %d, this program knows 1 to %d", e.Key, c.Format, configFormat)
		}
		c.Tags = withTags(nil, c.Tags) // in order
		configs = append(configs, c)
	}
	return configs, nil
}

// forget gives up everything that is kept about a stream but its frames, and
// notes that these are to be dropped.
func forget(j journal.Journal, c *config) (*journal.Batch, error) {
	b := new(journal.Batch)
	for _, prefix := range []string{originPrefix(c.ID), delivery.StatePrefix(c.ID)} {
		for e, err := range j.Scan(prefix) {
			if err != nil {
				return nil, fmt.Errorf("delete delivery stream %q: %w", c.Name, err)
			}
			b.Delete(e.Key)
		}
	}
	b.Delete(streamKeys + c.Name)
	b.Set(droppedKeys+c.ID.String(), nil)
	return b, nil
}

// finishDrops gives up the frames of streams that were deleted. It runs before
// anything is written, so it also finds those that an application's step wrote
// while the stream was being dropped.
func (s *Service) finishDrops() error {
	var b journal.Batch
	for e, err := range s.opts.Journal.Scan(droppedKeys) {
		if err != nil {
			return fmt.Errorf("drop deleted delivery streams: %w", err)
		}
		id, err := record.ParseStreamID(e.Key[len(droppedKeys):])
		if err != nil {
			return fmt.Errorf("drop deleted delivery streams: %w", err)
		}
		if err := s.opts.Journal.Drop(id); err != nil {
			return fmt.Errorf("drop deleted delivery stream %s: %w", id, err)
		}
		b.Delete(e.Key)
	}
	if len(b.Changes) == 0 {
		return nil
	}
	_, err := journal.Put(s.opts.Journal, &b)
	return err
}

// epoch is a time as AWS writes it: seconds with a fraction.
type epoch int64 // ms

// MarshalJSON implements json.Marshaler.
func (e epoch) MarshalJSON() ([]byte, error) {
	return strconv.AppendFloat(nil, float64(e)/1000, 'f', -1, 64), nil
}
