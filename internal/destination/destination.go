// Package destination is the contract between the delivery engine and the
// places that a delivery stream delivers to: s3, opensearch, httpendpoint.
// destinationtest runs one suite on each.
//
// The engine gathers records into a buffer, seals it (its records, its id, its
// configuration version and its object key are in the journal before the first
// attempt), and calls Deliver until it answers; only then the position moves.
// After a crash the same Batch comes again, so a destination must make a
// repeat harmless: by the object's key, by document ids.
package destination

import (
	"context"

	"github.com/millrace/millrace/internal/record"
)

// Batch is a sealed buffer. Every field is the same at each attempt, also
// after a restart.
type Batch struct {
	ID      string // a UUID
	Stream  record.StreamID
	Name    string // of the delivery stream
	ARN     string
	Version int             // of the stream's configuration, at sealing
	Key     string          // object key, evaluated at sealing; for destinations that write objects
	Records []record.Record // in sequence order, at least one
}

// Bytes is the sum of the records' lengths, what Firehose's metrics count.
func (b *Batch) Bytes() int {
	n := 0
	for _, r := range b.Records {
		n += len(r.Data)
	}
	return n
}

// Destination delivers batches. Several may be under way at once, as many as the
// delivery stream allows. The slice of a batch's records is the engine's again
// once Deliver has returned; the records' bytes may be kept.
type Destination interface {
	// Deliver returns once every record is either durably at the destination or
	// among the refusals, which the engine writes to the error output before it
	// moves on. It retries inside itself what its RetryOptions cover, and tells
	// AttemptsOf(ctx) of every attempt that failed.
	//
	// An error means that nothing is decided and the whole batch will come
	// again: the engine backs off and calls Deliver with the same Batch. ctx
	// ends when the stream is stopped; the batch then comes after the restart.
	Deliver(ctx context.Context, b *Batch) ([]Refusal, error)
}

// Refusal is one record that the destination, or the processing before it, does
// not take. Its fields are those of the error objects that Firehose writes.
type Refusal struct {
	// Type is the folder of the error output: "processing-failed",
	// "format-conversion-failed". Empty stands for the destination's own.
	Type        string
	Record      record.Record // as it arrived, where processing has changed it
	Attempts    int
	Code        string // "400", "Lambda.ProcessingFailedStatus"
	Message     string
	AttemptedAt int64 // end of the last attempt, ms since the epoch

	LambdaARN string // of processing by a function
	Table     *Table // of format conversion
	DataID    string // of HTTP endpoints

	// Of search destinations; empty elsewhere.
	DocumentID, IndexName, TypeName string
}

// Table names the table whose schema a format conversion follows, as error
// objects show it.
type Table struct {
	CatalogID string `json:"catalogId"`
	Database  string `json:"databaseName"`
	Name      string `json:"tableName"`
	Region    string `json:"region"`
	VersionID string `json:"versionId"`
	ARN       string `json:"catalogArn"`
}
