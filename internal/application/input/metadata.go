package input

import "github.com/millrace/millrace/internal/sql/types"

// Metadata is what a stream knows of a record beside its bytes. A delivery
// stream has no partition keys, shards or public sequence numbers: those are
// NULL.
type Metadata struct {
	Arrival                               int64 // when the stream took the record, ms since the epoch
	PartitionKey, SequenceNumber, ShardID string
	HasShard                              bool // the three before are there
}

// Places of the metadata columns in metadataColumns.
const (
	arrivalTime = iota
	partitionKey
	sequenceNumber
	shardID
)

func metadataColumns() []types.Column {
	return []types.Column{
		arrivalTime:    {Name: "APPROXIMATE_ARRIVAL_TIME", Type: types.Of(types.Timestamp)},
		partitionKey:   {Name: "PARTITION_KEY", Type: types.VarcharOf(256)},
		sequenceNumber: {Name: "SEQUENCE_NUMBER", Type: types.VarcharOf(128)},
		shardID:        {Name: "SHARD_ID", Type: types.VarcharOf(64)},
	}
}

// metadataColumn fills one of them.
type metadataColumn struct {
	column
	which int
}

// add appends the value of a record; without metadata it is NULL.
func (c *metadataColumn) add(m *Metadata) {
	if m == nil || c.which != arrivalTime && !m.HasShard {
		c.addNull()
		return
	}
	switch c.which {
	case arrivalTime:
		c.vector.Int = append(c.vector.Int, m.Arrival)
	case partitionKey:
		c.vector.Str = append(c.vector.Str, m.PartitionKey)
	case sequenceNumber:
		c.vector.Str = append(c.vector.Str, m.SequenceNumber)
	case shardID:
		c.vector.Str = append(c.vector.Str, m.ShardID)
	}
	c.notNull()
}
