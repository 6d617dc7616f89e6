package objectkey

import (
	"errors"
	"fmt"
	"time"

	"github.com/google/uuid"
)

// maxExplicitLength bounds an evaluated prefix; the date that Firehose adds by
// itself does not count.
const maxExplicitLength = 512

// Namer makes the keys of one delivery stream's objects.
type Namer struct {
	Stream      string // name of the delivery stream
	Prefix      Template
	ErrorPrefix Template
	// Zone of timestamps and of the time in the object's name; nil is UTC.
	Zone *time.Location
	// Extension of data objects, with its dot; ErrorExtension of error objects.
	Extension, ErrorExtension string
}

// Key names a data object: <prefix>[yyyy/MM/dd/HH/]<stream>-<version>-<time>-<id>.
// arrival is that of the object's oldest record, ms. The date is added unless
// the prefix holds an expression of its own.
func (n Namer) Key(version int, arrival int64, id uuid.UUID) string {
	at := n.time(arrival)
	key := n.Prefix.evaluate(values{at: at, id: id})
	if n.Prefix.Static() {
		key += datePath(at)
	}
	return key + n.name(version, at, id) + n.Extension
}

// ErrorKey names an error object. errorType is a folder name such as
// "elasticsearch-failed". An ErrorOutputPrefix with expressions is the whole
// path; a static one, or Prefix where there is none, is followed by the
// type and the date.
func (n Namer) ErrorKey(errorType string, version int, arrival int64, id uuid.UUID) string {
	at := n.time(arrival)
	prefix := n.ErrorPrefix
	if len(prefix.parts) == 0 {
		prefix = n.Prefix
	}
	key := prefix.evaluate(values{at: at, id: id, errorType: errorType})
	if prefix.Static() {
		key += errorType + "/" + datePath(at)
	}
	return key + n.name(version, at, id) + n.ErrorExtension
}

func (n Namer) time(arrival int64) time.Time {
	zone := n.Zone
	if zone == nil {
		zone = time.UTC
	}
	return time.UnixMilli(arrival).In(zone).Truncate(time.Second)
}

func (n Namer) name(version int, at time.Time, id uuid.UUID) string {
	return fmt.Sprintf("%s-%d-%s-%s", n.Stream, version, at.Format("2006-01-02-15-04-05"), id)
}

func datePath(at time.Time) string { return at.Format("2006/01/02/15/") }

// Check refuses the combinations that Firehose refuses when a stream is
// created; now stands for the time of an object. Values of partition keys are
// not known yet and count as empty. Whether dynamic partitioning is on, and
// whether its keys are those of the prefix, is for the caller to compare. The
// texts are AWS's.
func (n Namer) Check(now time.Time) error {
	if n.Prefix.has(errorOutputType) {
		return errors.New("Prefix must not contain any occurrence of !{firehose:error-output-type}")
	}
	if !n.Prefix.Static() && len(n.ErrorPrefix.parts) == 0 {
		return errors.New("ErrorOutputPrefix cannot be null or empty when Prefix contains expressions")
	}
	if !n.ErrorPrefix.Static() && !n.ErrorPrefix.has(errorOutputType) {
		return errors.New("ErrorOutputPrefix must contain at least one occurrence of !{firehose:error-output-type}")
	}
	if n.ErrorPrefix.Partitioned() {
		return errors.New("Dynamic Partitioning Namespaces can't be part of an error prefix expression")
	}
	v := values{at: n.time(now.UnixMilli()), errorType: "AmazonOpenSearchService-failed"}
	if len(n.Prefix.evaluate(v)) > maxExplicitLength {
		return fmt.Errorf("Length of evaluated prefix cannot be greater than %d", maxExplicitLength)
	}
	if len(n.ErrorPrefix.evaluate(v)) > maxExplicitLength {
		return fmt.Errorf("Length of evaluated ErrorOutputPrefix cannot be greater than %d", maxExplicitLength)
	}
	return nil
}
