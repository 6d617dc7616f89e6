package destination

import "github.com/millrace/millrace/internal/record"

// Processed is what processing made of a batch's records, before they go to a
// destination. Every record of the batch is among the records, as itself or as
// what became of it, among the refusals, or was dropped on purpose.
type Processed struct {
	// Records are in the order of the batch. Their sequence and arrival are
	// those of the record that they came from.
	Records []record.Record
	// Partitions has an entry for each record; nil without dynamic partitioning.
	Partitions []Partition
	Refusals   []Refusal
	Dropped    int
}

// Partition holds the values that a record's prefix expressions stand for:
// !{partitionKeyFromQuery:k} and !{partitionKeyFromLambda:k}.
type Partition struct {
	Query, Lambda map[string]string
}
