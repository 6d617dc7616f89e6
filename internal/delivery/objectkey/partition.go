package objectkey

import (
	"fmt"
	"slices"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/google/uuid"

	"github.com/millrace/millrace/internal/destination"
	"github.com/millrace/millrace/internal/record"
)

// Codes of the failures of records that have no key.
const (
	// NoPartitionValue is Firehose's code, also where it is the function that
	// gave no value.
	NoPartitionValue = "DynamicPartitioning.MetadataExtractionFailed"
	// BadPartitionValue is ours: a value that no key may hold.
	BadPartitionValue = "DynamicPartitioning.InvalidPartitionKeyValue"
)

const (
	maxValueBytes = 128
	maxKeyBytes   = 1024 // S3's own
)

// Partitions evaluates the prefix for the records of one buffer, one by one.
type Partitions struct {
	parts []part // literals and partition keys
	bytes []byte
}

// Partitions returns what evaluates the prefix for records of the buffer with
// this id, the oldest of which arrived at arrival, ms.
func (n Namer) Partitions(arrival int64, id uuid.UUID) *Partitions {
	p := &Partitions{parts: slices.Clone(n.Prefix.parts)}
	v := values{at: n.time(arrival), id: id}
	for i := range p.parts {
		if k := p.parts[i].kind; k != keyFromQuery && k != keyFromLambda {
			p.parts[i] = part{kind: literal, text: string(n.Prefix.appendPart(nil, i, v))}
		}
	}
	return p
}

// Prefix evaluates the prefix for a record: records for which it is the same
// belong into one object, if CheckPartition takes it. The error is a
// *record.Failure about this record alone.
//
// Values are data that a producer chose, so one that could lead out of the
// prefix, or that no tool could show, is refused. A slash makes a folder, as with
// Firehose.
func (p *Partitions) Prefix(of destination.Partition) (string, error) {
	p.bytes = p.bytes[:0]
	for i := range p.parts {
		text, from := p.parts[i].text, of.Query
		switch p.parts[i].kind {
		case literal:
			p.bytes = append(p.bytes, text...)
			continue
		case keyFromLambda:
			from = of.Lambda
		}
		value := from[text]
		if err := checkValue(text, value); err != nil {
			return "", err
		}
		p.bytes = append(p.bytes, value...)
	}
	return string(p.bytes), nil
}

// PartitionKey names the object of the records that share a partition: arrival
// is that of the oldest of them. It is asked only about values that Prefix and
// CheckPartition took.
func (n Namer) PartitionKey(version int, arrival int64, id uuid.UUID, p destination.Partition) string {
	at := n.time(arrival)
	return n.Prefix.evaluate(values{at: at, id: id, partition: p}) + n.name(version, at, id) + n.Extension
}

func checkValue(name, value string) error {
	bad := func(format string, args ...any) error {
		return &record.Failure{Kind: record.Permanent, Code: BadPartitionValue,
			Message: fmt.Sprintf("partition key %q: ", name) + fmt.Sprintf(format, args...)}
	}
	switch {
	case value == "":
		return &record.Failure{Kind: record.Permanent, Code: NoPartitionValue, Message: "partitionKeys values must not be null or empty"}
	case len(value) > maxValueBytes:
		return bad("value of %d bytes, at most %d are allowed", len(value), maxValueBytes)
	case !utf8.ValidString(value):
		return bad("value %q is not UTF-8", value)
	case strings.ContainsFunc(value, unicode.IsControl):
		return bad("value %q holds a control character", value)
	}
	return nil
}

// CheckPartition looks at what the values made of the prefix as a path. The error
// is a *record.Failure about the records of this partition.
func (n Namer) CheckPartition(prefix string) error {
	longest := n.name(1<<31-1, time.Time{}, uuid.UUID{})
	segments := strings.Split(prefix+longest, "/")
	switch {
	case len(prefix)+len(longest)+len(n.Extension) > maxKeyBytes:
		return &record.Failure{Kind: record.Permanent, Code: BadPartitionValue,
			Message: fmt.Sprintf("the prefix evaluates to %d bytes, with the name more than %d", len(prefix), maxKeyBytes)}
	case slices.Contains(segments, "."), slices.Contains(segments, ".."):
		return &record.Failure{Kind: record.Permanent, Code: BadPartitionValue, Message: fmt.Sprintf("the prefix evaluates to %q, which has a segment of dots", prefix)}
	}
	return nil
}
